# SPDX-License-Identifier: MIT
"""Which floor may include which: the table that tools/lint keeps. Edit it here.

A folder is a floor. Its files include only from their own floor and those below it; the folders
below a folder that have no line of their own belong to it.
"""

import fnmatch
import os

# From the bottom up.
FLOORS = [
    ("kernel/lib", "pure: strings, lists, printf, options"),
    ("kernel/cpu", "what the processor is"),
    ("kernel/console", "screens, serial ports, the keyboard, panic()"),
    ("boot/acpi", "ACPI's bytes"),
    ("pks", "the rights register, keys, grants"),
    ("mm", "frames, page tables, the direct map"),
    ("kernel", "traps, threads, time, interrupts"),
    ("pks/policy", "what becomes of a fault"),
    ("mm/kmap", "the users' API: kmap and its kin, device ranges"),
    ("kernel/trace", "the trace's sites, dump and report"),
    ("boot", "from the firmware to the first thread"),
    ("tests", "what is expected, and what was seen"),
    ("monitor", "the prompt: runs tests, uses their probes"),
    ("tests/host", "tests of the pure parts of every floor, run on the host"),
]

# (including file, included file): the reason why this one may look upwards.
EXCEPTIONS = {
    ("boot/main.c", "*"): "the boot order ends in the tests and the monitor",
}


def floor_of(path):
    """The number of a file's floor, or None if it has none (host tools)."""
    folders = [folder for folder, _ in FLOORS]
    folder = os.path.dirname(path)
    while folder and folder not in folders:
        folder = os.path.dirname(folder)
    return folders.index(folder) if folder else None


def wrong(path, included):
    """Why `path` may not include `included`, or None."""
    here, there = floor_of(path), floor_of(included)
    if here is None or there is None or there <= here:
        return None
    if any(fnmatch.fnmatchcase(path, p) and fnmatch.fnmatchcase(included, i)
           for p, i in EXCEPTIONS):
        return None
    return "%s (floor %s) includes %s (floor %s, above it)" % (
        path, FLOORS[here][0], included, FLOORS[there][0])
