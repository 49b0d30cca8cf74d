# SPDX-License-Identifier: MIT
"""Change the machine's ACPI tables before the kernel sees them.

Changed tables go into free RAM; the others stay where the firmware has them. The kernel gets an RSDP
of revision 2 with an XSDT.
"""

import struct

from mbi import give, take

NEW_TABLES = 0x2000000      # RAM that is unused until the allocator gets it
ACPI_OLD, ACPI_NEW = 14, 15     # tags of the boot information


def mended(raw, at):
    """The bytes, with the one at `at` set so that their sum is 0 (mod 256)."""
    raw = bytearray(raw)
    raw[at] = (raw[at] - sum(raw)) & 0xff
    return bytes(raw)


def table(signature, body, revision=1):
    """A table with this body and a good checksum."""
    head = signature + struct.pack("<IBB", 36 + len(body), revision, 0) + b"KEYWRDTESTTEST" + \
        bytes(12)
    return mended(head + body, 9)


class Tables:
    """The firmware's tables: `by_name` maps signatures to bytes."""

    def __init__(self, stub):
        self.stub, self.mbi = stub, take(stub)
        kinds = [kind for kind, _ in self.mbi.tags]
        self.rsdp = self.mbi.tag(ACPI_NEW if ACPI_NEW in kinds else ACPI_OLD)[1]
        rsdt = self.read(struct.unpack_from("<I", self.rsdp, 16)[0])
        self.places = [place for place, in struct.iter_unpack("<I", rsdt[36:])]
        self.by_name = {raw[:4]: raw for raw in map(self.read, self.places)}

    def read(self, place):
        """The table at an address."""
        size = int.from_bytes(self.stub.read(place + 4, 4), "little")
        return self.stub.read(place, size)

    def change(self, name, offset, data):
        """Change bytes of a table and keep its checksum good; a table that is too short grows."""
        raw = self.by_name[name].ljust(offset + len(data), b"\0")
        raw = raw[:4] + struct.pack("<I", len(raw)) + raw[8:]
        self.by_name[name] = mended(raw[:offset] + data + raw[offset + len(data):], 9)

    def give(self, places=()):
        """Hand over all tables; the XSDT lists them and these addresses."""
        at, places = NEW_TABLES, list(places)
        for raw in self.by_name.values():
            self.stub.write(at, raw)
            places.append(at)
            at += len(raw) + 0xfff & ~0xfff
        self.stub.write(at, table(b"XSDT", struct.pack("<%dQ" % len(places), *places)))
        self.give_rsdp(mended(mended(struct.pack("<8sB6sBIIQI", b"RSD PTR ", 0, b"KEYWRD", 2, 0, 36,
                                                 at, 0)[:20], 8) +
                              struct.pack("<IQI", 36, at, 0), 32))

    def give_rsdp(self, *rsdps):
        """Put these RSDPs, and no others, into the boot information."""
        self.mbi.tags = [tag for tag in self.mbi.tags if tag[0] not in (ACPI_OLD, ACPI_NEW)]
        for rsdp in rsdps:
            self.mbi.tags.insert(-1, [ACPI_NEW if len(rsdp) >= 36 else ACPI_OLD, rsdp])
        give(self.stub, self.mbi.pack())


def spoil(change, places=()):
    """For Host.boot(meddle=): change(Tables) changes them in place; then hand them over."""
    def meddle(stub, _):
        tables = Tables(stub)
        change(tables)
        tables.give(places)
    return meddle
