# SPDX-License-Identifier: MIT
"""What protection costs a writer: tables of the lines that the suite `arms` prints with extent=full.

A writer writes 2 MiB in accesses of one size. It opens a window for each access (0), for each page
(4096) or for all (2097152); with kmap_local no window is larger than a page. Cost is what comes on
top of the arm `none`.
"""

import re
from collections import namedtuple

LINE = re.compile(r"^# write (\w+) (\d+) (\d+) ticks (\d+) windows (\d+) invlpgs (\d+) flushes (\d+)"
                  r" ipis (\d+)(?: pkrs (\d+))?$", re.M)
SINGLE, PAGE, WHOLE = 0, 4096, 2 << 20
ARMS = ("grant", "readwrite", "kmap_local", "cr0_wp", "unmap", "unmap_all")
# Which arm's windows become cheaper than which other's as accesses grow, if ever.
RIVALS = [(keyed, other) for keyed in ("grant", "kmap_local") for other in ("cr0_wp", "unmap", "unmap_all")]

Cost = namedtuple("Cost", "ticks windows invlpgs flushes ipis pkrs")


class Bad(ValueError):
    """A console without all figures, or with figures that contradict each other."""


def read(console):
    """{(arm, bytes of an access, bytes of a window): Cost} of a console."""
    found = {(m[1], int(m[2]), int(m[3])): Cost(*(int(n or 0) for n in m.groups()[3:])) for m in LINE.finditer(console)}
    sizes = {size for _, size, _ in found}
    missing = [(arm, size, window) for arm in ("none", *ARMS) for size in sizes for window in (SINGLE, PAGE, WHOLE)
               if _is_made(arm, size, window) and (arm, size, window) not in found]
    if not {64, PAGE, WHOLE} <= sizes or missing:
        raise Bad("the console lacks figures of %s" % (missing[:1] or "64, 4096 and 2097152 bytes",))
    return found


def _is_made(arm, size, window):
    """Whether the suite has such a figure."""
    return window == SINGLE or size <= window and (window == PAGE or arm != "kmap_local")


def added(found, arm, size, window=SINGLE):
    """The instructions that the arm adds to the writing of 2 MiB."""
    return found[arm, size, window].ticks - found["none", size, window].ticks


def size_name(size):
    """`64`, `4 KiB`, `2 MiB`."""
    for unit, name in ((1 << 20, " MiB"), (1 << 10, " KiB")):
        if size % unit == 0:
            return "%d%s" % (size // unit, name)
    return "%d" % size


def digits(value):
    """Two significant digits, without an exponent."""
    if value >= 10:
        return "%.0f" % value
    places = 1
    while value and value < 10 ** (1 - places) and places < 9:
        places += 1
    return ("%.*f" % (places, value)).rstrip("0").rstrip(".") or "0"


def per_byte(found):
    """Instructions that protection adds for each byte written, by the size of an access."""
    sizes = sorted({size for _, size, _ in found})
    rows = [[size_name(size), *(digits(added(found, arm, size) / WHOLE) for arm in ARMS)] for size in sizes]
    for window, name in ((PAGE, "any, a window for a page"), (WHOLE, "any, a window for 2 MiB")):
        rows.append([name, *(_batch(found, arm, window, sizes) for arm in ARMS)])
    return ["bytes of an access", *ARMS], rows


def _batch(found, arm, window, sizes):
    """The cost for each byte where a window is for many accesses: their size must not matter."""
    costs = {added(found, arm, size, window) for size in sizes if _is_made(arm, size, window)}
    if len(costs) > 1:
        raise Bad("windows of %s for %d bytes have costs that depend on the accesses: %s" % (arm, window, sorted(costs)))
    return digits(costs.pop() / WHOLE) if costs else "-"


def windows(one, many, paranoid):
    """What one window takes: of a page, and of 512 (kmap_local: 512 windows). `many`: on 4 CPUs."""
    rows = []
    for arm in ARMS:
        row = [arm]
        for size, per in ((PAGE, WHOLE // PAGE), (WHOLE, 1)):
            key = arm, size, SINGLE
            row += [added(one, arm, size) // per, paranoid[key].pkrs // per, one[key].invlpgs // per, many[key].invlpgs // per,
                    many[key].flushes // per, many[key].ipis // per]
        rows.append(row)
    names = ["instructions", "PKRS writes", "INVLPGs", "INVLPGs, 4 CPUs", "flushes, 4 CPUs", "IPIs, 4 CPUs"]
    return ["arm", *("%s: %s" % (size, name) for size in ("a page", "2 MiB") for name in names)], rows


def crossover(found):
    """Per pair of arms: the first size of an access, if any, from which on the second one is cheaper."""
    sizes, rows = sorted({size for _, size, _ in found}), []
    for keyed, other in RIVALS:
        cheaper = [added(found, other, s) < added(found, keyed, s) for s in sizes]
        at = next((s for n, s in enumerate(sizes) if all(cheaper[n:])), None)
        rows.append([keyed, other, "never" if at is None else at])
    return ["a window by", "against", "cheaper from so many bytes on"], rows
