# SPDX-License-Identifier: MIT
"""Images of persistent stores, made from docs/STORE.md alone."""

import struct

SIZE = 16384


def crc(data):
    """CRC-32C."""
    state = 0xffffffff
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82f63b78 if state & 1 else 0)
    return state ^ 0xffffffff


def record(seq, number, data):
    """One record with its zeros."""
    head = struct.pack("<4sIQIII", b"KREC", len(data), seq, number, 0, 0)[:28]
    rest = data + bytes(-(32 + len(data)) % 64)
    return head + struct.pack("<I", crc(head + rest)) + rest


def block(seq, ids, records, tail, generation=7, version=1, size=SIZE, area=0):
    """One superblock."""
    bare = struct.pack("<8sIIQQQQQI", b"keystore", version, ids, size, generation, seq, tail, records,
                       area)
    return bare + struct.pack("<I", crc(bare))


def image(first=None, second=None, log=None):
    """A store of two records, or with other parts."""
    log = record(1, 0, b"one") + record(2, 1, bytes(range(100))) if log is None else log
    good = block(2, 2, 2, 8192 + len(log))
    parts = {0: good if first is None else first, 4096: good if second is None else second, 8192: log}
    made = bytearray(SIZE)
    for at, part in parts.items():
        made[at:at + len(part)] = part
    return bytes(made)
