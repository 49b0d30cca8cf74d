# SPDX-License-Identifier: MIT
"""tools/lib/strays.py: what the suite `stray` prints, as rows of a table, and what is no whole campaign."""

import os
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import strays   # noqa: E402

BOOT = ("# stray %s boot=%d seed=5 attempted=100 refused=%d landed=3 own=2 stale=1 partly=4 deaths=1 damaged=%d "
        "records=7 store=refused")
COST = "    # stray strict cost ticks=4204 writes=2 invlpgs=0 flushes=0 ipis=0 cpus=1"
COSTS = {"ticks": 4204, "writes": 2, "invlpgs": 0, "ipis": 0}


class Outcome(unittest.TestCase):
    """The two lines of a campaign."""

    def bad(self, lines, why):
        """These lines are refused for this reason."""
        with self.assertRaisesRegex(strays.Bad, why):
            strays.outcome(lines, "strict")

    def test_the_second_boot_tells_what_is_damaged(self):
        lines = ["noise", BOOT % ("strict", 1, 95, 8), "# reboot: 2 of 2", BOOT % ("strict", 2, 95, 9)]
        found = strays.outcome(lines, "strict")
        self.assertEqual((found["damaged"], found["store"], found["stale"]), (9, "refused", 1))

    def test_one_boot_is_not_enough(self):
        self.bad([BOOT % ("strict", 1, 95, 8)], "no outcome of two boots")
        self.bad([BOOT % ("strict", 2, 95, 8)], "no outcome of two boots")
        self.bad([BOOT % ("strict", 0, 95, 8)], "no outcome of two boots")

    def test_another_arms_outcome_does_not_count(self):
        self.bad([BOOT % ("strict", 1, 95, 8), BOOT % ("pks_off", 2, 95, 8)], "no outcome of two boots")

    def test_both_boots_must_tell_of_one_campaign(self):
        self.bad([BOOT % ("strict", 1, 95, 8), BOOT % ("strict", 2, 94, 8)], "two campaigns: refused=95, 94")


class Table(unittest.TestCase):
    """Rows, costs and the list of arms."""

    def test_costs_are_read_by_arm(self):
        self.assertEqual(strays.costs(["x", COST])["strict"]["ticks"], 4204)
        with self.assertRaises(strays.Bad):
            strays.costs(["x"])

    def test_a_row_has_a_cell_for_each_heading(self):
        found = strays.outcome([BOOT % ("a_b", n, 95, 8) for n in (1, 2)], "a_b")
        row = strays.row("a_b", {**found, "outside": "damaged"}, COSTS)
        self.assertEqual(len(row), len(strays.HEAD))
        cells = dict(zip(strays.HEAD, row))
        self.assertEqual([cells[h] for h in ("protection", "stray writes", "refused", "landed",
                                                    "IA32_PKRS writes")], ["a b", 100, 95, 3, 2])

    def test_arms_are_the_tests_before_the_first_that_is_none(self):
        tests = ["store.x", "stray.pks_off", "stray.strict", "stray.keys_need_no_flush", "stray.other", "x.y"]
        self.assertEqual(strays.arms(tests), ["pks_off", "strict"])
        self.assertEqual(strays.arms(["x.y"]), [])

    def test_the_stores_bytes_are_cut_out_as_the_kernel_lays_them_out(self):
        with open(os.path.join(TOP, "tests", "stray", "wild.h"), encoding="utf-8") as header:
            text = header.read()
        self.assertIn("STRAY_STORE = %d," % strays.STORE, text)
        self.assertIn("STRAY_STORE_PAGES = %d," % strays.STORE_PAGES, text)
        with tempfile.TemporaryDirectory() as folder:
            image, out = os.path.join(folder, "image"), os.path.join(folder, "out")
            with open(image, "wb") as file:
                file.write(b"".join(bytes([i]) * strays.PAGE for i in range(256)))
            strays.cut_store(image, out)
            with open(out, "rb") as file:
                cut = file.read()
        self.assertEqual((cut[0], cut[-1], len(cut)), (1, 190, 190 * 4096))


if __name__ == "__main__":
    unittest.main()
