# SPDX-License-Identifier: MIT
"""What it costs to hide and show pages: tables of the lines that the suite `arms` prints with extent=full.

Pages are hidden by unmapping them, by a key that nobody has open, or by a change of rights to a key that
they have already. Instructions are from one CPU, and without what the measurement itself takes.
"""

import re
from collections import namedtuple

LINE = re.compile(r"^# hide (hide|show) (\w+) (\w+) (\d+) cpus (\d+) ticks (\d+) pkrs (\d+) invlpgs (\d+) flushes (\d+)"
                  r" ipis (\d+) splits (-?\d+)$", re.M)
WAYS = ("unmap", "key", "rights")
PAGES = (("contiguous", 1), ("contiguous", 16), ("scattered", 16), ("contiguous", 512), ("scattered", 512))
CPUS = (1, 4, 16)

Cost = namedtuple("Cost", "ticks pkrs invlpgs flushes ipis splits")


class Bad(ValueError):
    """A console without all figures."""


def read(consoles):
    """{(CPUs, hide or show, way, layout, pages): Cost} of the consoles of one, four and 16 CPUs."""
    found = {(int(m[5]), m[1], m[2], m[3], int(m[4])): Cost(*(int(n) for n in m.groups()[5:]))
             for m in LINE.finditer("\n".join(consoles))}
    for cpus in CPUS:
        for op in ("hide", "show"):
            for way in ("none", *WAYS):
                for layout, pages in PAGES:
                    if (cpus, op, way, layout, pages) not in found:
                        raise Bad("no figures of %s by %s, %d pages, %s, %d CPUs" % (op, way, pages, layout, cpus))
    return found


def _name(layout, pages):
    """`1`, `16 contiguous`."""
    return "%d %s" % (pages, layout) if pages > 1 else "1"


def instructions(found):
    """What one hiding and one showing take with one CPU."""
    rows = []
    for way in WAYS:
        for layout, pages in PAGES:
            costs = [found[1, op, way, layout, pages] for op in ("hide", "show")]
            own = [found[1, op, "none", layout, pages].ticks for op in ("hide", "show")]
            rows.append([way, _name(layout, pages), *(cost.ticks - n for cost, n in zip(costs, own)),
                         *(cost.pkrs for cost in costs), *("%+d" % cost.splits if cost.splits else "0" for cost in costs)])
    return ["way", "pages", "hide: instructions", "show: instructions", "hide: PKRS writes", "show: PKRS writes",
            "hide: tables", "show: tables"], rows


def _both(found, cpus, way, layout, pages):
    """The cost of a hiding and a showing together."""
    return Cost(*map(sum, zip(*(found[cpus, op, way, layout, pages] for op in ("hide", "show")))))


def growth(found):
    """Interrupts to other CPUs and flushes on all CPUs, of one hiding and one showing together."""
    rows = []
    for way in WAYS:
        for layout, pages in PAGES:
            row = [way, _name(layout, pages)]
            for cpus in CPUS:
                cost = _both(found, cpus, way, layout, pages)
                row.append(cost.ipis + cost.invlpgs + cost.flushes)
            rows.append(row)
    return ["way", "pages", "1 CPU", "4 CPUs", "16 CPUs"], rows


def work(found):
    """The same by kind."""
    rows = [[way, _name(layout, pages), *(n for cpus in CPUS for n in (
        lambda c: (c.ipis, c.invlpgs, c.flushes))(_both(found, cpus, way, layout, pages)))]
        for way in WAYS for layout, pages in PAGES]
    return ["way", "pages", *("%s, %d CPU%s" % (what, cpus, "s" * (cpus > 1)) for cpus in CPUS
                              for what in ("IPIs", "INVLPGs", "flushes"))], rows
