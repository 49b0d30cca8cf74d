# SPDX-License-Identifier: MIT
"""tools/run after a crash: it names the test that ran, and boots again for the suites after it."""

import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

from test_run import Case       # noqa: E402

# The Nth boot prints the file textN, after it has noted its command line.
MACHINE = """\
[machine]
limit = %(limit)s
command = sh -c 'echo $$ >%(folder)s/pid; cd %(folder)s; grep -ao "multiboot2 .*" {iso} >>words; n=$(wc -l <words); cat text$n; %(then)s' {iso}
[gdb]
add = -S
"""
# As tests/harness/ktest.h lays them out: 1, 2 and 1 tests, the third also under the tick.
IMAGE = """
const struct { const char *suite, *name; void (*fn)(void); unsigned flags; } ktests_start[] = {
	{ "alpha", "one", 0, 1 }, { "beta", "two", 0, 1 }, { "beta", "three", 0, 3 },
	{ "gamma", "four", 0, 1 }, { "selftest", "fails", 0, 4 }, { "delta", "five", 0, 1 },
};
asm(".globl ktests_end; .set ktests_end, ktests_start + 192");
void _start(void) {}
"""
SUITES = {"alpha": ["one"], "beta": ["two", "three", "three+tick"], "gamma": ["four"], "delta": ["five"]}
PANIC = "# PANIC: on purpose\n# RIP 0\n"


def console(*suites, crash=None, last=PANIC, seed="17"):
    """What a boot prints that runs these suites; a crash is (suite, results before it)."""
    text = "# seed: %s (seed=%s starts the same)\nKTAP version 1\n1..%d\n" % (seed, seed, len(suites))
    passed = 0
    for number, suite in enumerate(suites, 1):
        tests = SUITES[suite]
        text += "    KTAP version 1\n    # Subtest: %s\n    1..%d\n" % (suite, len(tests))
        for i, test in enumerate(tests):
            if crash == (suite, i):
                return text + last
            text += "    ok %d %s\n" % (i + 1, test)
            passed += 1
        if crash == (suite, len(tests)):
            return text + last
        text += "ok %d %s\n" % (number, suite)
    if crash:
        return text + last
    return text + "# Totals: pass:%d fail:0 xfail:0 skip:0 error:0\n" % passed


class Again(Case):
    """A machine that prints something else at each boot, and the image of its kernel."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elf = os.path.join(cls.keep.name, "k.elf")
        subprocess.run(["gcc", "-x", "c", "-static", "-nostdlib", "-o", cls.elf, "-"], input=IMAGE,
                       text=True, check=True)

    def boots(self, *texts, then=":", limit=10):
        """Write the machine and what it prints at each boot."""
        for number, text in enumerate(texts, 1):
            with open(self.path("text%d" % number), "w", encoding="utf-8") as file:
                file.write(text)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            file.write(MACHINE % {"folder": self.folder, "then": then, "limit": limit})

    def run_it(self, *arguments):
        return super().run_it("--elf", self.elf, *arguments)

    def words(self):
        """The kernel's command line of each boot."""
        with open(self.path("words"), encoding="utf-8") as file:
            return [line.split()[2:] for line in file.read().replace("'", "").splitlines()]


