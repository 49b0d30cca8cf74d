# SPDX-License-Identifier: MIT
"""Pictures of the tables in build/experiments/*.csv, as SVG for the report.

A picture has a line for each row of the table, and on it a sign for each column, at the place of
its figure. The scale is logarithmic, with 0 at the left edge. Positions are percentages of the
width, so a picture fits any window. The figures stand below it as a table, its text alternative.
"""

import math
import re
from collections import namedtuple

import tables
from pageparts import text

ROW, TOP = 30, 22       # heights in pixels
SIGNS = "○□△◇✕"

# A table, the columns whose cells name a row, the columns to draw, and the command that makes it.
Chart = namedtuple("Chart", "table title about names columns command")
CHARTS = [
    Chart("exposure", "Exposure by scenario and scope",
          "Page ticks in which a context could have written a page that it had not declared; less is better. "
          "off and strict are modes, the others are scopes of a pardon in mode silent.",
          ["scenario"], ["off", "strict", "instruction", "context", "global"], "make experiments"),
    Chart("windows", "How long a pardon leaves the key open, by context and scope",
          "TSC ticks for which the pardoned context ran with the key open; an instruction is a tick.",
          ["context", "scope"], ["median of medians", "maximum"], "make experiments"),
    Chart("ranges", "What a stray write would hit, by the pages of the range", "Page ticks over all scenarios in which a stray "
          "write would have passed; less is better. gate=any pardons on every page.", ["pages"],
          ["strict", "instruction", "context", "global", "gate=any"], "make experiments"),
    Chart("writes", "What protection costs per byte, by the size of an access", "Instructions that are added to each byte "
          "written, in QEMU with one CPU. An INVLPG counts as one, as a WRMSR does.",
          ["bytes of an access"], ["grant", "kmap_local", "cr0_wp", "unmap", "unmap_all"], "make experiments"),
    Chart("hide-growth", "Hiding pages and showing them again, by the number of CPUs",
          "Interrupts to other CPUs, and flushes on all of them, for one hiding and one showing. A change of rights needs "
          "none, on any number of CPUs.", ["way", "pages"], ["1 CPU", "4 CPUs", "16 CPUs"], "make experiments"),
    Chart("bench", "Instructions, here and in the Linux series V10", "The median in QEMU; \"added\" is to a kernel "
          "without PKS. The figures of Linux were measured once, the same way.",
          ["instructions, min/median"], ["qemu", "Linux V10 (writes)"], "make bench"),
    Chart("saved-costs-qemu", "Instructions by the place where an interrupted context's rights are saved",
          "In QEMU: the frame of the exception (this kernel), a stack or a slot of the thread, a stack of the CPU.",
          ["instructions (qemu)"], ["frame", "stack", "slot", "cpu"], "make experiments"),
    Chart("boot-times", "Boot time over RAM", "Millions of TSC ticks from the kernel's entry; with one CPU a tick is "
          "an instruction.", ["CPUs", "RAM", "`mem=`"], ["to memory", "to the first test"], "make boot-times"),
]


def section(folder):
    """The section of all pictures; where a table is missing, the command that makes it."""
    lines = ['<section id="pictures">', "<h2>How open, for how long, at what cost</h2>"]
    for chart in CHARTS:
        lines.append("<h3>%s</h3>" % text(chart.title))
        table = tables.load(chart.table, folder)
        lines += _figure(chart, *table) if table else [
            '<p class="hint">There is no picture yet; this makes its figures: <code class="command">%s</code></p>'
            % text(chart.command)]
    return "\n".join(lines + ["</section>"])


def figure(cell):
    """The number in a cell, of `27/28` the median, of `68 (2)` the first; None if there is none."""
    found = re.match(r"(?:[+-]?\d+/)?([+-]?[\d,]*\d(?:\.\d+)?)", cell)
    return float(found[1].replace(",", "")) if found else None


class Scale:
    """Places figures on the width, in percent."""

    def __init__(self, figures):
        some = [f for f in figures if f > 0] or [1]
        self.low, self.high = math.floor(math.log10(min(some))), math.ceil(math.log10(max(some)))
        self.high = max(self.high, self.low + 1)

    def x(self, value):
        """The place of a figure; all that is not above 0 is at the left edge."""
        if value <= 0:
            return 2.0
        return 9 + 86 * (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self):
        """(place, label) of the lines of the scale."""
        yield 2.0, "0"
        for power in range(self.low, self.high + 1):
            size = next(s for s in (9, 6, 3, 0, -9) if power >= s)
            yield self.x(10 ** power), "%g%s" % (10.0 ** (power - max(size, 0)), {9: "G", 6: "M", 3: "k"}.get(size, ""))


def _figure(chart, head, rows):
    missing = [c for c in chart.names + chart.columns if head.count(c) != 1]
    if missing:
        raise tables.Bad("%s.csv has no column \"%s\"; this makes it anew: %s" % (
            chart.table, missing[0], chart.command))
    at = [head.index(c) for c in chart.columns]
    named = [(_name(chart.names, [row[head.index(n)] for n in chart.names]), [figure(row[n]) for n in at], row) for row in rows
             if "**" not in row[0]]
    scale = Scale([f for _, figures, _ in named for f in figures if f is not None])
    height = TOP + ROW * len(named) + 4
    yield '<p class="hint">%s</p>' % text(chart.about)
    yield '<ul class="legend">%s</ul>' % "".join('<li><span class="sign s%d">%s</span> %s</li>' % (
        n, SIGNS[n], text(c)) for n, c in enumerate(chart.columns))
    yield '<svg class="chart" width="100%%" height="%d" role="img" aria-label="%s; its figures follow as a table">' % (
        height, text(chart.title))
    for place, label in scale.ticks():
        yield '<line class="tick" x1="%.2f%%" x2="%.2f%%" y1="%d" y2="%d"/><text class="at" x="%.2f%%" y="12">%s</text>' % (
            place, place, TOP - 4, height, place, label)
    for n, (name, figures, row) in enumerate(named):
        yield from _row(chart, name, figures, [row[i] for i in at], scale, TOP + ROW * n)
    yield "</svg>"
    yield "<details><summary>The figures</summary>%s</details>" % _table(head, rows)


def _name(names, cells):
    """`receive buffer`; of several cells `CPUs 1, RAM 64M`."""
    return cells[0] if len(cells) == 1 else ", ".join("%s %s" % (n.strip("`"), c) for n, c in zip(names, cells))


def _row(chart, name, figures, cells, scale, top):
    """A row: its name, and under it a line with the signs."""
    places = [scale.x(f) for f in figures if f is not None]
    yield '<text class="name" x="0.5%%" y="%d">%s</text>' % (top + 10, text(name))
    if places:
        yield '<line class="span" x1="%.2f%%" x2="%.2f%%" y1="%d" y2="%d"/>' % (
            min(places), max(places), top + 19, top + 19)
    for n, value in enumerate(figures):
        if value is not None:
            yield '<text class="sign s%d" x="%.2f%%" y="%d">%s<title>%s, %s: %s</title></text>' % (
                n, scale.x(value), top + 24, SIGNS[n], text(name), text(chart.columns[n]), text(cells[n]))


def _table(head, rows):
    return '<div class="scroll"><table><thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>' % (
        "".join('<th scope="col">%s</th>' % text(h) for h in head),
        "".join('<tr><th scope="row">%s</th>%s</tr>' % (text(row[0]), "".join(
            '<td class="n">%s</td>' % text(c) for c in row[1:])) for row in rows))
