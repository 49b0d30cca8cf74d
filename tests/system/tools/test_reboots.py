# SPDX-License-Identifier: MIT
"""tools/run over a reboot (boots=2): both boots count, and each way in which one is not there."""

import os
import sys
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

from test_again import Again, console, PANIC, SUITES    # noqa: E402
from test_run import Case                               # noqa: E402

BANNER = "# Keyward: protection keys for supervisor pages, on bare metal\n"
FIRMWARE = "\x1b[2JSeaBIOS\nok, 1..2 disks\n"
ENDS, KNOWS = "# reboot: 1 of 2\n", "# reboot: 2 of 2\n"
FIRST = BANNER + console("alpha", "gamma") + ENDS
SECOND = BANNER + KNOWS + console("alpha", "gamma")
RESET = "the machine reset itself"


class Reboots(Case):
    """A machine that prints what two boots do, in one process."""

    def boots(self, text, **more):
        """Run a machine that prints this; returns (status, output)."""
        self.machine(text, extra="[reboots]\nadd = -action", **more)
        return self.run_it("boots=2", "--quiet")

    def bad(self, text, problem, status=3, **more):
        """The same, and check that it is called a crash for this reason."""
        got, output = self.boots(text, **more)
        self.assertEqual(got, status, output)
        self.assertIn("%s fake: %s" % ("TIME-OUT" if status == 4 else "CRASH", problem), output)
        self.assertTrue(self.emulator_gone())
        return output

    def test_both_boots_make_one_verdict(self):
        status, output = self.boots(FIRST + FIRMWARE + SECOND)
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"fake: 4 pass, \S+ s from launch to totals: all as expected")

    def test_the_second_boot_has_the_time_limit_anew(self):
        for name, text in (("first", FIRST), ("second", SECOND)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
        self.machine("", extra="[reboots]\nadd = -action", limit=4,
                     then="cd %s; sleep 3; cat first; sleep 3; cat second" % self.folder)
        status, output = self.run_it("boots=2", "--quiet")
        self.assertEqual(status, 0, output)

    def test_a_failure_in_either_boot_fails_the_run(self):
        def broken(text):
            return text.replace("    ok 1 four", "    not ok 1 four").replace("ok 2 gamma", "not ok 2 gamma") \
                .replace("pass:2 fail:0", "pass:1 fail:1")
        for text in (broken(FIRST) + SECOND, FIRST + broken(SECOND)):
            status, output = self.boots(text)
            self.assertEqual(status, 1, output)
            self.assertIn("FAILED gamma.four: failed", output)

    def test_the_results_of_one_boot_do_not_stand_for_the_others(self):
        self.bad(FIRST.replace("pass:2", "pass:3") + SECOND, "the totals do not add up: they say pass:3")
        self.bad(FIRST + SECOND.replace("    ok 1 four\n", ""), "gamma planned 1 results and gave 0")
        self.bad(FIRST + SECOND.replace("1..2\n", "", 1), "a result before its plan")

    def test_a_boot_without_totals(self):
        no_totals = "# Totals: pass:2 fail:0 xfail:0 skip:0 error:0\n"
        self.bad(FIRST + SECOND.replace(no_totals, ""), "no totals line")
        self.bad(FIRST.replace(no_totals, "") + SECOND, "the kernel says \"reboot: 1 of 2\" out of turn")

    def test_a_second_boot_that_does_not_come(self):
        missing = "the machine announced its reboot, but no second boot came"
        self.bad(FIRST + FIRMWARE, missing)
        self.bad(FIRST + FIRMWARE, missing, status=4, then="exec sleep 60", limit=4)

    def test_a_second_boot_that_hangs_or_panics(self):
        half = FIRST + BANNER + KNOWS + console("alpha", "gamma", crash=("gamma", 0), last="")
        self.bad(half, "the suite gamma: the machine hangs", status=4, then="exec sleep 60", limit=4)
        self.bad(half + PANIC, "the suite gamma: the kernel panicked: on purpose")

    def test_a_second_boot_that_takes_itself_for_a_first(self):
        self.bad(FIRST + SECOND.replace(KNOWS, ""), "the second boot does not know that it is one")
        output = self.bad(FIRST + FIRST, "the kernel says \"reboot: 1 of 2\" out of turn",
                          then="exec sleep 60", limit=30)
        self.assertNotIn("no second boot came", output)

    def test_a_first_boot_that_takes_itself_for_a_second(self):
        self.bad(SECOND, "the kernel says \"reboot: 2 of 2\" out of turn", then="exec sleep 60", limit=30)

    def test_a_first_boot_without_an_announcement(self):
        self.bad(FIRST.replace(ENDS, ""), "the first boot announced no reboot")
        self.bad(FIRST.replace(ENDS, "") + SECOND, RESET, then="exec sleep 60", limit=30)

    def test_a_third_boot(self):
        self.bad(FIRST + SECOND + BANNER, RESET, then="exec sleep 60", limit=30)

    def test_a_reset_amid_a_boot(self):
        started = time.monotonic()
        half = console("alpha", "gamma", crash=("gamma", 0), last="")
        for text in (BANNER + half + SECOND, FIRST + BANNER + KNOWS + half + SECOND):
            self.bad(text, "the suite gamma: " + RESET, then="exec sleep 60", limit=30)
        self.assertLess(time.monotonic() - started, 20)

    def test_the_machine_must_be_able_to_reset(self):
        self.machine(FIRST + SECOND)
        status, output = self.run_it("boots=2")
        self.assertEqual(status, 2, output)
        self.assertIn("has no [reboots]", output)


class OneBoot(Again):
    """A run of one boot."""

    def test_a_reset_costs_its_suite_and_is_named(self):
        half = BANNER + console(*SUITES, crash=("beta", 1), last="")
        self.boots(half + BANNER, BANNER + console("gamma", "delta"))
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 3, output)
        self.assertIn("CRASH fake: beta.three: %s (tests of beta that did not run: 1)\n" % RESET, output)
        self.assertNotIn("has ended", output)

    def test_a_reset_before_the_first_suite_is_named(self):
        self.boots(BANNER + BANNER, then="exec sleep 60", limit=30)
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 3, output)
        self.assertIn("CRASH fake: " + RESET, output)

    def test_an_announced_reboot_that_nobody_asked_for(self):
        self.boots(FIRST)
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 3, output)
        self.assertIn("CRASH fake: the kernel says \"reboot: 1 of 2\" without boots=2", output)

    def test_a_reset_behind_the_totals_is_what_exit_reboot_asks_for(self):
        good = BANNER + console(*SUITES)
        for words, status in ((("exit=reboot",), 0), ((), 3)):
            self.boots(good + BANNER, good + BANNER, then="exec sleep 60")
            got, output = self.run_it("--quiet", *words)
            self.assertEqual(got, status, output)
            os.remove(self.path("words"))


if __name__ == "__main__":
    unittest.main()
