# SPDX-License-Identifier: MIT
"""A run with bench=on: each bench has its row, its unit and a result, and tools/results makes the table.

The figures mean nothing here: an emulator's.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("KEYWARD_BUILD", os.path.join(TOP, "build"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import benchtable       # noqa: E402


def declared():
    """The names of all benches, from their sources."""
    names = {"transient"}
    for path in glob.glob(os.path.join(TOP, "tests", "bench", "b_*.c")):
        with open(path, encoding="utf-8") as file:
            names |= set(re.findall(r"^(?:BENCH|BENCH_IF|RIGHTS_BENCH)\((\w+),", file.read(), re.MULTILINE))
    return names


class Benches(unittest.TestCase):
    """One boot."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.log = os.path.join(cls.folder.name, "log")
        cls.run_ = subprocess.run(
            [os.path.join(TOP, "tools", "run"), "qemu", "--build", BUILD, "--log", cls.log, "--quiet", "bench=on"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        with open(cls.log, encoding="utf-8", errors="replace") as file:
            cls.lines = [line.strip() for line in file]

    def test_the_run_is_as_expected(self):
        self.assertEqual(self.run_.returncode, 0, self.run_.stdout)

    def test_each_bench_has_its_row_and_result(self):
        rows, cores, unit, _ = benchtable.read(self.lines)
        self.assertEqual((set(rows), cores), (declared(), [benchtable.ONE]))
        self.assertRegex(unit, r"^ticks of the TSC, at \d{5,} kHz$")
        results = [re.match(r"ok \d+ (\w+)", line) for line in self.lines]
        self.assertEqual({found[1] for found in results if found}, declared())

    def test_a_row_has_figures_or_a_reason(self):
        rows, _, _, _ = benchtable.read(self.lines)
        without = {name for name, cells in rows.items() if cells[benchtable.ONE].startswith("not measured: ")}
        self.assertLessEqual(without, {"insn_wrmsrns_pkrs", "transient"})
        for name in set(rows) - without:
            least, median = map(int, rows[name][benchtable.ONE].split("/"))
            self.assertLessEqual(least, median, name)

    def test_an_emulators_clock_shows_no_transient_access(self):
        rows, _, _, _ = benchtable.read(self.lines)
        self.assertRegex(rows["transient"][benchtable.ONE], "not measured: .*(shows no cache|^control)")

    def test_tools_results_prints_the_table(self):
        done = subprocess.run(
            [os.path.join(TOP, "tools", "results"), self.log, "bench=on", "--machine", "qemu"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        for name in declared():
            self.assertRegex(done.stdout, r"\n\| %s +\| " % name)


if __name__ == "__main__":
    unittest.main()
