# SPDX-License-Identifier: MIT
"""GRUB's menu: the runs that docs/HARDWARE.md asks for, each once, in words that the kernel knows."""

import os
import re
import shlex
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import runiso       # noqa: E402


def read(*names):
    """A file of the project."""
    with open(os.path.join(TOP, *names), encoding="utf-8") as file:
        return file.read()


def menu():
    """The words of each entry, in order, as by BIOS, where $codes is empty."""
    return [shlex.split(line.replace(" $codes", "")) for line in
            re.findall(r"^menuentry .* \{\n  multiboot2 /boot/keyward\.bin (.*)\n\}$", read("iso", "grub.cfg"), re.M)]


def runs():
    """The words of each run in the table of docs/HARDWARE.md: one for each word after a `with`."""
    table = read("docs", "HARDWARE.md").split("## The runs", 1)[1].split("### ", 1)[0]
    for cell in re.findall(r"^\| (`.*?) \|", table, re.M):
        words, _, choice = cell.partition(" with ")
        for more in re.findall("`(.*?)`", choice) or [""]:
            yield shlex.split(words.strip("`") + " " + more)


class Menu(unittest.TestCase):
    """iso/grub.cfg."""

    def test_each_entry_is_understood(self):
        entries = menu()
        self.assertEqual(len(entries), read("iso", "grub.cfg").count("menuentry "))
        for words in entries:
            runiso.check(words)
            self.assertIn(words[-1] if "tests=none" not in words else words[0], ("exit=halt", "exit=monitor"))

    def test_runs_that_stay_on_the_screen_show_their_codes(self):
        text = read("iso", "grub.cfg")
        lines = re.findall("^  multiboot2 .*exit=halt.*", text, re.M)
        self.assertGreater(len(lines), 6)
        for line in lines:
            self.assertTrue(line.endswith(" exit=halt $codes"), line)
        runiso.check(re.findall("set codes=(.+)", text))

    def test_it_has_each_run_once_and_then_the_monitor(self):
        asked = [sorted(words) for words in runs()]
        self.assertGreater(len(asked), 6)
        ends = [sorted(w for w in words if not w.startswith("exit=")) for words in menu()]
        self.assertEqual(ends[:len(asked)], asked)
        self.assertEqual(len({tuple(words) for words in menu()}), len(ends))
        for words in menu()[len(asked):]:
            self.assertIn("exit=monitor", words)


if __name__ == "__main__":
    unittest.main()
