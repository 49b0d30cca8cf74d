# SPDX-License-Identifier: MIT
"""The kernel's file: its checksum, the same that the kernel prints (boot/identity.c)."""

import glob
import os
import re
import struct

from machine import TOP

FACTOR, MASK = 0x9e3779b97f4a7c15, (1 << 64) - 1     # kernel/lib/hash64.c
PT_LOAD, PF_W = 1, 2
LINE = re.compile(r"# kernel: version (\S+), commit (\S+), hash ([0-9a-f]{16})$")


def hash64(value, data):
    """The checksum of these bytes behind those that `value` covers."""
    whole = len(data) // 8
    rest = int.from_bytes(data[whole * 8:], "little")
    for word in struct.unpack_from("<%dQ" % whole, data) + (rest, len(data)):
        value = (value ^ word) * FACTOR & MASK
        value ^= value >> 32
    return value


def of(path):
    """The checksum of a kernel's ELF file: of its segments that are not writable. None if it cannot
    be read or is no such file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
        start, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        value = 0
        for at in range(start, start + size * count, size):
            kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, at)
            if kind == PT_LOAD and not flags & PF_W:
                value = hash64(value, data[offset:offset + length])
        return value if data.startswith(b"\x7fELF\x02\x01") else None
    except (OSError, struct.error):
        return None


def named(lines):
    """The (version, commit, hash) that a log's lines name, or None: a kernel from before it had any,
    or a log without its beginning."""
    found = filter(None, (LINE.search(line) for line in lines))
    return next((m.groups() for m in found), None)


def find(wanted, first):
    """The path of the kernel with this checksum (16 digits): `first`, or one below build/; else None."""
    below = [glob.glob(os.path.join(TOP, "build", where, "keyward.elf")) for where in ("", "*", "saved/*/build")]
    paths = [first] + sorted(sum(below, []))
    return next((p for p in paths if os.path.exists(p) and "%016x" % (of(p) or 0) == wanted), None)
