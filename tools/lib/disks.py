# SPDX-License-Identifier: MIT
"""Describe a block device, and refuse one that must not be written, from sysfs and /proc alone.

Nothing here opens a device. Each refusal is one line with its remedy.
"""

import os
import re
import stat

SECTOR = 512        # bytes; the unit of sysfs, whatever the device's sector size is
CD_ROM = "5"        # SCSI's peripheral device type


class Refused(Exception):
    """The device must not be written; the message says why, and what to do."""


def number_of(path):
    """(major, minor) of a block device's node."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise Refused("%s: %s; to list the disks: tools/usb" % (path, error.strerror)) from error
    if not stat.S_ISBLK(found.st_mode):
        raise Refused("%s is not a block device; a USB stick is a /dev/sdX" % path)
    return os.major(found.st_rdev), os.minor(found.st_rdev)


def size_text(size):
    """A size in bytes as text with a unit."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 10240 or unit == "GiB":
            return "%d %s" % (size, unit)
        size //= 1024


class Disk:
    """One disk, as sysfs describes it."""

    def __init__(self, folder):
        self.folder = folder
        self.name = os.path.basename(folder)
        self.size = int(self._say("size") or 0) * SECTOR
        self.read_only = self._say("ro") == "1"
        self.removable = self._say("removable") == "1"
        self.usb = "/usb" in folder
        self.cd = self._say("device/type") == CD_ROM
        self.virtual = "/devices/virtual/" in folder and not self.name.startswith("loop")
        self.model = " ".join(filter(None, (self._say("device/vendor"), self._say("device/model"),
                                            self._say("loop/backing_file"))))
        self.serial = self._say("device/serial") or self._say("serial") or \
            self._page(0x80) or self._usb_serial()

    def _say(self, name):
        try:
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as file:
                return " ".join(file.read().split())
        except OSError:
            return ""

    def _page(self, number):
        """A page of SCSI vital product data: a header of four bytes, then text."""
        try:
            with open(os.path.join(self.folder, "device/vpd_pg%x" % number), "rb") as file:
                return file.read()[4:].decode("ascii", "replace").strip("\0 \n")
        except OSError:
            return ""

    def _usb_serial(self):
        """The serial number of the disk's USB device."""
        folder = self.folder
        while self.usb and len(folder) > 1:
            folder = os.path.dirname(folder)
            if os.path.exists(os.path.join(folder, "idVendor")):
                try:
                    with open(os.path.join(folder, "serial"), encoding="utf-8") as file:
                        return file.read().strip()
                except OSError:
                    break
        return ""

    def __str__(self):
        return "/dev/%s  %s  model %s  serial %s  %s%s" % (
            self.name, size_text(self.size), self.model or "unknown", self.serial or "unknown",
            "USB" if self.usb else "not USB", ", removable" if self.removable else "")


class Disks:
    """The disks of this host; `root` and `number_of` are for tests."""

    def __init__(self, root="/", number=number_of):
        self.sys, self.proc = os.path.join(root, "sys"), os.path.join(root, "proc")
        self.number_of = number

    def all(self):
        """Every whole disk that could be a stick."""
        block = os.path.join(self.sys, "block")
        names = sorted(os.listdir(block)) if os.path.isdir(block) else []
        found = [Disk(os.path.realpath(os.path.join(block, n))) for n in names]
        return [d for d in found if d.size and not (d.virtual or d.cd or d.name.startswith("loop"))]

    def check(self, path, needed):
        """The disk at `path`, if `needed` bytes may be written to it; else Refused."""
        major, minor = self.number_of(path)
        folder = os.path.realpath(os.path.join(self.sys, "dev/block/%d:%d" % (major, minor)))
        if not os.path.isdir(folder):
            raise Refused("%s: the kernel knows no device %d:%d" % (path, major, minor))
        if os.path.exists(os.path.join(folder, "partition")):
            raise Refused("%s is a partition; the image has a partition table of its own and takes "
                          "the whole disk: /dev/%s" % (path, os.path.basename(os.path.dirname(folder))))
        disk = Disk(folder)
        self._sound(path, disk, needed)
        self._free(path, folder)
        return disk

    @staticmethod
    def _sound(path, disk, needed):
        if disk.cd:
            raise Refused("%s is a CD drive" % path)
        if disk.virtual:
            raise Refused("%s is made of other devices or of memory; the image needs a whole "
                          "disk" % path)
        if not disk.size:
            raise Refused("%s has no medium in it" % path)
        if disk.read_only:
            raise Refused("%s is read-only; some sticks and card readers have a switch" % path)
        if disk.size < needed:
            raise Refused("%s holds %s, the image has %s" % (path, size_text(disk.size),
                                                             size_text(needed)))

    def _free(self, path, folder):
        """Refuse a disk in use: mounted, swap, or part of another device; check for / first."""
        family = self._family(folder)
        for number, where in self._mounts():
            if number in family and where == "/":
                raise Refused("%s holds /: it is the disk that this system runs from" % path)
        for number, where in self._mounts():
            if number in family:
                raise Refused("%s is mounted at %s; first: umount %s" % (path, where, where))
        for name in self._swaps():
            if os.path.basename(os.path.realpath(name)) in family.values():
                raise Refused("%s is swap; first: swapoff %s" % (path, name))
        for name in family.values():
            if not name.startswith(os.path.basename(folder)):
                raise Refused("%s is part of %s (RAID, LVM or encryption); take that apart first"
                              % (path, name))

    def _family(self, folder):
        """{number: name} of a disk, its partitions, and the devices built on them."""
        found = {}
        todo = [folder]
        while todo:
            one = todo.pop()
            try:
                with open(os.path.join(one, "dev"), encoding="ascii") as file:
                    found[file.read().strip()] = os.path.basename(one)
            except OSError:
                continue
            todo += [os.path.join(one, n) for n in os.listdir(one)
                     if os.path.exists(os.path.join(one, n, "partition"))]
            holders = os.path.join(one, "holders")
            if os.path.isdir(holders):
                todo += [os.path.realpath(os.path.join(holders, n)) for n in os.listdir(holders)]
        return found

    def _mounts(self):
        """(number, where) of each mount; also with its source's number, which can differ."""
        with open(os.path.join(self.proc, "self/mountinfo"), encoding="utf-8") as file:
            for line in file:
                fields, _, rest = line.partition(" - ")
                fields = fields.split()
                where = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), fields[4])
                yield fields[2], where
                source = rest.split()[1] if len(rest.split()) > 1 else ""
                if source.startswith("/dev/"):      # btrfs mounts have another number
                    try:
                        yield "%d:%d" % self.number_of(source), where
                    except Refused:
                        pass

    def _swaps(self):
        try:
            with open(os.path.join(self.proc, "swaps"), encoding="utf-8") as file:
                return [line.split()[0] for line in file.readlines()[1:] if line.strip()]
        except OSError:
            return []