class Suites(Again):
    """Which suites the next boot runs, and what counts."""

    def test_a_crash_costs_its_suite_alone(self):
        self.boots(console(*SUITES, crash=("beta", 1)), console("gamma", "delta"))
        status, output = self.run_it()
        self.assertEqual(status, 3, output)
        self.assertEqual(self.words(), [[], ["from=gamma", "seed=17"]])
        self.assertIn("CRASH fake: beta.three: the kernel panicked: on purpose (tests of beta that "
                      "did not run: 1)\n   again: tools/run fake tests=beta.three seed=17\n", output)
        self.assertRegex(output, r"fake: 4 pass, \S+ s from launch to totals: the run is not whole")
        self.assertNotIn("planned", output)
        self.assertNotIn("NOT RUN", output)

    def test_each_crash_costs_its_suite(self):
        self.boots(console(*SUITES, crash=("alpha", 0)), console("beta", "gamma", "delta",
                                                                 crash=("gamma", 0)),
                   console("delta"))
        status, output = self.run_it("tests=*", "pks=strict", "from=alpha", "seed=0")
        self.assertEqual(status, 3, output)
        self.assertEqual(self.words()[1:], [["tests=*", "pks=strict", "from=beta", "seed=17"],
                                            ["tests=*", "pks=strict", "from=delta", "seed=17"]])
        for test in ("alpha.one", "gamma.four"):
            self.assertIn("CRASH fake: %s: the kernel" % test, output)
            self.assertIn("again: tools/run fake tests=%s pks=strict seed=17\n" % test, output)
        self.assertIn("\nfake: 4 pass, ", output)
        self.assertEqual(output.count("# PANIC: on purpose"), 4)    # on the console, in the tails

    def test_a_crash_in_the_last_suite_is_the_end(self):
        self.boots(console(*SUITES, crash=("delta", 0)), console())
        status, output = self.run_it()
        self.assertEqual((status, len(self.words())), (3, 1), output)
        self.assertIn("CRASH fake: delta.five: the kernel panicked", output)

    def test_only_selected_suites_are_booted_again(self):
        self.boots(console("beta", crash=("beta", 0)))
        self.assertEqual(self.run_it("tests=beta.*")[0], 3)
        self.assertEqual(len(self.words()), 1)
        os.remove(self.path("words"))
        self.boots(console("alpha", "delta", crash=("alpha", 0)), console("delta"))
        self.assertEqual(self.run_it("tests=delta.*,alpha.*")[0], 3)
        self.assertEqual(self.words()[1], ["tests=delta.*,alpha.*", "from=delta", "seed=17"])

    def test_a_crash_before_a_suite_begins_costs_that_suite(self):
        text = console("alpha", "beta", "gamma", "delta")
        self.boots(text[:text.index("    KTAP", text.index("ok 1 alpha"))] + PANIC,
                   console("gamma", "delta"))
        status, output = self.run_it()
        self.assertEqual((status, self.words()[1]), (3, ["from=gamma", "seed=17"]), output)
        self.assertIn("CRASH fake: the suite beta: the kernel panicked", output)
        self.assertIn("again: tools/run fake 'tests=beta.*' seed=17", output)

    def test_a_crash_after_a_suites_last_result_costs_no_other(self):
        self.boots(console(*SUITES, crash=("beta", 3)), console("gamma", "delta"))
        status, output = self.run_it()
        self.assertEqual((status, self.words()[1]), (3, ["from=gamma", "seed=17"]), output)
        self.assertIn("CRASH fake: the suite beta: ", output)

    def test_a_machine_that_ends_is_named_like_one_that_panics(self):
        self.boots(console(*SUITES, crash=("gamma", 0), last=""), console("delta"))
        status, output = self.run_it()
        self.assertEqual(status, 3, output)
        self.assertIn("CRASH fake: gamma.four: the machine has ended\n", output)

    def test_a_hang_is_a_time_out_unless_another_boot_crashes(self):
        self.boots(console(*SUITES, crash=("beta", 2), last=""), console("gamma", "delta"),
                   then="test $n = 2 || exec sleep 60", limit=2)
        status, output = self.run_it()
        self.assertEqual(status, 4, output)
        self.assertIn("TIME-OUT fake: beta.three+tick: the machine hangs\n", output)
        self.assertTrue(self.emulator_gone())
        os.remove(self.path("words"))
        self.boots(console(*SUITES, crash=("beta", 2), last=""),
                   console("gamma", "delta", crash=("delta", 0)),
                   then="test $n = 2 || exec sleep 60", limit=2)
        self.assertEqual(self.run_it()[0], 3)

    def test_failures_of_all_boots_count(self):
        self.boots(console(*SUITES, crash=("gamma", 0)).replace("    ok 1 one", "    not ok 1 one")
                   .replace("\nok 1 alpha", "\nnot ok 1 alpha"),
                   console("delta").replace("    ok 1", "    not ok 1").replace("\nok", "\nnot ok")
                   .replace("pass:1 fail:0", "pass:0 fail:1"))
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 3)
        for test in ("alpha.one", "delta.five"):
            self.assertIn("FAILED %s: failed\n   again: tools/run fake tests=%s seed=17\n"
                          % (test, test), output)
        self.assertNotIn("do not add up", output)
        self.assertIn("\nfake: 3 pass, 2 fail, ", output)


