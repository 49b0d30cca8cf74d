# SPDX-License-Identifier: MIT
"""tools/usb: how it describes a device, everything it refuses, and that it writes the whole image.

The disks are folders that look like sysfs; the device that is written is a regular file.
"""

import contextlib
import importlib.machinery
import importlib.util
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))
_LOADER = importlib.machinery.SourceFileLoader("usb", os.path.join(TOP, "tools", "usb"))
usb = importlib.util.module_from_spec(importlib.util.spec_from_loader("usb", _LOADER))
_LOADER.exec_module(usb)

from disks import Disks, Refused        # noqa: E402

MIB = 1 << 20
ROOT = "1 0 254:1 / / rw - ext4 /dev/vda1 rw\n"


class Case(unittest.TestCase):
    """A host with a system disk vda (vda1 is /), and a stick sdb of 64 MiB with one partition."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.numbers = {}
        self.iso = self.path("a.iso")
        with open(self.iso, "wb") as file:
            file.write(os.urandom(3 * MIB + 12345))
        self.text("proc/self/mountinfo", ROOT)
        self.disk("vda", "devices/pci0/virtio1/block/vda", 254, 0, 4096, parts=1)
        self.sdb = "devices/pci0/usb2/2-1/2-1:1.0/host1/target1/1:0:0:0/block/sdb"
        self.disk("sdb", self.sdb, 8, 16, 64, parts=1, **{
            "removable": "1", "device/vendor": "Maker  ", "device/model": "Stick 3000 "})
        self.text("sys/devices/pci0/usb2/2-1/idVendor", "abcd\n")
        self.text("sys/devices/pci0/usb2/2-1/serial", "SN0815\n")

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, *names):
        """A file of this case."""
        return os.path.join(self.scratch.name, *names)

    def text(self, name, text):
        """Write a file."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def disk(self, name, folder, major, minor, mib, parts=0, **files):
        """A disk in sysfs."""
        sys_folder = "sys/" + folder
        self.node(name, folder, major, minor)
        files = {"size": str(mib * MIB // 512), "ro": "0", "removable": "0", **files}
        for file, text in files.items():
            self.text(sys_folder + "/" + file, text + "\n")
        os.makedirs(self.path("sys/block"), exist_ok=True)
        if not os.path.exists(self.path("sys/block", name)):
            os.symlink(self.path(sys_folder), self.path("sys/block", name))
        for part in range(1, parts + 1):
            self.text("%s/%s%d/partition" % (sys_folder, name, part), "%d\n" % part)
            self.node("%s%d" % (name, part), "%s/%s%d" % (folder, name, part), major, minor + part)

    def node(self, name, folder, major, minor):
        """A device node: its number and its folder in sysfs."""
        self.text("sys/%s/dev" % folder, "%d:%d\n" % (major, minor))
        self.numbers["/dev/" + name] = (major, minor)
        os.makedirs(self.path("sys/dev/block"), exist_ok=True)
        link = self.path("sys/dev/block/%d:%d" % (major, minor))
        if not os.path.lexists(link):
            os.symlink(self.path("sys", folder), link)

    def number(self, path):
        """The number that stat() would return."""
        if path not in self.numbers:
            raise Refused("no such device: " + path)
        return self.numbers[path]

    def usb(self, *words, typed=""):
        """Run tools/usb on this host; returns (exit status, output)."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), \
                mock.patch("sys.stdin", io.StringIO(typed)):
            try:
                status = usb.main(["--iso", self.iso, *words],
                                  Disks(self.scratch.name, self.number))
            except Refused as problem:
                status = usb.REFUSED
                print(problem)
            except usb.Broken as problem:
                status = usb.BROKEN
                print(problem)
        return status, output.getvalue()

    def refused(self, device, why):
        """Assert that the device is refused before the question, for this reason."""
        for words in ([device], ["--write", device]):
            with mock.patch.object(usb, "open_device", side_effect=AssertionError("opened")):
                status, output = self.usb(*words, typed=os.path.basename(device) + "\n")
            self.assertEqual(status, usb.REFUSED, output)
            self.assertIn(why, output)
            self.assertNotIn("Type ", output)


class Saying(Case):
    """What tools/usb prints before it writes."""

    def test_dry_run_names_the_disk_and_opens_nothing(self):
        with mock.patch.object(usb, "open_device", side_effect=AssertionError("opened")):
            status, output = self.usb("/dev/sdb")
        self.assertEqual(status, usb.DONE, output)
        self.assertIn("/dev/sdb  64 MiB  model Maker Stick 3000  serial SN0815  USB, removable", output)
        self.assertIn("Nothing was written", output)
        self.assertIn("WRITE=yes", output)

    def test_a_scsi_disks_serial_number_is_shown(self):
        self.disk("sdc", "devices/pci0/block/sdc", 8, 32, 64,
                  **{"device/vpd_pg80": "\0\0\0\x06XY1234"})
        self.assertIn("serial XY1234  not USB", self.usb("/dev/sdc")[1])

    def test_without_a_device_possible_disks_are_listed(self):
        self.disk("sr0", "devices/pci0/block/sr0", 11, 0, 64, **{"device/type": "5"})
        self.disk("loop0", "devices/virtual/block/loop0", 7, 0, 64)
        self.disk("sdd", "devices/pci0/block/sdd", 8, 48, 0)
        status, output = self.usb()
        self.assertEqual(status, usb.REFUSED)
        self.assertIn("/dev/sdb  64 MiB", output)
        self.assertIn("/dev/vda  4096 MiB", output)
        for other in ("sr0", "loop0", "sdd"):
            self.assertNotIn(other, output)

    def test_nothing_is_opened_until_the_name_is_typed(self):
        for typed in ("", "\n", "yes\n", "sda\n", "sdb1\n"):
            with mock.patch.object(usb, "open_device", side_effect=AssertionError("opened")):
                status, output = self.usb("--write", "/dev/sdb", typed=typed)
            self.assertEqual(status, usb.REFUSED, output)
            self.assertIn("not confirmed", output)

    def test_a_stick_swapped_during_the_question_is_refused(self):
        def swap(_):
            self.text("sys/devices/pci0/usb2/2-1/serial", "SN0816\n")
        with mock.patch.object(usb, "confirmed", side_effect=swap), \
                mock.patch.object(usb, "open_device", side_effect=AssertionError("opened")):
            status, output = self.usb("--write", "/dev/sdb")
        self.assertEqual(status, usb.REFUSED, output)
        self.assertIn("has become another device", output)


class Refusing(Case):
    """Everything that can only be a mistake."""

    def test_a_partition_is_refused(self):
        self.refused("/dev/sdb1", "is a partition; the image has a partition table of its own and "
                     "takes the whole disk: /dev/sdb")

    def test_the_disk_that_holds_the_root_is_refused(self):
        self.refused("/dev/vda", "holds /")

    def test_the_disk_below_an_lvm_root_is_refused(self):
        self.text("proc/self/mountinfo", "1 0 253:0 / / rw - ext4 /dev/mapper/root rw\n")
        self.disk("dm-0", "devices/virtual/block/dm-0", 253, 0, 64)
        os.makedirs(self.path("sys/devices/pci0/virtio1/block/vda/vda1/holders"))
        os.symlink(self.path("sys/devices/virtual/block/dm-0"),
                   self.path("sys/devices/pci0/virtio1/block/vda/vda1/holders/dm-0"))
        self.refused("/dev/vda", "holds /")
        self.text("proc/self/mountinfo", "")
        self.refused("/dev/vda", "is part of dm-0")

    def test_the_disk_of_a_btrfs_root_is_refused(self):
        self.text("proc/self/mountinfo", "1 0 0:25 /@ / rw - btrfs /dev/vda1 rw\n")
        self.refused("/dev/vda", "holds /")

    def test_a_mounted_disk_or_partition_is_refused(self):
        for number in ("8:16", "8:17"):
            self.text("proc/self/mountinfo",
                      ROOT + "2 1 %s / /media/my\\040stick rw - vfat /dev/x rw\n" % number)
            self.refused("/dev/sdb", "is mounted at /media/my stick; first: umount /media/my stick")

    def test_swap_is_refused(self):
        self.text("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n")
        self.refused("/dev/sdb", "is swap; first: swapoff /dev/sdb1")

    def test_a_read_only_disk_is_refused(self):
        self.text("sys/%s/ro" % self.sdb, "1\n")
        self.refused("/dev/sdb", "is read-only")

    def test_a_disk_that_is_too_small_is_refused(self):
        self.text("sys/%s/size" % self.sdb, "%d\n" % ((3 * MIB + 12288) // 512))
        self.refused("/dev/sdb", "holds 3084 KiB, the image has 3084 KiB")

    def test_an_empty_card_reader_is_refused(self):
        self.text("sys/%s/size" % self.sdb, "0\n")
        self.refused("/dev/sdb", "has no medium")

    def test_a_cd_drive_and_a_raid_are_refused(self):
        self.disk("sr0", "devices/pci0/block/sr0", 11, 0, 64, **{"device/type": "5"})
        self.refused("/dev/sr0", "is a CD drive")
        self.disk("md0", "devices/virtual/block/md0", 9, 0, 64)
        self.refused("/dev/md0", "is made of other devices")

    def test_a_path_that_is_no_block_device_is_refused(self):
        self.refused("/dev/sdz", "no such device")
        for path, why in ((self.iso, "not a block device"), ("/dev/null", "not a block device"),
                          (self.scratch.name, "not a block device"),
                          (self.path("none"), "No such file")):
            done = subprocess.run([os.path.join(TOP, "tools", "usb"), "--iso", self.iso, path],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  check=False)
            self.assertEqual(done.returncode, usb.REFUSED)
            self.assertIn(why, done.stdout)

    def test_a_missing_image_is_refused(self):
        self.iso = self.path("none.iso")
        status, output = self.usb("/dev/sdb")
        self.assertEqual(status, usb.REFUSED)
        self.assertIn("make iso", output)

    def test_a_disk_without_permission_is_refused(self):
        with mock.patch.object(os, "open", side_effect=PermissionError(13, "Permission denied")):
            with self.assertRaisesRegex(Refused, "sudo tools/usb --write /dev/sdb"):
                usb.open_device("/dev/sdb", False)

    def test_a_busy_disk_is_refused(self):
        with mock.patch.object(os, "open", side_effect=OSError(16, "Device or resource busy")) as op:
            with self.assertRaisesRegex(Refused, "busy"):
                usb.open_device("/dev/sdb", False)
        self.assertTrue(op.call_args[0][1] & os.O_EXCL)


class Writing(Case):
    """Writing to a regular file in place of the stick."""

    def setUp(self):
        super().setUp()
        self.stick = self.path("stick")
        self.before = bytes(range(256)) * (8 * MIB // 256)
        with open(self.stick, "wb") as file:
            file.write(self.before)

    def content(self):
        """What the stick holds."""
        with open(self.stick, "rb") as file:
            return file.read()

    def test_the_image_is_written_whole_and_no_byte_more(self):
        status, output = self.usb("--file", "--write", self.stick, typed="stick\n")
        self.assertEqual(status, usb.DONE, output)
        with open(self.iso, "rb") as file:
            image = file.read()
        self.assertTrue(self.content() == image + self.before[len(image):])

    def test_dry_run_changes_nothing(self):
        self.assertEqual(self.usb("--file", self.stick)[0], usb.DONE)
        self.assertTrue(self.content() == self.before)

    def test_a_file_is_refused_without_its_option(self):
        self.assertEqual(self.usb("--write", self.stick, typed="stick\n")[0], usb.REFUSED)
        self.assertEqual(self.usb("--file", "--write", "/dev/null", typed="null\n")[0], usb.REFUSED)
        self.assertTrue(self.content() == self.before)

    def test_a_file_that_is_too_small_is_refused(self):
        os.truncate(self.stick, MIB)
        status, output = self.usb("--file", "--write", self.stick, typed="stick\n")
        self.assertEqual(status, usb.REFUSED)
        self.assertIn("holds 1024 KiB", output)

    def test_a_stick_that_stores_another_byte_is_found(self):
        real = usb.put

        def lossy(handle, data, offset):
            real(handle, data, offset)
            if offset <= 2 * MIB < offset + len(data):
                os.pwrite(handle, bytes([data[2 * MIB - offset] ^ 4]), 2 * MIB)
        with mock.patch.object(usb, "put", lossy):
            status, output = self.usb("--file", "--write", self.stick, typed="stick\n")
        self.assertEqual(status, usb.DIFFERS)
        self.assertIn("differs from the image at byte %d" % (2 * MIB), output)

    def test_an_error_half_way_leaves_no_head(self):
        for error in (OSError(5, "Input/output error"), KeyboardInterrupt()):
            real = usb.put

            def failing(handle, data, offset, error=error, real=real):
                if offset > MIB:
                    raise error
                real(handle, data, offset)
            with mock.patch.object(usb, "put", failing):
                status, output = self.usb("--file", "--write", self.stick, typed="stick\n")
            self.assertEqual(status, usb.BROKEN)
            self.assertIn("write it again: tools/usb --write " + self.stick, output)
            self.assertEqual(self.content()[:usb.HEAD], bytes(usb.HEAD))

    def test_a_stopped_write_leaves_no_head(self):
        code = ("import sys, time; sys.path.insert(0, %r); from test_usb import usb; put = usb.put\n"
                "def slow(handle, data, offset):\n"
                "    put(handle, data, offset)\n"
                "    print('at', offset, flush=True)\n"
                "    time.sleep(offset and 30)\n"
                "usb.put = slow\n"
                "try: usb.main(sys.argv[1:])\n"
                "except usb.Broken as problem: sys.exit('broken: %%s' %% problem)\n"
                % os.path.dirname(os.path.abspath(__file__)))
        for how in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([sys.executable, "-c", code, "--iso", self.iso, "--file",
                                   "--write", self.stick], stdin=subprocess.PIPE, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
                process.stdin.write("stick\n")
                process.stdin.flush()
                while not process.stdout.readline().startswith("at %d" % usb.HEAD):
                    self.assertIsNone(process.poll())
                process.send_signal(how)
                output = process.communicate(timeout=20)[0]
            self.assertIn("broken: interrupted; nothing on it is usable now", output)
            self.assertEqual(self.content()[:usb.HEAD], bytes(usb.HEAD))

    def test_a_loop_device_is_written(self):
        os.truncate(self.stick, 8 * MIB)
        loop = subprocess.run(["losetup", "-f", "--show", self.stick], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        if loop.returncode:
            self.skipTest("no right to a loop device")
        device = loop.stdout.strip()
        try:
            done = subprocess.run(
                [os.path.join(TOP, "tools", "usb"), "--iso", self.iso, "--write", device], text=True,
                input=os.path.basename(device) + "\n", stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, check=False)
        finally:
            subprocess.run(["losetup", "-d", device], check=True)
        self.assertEqual(done.returncode, usb.DONE, done.stdout)
        with open(self.iso, "rb") as file:
            image = file.read()
        self.assertTrue(self.content().startswith(image))


if __name__ == "__main__":
    unittest.main()
