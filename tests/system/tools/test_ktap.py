# SPDX-License-Identifier: MIT
"""The judge: a whole and good run, and every way in which a run is not."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "tools", "lib"))

import ktap     # noqa: E402

GOOD = """\
# keyward 1
KTAP version 1
1..2
    KTAP version 1
    # Subtest: harness
    1..3
    ok 1 expected_fault
    # expected P W PK at 0x1000, got no fault
    ok 2 null_faults
    ok 3 bar # SKIP no PKS on this CPU
ok 1 harness
    KTAP version 1
    # Subtest: pks
    1..1
    ok 1 strict
ok 2 pks
# Totals: pass:3 fail:0 xfail:0 skip:1 error:0
"""
FAILING = GOOD.replace("    ok 2 null_faults", "    not ok 2 null_faults") \
              .replace("ok 1 harness\n", "not ok 1 harness\n") \
              .replace("pass:3 fail:0", "pass:2 fail:1")


def judge(text, timed_out=False, **options):
    """The verdict on a console text."""
    j = ktap.Judge(**options)
    for line in text.split("\n") if isinstance(text, str) else text.split(b"\n"):
        j.feed(line)
    return j.verdict(timed_out=timed_out)


class Whole(unittest.TestCase):
    """Runs that are whole."""

    def test_good_run_passes(self):
        v = judge(GOOD)
        self.assertEqual((v.status, v.problems, v.failures), (ktap.OK, [], []))
        self.assertEqual(v.counts, {"pass": 3, "fail": 0, "xfail": 0, "skip": 1, "error": 0})
        self.assertEqual([r.name for r in v.results][0], "harness.expected_fault")

    def test_failure_is_named_with_its_diagnostics(self):
        v = judge(FAILING)
        self.assertEqual(v.status, ktap.FAILED)
        self.assertEqual([f[0] for f in v.failures], ["harness.null_faults"])
        self.assertEqual(v.failures[0][2], ["# expected P W PK at 0x1000, got no fault"])

    def test_an_error_counts_apart_from_a_failure(self):
        v = judge(FAILING.replace("not ok 2 null_faults", "not ok 2 null_faults # ERROR no memory")
                  .replace("fail:1", "fail:0").replace("error:0", "error:1"))
        self.assertEqual((v.status, v.counts["error"]), (ktap.FAILED, 1))
        self.assertIn("no memory", v.failures[0][1])

    def test_skip_without_reason_fails(self):
        v = judge(GOOD.replace("# SKIP no PKS on this CPU", "# SKIP"))
        self.assertEqual((v.status, v.failures[0][0]), (ktap.FAILED, "harness.bar"))

    def test_skip_with_not_ok_fails(self):
        v = judge(GOOD.replace("    ok 3 bar", "    not ok 3 bar"))
        self.assertNotEqual(v.status, ktap.OK)

    def test_firmware_noise_before_and_after_is_ignored(self):
        noisy = b"\x00\x1b[2J\x1b[1;1HSeaBIOS\r\n\xff\xfe\r\n" + GOOD.replace("\n", "\r\n").replace(
            "KTAP version 1", "\x00\x1b[0mKTAP version 1\x1b[K", 1).encode() + b"Shutdown\x00\xff\r\n"
        self.assertEqual(judge(noisy).status, ktap.OK)

    def test_no_test_at_all_fails(self):
        v = judge("KTAP version 1\n1..0\n# Totals: pass:0 fail:0 xfail:0 skip:0 error:0\n")
        self.assertEqual(v.status, ktap.FAILED)

    def test_names_may_hold_blanks_and_hashes(self):
        v = judge("KTAP version 1\n1..1\nok 1 - a b#c\n"
                  "# Totals: pass:1 fail:0 xfail:0 skip:0 error:0\n")
        self.assertEqual((v.status, v.results[0].name), (ktap.OK, "a b#c"))


class Crashed(unittest.TestCase):
    """Runs that are not whole: each is a crash, whatever the results say."""

    def crash(self, text, word, **options):
        """Assert that the run is a crash, with this word among its problems."""
        v = judge(text, **options)
        self.assertEqual(v.status, ktap.CRASHED, v)
        self.assertIn(word, "; ".join(v.problems))

    def test_empty_output(self):
        self.crash("", "no KTAP")

    def test_lost_plan(self):
        self.crash(GOOD.replace("\n1..2\n", "\n"), "plan")

    def test_lost_plan_of_a_suite(self):
        self.crash(GOOD.replace("    1..1\n", ""), "plan")

    def test_late_plan(self):
        self.crash(GOOD.replace("    1..1\n    ok 1 strict\n", "    ok 1 strict\n    1..1\n"),
                   "plan")

    def test_plan_twice(self):
        self.crash(GOOD.replace("    1..1\n", "    1..1\n    1..1\n"), "does not belong")

    def test_missing_totals(self):
        self.crash(GOOD.replace("# Totals", "# Tot"), "no totals")

    def test_totals_twice(self):
        self.crash(GOOD + GOOD.split("\n")[-2] + "\n", "twice")

    def test_wrong_totals(self):
        self.crash(GOOD.replace("pass:3", "pass:4"), "add up")

    def test_plan_larger_than_results(self):
        self.crash(GOOD.replace("    1..3", "    1..4"), "planned 4 results and gave 3")

    def test_plan_smaller_than_results(self):
        self.crash(GOOD.replace("    1..3", "    1..2"), "planned 2 results and gave 3")

    def test_missing_suite(self):
        self.crash(GOOD.replace("\n1..2\n", "\n1..3\n"), "planned 3 results and gave 2")

    def test_results_out_of_order(self):
        self.crash(GOOD.replace("ok 2 null", "ok 9 null").replace("ok 3 bar", "ok 2 bar"), "due")

    def test_lost_result(self):
        self.crash(GOOD.replace("    ok 2 null_faults\n", ""), "due")

    def test_suite_that_contradicts_its_cases(self):
        self.crash(FAILING.replace("not ok 1 harness", "ok 1 harness"), "say otherwise")
        self.crash(GOOD.replace("ok 2 pks", "not ok 2 pks"), "say otherwise")

    def test_suite_closed_under_another_name(self):
        self.crash(GOOD.replace("ok 2 pks", "ok 2 pmem"), "closed as pmem")

    def test_suite_never_closed(self):
        self.crash(GOOD.replace("ok 2 pks\n", ""), "gave 1")

    def test_panic(self):
        self.crash(GOOD + "# PANIC: double fault\n", "double fault")

    def test_panic_in_the_middle_of_a_line(self):
        self.crash(GOOD.replace("    ok 1 strict", "    ok 1 st# PANIC: stack"), "stack")

    def test_started_again(self):
        self.crash(GOOD + GOOD, "started again")

    def test_restart_in_the_middle(self):
        self.crash(GOOD[:GOOD.index("ok 1 harness")] + GOOD, "started again")

    def test_results_after_totals(self):
        self.crash(GOOD + "ok 3 late\n", "after the totals")

    def test_garbage_between_results(self):
        self.crash(GOOD.replace("    ok 1 strict", "\xff\xfe\x81\n    ok 1 strict"), "not a line")

    def test_garbage_in_a_result(self):
        self.crash(GOOD.replace("    ok 1 strict", "    o\x81k 1 strict"), "not a line")

    def test_bail_out_at_any_depth(self):
        self.crash(GOOD.replace("    ok 1 strict", "    Bail out! no memory"), "no memory")

    def test_time_out(self):
        v = judge(GOOD.split("ok 2 pks")[0], timed_out=True)
        self.assertEqual(v.status, ktap.TIMED_OUT)


class Lists(unittest.TestCase):
    """The known list, skip_must and skip_never of a machine."""

    def test_known_divergence_that_fails_is_expected(self):
        v = judge(FAILING, known={"harness.null*": "mended in 9"})
        self.assertEqual((v.status, v.counts["xfail"], v.counts["fail"]), (ktap.OK, 1, 0))

    def test_known_divergence_that_passes_fails(self):
        v = judge(GOOD, known={"harness.null*": "mended in 9"})
        self.assertEqual(v.status, ktap.FAILED)
        self.assertIn("take it off the list", v.failures[0][1])

    def test_known_divergence_excuses_nothing_else(self):
        v = judge(FAILING, known={"pks.*": "reason"})
        self.assertIn("harness.null_faults", [f[0] for f in v.failures])

    def test_known_divergence_does_not_excuse_an_error(self):
        v = judge(FAILING.replace("not ok 2 null_faults", "not ok 2 null_faults # ERROR x")
                  .replace("fail:1", "fail:0").replace("error:0", "error:1"),
                  known={"harness.null*": "r"})
        self.assertEqual(v.status, ktap.FAILED)

    def test_a_listed_test_must_exist(self):
        self.assertEqual(judge(GOOD, known={"no.such": "r"}).status, ktap.FAILED)
        self.assertEqual(judge(GOOD, known={"no.such": "r"}, complete=False).status, ktap.OK)

    def test_a_required_skip_must_happen(self):
        self.assertEqual(judge(GOOD, skip_must="PKS").status, ktap.OK)
        self.assertEqual(judge(GOOD, skip_must="NVDIMM").status, ktap.FAILED)
        self.assertEqual(judge(GOOD, skip_must="NVDIMM", complete=False).status, ktap.OK)

    def test_a_forbidden_skip_fails(self):
        self.assertEqual(judge(GOOD, skip_never="PKS").status, ktap.FAILED)
        self.assertEqual(judge(GOOD, skip_never="NVDIMM").status, ktap.OK)


class Tap(unittest.TestCase):
    """Plain TAP, as host tools print it."""

    def test_the_plan_comes_first_or_last(self):
        self.assertEqual(judge("1..1\nok 1 - a\n", tap=True).status, ktap.OK)
        self.assertEqual(judge("ok 1 - a\n1..1\n", tap=True).status, ktap.OK)

    def test_several_programs_may_follow_each_other(self):
        v = judge("1..1\nok 1 - a\n1..2\nok 1 b\nok 2 c\nok 1 d\n1..1\n", tap=True)
        self.assertEqual((v.status, v.counts["pass"]), (ktap.OK, 4))
        v = judge("ok 1 - a\n1..1\nok 1 - b\nok 2 - c\n1..2\n", tap=True)
        self.assertEqual((v.status, v.counts["pass"]), (ktap.OK, 3))

    def test_a_program_that_dies_before_another_is_a_crash(self):
        self.assertEqual(judge("1..2\nok 1 - a\n1..1\nok 1 - b\n", tap=True).status, ktap.CRASHED)

    def test_no_plan_or_no_output_is_a_crash(self):
        self.assertEqual(judge("ok 1 - a\n", tap=True).status, ktap.CRASHED)
        self.assertEqual(judge("", tap=True).status, ktap.CRASHED)


class Words(unittest.TestCase):
    """The kernel's command line against the tests that ran."""

    def test_a_test_that_tests_excludes_must_not_run(self):
        for good in ([], ["pks=strict"], ["tests=*"], ["tests=harness.*,pks.s?rict"],
                     ["tests=none", "tests=*.*"]):
            self.assertEqual(judge(GOOD, words=good).status, ktap.OK, good)
        for bad in (["tests=harness.*"], ["tests=harness.*,pks.stric"], ["tests=*", "tests=pks.*"],
                    ["tests=[hp]*"]):
            verdict = judge(GOOD, words=bad, complete=False)
            self.assertEqual(verdict.status, ktap.FAILED, bad)
            self.assertIn("the command line did not reach the kernel", verdict.failures[0][1])


if __name__ == "__main__":
    unittest.main()
