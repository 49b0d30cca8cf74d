# SPDX-License-Identifier: MIT
"""The judge of the suite `matrix`: what it excuses, and what it must not excuse."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "tools", "lib"))

import divergence   # noqa: E402
import ktap         # noqa: E402

RULE = ('    # rule modify_is_a_write cases=40000 divergent=4711 sdm="Page-Fault Exceptions"'
        ' says="a read-modify-write = a write (#PF)"\n')
CLASS = ("    # divergence rule=modify_is_a_write case=kind:lock-add,rights:ad"
         " needs=kind:lock-add|xchg;rights:ad|ad+wd expected=#PF(P+W+PK) observed=#PF(P+PK)"
         " count=4700 exact=4600:00000000000000aa by_tlb=100:00000000000000bb first=kind:lock-add,key:3,rights:ad,size:2m\n")
OTHER = ("    # divergence rule=modify_is_a_write case=kind:xchg,mode:user needs=chance"
         " expected=none observed=#PF() count=11 exact=1:00000000000000cc by_tlb=10:00000000000000dd first=kind:xchg,mode:user\n")
SUMMARY = "    # matrix: cases=209712 divergent=4711 slice=whole levels=4,5 ms=1893\n"
MATRIX = """\
KTAP version 1
1..1
    KTAP version 1
    # Subtest: matrix
    1..4
    # matrix: whole slice, 13107 batches
    # matrix: 50 %
""" + SUMMARY + """\
    # rule access_disable_denies_data cases=51234 divergent=0 sdm="Protection Keys" says="AD = 1 denies"
    ok 1 access_disable_denies_data
""" + RULE + CLASS + OTHER + """\
    # tests/matrix/t_matrix.c:168: 4711 cases differ from the rule: a read-modify-write is a write
    not ok 2 modify_is_a_write
    # observed: user_at_supervisor_page yes:1024 no:0
    ok 3 five_levels_work_as_four # SKIP no 57-bit addresses here
    # rule high_bits_are_reserved cases=64 divergent=0 sdm="Protection Keys" says="bits 63:32 raise #GP"
    ok 4 high_bits_are_reserved
