# SPDX-License-Identifier: MIT
"""The results as QR codes: from pixels of a real screen to the verdict of tools/results.

What this cannot know: what a phone's camera does. The pictures are made worse as one might: scaled,
turned by some degrees, blurred, and packed by JPEG.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(TOP, "tests", "system", "badinput"), os.path.join(TOP, "tools", "lib")]

import image                            # noqa: E402
from guest import Host                  # noqa: E402
from machine import Machine             # noqa: E402
from photo import imagemagick           # noqa: E402
from picture import NotText, Picture, from_ppm      # noqa: E402

BUILD = os.environ.get("KEYWARD_BUILD") or os.path.join(TOP, "build")
ELF = os.path.join(BUILD, "keyward.elf")
# Tests that pass, some that are skipped on one CPU, and rules that QEMU breaks in several ways: enough
# for several codes.
TESTS = "tests=harness.*,smp.*,matrix.*"
WORSE = ["-rotate", "4", "-resize", "83%", "-blur", "0x0.7", "-quality", "70"]
CONVERT = imagemagick()
NO_UEFI = Machine("qemu-uefi").missing() and "no UEFI firmware: tools/install test"
NO_ZBAR = not shutil.which("zbarimg") and "no zbarimg: tools/install test"
NO_CONVERT = not CONVERT and "no ImageMagick: tools/install test"


def setUpModule():
    """One host for all tests, and a folder for pictures."""
    global folder, host
    folder = tempfile.TemporaryDirectory(prefix="keyward.")
    host = Host(BUILD, folder.name)


def tearDownModule():
    """Remove ISOs and pictures."""
    folder.cleanup()


def results(*words):
    """Run tools/results; returns (exit status, output)."""
    done = subprocess.run([os.path.join(TOP, "tools", "results"), "--elf", ELF, *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


def caption(ppm):
    """The match of a page's caption in a picture: number, count. None for another screen."""
    rows = from_ppm(ppm).rows
    top = (len(rows) // 16 - 2) * 16
    try:
        return re.fullmatch(r"Results, page (\d+) of (\d+): photograph each page\.",
                            Picture(rows[top:top + 32]).text()[0])
    except NotText:
        return None


def worsen(path):
    """The picture as a bad photograph; returns its path."""
    worse = path[:-len(".ppm")] + ".jpg"
    subprocess.run([CONVERT, path, *WORSE, worse], check=True)
    return worse


@unittest.skipIf(NO_UEFI or NO_ZBAR or NO_CONVERT, NO_UEFI or NO_ZBAR or NO_CONVERT)
class Codes(unittest.TestCase):
    """A boot by UEFI without a serial port, to its end on the screen."""

    def shown(self, mode, name):
        """Boot; returns the console's text, the pictures of all pages, and the last screen's text."""
        with host.running([TESTS, "exit=halt"], mode) as guest:
            guest.wait("^# Totals: ")
            pages = [guest.picture(until=caption)]
            for number in range(2, int(caption(pages[0])[2]) + 1):
                guest.key("spc")
                pages.append(guest.picture(until=lambda ppm: (caption(ppm) or "  ")[1] == str(number)))    # noqa: B023
            self.assertEqual([caption(page)[1] for page in pages],
                             [str(n + 1) for n in range(len(pages))])
            guest.key("esc")
            end = guest.wait("# halted.*\n")
            screen = from_ppm(guest.picture(until=lambda ppm: not caption(ppm))).text()
        paths = [os.path.join(folder.name, "%s%d.ppm" % (name, n)) for n in range(len(pages))]
        for path, page in zip(paths, pages):
            with open(path, "wb") as file:
                file.write(page)
        return end, paths, [line for line in screen if line]

    def judged(self, text, paths, log):
        """Assert that pictures and log are judged alike; returns the pictures' verdict."""
        self.assertRegex(text, "# screen: framebuffer")
        path = os.path.join(folder.name, log)
        with open(path, "w", encoding="latin-1") as file:
            file.write(text)
        ways = [results(*paths, "--machine", "qemu-uefi"), results(path, TESTS, "--machine", "qemu-uefi")]
        self.assertEqual([status for status, _ in ways], [0, 0], ways)
        ends = [output.splitlines()[-1] for _, output in ways]
        self.assertEqual(ends[0], ends[1])
        self.assertIn("all as expected", ends[0])
        # By the list of a machine that does not have these divergences both are red.
        ways = [results(*paths), results(path, TESTS)]
        self.assertEqual([status for status, _ in ways], [1, 1], ways)
        known = [sorted(set(re.findall(r"in a way that is not known: (\S+, .*)", output)))
                 for _, output in ways]
        self.assertEqual(known[0], known[1])
        self.assertGreater(len(known[0]), 2)
        return ways[0][1]

    def test_pictures_are_judged_as_the_log_is(self):
        text, small, screen = self.shown("800x600", "small")
        output = self.judged(text, small, "small.log")
        self.assertGreater(len(small), 2)
        self.assertRegex(output, r"kernel: .* hash [0-9a-f]{16}: %s\n" % re.escape(os.path.relpath(ELF, TOP)))
        for line in re.findall("^ *(# (?:CPU|CPU type|PKS|seed|observed): .*)", text, re.M):
            self.assertIn(line + "\n", output)
        # The end of the text, for the person at the screen.
        self.assertEqual(screen[-2:], re.findall("^# (?:Totals|halted).*", text, re.M))
        self.assertRegex("\n".join(screen),
                         r"# not as expected: matrix\.\w+\n# \d+ of \d+ tests as expected\n")
        # Bad photographs, in another order.
        bad = list(map(worsen, reversed(small)))
        self.judged(text, bad, "small.log")
        # A page is not enough.
        status, output = results(*bad[:-1])
        self.assertEqual((status, "lack code 1 of" in output), (2, True), output)
        # A large screen shows several codes a page.
        text, large, _ = self.shown("1920x1080", "large")
        self.judged(text, large, "large.log")
        self.judged(text, list(map(worsen, large)), "large.log")
        self.assertLess(2 * len(large), len(small))
        # Two runs are no set.
        status, output = results(*small, *large)
        self.assertEqual((status, "of another run" in output), (2, True), output)


class NoCodes(unittest.TestCase):
    """Where no codes are shown, and what is said instead."""

    def ended(self, words, **how):
        """Boot with words that end the guest; returns the Boot."""
        return host.boot(words=["tests=harness.an_allowed_access_succeeds", "exit=halt", *words], **how)

    def test_a_text_screen_says_that_uefi_shows_them(self):
        boot = self.ended([], serial=False)
        self.assertTrue(boot.rested)
        for text in boot.consoles["e9"], boot.consoles["vga"]:
            self.assertRegex(text, "# 1 of 1 tests as expected\n# Totals: .*\n# codes: a text screen shows "
                                   "none; boot by UEFI .*\n# halted: you may switch the machine off\n")

    def test_the_kernel_names_itself_whatever_is_patched(self):
        for words in [], ["magic=write"]:
            text = self.ended(words).consoles["serial"]
            self.assertEqual(image.find(image.named(text.split("\n"))[2], ELF), ELF, text)

    def test_a_serial_port_gets_the_text_alone(self):
        boot = self.ended([])
        self.assertEqual(list(boot.passed({})), [])
        self.assertNotIn("# codes", boot.consoles["serial"])
        self.assertTrue(boot.consoles["serial"].endswith("error:0\n"))

    def test_codes_off_wants_none(self):
        boot = self.ended(["codes=off"], serial=False)
        self.assertTrue(boot.rested)
        self.assertNotIn("# codes", boot.consoles["e9"])
        self.assertIn("# halted", boot.consoles["e9"])

    @unittest.skipIf(NO_UEFI, NO_UEFI)
    def test_codes_on_shows_them_beside_a_serial_port_until_a_panic(self):
        words = ["tests=harness.an_allowed_access_succeeds", "exit=halt", "codes=on"]
        with host.running(words, "800x600", serial=True) as guest:
            guest.wait("^# Totals")
            guest.picture(until=caption)
            # A machine check: its report is worth more than the codes.
            guest.monitor.ask("mce 0 1 0xb200000000000000 0x5 0x0 0x0")
            guest.wait("^# PANIC: ")
            lines = from_ppm(guest.picture(until=lambda ppm: not caption(ppm))).text()
            self.assertIn("# Totals: pass:1 fail:0 xfail:0 skip:0 error:0", lines)
            self.assertRegex("\n".join(lines), "(?m)^# PANIC: ")


if __name__ == "__main__":
    unittest.main()
