# SPDX-License-Identifier: MIT
"""The cases about persistent memory: ranges that cannot be, from the command line and the NFIT."""

import struct
import uuid

from acpi import spoil, table
from acpi_cases import hpet_in_ram
from cases import LEAST_KIB, QUICK, goes_on, memory, refuses, too_little

PERSISTENT = uuid.UUID("66F0D379-B4F3-4074-AC43-0D3318B78CDB")
MIB = 1 << 20


def refused(start, size, source, why):
    """The line about a range that is not used."""
    return r"^# pmem: 0x0*%x\+0x%x \(%s\) is not used: %s$" % (start, size, source, why)


def found(number, start, size, source):
    """The line about a device."""
    return r"^# pmem%d: %d KiB at 0x0*%x \(%s\), key 1 \(devmap\)$" % (number, size >> 10, start, source)


def nfit(*ranges, also=lambda tables: None):
    """For meddle=: an NFIT with these ranges, each (start, size); also(Tables) changes others."""
    def change(tables):
        also(tables)
        tables.by_name[b"NFIT"] = table(b"NFIT", bytes(4) + b"".join(
            struct.pack("<HHHHII16sQQQ", 0, 56, 1, 0, 0, 0, PERSISTENT.bytes_le, start, size, 0x8008)
            for start, size in ranges))
    return spoil(change)


def words(*ranges):
    """The command line with pmem=."""
    return QUICK + ["pmem=" + ",".join("%#x+%#x" % r for r in ranges)]


def ignored(what, place):
    """The line about registers that are not used."""
    return "^# ACPI: the %s cannot be at %#x; ignoring it$" % (what, place)


def reset_at(place):
    """For also=: a reset register in memory."""
    def change(tables):
        tables.change(b"FACP", 112, struct.pack("<I", 1 << 10))
        tables.change(b"FACP", 116, struct.pack("<BBBBQB", 0, 8, 0, 1, place, 1))
        tables.change(b"FACP", 8, b"\3")
    return change


def pieces(stub, host):
    """RAM in 255 pieces, one fewer than the kernel has room for, and an NFIT of two ranges."""
    memory(lambda entries: entries.__setitem__(slice(None), [
        [0, 0x9f000, 1], [MIB, 126 * MIB, 1]] +
        [[128 * MIB + i * 0x10000, 0x2000, 1] for i in range(253)]))(stub, host)
    nfit((1 << 33, MIB), (1 << 34, MIB))(stub, host)


KERNEL = "the kernel is there, and memory for real mode"
ANOTHER = "it overlaps another range of persistent memory"
DEVICES = "a device's registers or a framebuffer are there"
STRUCT_PAGES = "there is too little RAM for its struct pages"
PAGES = "it does not consist of whole pages"
BEYOND = "it ends beyond the direct map or the CPU's addresses"

goes_on("pmem.two_words", found(0, 64 * MIB, 16 * MIB, "pmem="), found(1, 80 * MIB, 4096, "pmem="),
        "^# RAM: 23[0-9] MiB in [0-9]+ ranges$",
        words=words((64 * MIB, 16 * MIB), (80 * MIB, 4096)))
goes_on("pmem.words_that_cannot_be", refused(0x1000, 4096, "pmem=", KERNEL),
        refused(MIB, 2 * MIB, "pmem=", KERNEL), refused(0xd0000000, MIB, "pmem=",
                                                       "the memory map has no memory there"),
        found(0, 64 * MIB, MIB, "pmem="), refused(65 * MIB - 4096, 8192, "pmem=", ANOTHER),
        refused(96 * MIB, 5, "pmem=", PAGES), refused(1 << 45, MIB, "pmem=", BEYOND),
        "^# RAM: 25[0-9] MiB in [0-9]+ ranges$",
        words=words((0x1000, 4096), (MIB, 2 * MIB), (0xd0000000, MIB), (64 * MIB, MIB),
                    (65 * MIB - 4096, 8192), (96 * MIB, 5), (1 << 45, MIB)))