not ok 1 matrix
# Totals: pass:2 fail:1 xfail:0 skip:1 error:0
"""
KNOWN = {"matrix.modify_is_a_write kind:lock-add,rights:ad": "no atomics here",
         "matrix.modify_is_a_write kind:xchg,mode:user": "nor here"}
# The same without a divergence.
CLEAN = MATRIX.replace(CLASS, "").replace(OTHER, "").replace("=4711", "=0") \
              .replace("not ok", "ok").replace("pass:2 fail:1", "pass:3 fail:0")
NAME = "matrix.modify_is_a_write"


def judge(text, known=None, arguments=()):
    """(verdict, book) of a console text."""
    book = divergence.Book("fake", known, arguments)
    j = ktap.Judge(known=known, book=book,
                   complete=not any(a.startswith("tests=") for a in arguments))
    for line in text.splitlines():
        j.feed(line)
    return j.verdict(), book


class Known(unittest.TestCase):
    """The list of classes: exactly what it lists must happen."""

    def red(self, text, word, known=KNOWN, arguments=()):
        """Assert that exactly one failure is reported, with this word."""
        verdict, _ = judge(text, known, arguments)
        self.assertEqual((verdict.status, verdict.problems), (ktap.FAILED, []))
        self.assertEqual(len(verdict.failures), 1, verdict.failures)
        self.assertIn(word, verdict.failures[0][1])
        return verdict

    def good(self, text, known=KNOWN, arguments=()):
        """Assert that nothing is wrong."""
        verdict, _ = judge(text, known, arguments)
        self.assertEqual((verdict.status, verdict.problems, verdict.failures), (ktap.OK, [], []))
        return verdict

    def test_listed_classes_are_xfail(self):
        verdict = self.good(MATRIX)
        self.assertEqual(verdict.counts["xfail"], 1)
        self.assertEqual(verdict.results[1].reason, "no atomics here; nor here")

    def test_a_machine_without_divergences_passes(self):
        self.assertEqual(self.good(CLEAN, {}).counts["pass"], 3)

    def test_a_new_class_fails_beside_known_ones(self):
        known = dict(list(KNOWN.items())[:1])
        verdict = self.red(MATRIX, "kind:xchg,mode:user", known)
        self.assertEqual(verdict.counts["xfail"], 0)

    def test_same_case_under_another_rule_is_new(self):
        known = {k.replace("modify_is_a_write kind:x", "high_bits_are_reserved kind:x"): v
                 for k, v in KNOWN.items()}
        failures = judge(MATRIX, known)[0].failures
        self.assertEqual([f[0] for f in failures], [NAME, "matrix.high_bits_are_reserved"])

    def test_glob_of_tests_excuses_no_class(self):
        self.red(MATRIX, "kind:xchg,mode:user",
                 {**dict(list(KNOWN.items())[:1]), "matrix.modify*": "all of it"})

    def test_a_wildcard_covers_classes_of_chance_only(self):
        known = {NAME + " kind:lock-add,rights:ad": "a", NAME + " *mode:user*": "by chance"}
        self.good(MATRIX, known)
        self.red(MATRIX, "kind:lock-add,rights:ad", {NAME + " *mode:user*": "by chance"})
        failures = judge(MATRIX.replace("needs=chance", "needs=mode:user"), known)[0].failures
        self.assertEqual(len(failures), 2)
        self.assertIn("in a way that is not known: kind:xchg,mode:user", failures[0][1])
        self.assertIn("does not happen any more", failures[1][1])

    def test_a_class_of_chance_may_stay_away_if_the_list_says_so(self):
        known = {NAME + " kind:lock-add,rights:ad": "a", NAME + " ?mode:user?": "by chance"}
        self.assertEqual(self.good(MATRIX, known).results[1].reason, "a; by chance")
        self.good(MATRIX.replace(OTHER, "").replace("divergent=4711", "divergent=4700"), known)
        self.good(CLEAN, {NAME + " ?mode:user?": "by chance"})
        failures = judge(MATRIX.replace("needs=chance", "needs=mode:user"), known)[0].failures
        self.assertEqual(len(failures), 1)
        self.assertIn("in a way that is not known: kind:xchg,mode:user", failures[0][1])

    def test_a_listed_class_that_is_gone_fails(self):
        self.red(MATRIX, "does not happen any more",
                 {**KNOWN, NAME + " kind:cmpxchg": "gone since 9"})

    def test_a_passing_rule_with_listed_classes_fails(self):
        self.assertEqual(len(judge(CLEAN, KNOWN)[0].failures), 2)
        self.red(CLEAN, "does not happen any more", dict(list(KNOWN.items())[:1]))

    def test_a_single_case_says_nothing_about_other_classes(self):
        one = ["tests=matrix.*", "case=kind:read"]
        self.good(CLEAN, KNOWN, one)
        self.good(MATRIX, {**KNOWN, NAME + " kind:cmpxchg": "r"}, one)
        self.red(MATRIX, "kind:xchg", dict(list(KNOWN.items())[:1]), one)

    def test_list_holds_in_either_slice(self):
        for which in ("brief", "whole", "full"):
            self.red(CLEAN, "does not happen", dict(list(KNOWN.items())[:1]),
                     ["tests=matrix.*", "extent=" + which])

    def test_a_listed_rule_must_exist_in_a_whole_run(self):
        known = {"matrix.keys_permit_nothing default": "r"}
        self.red(CLEAN, "there is no such test", known)
        self.good(CLEAN, known, ["tests=matrix.m*"])

    def test_a_skipped_rule_excuses_its_listed_classes(self):
        self.good(CLEAN, {"matrix.five_levels_work_as_four levels:5": "r"})

    def test_a_test_without_classes_is_listed_by_name(self):
        text = CLEAN.replace("=64 divergent=0", "=64 divergent=3").replace(
            "    ok 4", "    # tests/t_x.c:7: no #GP\n    not ok 4").replace(
            "ok 1 matrix", "not ok 1 matrix").replace("pass:3 fail:0", "pass:2 fail:1")
        self.good(text, {"matrix.high_bits_are_reserved": "r"})
        notes = self.red(text, "failed", {}).failures[0][2]
        self.assertIn("bits 63:32 raise #GP", notes[0])
        self.assertIn("# tests/t_x.c:7: no #GP", notes)

    def test_error_is_never_excused(self):
        text = MATRIX.replace("not ok 2 modify_is_a_write", "not ok 2 modify_is_a_write # ERROR died") \
                     .replace("fail:1", "fail:0").replace("error:0", "error:1")
        self.red(text, "died")
        self.red(text, "died", {})

    def test_a_rule_without_a_case_fails(self):
        self.red(CLEAN.replace("cases=51234", "cases=0"), "without a single case", {})

    def test_every_failure_explains_itself(self):
        verdict, _ = judge(MATRIX, None, ["tests=matrix.m*", "extent=full", "seed=7", "case=x:*"])
        notes = "\n".join(verdict.failures[0][2])
        for words in ("modify_is_a_write: a read-modify-write = a write (#PF)",
                      '"Page-Fault Exceptions"', "kind:lock-add,rights:ad", "#PF(P+W+PK)",
                      "#PF(P+PK)", "kind:lock-add|xchg; rights:ad|ad+wd", "4700 of 40000",
                      "kind:lock-add,key:3,rights:ad,size:2m", "machines/fake",
                      "tools/run fake 'tests=matrix.*' case=kind:lock-add,rights:ad seed=7\n",
                      "matrix.modify_is_a_write kind:lock-add,rights:ad = WHY"):
            self.assertIn(words, notes)


class Lines(unittest.TestCase):
    """A lost or shortened line is a crash, never a better result."""

    def problem(self, text, word, arguments=()):
        """Assert that the run is a crash, with this word among its problems."""
        verdict, _ = judge(text, KNOWN, arguments)
        self.assertEqual(verdict.status, ktap.CRASHED)
        self.assertIn(word, "; ".join(verdict.problems))

    def test_a_line_cut_anywhere_is_a_crash(self):
        # A cut before the last field is found in the line itself. A cut within the last field is
        # found only in the whole run, because the counts do not add up.
        for line in (RULE, CLASS, OTHER, SUMMARY):
            for end in range(len("    # rule"), line.rindex(" ")):
                verdict, _ = judge(MATRIX.replace(line, line[:end] + "\n"), KNOWN)
                self.assertEqual(verdict.status, ktap.CRASHED, line[:end])

    def test_a_rule_cut_in_its_sentence_is_a_crash(self):
        self.problem(MATRIX.replace(' (#PF)"', ""), "not whole")

    def test_a_case_cut_in_an_axis_is_a_crash(self):
        self.problem(MATRIX.replace(",size:2m", ",size"), "not whole")
        self.problem(MATRIX.replace(",size:2m", ",size:"), "not whole")

    def test_a_missing_or_empty_field_is_a_crash(self):
        for field in ("case=kind:lock-add,rights:ad ", "needs=kind:lock-add|xchg;rights:ad|ad+wd ",
                      "expected=#PF(P+W+PK) ", "observed=#PF(P+PK) ", "count=4700 ",
                      "rule=modify_is_a_write "):
            line = CLASS.replace(field, "", 1)
            self.assertNotEqual(line, CLASS)
            self.problem(MATRIX.replace(CLASS, line), "not whole")
            self.problem(MATRIX.replace(CLASS, CLASS.replace(field, field.split("=")[0] + "= ")),
                         "not whole")

    def test_words_of_another_line_are_a_crash(self):
        self.problem(MATRIX.replace(" count=4700", " # WARN count=4700"), "not whole")
        self.problem(MATRIX.replace(" says=", " and says="), "not whole")

    def test_a_repeated_field_is_a_crash(self):
        self.problem(MATRIX.replace(" count=4700", " count=4700 count=4700"), "not whole")

    def test_a_bad_number_is_a_crash(self):
        for bad in ("-1", "4700x", "0x12", "²"):
            self.problem(MATRIX.replace("count=4700", "count=" + bad), "not whole")

    def test_a_lost_class_is_a_crash(self):
        for arguments in (["tests=matrix.*"], ["tests=matrix.m*"], ["case=*"]):
            self.problem(MATRIX.replace(OTHER, ""), "4711 divergent cases, its classes hold 4700",
                         arguments)

    def test_a_case_outside_every_class_is_a_crash(self):
        self.problem(MATRIX.replace(SUMMARY, SUMMARY.replace("4711", "4712")),
                     "saw 4712 divergent cases, its classes hold 4711")

    def test_narrowed_run_need_not_show_every_class(self):
        text = MATRIX.replace(SUMMARY, SUMMARY.replace("4711", "4712"))
        self.assertEqual(judge(text, KNOWN, ["tests=matrix.m*"])[0].status, ktap.OK)
        self.problem(text, "saw 4712", ["tests=matrix.*"])

    def test_a_lost_rule_line_is_a_crash(self):
        self.problem(MATRIX.replace(RULE, ""), "no rule line")
        lines = [x for x in CLEAN.splitlines() if "# rule high" not in x]
        verdict, _ = judge("\n".join(lines))
        self.assertIn("no rule line", verdict.problems[0])

    def test_a_repeated_rule_line_is_a_crash(self):
        self.problem(MATRIX.replace(RULE, RULE + RULE), "two rule lines")

    def test_lines_before_another_result_are_a_crash(self):
        self.problem(MATRIX.replace(RULE, "").replace("    1..4\n", "    1..4\n" + RULE),
                     "stands before the result of matrix.access")
        self.problem(MATRIX.replace("rule=modify_is_a_write case=kind:x", "rule=a case=kind:x"),
                     "a stands before")

    def test_lines_after_the_last_result_are_a_crash(self):
        self.problem(MATRIX.replace("not ok 1 matrix", RULE + "not ok 1 matrix"), "stands before")
        self.problem(MATRIX + RULE, "without their result")

    def test_ok_or_skip_with_divergent_cases_is_a_crash(self):
        self.problem(MATRIX.replace("    not ok 2", "    ok 2"), "\"ok\", but")
        self.problem(MATRIX.replace("    not ok 2 modify_is_a_write",
                                    "    ok 2 modify_is_a_write # SKIP why"), "\"ok\", but")
        self.problem(CLEAN.replace("cases=51234 divergent=0", "cases=51234 divergent=1"), "\"ok\"")

    def test_a_missing_or_repeated_summary_is_a_crash(self):
        self.problem(MATRIX.replace(SUMMARY, ""), "not summed up")
        self.problem(MATRIX.replace(SUMMARY, SUMMARY * 2), "summed up twice")

    def test_other_suites_and_diagnostics_are_left_alone(self):
        text = MATRIX.replace("    # matrix: 50", "    # rules of thumb\n    # matrix: 50")
        self.assertEqual(judge(text, KNOWN)[0].status, ktap.OK)

    def test_observations_summary_and_classes_are_read(self):
        _, book = judge(MATRIX, KNOWN)
        self.assertEqual(book.observed, ["user_at_supervisor_page yes:1024 no:0"])
        self.assertEqual(book.summary["levels"], "4,5")
        self.assertEqual([c.first for c in book.rules[NAME].classes],
                         ["kind:lock-add,key:3,rights:ad,size:2m", "kind:xchg,mode:user"])
        self.assertEqual([divergence.percent(x) for x in
                          ("    # matrix: 50 %", "# matrix: 100 %", "# matrix: full slice", "")],
                         [50, 100, None, None])

    def test_result_of_a_host_tool_needs_no_rule(self):
        j = ktap.Judge(tap=True)
        for line in ("1..1", "# rule of thumb", "ok 1 - matrix.a"):
            j.feed(line)
        self.assertEqual(j.verdict().status, ktap.OK)


class Keys(unittest.TestCase):
    """The keys that [known] accepts."""

    def test_sound_keys_are_accepted(self):
        for key in ("register.*", "a.b", *KNOWN, "matrix.a default", "matrix.a rights:ad+wd",
                    "matrix.a *tlb:pks*"):
            self.assertTrue(divergence.key_is_sound(key), key)

    def test_unsound_keys_are_refused(self):
        for key in ("matrix.a", "a.b"):
            self.assertFalse(divergence.is_class(key))
        for key in ("register.a kind:read", "matrix.* kind:read", "matrix.a  kind:read",
                    "matrix.a kind", "matrix.a kind:read x", "matrix.a kind:read,", "matrix.a *",
                    "matrix.a *kind:read"):
            self.assertFalse(divergence.key_is_sound(key), key)


if __name__ == "__main__":
    unittest.main()
