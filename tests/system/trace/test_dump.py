# SPDX-License-Identifier: MIT
"""tools/trace on the dump of tests/kernel/trace/t_trace_scenario.c: the figures are the scenario's.

QEMU counts instructions, so that a span of the scenario has its nominal length.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("KEYWARD_BUILD", os.path.join(TOP, "build"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import timeline         # noqa: E402
import tracedump        # noqa: E402

SPAN = 200000       # SCENARIO_SPAN
SLACK = 4000        # ticks that the timer, events and calls may add


class Dump(unittest.TestCase):
    """One boot with trace=on."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.log, figures = (os.path.join(cls.folder.name, n) for n in ("log", "figures"))
        cls.boot = subprocess.run(
            [os.path.join(TOP, "tools", "run"), "qemu", "--icount", "--build", BUILD, "--log", cls.log, "--quiet",
             "trace=on", "tests=trace.*"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        cls.tool = subprocess.run(
            [os.path.join(TOP, "tools", "trace"), cls.log, "--exposure", figures], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False)
        if cls.tool.returncode == 0:
            with open(figures, encoding="utf-8") as file:
                cls.figures = json.load(file)

    def test_the_kernels_own_tests_pass(self):
        self.assertEqual(self.boot.returncode, 0, self.boot.stdout)

    def test_tools_trace_accepts_the_dump(self):
        self.assertEqual((self.tool.returncode, self.tool.stdout), (0, ""))

    def test_exposure_is_the_undeclared_span(self):
        [one] = self.figures
        thread = next(c for c in one["contexts"] if c["kind"] == "thread")
        self.assertAlmostEqual(thread["open"], 3 * SPAN, delta=SLACK)
        self.assertAlmostEqual(thread["declared"], 2 * SPAN, delta=SLACK)
        self.assertAlmostEqual(thread["exposure"], SPAN, delta=SLACK)
        self.assertAlmostEqual(one["ticks"], 4 * SPAN, delta=2 * SLACK)
        self.assertEqual((one["mode"], one["gate"], one["scope"], one["key"], one["pages"], one["whole"]),
                         ("silent", "kmapped", "context", 1, 1, ""))

    def test_every_kind_of_context_is_in_the_dump(self):
        kinds = {c["kind"] for c in self.figures[0]["contexts"]}
        self.assertLessEqual({"thread", "softirq", "interrupt", "exception", "NMI"}, kinds)

    def test_the_pardon_belongs_to_the_softirq(self):
        [one] = self.figures[0]["pardons"]
        self.assertEqual((one["kind"], one["count"], one["left_open"]), ("softirq", 1, 0))
        self.assertTrue(0 < one["max"] < SLACK)

    def test_nothing_is_overwritten_and_no_right_changes_unseen(self):
        """No ring overflowed, and every change of rights has an event."""
        with open(self.log, encoding="utf-8", newline="\n") as file:
            dumps = tracedump.read(file)
        self.assertEqual(len(dumps), 2)
        for one in dumps:
            self.assertEqual([(r.overwritten, len(r.events) == r.recorded) for r in one.rings.values()], [(0, True)])
            self.assertEqual(timeline.replay(one).unseen, 0)

    def test_a_long_run_reports_overwritten_events(self):
        log = os.path.join(self.folder.name, "long")
        subprocess.run([os.path.join(TOP, "tools", "run"), "qemu", "--build", BUILD, "--log", log, "--quiet",
                        "trace=on", "tests=rights.*", "extent=whole"], stdout=subprocess.DEVNULL, check=True)
        with open(log, encoding="utf-8", newline="\n") as file:
            [one] = tracedump.read(file)
        self.assertEqual(len(one.rings[0].events), 8192)
        self.assertEqual(one.rings[0].recorded, one.rings[0].overwritten + 8192)
        self.assertTrue(timeline.replay(one).cut)


if __name__ == "__main__":
    unittest.main()
