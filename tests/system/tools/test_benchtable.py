# SPDX-License-Identifier: MIT
"""tools/lib/benchtable.py: the figures of a run as one table to send back."""

import glob
import os
import re
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import benchtable       # noqa: E402

HYBRID = """\
# kernel: version 1.0
# bench unit: ticks of the TSC, at 2000000 kHz
# bench core P0: family 6, model c6H, P core, pks
# bench insn_wrmsr_pkrs@P0 min 100 median 120
# bench insn_wrmsrns_pkrs@P0 min 20 median 25 writes 1
# transient@P0 clock cached 40 flushed 210 limit 125
# transient@P0 load-under-ad old 3 new 0 others 1 of 1000
# bench core E8: family 6, model c6H, E core, pks
# bench insn_wrmsr_pkrs@E8 min 90 median 95
# bench insn_wrmsrns_pkrs@E8 not measured: this CPU has no WRMSRNS
# bench transient@E8 not measured: this CPU has no CLFLUSH
ok 1 insn_wrmsr_pkrs@P0
""".splitlines()


def cells(lines):
    """The cells of each row of a table."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]


class Table(unittest.TestCase):
    """Rows, columns, units."""

    def test_each_type_of_core_has_its_column(self):
        lines = benchtable.lines(HYBRID)
        self.assertEqual(lines[1:4], ["unit: ticks of the TSC, at 2000000 kHz",
                                      "core P0: family 6, model c6H, P core, pks",
                                      "core E8: family 6, model c6H, E core, pks"])
        self.assertEqual(cells(lines)[:4], [
            ["operation", "P0, min/median", "E8, min/median", "unit"],
            ["insn_wrmsr_pkrs", "100/120", "90/95", "ticks"],
            ["insn_wrmsrns_pkrs", "20/25", "not measured: this CPU has no WRMSRNS", "ticks"],
            ["transient", "-", "not measured: this CPU has no CLFLUSH", ""]])

    def test_what_the_probe_saw_stands_below(self):
        self.assertEqual(cells(benchtable.lines(HYBRID))[4:], [
            ["core", "access", "old value", "new value", "other lines", "ticks cached/flushed"],
            ["P0", "load-under-ad", "3 of 1000", "0 of 1000", "1", "40/210"]])

    def test_cores_of_one_type_make_one_column(self):
        lines = benchtable.lines(["# bench insn_invlpg min 1 median 2",
                                  "# transient load-permitted old 9 new 0 others 0 of 10"])
        self.assertEqual(lines[1], "unit: not said")
        self.assertEqual(cells(lines)[:2], [["operation", "here, min/median", "unit"],
                                            ["insn_invlpg", "1/2", "ticks"]])
        self.assertEqual(cells(lines)[3], ["here", "load-permitted", "9 of 10", "0 of 10", "0", ""])

    def test_a_run_without_benches_has_no_table(self):
        self.assertEqual(benchtable.lines(["# kernel: x", "ok 1 bench", "# bench broken min 3"]), [])


class Ours(unittest.TestCase):
    """The benches of tests/bench."""

    def test_what_silicon_is_asked_for_is_there(self):
        names = set()
        for path in glob.glob(os.path.join(TOP, "tests", "bench", "b_*.c")):
            with open(path, encoding="utf-8") as file:
                names |= set(re.findall(r"^(?:BENCH|BENCH_IF|RIGHTS_BENCH)\((\w+),", file.read(), re.MULTILINE))
        self.assertLessEqual({"fences_alone", "insn_wrmsr_pkrs", "insn_wrmsrns_pkrs", "insn_wrpkru", "insn_invlpg",
                              "insn_mov_to_cr3", "shootdown_of_a_page"}, names)


if __name__ == "__main__":
    unittest.main()