refuses("pmem.word_takes_too_much", too_little(r"[0-9]+", r" \(the command line has pmem=\)"),
        words=words((8 * MIB, 247 * MIB)))
goes_on("pmem.word_that_is_reserved", refused(64 * MIB, MIB, "pmem=", "reserve= leaves it unused"),
        words=words((64 * MIB, MIB)) + ["reserve=0x4000001+1"])
goes_on("pmem.nfit_that_cannot_be", refused(128 * MIB, 4096, "NFIT", "the memory map has RAM there"),
        refused(0, 1 << 33, "NFIT", KERNEL), refused((1 << 33) + 1, 4096, "NFIT", PAGES),
        refused(1 << 46, MIB, "NFIT", BEYOND), refused(1 << 37, 1 << 39, "NFIT", STRUCT_PAGES),
        found(0, 1 << 33, 64 * MIB, "NFIT"), refused((1 << 33) - 4096, 8192, "NFIT", ANOTHER),
        found(1, (1 << 33) + 64 * MIB, 4096, "NFIT"),
        meddle=nfit((128 * MIB, 4096), (0, 1 << 33), ((1 << 33) + 1, 4096), (1 << 46, MIB),
                    (1 << 37, 1 << 39), (1 << 33, 64 * MIB), ((1 << 33) - 4096, 8192),
                    ((1 << 33) + 64 * MIB, 4096)), words=QUICK)
goes_on("pmem.word_over_nfit", found(0, 64 * MIB, MIB, "pmem="),
        refused(64 * MIB, 2 * MIB, "NFIT", "the memory map has RAM there"),
        found(1, 1 << 33, MIB, "NFIT"),
        meddle=nfit((64 * MIB, 2 * MIB), (1 << 33, MIB)), words=words((64 * MIB, MIB)))
# Registers that the kernel uses, and a reset register, which it ignores; each in its page.
goes_on("pmem.nfit_over_registers", refused(0xfee00000, 4096, "NFIT", DEVICES),
        ignored("HPET", 0xfed00000), refused(0xfecff000, 8192, "NFIT", DEVICES),
        ignored("reset register", 0x200000ffc), refused(0x200000000, MIB, "NFIT", DEVICES),
        refused(0x1fff00000, MIB + 4096, "NFIT", DEVICES), found(0, 0x200200000, MIB, "NFIT"),
        r"^# ACPI: .* reset register no, .* HPET no, .*$", words=QUICK,
        meddle=nfit((0xfee00000, 4096), (0xfecff000, 8192), (0x200000000, MIB),
                    (0x1fff00000, MIB + 4096), (0x200200000, MIB), also=reset_at(0x200000ffc)))
goes_on("pmem.word_over_registers", ignored("HPET", 0x3000000), found(0, 32 * MIB, 32 * MIB, "pmem="),
        r"^# ACPI: .* HPET no, .*$", words=words((32 * MIB, 32 * MIB)), meddle=spoil(hpet_in_ram))
# Each would leave half of the RAM that is free before it.
goes_on("pmem.nfit_takes_half_again", found(0, 1 << 33, 1280 * MIB, "NFIT"),
        refused(1 << 34, 640 * MIB, "NFIT", STRUCT_PAGES), found(1, 1 << 35, 64 * MIB, "NFIT"),
        meddle=nfit((1 << 33, 1280 * MIB), (1 << 34, 640 * MIB), (1 << 35, 64 * MIB)),
        words=QUICK + ["mem=32M"])
goes_on("pmem.nfit_in_little_ram", refused(1 << 33, 256 * MIB, "NFIT", STRUCT_PAGES),
        found(0, 1 << 34, MIB, "NFIT"), meddle=nfit((1 << 33, 256 * MIB), (1 << 34, MIB)),
        words=QUICK + ["mem=%dK" % (LEAST_KIB + 512)])
goes_on("pmem.nfit_is_one_too_many", found(0, 1 << 33, MIB, "NFIT"), "^# RAM: [0-9]+ MiB in 255 ranges$",
        refused(1 << 34, MIB, "NFIT", "there are too many ranges of memory"), meddle=pieces, words=QUICK)
