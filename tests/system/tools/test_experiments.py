# SPDX-License-Identifier: MIT
"""tools/experiments: tables from hand-made consoles, with figures counted by hand."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tools", "lib"), os.path.dirname(os.path.abspath(__file__))]

import test_trace       # noqa: E402

SCOPES = ("context", "instruction", "global")
OPEN, INIT, PFN = test_trace.OPEN1, test_trace.INIT, 5


def section(policy, opened, maps=()):
    """A section of a dump in which the key is open for `opened` ticks."""
    return test_trace.section((2000, "RIGHTS", OPEN, 0), (2000 + opened, "RIGHTS", INIT, 0), *maps,
                              policy=policy)


def log(opened, outcome="pardoned/site", late=1):
    """One scenario under the tables' policies; `opened` ticks by scope, none for off and strict."""
    lines = []
    maps = [(5000, "KMAP", PFN, 0), (6000, "KMAP", PFN + 1, 0), (7000, "KUNMAP", PFN, 0),
            (7500, "KUNMAP", PFN + 1, 0)]
    for mode, name in enumerate(("off", "strict", "relaxed", "silent")):
        for number, scope in enumerate(SCOPES):
            lines.append("# scenario some_work pks=%s gate=kmapped pardon=%s saw: %s" % (name, scope, outcome))
            if name == "relaxed":
                continue
            ticks = opened[scope] if name == "silent" else 0
            lines += [x.rstrip("\r\n") for x in test_trace.dump(
                section(mode << 16 | number, ticks, maps), policy_name="some_work")]
    lines.append("# scenario some_work early: kmap 2 page_address 3 mapped 2 late %d" % late)
    return "\n".join(lines) + "\n"


OPENED = {"instruction": 10, "context": 100, "global": 400}


class Tables(unittest.TestCase):
    """The printed tables."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def run_it(self, *words, **logs):
        """Exit status and output of the tool on these consoles."""
        for name, text in logs.items():
            with open(os.path.join(self.folder.name, name), "w", encoding="utf-8") as file:
                file.write(text)
            words += ("--log", os.path.join(self.folder.name, name))
        done = subprocess.run([os.path.join(TOP, "tools", "experiments"), *words], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def test_exposure_is_page_ticks(self):
        status, output = self.run_it("exposure", one=log(OPENED))
        self.assertEqual(status, 0, output)
        # There are three pages. With pks=off all are open for 9000 ticks. One or two pages are
        # marked for 1000 + 1000 x 2 + 500 ticks; under `global` all three are, for 2500.
        self.assertIn("| some work | 27000 | 0 | 30 | 300 | 1200 | 10 | 4.0 | 3500 | 7500 |", output)
        self.assertIn("| **all** | 27000 | 0 | 30 | 300 | 1200 | 10 | 4.0 | 3500 | 7500 |", output)

    def test_strays_that_would_pass_are_counted_for_each_size(self):
        status, output = self.run_it("ranges", one=log(OPENED))
        self.assertEqual(status, 0, output)
        # The key is open for 10, 100 or 400 of 9000 ticks, and 3500 page ticks are marked; under
        # `global` all pages are open to a stray write for 2500. There is no use.
        self.assertIn("| 4 | 36000 | 0 | 3540 | 3900 | 11600 | 36000 | 1.1 | 3.0 | 3.0 | 3.0 | 9.2 |", output)
        self.assertIn("| 64 | 576000 | 0 | 4140 | 9900 | 185600 | 576000 | 2.4 | 19 | 19 | 19 | 58 |", output)

    def test_late_reports_and_kmap_checks_are_counted(self):
        for outcome, cells in (("pardoned/site", "1 | 0 | 1 | 0"), ("dies/nobody", "1 | 0 | 0 | 1"),
                               ("pardoned/both", "1 | 1 | 1 | 0"), ("free/-", "0 | 0 | 0 | 0")):
            output = self.run_it("late", one=log(OPENED, outcome))[1]
            self.assertIn("| some work | %s | 2 | 1 | 3 |" % cells, output)

    def test_outcomes_are_listed_by_mode(self):
        output = self.run_it("outcomes", one=log(OPENED, "pardoned/site dies/-"))[1]
        self.assertIn("| some work | " + " | ".join(["pardoned, dies"] * 6) + " |", output)

    def test_machines_that_agree_pass(self):
        status, output = self.run_it("late", one=log(OPENED), other=log({s: 7 for s in SCOPES}))
        self.assertEqual(status, 0)
        self.assertIn("12 runs of 1 scenarios: the same outcome on both machines", output)

    def test_machines_that_disagree_fail(self):
        status, output = self.run_it("late", one=log(OPENED), other=log(OPENED, "dies/site"))
        self.assertEqual(status, 1)
        self.assertIn("DIFFERENT on two machines: some_work strict kmapped context", output)

    def test_under_global_alone_an_extra_fault_is_no_difference(self):
        status, output = self.run_it("late", one=log(OPENED), other=log(OPENED, "free/-"))
        self.assertEqual(status, 1)
        self.assertNotIn("silent kmapped global", output)
        self.assertIn("silent kmapped context", output)

    def test_a_damaged_section_is_refused(self):
        text = log(OPENED)
        lost = text.replace("kept 9 overwritten 0", "kept 9 overwritten 1")
        self.assertTrue(lost != text)
        status, output = self.run_it("exposure", one=lost)
        self.assertEqual(status, 1)
        self.assertIn("sum is wrong", output)

    def test_a_log_without_a_scenario_is_refused(self):
        status, output = self.run_it("exposure", one="KTAP version 1\n")
        self.assertEqual(status, 1)
        self.assertIn("no scenario in it", output)

    def test_an_unknown_table_is_refused(self):
        status, output = self.run_it("heat", one=log(OPENED))
        self.assertEqual(status, 2)
        self.assertIn("no table 'heat'", output)


if __name__ == "__main__":
    unittest.main()
