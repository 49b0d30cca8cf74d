# SPDX-License-Identifier: MIT
"""tools/lib/boottimes.py: the kernel's lines, the table, the growth figures, the markers."""

import os
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import boottimes                                # noqa: E402
from boottimes import BEGIN, END, Bad, Figures, Row     # noqa: E402

LINES = """\
# paging: 5 levels
# RAM: 4095 MiB in 3 ranges
# RAM: 4161284 KiB free, 64 KiB in page tables, 32768 KiB in struct pages
# boot: 5300000 TSC ticks from kernel entry to memory
# clock: TSC 1000000 kHz, APIC timer 62500 kHz
# boot: 10400000 TSC ticks from kernel entry to the first test""".splitlines()


def figures(lines):
    """The figures of a console."""
    found = Figures()
    ends = [found.feed(line) for line in lines]
    return found.whole(), ends


def row(size, memory, structs, cpus=1, mem="0", used=None):
    """A row of the table; `used` is given if it differs from the RAM found."""
    return Row(cpus, size, mem, {"found": 9, "used": used or 9, "tables": 60, "structs": structs,
                                 "memory": memory, "test": memory + 5000000})


ROWS = [row("1G", 2000000, 8192), row("4G", 5000000, 32768), row("16G", 17000000, 131072),
        row("64G", 9, 9, cpus=2), row("4T", 70000000, 524288, mem="", used=8)]


class Lines(unittest.TestCase):
    """The kernel's own figures."""

    def test_all_figures_are_read(self):
        got, ends = figures(LINES)
        self.assertEqual(got, {"found": 4095, "used": 4095, "tables": 64, "structs": 32768,
                               "memory": 5300000, "test": 10400000})
        self.assertEqual(ends, [False] * 5 + [True])

    def test_mem_caps_the_used_figure(self):
        lines = [LINES[0], "# RAM: 4194303 MiB in 3 ranges, using 65535 MiB in 4 (mem=)"] + LINES[2:]
        got, _ = figures(lines)
        self.assertEqual((got["found"], got["used"]), (4194303, 65535))

    def test_a_missing_line_is_reported(self):
        for at, name in ((1, "found"), (2, "structs, tables"), (3, "memory"), (5, "test")):
            with self.assertRaisesRegex(Bad, "not printed: " + name):
                figures(LINES[:at] + LINES[at + 1:])

    def test_the_kernel_prints_these_lines(self):
        text = ""
        for path in ("mm/init.c", "tests/harness/ktest.c"):
            with open(os.path.join(TOP, path), encoding="utf-8") as file:
                text += file.read()
        for part in ("# RAM: %lu MiB in %u ranges", ", using %lu MiB in %u (mem=)", "# RAM: %lu KiB "
                     "free, %lu KiB in page tables, %lu KiB in struct pages",
                     "# boot: %lu TSC ticks from kernel entry to memory",
                     "# boot: %lu TSC ticks from kernel entry to the first test"):
            self.assertEqual(text.count(part), 1, part)


class Sizes(unittest.TestCase):
    """Sizes as -m takes them."""

    def test_sizes_are_read(self):
        self.assertEqual([boottimes.mib(s) for s in ("64M", "2G", "4T")], [64, 2048, 4 << 20])

    def test_bad_sizes_are_refused(self):
        for size in ("", "M", "0M", "64", "64m", "4P", "-1G", "1G2"):
            with self.assertRaises(Bad):
                boottimes.mib(size)


class Table(unittest.TestCase):
    """The table and the growth figures."""

    def test_a_row_holds_the_figures(self):
        lines = boottimes.table(ROWS)
        self.assertEqual(len(lines), 2 + len(ROWS))
        self.assertEqual(lines[2], "| 1 | 1G | 0 | 9 | 2.0 | 7.0 | 60 | 8192 |")
        self.assertEqual(lines[-1], "| 1 | 4T | default | 8 | 70.0 | 75.0 | 60 | 524288 |")
        self.assertEqual({line.count("|") for line in lines}, {9})

    def test_growth_is_taken_between_the_two_largest_sizes(self):
        self.assertEqual(boottimes.growth(ROWS, "memory", "16G"), (1e6, 17e6))
        self.assertEqual(boottimes.growth(ROWS, "memory", "20G"), (1e6, 21e6))
        self.assertEqual(boottimes.growth(list(reversed(ROWS)), "structs", "4T"),
                         (8192, 32 * (1 << 20)))

    def test_growth_needs_two_sizes(self):
        for rows in ([], ROWS[:1], ROWS[:1] * 2, ROWS[2:]):
            with self.assertRaisesRegex(Bad, "two sizes"):
                boottimes.growth(rows, "memory", "4T")

    def test_the_sentence_gives_the_growth(self):
        text = " ".join(boottimes.extrapolation(ROWS, "4T"))
        self.assertIn("costs 1.0 million instructions and 8.0 MiB of struct pages", text)
        self.assertIn("all of 4T (`mem=0`) would take 4097 million instructions", text)
        self.assertIn("and 32 GiB of struct pages", text)

    def test_several_cpus_get_a_note_on_host_time(self):
        self.assertIn("host's time", boottimes.chapter(ROWS, "it"))
        self.assertNotIn("host's time", boottimes.chapter([r for r in ROWS if r.cpus == 1], "it"))


class Markers(unittest.TestCase):
    """The place of the table in a document."""

    def test_text_between_the_markers_is_replaced(self):
        text = "before\n%s\nold\n%s\nafter\n" % (BEGIN, END)
        once = boottimes.replace(text, "new\n")
        self.assertEqual(once, "before\n%s\nnew\n%s\nafter\n" % (BEGIN, END))
        self.assertEqual(boottimes.replace(once, "new\n"), once)

    def test_missing_markers_are_refused(self):
        for text in ("", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END):
            with self.assertRaises(Bad):
                boottimes.replace(text, "new")

    def test_hardware_md_has_the_markers(self):
        with open(os.path.join(TOP, "docs", "HARDWARE.md"), encoding="utf-8") as file:
            boottimes.replace(file.read(), "new")


if __name__ == "__main__":
    unittest.main()
