# SPDX-License-Identifier: MIT
"""Change the boot information structure before the kernel sees it."""

import struct

from links import EBX

NEW_MBI = 0x1000000     # a changed structure goes here: RAM that is not used yet


class Mbi:
    """A boot information structure as a list of tags [type, content], in order."""

    def __init__(self, raw):
        self.tags, at = [], 8
        while at < len(raw):
            kind, size = struct.unpack_from("<II", raw, at)
            self.tags.append([kind, raw[at + 8:at + size]])
            at += size + 7 & ~7

    def tag(self, kind):
        """The first tag of a kind."""
        return next(tag for tag in self.tags if tag[0] == kind)

    def offset(self, kind):
        """The offset of the first tag of a kind."""
        at = 8
        for tag in self.tags:
            if tag[0] == kind:
                return at
            at += 8 + len(tag[1]) + 7 & ~7
        raise ValueError(kind)

    def memory(self):
        """The memory map's entries: [base, length, type] each."""
        content = self.tag(6)[1]
        return [list(e[:3]) for e in struct.iter_unpack("<QQII", content[8:])]

    def set_memory(self, entries, entry_size=24):
        """Replace the memory map's entries."""
        self.tag(6)[1] = struct.pack("<II", entry_size, 0) + \
            b"".join(struct.pack("<QQII", *e, 0) for e in entries)

    def pack(self):
        """The structure as bytes."""
        body = b""
        for kind, content in self.tags:
            body += struct.pack("<II", kind, 8 + len(content)) + content
            body += bytes(-len(body) % 8)
        return struct.pack("<II", 8 + len(body), 0) + body


def poke(raw, offset, value):
    """A structure's bytes with one 32-bit field changed."""
    return raw[:offset] + struct.pack("<I", value) + raw[offset + 4:]


def take(stub):
    """The structure that the boot loader passes."""
    where = stub.read_reg(EBX)
    size = int.from_bytes(stub.read(where, 4), "little")
    return Mbi(stub.read(where, size))


def give(stub, raw):
    """Pass these bytes to the kernel instead."""
    stub.write(NEW_MBI, raw)
    stub.write_reg(EBX, NEW_MBI)


def spoil(change):
    """For Host.boot(meddle=): change(Mbi) returns the bytes that the kernel gets."""
    return lambda stub, _: give(stub, change(take(stub)))
