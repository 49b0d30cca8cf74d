# SPDX-License-Identifier: MIT
"""The cost of a boot as RAM grows: the kernel's figures, their table, their growth."""

import re
from collections import namedtuple

import tables
from tables import Bad

BEGIN = "<!-- boot-times: from here on written by `make boot-times` -->"
END = "<!-- boot-times: to here -->"
UNITS = {"M": 1, "G": 1 << 10, "T": 1 << 20}    # in MiB

# The kernel's lines (mm/init.c, tests/harness/ktest.c) and the figures in them.
LINES = [
    (re.compile(r"# RAM: (\d+) MiB in \d+ ranges(?:, using (\d+) MiB in \d+ \(mem=\))?$"),
     ("found", "used")),
    (re.compile(r"# RAM: \d+ KiB free, (\d+) KiB in page tables, (\d+) KiB in struct pages$"),
     ("tables", "structs")),
    (re.compile(r"# boot: (\d+) TSC ticks from kernel entry to memory$"), ("memory",)),
    (re.compile(r"# boot: (\d+) TSC ticks from kernel entry to the first test$"), ("test",)),
]

# One boot: CPUs, the size given to -m, the value of mem= ("" for its default), and the figures.
Row = namedtuple("Row", "cpus size mem figures")


def mib(size):
    """A size such as 64M, 4G, 4T in MiB."""
    found = re.fullmatch(r"([1-9]\d*)([MGT])", size)
    if not found:
        raise Bad("%s is not a size such as 64M, 16G, 4T" % size)
    return int(found[1]) * UNITS[found[2]]


class Figures:
    """Collects the kernel's figures from its lines."""

    def __init__(self):
        self.found = {}

    def feed(self, line):
        """Take a console line; returns True once the last figure has come."""
        for pattern, names in LINES:
            match = pattern.match(line)
            if match:
                for name, text in zip(names, match.groups()):
                    if text is not None:
                        self.found[name] = int(text)
        return "test" in self.found

    def whole(self):
        """All figures. Without a cap, the used RAM is the RAM found. Bad if one is missing."""
        missing = {"found", "tables", "structs", "memory", "test"} - set(self.found)
        if missing:
            raise Bad("the kernel has not printed: " + ", ".join(sorted(missing)))
        return {"used": self.found["found"], **self.found}


def millions(ticks):
    """Ticks in millions, as text."""
    return "%.1f" % (ticks / 1e6)


HEAD = ["CPUs", "RAM", "`mem=`", "used, MiB", "to memory", "to the first test", "page tables, KiB",
        "struct pages, KiB"]


def cells(rows):
    """The rows as cells under HEAD."""
    return [[cpus, size, mem or "default", f["used"], millions(f["memory"]), millions(f["test"]), f["tables"],
             f["structs"]] for cpus, size, mem, f in rows]


def table(rows):
    """The rows as Markdown."""
    return tables.markdown(HEAD, cells(rows))


def growth(rows, name, size):
    """(growth of a figure per GiB, its value extrapolated to another size), from the two largest
    sizes that one CPU used in full."""
    plain = sorted((mib(r.size) / 1024, r.figures[name]) for r in rows
                   if r.cpus == 1 and r.figures["used"] == r.figures["found"])
    if len(plain) < 2 or plain[-2][0] == plain[-1][0]:
        raise Bad("one CPU needs two sizes of RAM that are used in full")
    (less, first), (more, last) = plain[-2:]
    each = (last - first) / (more - less)
    return each, last + each * (mib(size) / 1024 - more)


def extrapolation(rows, size):
    """The sentence about a machine that uses this much RAM in full."""
    ticks, all_ticks = growth(rows, "memory", size)
    structs, all_structs = growth(rows, "structs", size)
    return ["A GiB more costs %s million instructions and %.1f MiB of struct pages. On paper, all of %s "
            "(`mem=0`)" % (millions(ticks), structs / 1024, size),
            "would take %.0f million instructions up to the allocator, and %.0f GiB of struct pages."
            % (all_ticks / 1e6, all_structs / (1 << 20))]


def chapter(rows, command):
    """The text between the markers."""
    lines = ["", "Made by `%s`. With one CPU under `-icount shift=0` a TSC tick is an" % command,
             "instruction, and the figures, in millions, repeat."]
    if any(r.cpus > 1 for r in rows):
        lines += ["With more, QEMU's threads run side by side and `-icount` cannot be had: those rows "
                  "are TSC ticks", "of the host's time, to be compared only with one another."]
    return "\n".join(lines + [""] + table(rows) + [""] + extrapolation(rows, "4T") + [""])


def replace(text, new):
    """The document with the text between its markers replaced. Bad without the two markers."""
    return tables.put(text, BEGIN, END, "\n" + new)
