# SPDX-License-Identifier: MIT
"""The console on screens: the text in the pixels must be that of the serial port."""

import os
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(TOP, "tests", "system", "badinput"), os.path.join(TOP, "tools", "lib")]

import mbi                              # noqa: E402
from guest import Host                  # noqa: E402
from machine import Machine             # noqa: E402
from picture import Frame, from_ppm     # noqa: E402

BANNER = "# Keyward: protection keys for supervisor pages, on bare metal"
SHORT = ["tests=harness.an_allowed_access_succeeds", "exit=halt"]
LONG = ["tests=harness.*,keys.*,rights.*", "exit=halt"]
SPARE = 0x4000000       # RAM of the guest that serves as a framebuffer


def setUpModule():
    """One host for all tests: it keeps snapshots taken after firmware and loader."""
    global folder, host
    folder = tempfile.TemporaryDirectory(prefix="keyward.")
    host = Host(os.environ.get("KEYWARD_BUILD") or os.path.join(TOP, "build"), folder.name)


def tearDownModule():
    """Remove the snapshots, which are large."""
    folder.cleanup()


class ScreenTest(unittest.TestCase):
    """Shared by all tests."""

    def boot(self, **how):
        """Boot and assert that the tests pass; returns the boot and the kernel's serial lines."""
        boot = host.boot(**how)
        text = boot.consoles["serial"]
        self.assertEqual(list(boot.passed({})), [], text)
        return boot, text[text.index(BANNER):].rstrip("\n").split("\n")

    def frame(self, frame, words=(), **how):
        """Boot with an invented framebuffer; returns its picture and the serial lines."""
        boot, serial = self.boot(words=list(words) or SHORT, meddle=mbi.spoil(frame.into),
                                 frame=(frame.addr, frame.pitch * frame.height), **how)
        return frame.picture(boot.frame), serial

    def same(self, lines, serial, cols):
        """Assert that the screen shows the last serial lines, wrapped at its width."""
        wrapped = [line[at:at + cols].rstrip() for line in serial
                   for at in range(0, max(len(line), 1), cols)]
        while lines and not lines[-1]:
            lines.pop()
        self.assertTrue(lines, "the screen is empty")
        self.assertEqual(lines, wrapped[-len(lines):])
        return len(wrapped)

    def whole(self, lines, serial, cols):
        """Assert that the screen shows all serial lines."""
        self.assertEqual(self.same(lines, serial, cols), len(lines))
        self.assertEqual(lines[0], BANNER)
        self.assertRegex(lines[-1], r"^# Totals: pass:\d+ fail:0 ")


class RealScreens(ScreenTest):
    """Screens that firmware and GRUB set up."""

    @unittest.skipIf(Machine("qemu-uefi").missing(), "no UEFI firmware: tools/install test")
    def test_uefi_framebuffer_shows_the_console(self):
        boot, serial = self.boot(machine="qemu-uefi", words=SHORT, picture=True)
        picture = from_ppm(boot.picture)
        self.assertRegex("\n".join(serial), r"# screen: framebuffer at \S+, %d x %d pixels of 32 "
                         % (picture.width, picture.height))
        self.whole(picture.text(), serial, picture.width // 8)

    def test_bios_text_screen_shows_the_console(self):
        boot, serial = self.boot(words=SHORT)
        self.assertIn("# screen: text, 80 x 25 characters", serial)
        vga = boot.consoles["vga"].rstrip("\n").split("\n")
        self.assertGreater(len(vga), 15)
        self.assertEqual(vga, serial[-len(vga):])

    def test_a_missing_screen_is_reported(self):
        _, serial = self.boot(words=SHORT, vga=False)
        self.assertRegex("\n".join(serial), "(?m)^# screen: none")


class Formats(ScreenTest):
    """Framebuffers that no emulator here offers, in memory that the map reserves."""

    def check(self, frame, scale=1, **how):
        picture, serial = self.frame(frame, **how)
        self.whole(picture.text(scale), serial, frame.width // (8 * scale))

    def test_16_bit_pixels_with_a_margin_show_the_console(self):
        self.check(Frame(SPARE, 1000, 700, 16, pitch=2048, colours=(11, 5, 5, 6, 0, 5)))

    def test_24_bit_pixels_at_an_odd_address_show_the_console(self):
        self.check(Frame(SPARE + 0x123, 801, 601, 24, pitch=801 * 3 + 2))

    def test_10_bits_per_colour_show_the_console(self):
        self.check(Frame(SPARE, 1024, 768, 32, colours=(20, 10, 10, 10, 0, 10)))

    def test_a_large_screen_gets_large_letters(self):
        self.check(Frame(SPARE, 2560, 1440, 32), scale=2)

    def test_a_cpu_without_pat_shows_the_console(self):
        self.check(Frame(SPARE, 800, 600, 32), cpu="max,+pks,-pat")

    def test_a_framebuffer_above_4_gib_shows_the_console(self):
        self.check(Frame(0x100000000 + SPARE, 1024, 768, 32), memory="5G")


class Contents(ScreenTest):
    """The screen after more text than it holds, and after a panic."""

    def test_a_full_screen_scrolls(self):
        picture, serial = self.frame(Frame(SPARE, 640, 480, 32), words=LONG)
        lines = picture.text()
        self.assertGreater(self.same(lines, serial, 80), 60)
        self.assertGreater(len(lines), 20)      # a quarter of the rows may be free

    def test_a_panic_before_memory_init_is_on_the_screen(self):
        frame = Frame(SPARE, 1024, 768, 32)

        def change(info):
            info.tags = [tag for tag in info.tags if tag[0] != 6]
            return frame.into(info)
        self.panic(frame, change, SHORT, "the boot loader gave no memory map")

    def test_a_panic_in_an_nmi_while_drawing_is_on_the_screen(self):
        frame = Frame(SPARE, 1024, 768, 32)
        self.panic(frame, frame.into, ["tests=selftest.panics_while_printing", "exit=halt"],
                   "in an NMI, while a text was printed")

    def panic(self, frame, change, words, message):
        """Assert that a boot ends in this panic and that the screen shows every serial line."""
        boot = host.boot(meddle=mbi.spoil(change), words=words,
                         frame=(frame.addr, frame.pitch * frame.height))
        self.assertEqual(list(boot.refused(message + "$")), [])
        serial = boot.consoles["serial"]
        lines = serial[serial.index(BANNER):].rstrip("\n").split("\n")
        self.assertEqual(self.same(frame.picture(boot.frame).text(), lines, 128), len(lines))
