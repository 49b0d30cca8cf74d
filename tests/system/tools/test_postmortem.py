# SPDX-License-Identifier: MIT
"""tools/run after the machine died in the matrix: it finds the case, by fake logs of each boot."""

import os
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import postmortem                                       # noqa: E402
import reboots                                          # noqa: E402
from test_again import Again, console, PANIC            # noqa: E402
from test_reboots import BANNER                         # noqa: E402

MARKS = "    # matrix: 0 %, row 1\n    # matrix: 40 %, row 33\n"
CASE, OTHER = "kind:read,key:3,rights:ad", "kind:read,key:4,rights:ad"
ROWS = "    # row 33 case %s\n    # row 33 case %s\n    # row 34\n    # row 35\n" % (OTHER, CASE)
CASES = "    # row 35 case %s\n    # row 35 case %s\n" % (OTHER, CASE)
CHECKS = "    # case %s checks ad_denies wd_permits\n" % CASE
DONE = "    # case %s expected=none observed=none cr2=0 pkrs=0 agrees\n" % CASE
REST = console("beta", "gamma", "delta")
HEAD = console("alpha", "beta", "gamma", "delta", crash=("alpha", 0), last="")


def boot(lines):
    """What a boot prints that makes cases alone, and dies."""
    return BANNER + console("alpha", crash=("alpha", 0), last=lines)