class Once(Again):
    """When there is no other boot."""

    def test_without_the_image_a_crash_names_its_suite(self):
        self.boots(console(*SUITES, crash=("beta", 1)))
        status, output = self.run_it("--elf", self.path("none"))
        self.assertEqual((status, len(self.words())), (3, 1), output)
        self.assertIn("CRASH fake: the suite beta: the kernel panicked", output)

    def test_the_image_of_another_kernel_names_no_test(self):
        self.boots(console(*SUITES, crash=("beta", 1)).replace("1..3", "1..7"), console("gamma", "delta"))
        self.assertIn("CRASH fake: the suite beta: the kernel panicked", self.run_it()[1])

    def test_a_kernel_that_ignores_from_ends_the_run(self):
        self.boots(*3 * [console(*SUITES, crash=("alpha", 0))])
        status, output = self.run_it()
        self.assertEqual((status, len(self.words())), (3, 2), output)

    def test_a_kernel_that_never_begins_ends_the_run(self):
        self.boots(console(*SUITES, crash=("alpha", 0)), "# keyward\n" + PANIC)
        status, output = self.run_it("--tap")
        self.assertEqual((status, len(self.words())), (3, 2), output)
        for suite in ("beta", "gamma", "delta"):
            self.assertRegex(output, r"not ok \d+ - fake: %s: the suite did not run" % suite)
        self.assertNotIn("alpha: the suite did not run", output)
        self.assertNotIn("selftest", output)

    def test_first_and_gdb_and_the_benches_boot_once(self):
        for words in (["--first"], ["--gdb"], ["bench=on"]):
            self.boots(console(*SUITES, crash=("alpha", 0)))
            status, output = self.run_it(*words)
            self.assertEqual((status, len(self.words())), (3, 1), output)
            os.remove(self.path("words"))

    def test_first_names_the_test_that_panicked(self):
        self.boots(console(*SUITES, crash=("beta", 1)))
        output = self.run_it("--first", "--quiet")[1]
        self.assertIn("CRASH fake: beta.three: the kernel panicked: on purpose", output)
        self.assertNotIn("NOT RUN", output)

    def test_a_good_run_boots_once(self):
        self.boots(console(*SUITES))
        status, output = self.run_it()
        self.assertEqual((status, len(self.words())), (0, 1), output)
        self.assertNotIn("again", output.replace("booting again", "again"))


class Outputs(Again):
    """What other programs read."""

    def test_the_log_has_all_boots(self):
        self.boots(console(*SUITES, crash=("beta", 0)), console("gamma", "delta"))
        self.run_it("--quiet")
        with open(self.path("build/logs/fake.log"), encoding="utf-8") as log:
            text = log.read()
        self.assertRegex(text, r"(?s)Subtest: beta.*PANIC.*\n# tools/run: boots again from gamma\n.*"
                               r"Subtest: delta.*# Totals: pass:2")

    def test_tap_has_the_results_of_all_boots(self):
        self.boots(console(*SUITES, crash=("beta", 2)), console("gamma", "delta"))
        output = self.run_it("--tap")[1]
        for test in ("alpha.one", "beta.three", "gamma.four", "delta.five"):
            self.assertRegex(output, r"(?m)^ok \d+ - fake: %s$" % test)
        self.assertRegex(output, r"(?m)^not ok 6 - fake: beta.three\+tick: the kernel panicked: on purpose$")
        self.assertIn("\n1..6\n", output)

    def test_junit_has_the_results_of_all_boots_and_the_lost_suites(self):
        self.boots(console(*SUITES, crash=("alpha", 0)), console("beta", "gamma", "delta",
                                                                 crash=("beta", 2)), PANIC)
        self.run_it("--junit", self.path("j.xml"))
        found = {(s.get("name"), c.get("name")): [o.tag + ": " + o.get("message") for o in c]
                 for s in ET.parse(self.path("j.xml")).getroot() for c in s}
        lost = ["error: the suite did not run"]
        self.assertEqual([found.pop(("beta", test)) for test in ("two", "three")], [[], []])
        self.assertEqual([found.pop((suite, "runs")) for suite in ("gamma", "delta")], [lost, lost])
        self.assertEqual(list(found), [("the run", "is whole")])


class Others(Again):
    """A boot that comes to its totals, with other tests than its image and words select."""

    def red(self, problem, *suites, words=()):
        """One boot that runs these suites has this problem."""
        self.boots(console(*suites))
        status, output = self.run_it(*words)
        self.assertEqual((status, len(self.words())), (3, 1), output)
        self.assertIn("CRASH fake: %s\n" % problem, output)
        os.remove(self.path("words"))

    def test_a_suite_that_did_not_run_is_missed(self):
        self.red("delta.five did not run", "alpha", "beta", "gamma")
        self.red("beta.two did not run (and 2 more)", "alpha", "delta", words=["until=gamma"])
        self.red("alpha.one did not run", "gamma", words=["tests=gamma.*,alpha.*"])

    def test_a_suite_that_should_not_run_is_named(self):
        self.red("gamma.four ran, and should not (and 1 more)", *SUITES, words=["until=gamma"])
        self.red("alpha.one ran, and should not", "alpha", "gamma", "delta", words=["from=gamma"])

    def test_what_ran_twice_or_out_of_turn_is_named(self):
        self.red("gamma.four ran twice", "alpha", "beta", "gamma", "gamma", "delta")
        self.red("the tests ran in another order than in the image", "beta", "alpha", "gamma", "delta")

    def test_without_the_image_nobody_knows(self):
        self.boots(console("alpha", "gamma"))
        self.assertEqual(self.run_it("--elf", self.path("none"))[0], 0)


if __name__ == "__main__":
    unittest.main()
