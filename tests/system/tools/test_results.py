# SPDX-License-Identifier: MIT
"""tools/results: logs as terminal programs leave them, judged as tools/run judges."""

import hashlib
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tests", "system", "tools"), os.path.join(TOP, "tools", "lib")]

import capture                              # noqa: E402
from machine import Machine                 # noqa: E402
from test_ktap import FAILING, GOOD         # noqa: E402

GOOD = "# Keyward: protection keys for supervisor pages, on bare metal\n" \
       "# CPU: GenuineIntel signature 000806f8 pks\n" + GOOD.replace("no PKS on", "no clock in")
FAILING = GOOD.splitlines()[0] + "\n" + FAILING.replace("no PKS on", "no clock in")
# What a BMC and a boot loader print before the kernel does.
FIRMWARE = "[SOL Session operational.  Use ~? for help]\r\n\x1b[2J\x1b[1;1H\x1b[0m\r\n" \
           "  Downloading...1%\r  Downloading...2%\r\x1b[24;3HGNU GRUB  version 2.06\r\n" \
           "error: no suitable video mode found.\r\n"


def results(data, *words):
    """Judge a log (text or bytes); returns (exit status, output)."""
    with tempfile.TemporaryDirectory() as scratch:
        log = os.path.join(scratch, "sol.log")
        with open(log, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        done = subprocess.run([os.path.join(TOP, "tools", "results"), log, *words], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


class Whole(unittest.TestCase):
    """Logs that are complete."""

    def good(self, data, *words):
        """Assert that the log passes."""
        status, output = results(data, *words)
        self.assertEqual(status, 0, output)
        self.assertIn("silicon: 3 pass, 1 skip, all as expected", output)
        return output

    def test_any_line_end_is_read(self):
        for end in ("\n", "\r\n", "\r\r\n", "\n\r", "\r", "\r\n\r\n"):
            self.good(GOOD.replace("\n", end))

    def test_firmware_output_before_and_after_is_ignored(self):
        self.good("1..2\r\nok 1 disk\r\n" + FIRMWARE + GOOD.replace("\n", "\r\n") + "\x1b[0mPower off\r\n" + FIRMWARE)

    def test_escapes_and_non_text_bytes_are_ignored(self):
        self.good(b"\xff\xfe\x00" + GOOD.replace("ok 1", "\x1b[0mok\x1b[K 1").encode() + b"\x00")

    def test_time_stamps_are_removed(self):
        for stamp in ("[12:00:01.250] ", "[Sat Nov 21 08:00:00 2026] ", "2026-11-21T08:00:00.123Z ",
                      "2026-11-21 08:00:00,123: ", "08:00:00 ", "[    1.234567] "):
            self.good("".join(stamp + line + "\n" for line in GOOD.splitlines()))

    def test_foreign_lines_are_counted_and_shown(self):
        noisy = GOOD.replace("    ok 2 null", "[BMC] fan 3 is slow\r\n    ok 2 null")
        output = self.good(noisy)
        self.assertIn("1 lines of others among the results", output)
        self.assertIn("| [BMC] fan 3 is slow", output)

    def test_the_summary_holds_what_to_send_back(self):
        output = self.good(GOOD, "pks=strict", "seed=7")
        self.assertIn("# CPU: GenuineIntel signature 000806f8 pks\n", output)
        self.assertIn("command line: pks=strict seed=7\n", output)
        self.assertIn("sol.log, %d bytes, SHA-256 %s\n"
                      % (len(GOOD), hashlib.sha256(GOOD.encode()).hexdigest()), output)

    def test_a_run_over_a_reboot_has_two_boots(self):
        first, second = GOOD + "# reboot: 1 of 2\n", GOOD.replace("\n", "\n# reboot: 2 of 2\n", 1)
        status, output = results(FIRMWARE + first + FIRMWARE + second, "boots=2")
        self.assertEqual(status, 0, output)
        self.assertIn("silicon: 6 pass, 2 skip, all as expected", output)
        self.assertNotIn("boots in this log", output)
        for bad in (first, first + GOOD, GOOD + second, first + FAILING.replace("\n", "\n# reboot: 2 of 2\n", 1)):
            self.assertNotEqual(results(bad, "boots=2")[0], 0, bad)
        self.assertNotEqual(results(first + second)[0], 0)

    def test_one_boot_of_several_can_be_chosen(self):
        two = FAILING + FIRMWARE + GOOD
        self.good(two, "--boot", "2")
        self.assertEqual(results(two, "--boot", "1")[0], 1)
        status, output = results(two)
        self.assertEqual(status, 3)
        self.assertIn("2 boots in this log", output)
        self.assertIn("it has 2", results(two, "--boot", "3")[1])


class NotWhole(unittest.TestCase):
    """Incomplete logs, and the reasons that are given."""

    def broken(self, data, why, status=3):
        """Assert that the log has this status, for this reason."""
        found, output = results(data)
        self.assertEqual(found, status, output)
        self.assertIn(why, output)
        return output

    def test_a_log_cut_anywhere_is_incomplete(self):
        data = GOOD.rstrip("\n")
        for end in range(len(GOOD) - len("# Totals: pass:3 fail:0 xfail:0 skip:1 error:0\n"),
                         len(data), 7):
            self.broken(data[:end], "no totals line")
        self.broken(GOOD[:GOOD.index("    ok 3")], "stopped, after: harness.null_faults")
        self.broken(GOOD[GOOD.index("    ok 2"):], "no KTAP at all")

    def test_a_log_without_any_one_line_is_incomplete(self):
        for line in GOOD.splitlines():
            # The judge does not need the header line of a subtest: its plan is enough.
            if "#" not in line.split("ok")[0] and line != "    KTAP version 1":
                self.broken(GOOD.replace(line + "\n", "", 1), "not whole: ")

    def test_a_line_broken_by_another_makes_the_log_incomplete(self):
        self.broken(GOOD.replace("ok 2 null_faults", "ok[BMC] 2 null_faults"), "not whole: ")
        self.broken(GOOD.replace("    ok 2 null_faults\n", "    ok 2 null_"), "not whole: ")

    def test_a_log_without_the_kernel_is_reported(self):
        self.broken("", "the kernel is not in this log")
        self.broken(FIRMWARE, "the kernel is not in this log")

    def test_a_panic_before_or_after_the_tests_is_reported(self):
        self.broken(GOOD + "# PANIC: late\n", "the kernel panicked: late")
        self.broken(GOOD.splitlines()[0] + "\r\n# PANIC: no NX\r\n", "the kernel panicked: no NX")


class Judged(unittest.TestCase):
    """The machine's file decides, as in tools/run."""

    def test_a_failed_test_fails_the_log(self):
        status, output = results(FAILING)
        self.assertEqual(status, 1)
        self.assertIn("not as expected: harness.null_faults: failed", output)

    def test_silicon_fails_when_pks_tests_are_skipped(self):
        status, output = results(GOOD.replace("no clock in", "no PKS on"))
        self.assertEqual(status, 1)
        self.assertIn("must not be skipped here: no PKS on this CPU", output)
        self.assertEqual(results(GOOD.replace("no clock in", "no PKS on"),
                                 "--machine", "qemu-nopks", "tests=harness.*,pks.*")[0], 0)
        self.assertEqual(results(GOOD, "tests=harness.*")[0], 1)

    def test_silicon_has_no_known_divergences(self):
        self.assertEqual(Machine("silicon").known, {})

    def test_bad_arguments_are_refused(self):
        for words in (("--machine", "toaster"), ("a b",), ("--boot", "x"), ("--nonsense",)):
            self.assertEqual(results(GOOD, *words)[0], 2)
        done = subprocess.run([os.path.join(TOP, "tools", "results"), "/nowhere/log"], text=True,
                              stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "tools/results: /nowhere/log: No such file or directory\n"))

    def test_the_kernel_prints_the_expected_first_line(self):
        with open(os.path.join(TOP, "boot", "main.c"), encoding="utf-8") as file:
            self.assertIn(capture.FIRST, file.read())


if __name__ == "__main__":
    unittest.main()