class Postmortem(Again):
    """The first boot dies in suite alpha, where it runs the matrix; the next ones look for the case."""

    def died(self, *texts, first=HEAD + MARKS, status=3, then=":", limit=10, words=("extent=whole",)):
        """Run these boots; returns the output."""
        self.boots(first, *texts, then=then, limit=limit)
        got, output = self.run_it(*words)
        self.assertEqual(got, status, output)
        return output

    def test_the_case_is_found_in_three_boots(self):
        output = self.died(boot(ROWS), boot(CASES), boot(CHECKS), REST)
        self.assertIn("CRASH fake: alpha.one: the machine has ended at the case %s, which checks ad_denies "
                      "wd_permits\n" % CASE, output)
        self.assertEqual(output.count("CRASH fake"), 1)
        self.assertIn("again: tools/run fake 'tests=matrix.*' extent=whole case=%s seed=17\n" % CASE, output)
        words = self.words()
        for number, word in ((1, "rows=33"), (2, "rows=35"), (3, "case=" + CASE)):
            self.assertEqual({"tests=matrix.*", "extent=whole", word}, set(words[number]) - {"seed=17"})
        self.assertIn("from=beta", words[4])
        self.assertIn("fake: 5 pass", output)

    def test_a_case_of_the_first_row_needs_no_boot_of_its_own(self):
        output = self.died(boot(ROWS.split("    # row 34")[0]), boot(CHECKS), REST)
        self.assertIn("at the case %s, which checks" % CASE, output)
        self.assertEqual(len(self.words()), 4)

    def test_a_machine_that_resets_itself_is_said_to(self):
        output = self.died(boot(ROWS) + BANNER + boot("    # row 99\n"), boot(CASES) + BANNER,
                           boot(CHECKS) + BANNER, REST, first=BANNER + HEAD + MARKS + BANNER + HEAD,
                           then="exec sleep 60")
        self.assertIn("the machine reset itself at the case " + CASE, output)
        self.assertIn("rows=35", self.words()[2])

    def test_a_case_that_needs_others_is_repeated_with_them(self):
        output = self.died(boot(ROWS), boot(CASES), boot(CHECKS + DONE), REST)
        self.assertIn("at the case %s, which checks ad_denies wd_permits, but not if it is made alone\n"
                      % CASE, output)
        self.assertIn("again: tools/run fake 'tests=matrix.*' extent=whole rows=35 seed=17\n", output)

    def test_a_row_that_needs_others_is_named(self):
        output = self.died(boot(ROWS), boot(CASES + "    # matrix: cases=9 divergent=0\n"), REST)
        self.assertIn("the machine has ended in row 35 of the matrix\n", output)
        self.assertIn("extent=whole rows=35 seed=17\n", output)

    def test_what_does_not_happen_again_is_said(self):
        for text in (ROWS + "    # matrix: cases=9 divergent=0\n", ROWS + "    # row 999\n", ""):
            output = self.died(boot(text), REST)
            self.assertIn("in the matrix, behind its row 33; from there on, with each row announced, it did "
                          "not happen again up to row", output)
            self.assertIn("again: tools/run fake 'tests=matrix.*' extent=whole seed=17\n", output)
            os.remove(self.path("words"))

    def test_a_kernel_that_panics_names_the_case_itself(self):
        output = self.died(boot(CHECKS + PANIC), REST, first=HEAD + MARKS + CHECKS + PANIC)
        self.assertIn("the kernel panicked: on purpose at the case %s, which checks ad_denies" % CASE, output)
        self.assertEqual(len(self.words()), 3)

    def test_a_hang_is_looked_for_too(self):
        output = self.died(boot(ROWS), boot(CASES), boot(CHECKS), REST, limit=1, status=4,
                           then="[ $n = 5 ] || exec sleep 60")
        self.assertIn("alpha.one: the machine hangs at the case " + CASE, output)

    def test_a_single_case_that_dies_is_named(self):
        output = self.died(boot(CHECKS), first=HEAD + CHECKS, words=("tests=alpha.*", "case=" + CASE))
        self.assertIn("at the case %s, which checks" % CASE, output)

    def test_no_case_is_looked_for_outside_of_the_matrix(self):
        for lines in ("", MARKS + "    # matrix: cases=9 divergent=0 slice=whole levels=4 ms=1\n"):
            output = self.died(REST, first=HEAD + lines)
            self.assertNotIn("case", output.split("CRASH")[1])
            self.assertEqual(len(self.words()), 2)
            os.remove(self.path("words"))

    def test_with_first_the_case_is_not_looked_for(self):
        self.died(first=HEAD + MARKS, words=("--first",))
        self.assertEqual(len(self.words()), 1)

    def test_a_triple_fault_that_the_emulator_reports_is_a_reset(self):
        for says in ("Triple fault", "[CPU0  ] exception(): 3rd (14) exception with no resolution"):
            output = self.died(REST, first=HEAD, then="[ $n = 2 ] || echo \"%s\" >&2" % says)
            self.assertIn("CRASH fake: alpha.one: the machine reset itself\n", output)
            os.remove(self.path("words"))

    def test_a_triple_fault_behind_the_totals_is_none(self):
        output = self.died(first=console("alpha", "beta", "gamma", "delta"), status=0,
                           then="echo Triple fault >&2")
        self.assertNotIn("reset", output)


class Lines(unittest.TestCase):
    """What single lines mean."""

    def test_a_minute_of_silence_counts_while_the_matrix_runs(self):
        trail = postmortem.Trail()
        self.assertEqual(trail.until(7.0), float("inf"))
        trail.feed("    # matrix: 0 %, row 1")
        self.assertEqual(trail.until(7.0), 7.0 + postmortem.SILENCE)
        self.assertLessEqual(postmortem.SILENCE, 60)
        trail.feed("    # matrix: cases=1 divergent=0 slice=brief levels=4 ms=1")
        self.assertEqual(trail.until(7.0), float("inf"))

    def test_registers_at_a_reset_are_not_shown(self):
        said = ["CPU Reset (CPU 0)", "EAX=00000000 EBX=00000000", "ES =0000 00000000 0000ffff 00009300",
                "GDT=     00000000 0000ffff", "EFER=0000000000000000", "FCW=037f FSW=0000 [ST=0]",
                "XMM00=0000000000000000 0000000000000000", "qemu: could not open it", "Triple fault"]
        self.assertEqual(reboots.telling(said), said[-2:])
        self.assertFalse(reboots.triple_fault(["Triple fault"] + 5 * ["qemu: x"]))


if __name__ == "__main__":
    unittest.main()
