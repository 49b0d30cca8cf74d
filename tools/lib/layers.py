# SPDX-License-Identifier: MIT
"""The table of floors that tools/lint enforces: which folder may include which. Edit it here.

A folder is a floor. Its files include only from their own floor and those below it. A subfolder
without a line of its own belongs to its parent's floor.
"""

import fnmatch
import os

# From the bottom up.
FLOORS = [
    ("kernel/lib", "pure: strings, lists, printf, options"),
    ("kernel/cpu", "the CPU: registers, instructions, per-CPU data"),
    ("kernel/console", "screens, serial ports, the keyboard, panic()"),
    ("boot/acpi", "ACPI tables and registers"),
    ("kernel/pci", "PCI's configuration space"),
    ("pks", "the rights register, keys, grants"),
    ("mm", "frames, page tables, the direct map"),
    ("kernel", "traps, threads, time, interrupts"),
    ("kernel/dma", "a device that does DMA, or an engine in its place"),
    ("pks/policy", "the policy for key faults"),
    ("mm/kmap", "the users' API: kmap and its kin, device ranges"),
    ("mm/pmem", "persistent memory: devices, dax, a block driver"),
    ("mm/gup", "user memory: ranges, gup, swap, inaccessible pages"),
    ("kernel/trace", "the trace's sites, dump and report"),
    ("boot", "from the firmware to the first thread"),
    ("tests", "the test suites and their harness"),
    ("monitor", "the prompt, which runs tests and uses their probes"),
    ("tests/host", "tests of the pure parts of every floor, run on the host"),
]

# (including file, included file): why this file may include from above.
EXCEPTIONS = {
    ("boot/main.c", "*"): "the boot order ends in the tests and the monitor",
}


def floor_of(path):
    """The number of a file's floor; None for host tools, which have none."""
    folders = [folder for folder, _ in FLOORS]
    folder = os.path.dirname(path)
    while folder and folder not in folders:
        folder = os.path.dirname(folder)
    return folders.index(folder) if folder else None


def wrong(path, included):
    """The reason why `path` may not include `included`, or None if it may."""
    here, there = floor_of(path), floor_of(included)
    if here is None or there is None or there <= here:
        return None
    if any(fnmatch.fnmatchcase(path, p) and fnmatch.fnmatchcase(included, i)
           for p, i in EXCEPTIONS):
        return None
    return "%s (floor %s) includes %s (floor %s, above it)" % (
        path, FLOORS[here][0], included, FLOORS[there][0])
