# SPDX-License-Identifier: MIT
"""How much a stray write would hit: tables of the lines that the suite `exposure` prints with extent=full.

Each number is a count of pages, summed over contexts: on each CPU one that may use a marked page, and
one that uses none.
"""

import re
from collections import namedtuple

LINE = re.compile(r"^# hits pages (\d+) cpus (\d+) users (\d+) pks=(\w+) gate=(\w+) pardon=(\w+) moments (\d+) (\d+)"
                  r" (\d+) (\d+) faults (\d+) steps (\d+) lent (\d+) ipis (\d+) invlpgs (\d+) ticks (\d+)$", re.M)
SIZES = (4, 64, 1024, 16384)
MOMENTS = ("before", "mapped", "touched", "after")
# (mode, gate, scope) and its name in the tables.
POLICIES = {("silent", "kmapped", "instruction"): "instruction", ("silent", "kmapped", "context"): "context",
            ("silent", "kmapped", "global"): "global", ("silent", "any", "context"): "any, context",
            ("silent", "any", "instruction"): "any, instruction", ("strict", "kmapped", "context"): "strict",
            ("off", "kmapped", "context"): "off"}
SHOWN = ("off", "strict", "instruction", "context", "global", "any, instruction", "any, context")
COUNTED = ("strict", "instruction", "context", "global", "any, context")    # the others are like the last one
# CPUs and users.
GROUPS = ((1, 1), (2, 1), (2, 2), (4, 1), (4, 4))

Hits = namedtuple("Hits", "moments faults steps lent ipis invlpgs ticks")


class Bad(ValueError):
    """A console without all counts."""


def read(consoles):
    """{(pages, CPUs, users, policy's name): Hits} of several consoles."""
    found = {}
    for match in LINE.finditer("\n".join(consoles)):
        numbers = [int(n) for n in match.groups()[6:]]
        name = POLICIES.get(match.group(4, 5, 6))
        if name:
            found[int(match[1]), int(match[2]), int(match[3]), name] = Hits(numbers[:4], *numbers[4:])
    for pages in SIZES:
        for cpus, users in GROUPS:
            for name in SHOWN:
                if (pages, cpus, users, name) not in found:
                    raise Bad("no counts of %d pages, %d CPUs, %d users, %s" % (pages, cpus, users, name))
    return found


def counts(found):
    """Pages that a stray write would hit, of the largest range, and events, by CPUs, users and policy."""
    rows = []
    for cpus, users in GROUPS:
        for name in COUNTED:
            of = found[SIZES[-1], cpus, users, name]
            rows.append([cpus, users, name, *of.moments, of.faults, of.steps, of.lent, of.ipis, of.invlpgs])
    return ["CPUs", "users", "policy", *MOMENTS, "faults", "steps", "lent", "IPIs", "INVLPGs"], rows


def _ratio(over, under):
    if not under:
        return "all" if over else "-"
    return ("%.*f" % (over / under < 10, over / under)).removesuffix(".0")


def factors(found):
    """By the size of the range: hits of two policies compared, at a moment, for some CPUs and users."""
    columns = [(two, moment, group) for two in (("global", "context"), ("any, context", "context"),
                                                ("context", "instruction"))
               for moment, group in (("mapped", (4, 1)), ("touched", (1, 1)), ("touched", (2, 1)), ("touched", (4, 1)),
                                     ("touched", (4, 4)), ("after", (4, 1)))]
    head = ["pages"] + ["%s : %s, %s, %d of %d" % (*two, moment, users, cpus) for two, moment, (cpus, users) in columns]
    rows = [[pages, *(_ratio(*(found[pages, cpus, users, name].moments[MOMENTS.index(moment)] for name in two))
                      for two, moment, (cpus, users) in columns)] for pages in SIZES]
    return _turned(head, rows)


def _turned(head, rows):
    """A row for each comparison, a column for each size."""
    table = list(zip(head, *rows))
    return ["hits of two policies", *("%d pages" % n for n in table[0][1:])], [list(row) for row in table[1:]]


def instructions(found):
    """Of the owner, with one CPU: two kmap(), two accesses of one page, two kunmap(), by policy and size."""
    return ["policy", *("%d pages" % n for n in SIZES)], [
        [name, *(found[pages, 1, 1, name].ticks for pages in SIZES)] for name in SHOWN]
