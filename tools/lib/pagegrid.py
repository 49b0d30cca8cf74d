# SPDX-License-Identifier: MIT
"""The report's grid of rules and machines, and the legend of the names of cases."""

import os
import re

from findings import AGREE, GRAVITY, KNOWN, NEW, NOT_RUN, SKIPPED
from machine import TOP
from pageparts import SIGNS, WORDS, anchor, number, tag, text

LEGEND = {AGREE: "every case as the manual says",
          KNOWN: "listed for this machine, with a reason",
          NEW: "not listed, or listed but gone",
          SKIPPED: "this machine cannot exercise the rule",
          NOT_RUN: "there is no result"}
# More machines than these get narrow columns: upright heads and short figures.
FEW = 6
AXES = {
    "kind": "the access; the CPU itself makes those from frame on",
    "mode": "who makes it: the kernel, 64-bit or 32-bit (compat) code at CPL 3, code at CPL 1 or 2",
    "key": "the page's key",
    "rights": "the key's bits in IA32_PKRS",
    "others": "the other keys' bits; mix0 to mix3 differ for each key",
    "size": "of the page",
    "us": "U/S of the page; leaf-s, upper-s, upper2-s and so on: 0 only in the leaf, one level above it, two",
    "rw": "R/W of the page; upper-ro, upper2-ro and so on: 0 only one level above the leaf, two",
    "xd": "XD of the page; upper-nx, upper2-nx and so on: 1 only one level above the leaf, two",
    "present": "P of the page; upper-no and so on: 0 only above the leaf; rsvd, pml4-ps, pml5-ps: a reserved bit is set",
    "wp": "CR0.WP",
    "pks": "CR4.PKS",
    "pku": "off: CR4.PKE = 0; what PKRU says of the key; opposite: of what IA32_PKRS says",
    "smap": "CR4.SMAP and CR4.SMEP; ac: with EFLAGS.AC = 1",
    "levels": "of paging",
    "decoy": "key bits in the entries that map no page",
    "span": "whether the operand lies across two pages, and in which one its other half is",
    "tlb": "what is cached: nothing; the same access under the opposite setting (stale: a new key, not flushed), "
           "or in the other half (alias); an access of another sort",
    "flags": "A and D of the page before the access",
    "above": "A of the entries above it before the access",
    "half": "of the linear-address space",
}
SPACE = os.path.join(TOP, "tests", "matrix", "space.c")
# The kinds' names stand in the rows of these, in this order.
KINDS = [os.path.join(TOP, "tests", "matrix", name) for name in ("kinds_plain.h", "kinds.h")]


def section(machines, table):
    """The section of the grid."""
    differ = sum(row.worst() in (KNOWN, NEW) for row in table)
    lines = ['<section id="grid">', "<h2>Rule by machine</h2>", '<ul class="legend">']
    lines += ["<li>%s %s</li>" % (tag(f), LEGEND[f]) for f in (AGREE, KNOWN, NEW, SKIPPED, NOT_RUN)]
    lines += ["</ul>", '<p class="hint">The verdict is the gravest of the machines\'. The number in a cell '
              'counts the divergent cases (k: thousands, M: millions) and links to them. The name of a rule '
              'links to its text.</p>', _axes()]
    if differ:
        lines.append('<p><label><input type="checkbox" id="only"> only divergences '
                     "(%d of %d rules)</label></p>" % (differ, len(table)))
    head = ['<th scope="col">Rule</th>', '<th scope="col" class="worst">Verdict</th>']
    head += ['<th scope="col" class="n">%s</th>' % h for h in ("Cases", "Divergent")]
    head += ['<th scope="col" class="machine"><span>%s</span></th>' % text(m["machine"]) for m in machines]
    lines += ['<div class="scroll" tabindex="0"><table class="%s">' % ("many" if len(machines) > FEW else "few"),
              "<thead><tr>%s</tr></thead>" % "".join(head), "<tbody>"]
    lines += [_row(machines, row, len(machines) > FEW) for row in table]
    return "\n".join(lines + ["</tbody></table></div>", "</section>"])


def axes(source):
    """[(axis, [its values, the default first])] of the matrix's space, by the C source."""
    lists = {name: re.findall(r'"([^"]*)"', values) for name, values in re.findall(
        r"static const char \*const (\w+)\[\] = \{(.*?)\};", source, re.DOTALL)}
    lists["kinds"] = []
    for path in KINDS:
        with open(path, encoding="utf-8") as file:
            lists["kinds"] += re.findall(r'^\s*K\(\w+,\s*\w+,\s*"([^"]+)"', file.read(), re.MULTILINE)
    return [(name, lists[values]) for name, values in re.findall(r'= AXIS\("(\w+)", (\w+)\)', source)]


def _axes():
    """The legend of the names of cases."""
    with open(SPACE, encoding="utf-8") as file:
        found = axes(file.read())
    lines = ['<details id="axes"><summary>How cases are named: axes and their defaults</summary>',
             "<p>A case is a list of <code>axis:value</code>. An axis that it does not name has its default, "
             "the value in bold; <code>default</code> names none.</p>", "<dl>"]
    lines += ["<dt><code>%s</code></dt><dd>%s: <b><code>%s</code></b>%s</dd>" % (
        text(name), text(AXES[name]), text(values[0]),
        "".join(" <code>%s</code>" % text(v) for v in values[1:])) for name, values in found]
    return "\n".join(lines + ["</dl></details>"])


def short(count):
    """A count in at most four characters: 61k, 2.3M."""
    for size, unit in ((10 ** 9, "G"), (10 ** 6, "M"), (10 ** 3, "k")):
        if count >= size:
            figure = count / size
            return "%.1f%s" % (figure, unit) if figure < 9.95 else "%d%s" % (figure, unit)
    return str(count)


def _row(machines, row, many):
    figures = "".join('<td class="n" data-sort="%d">%s</td>' % (row.total(k), number(row.total(k)))
                      for k in ("cases", "divergent"))
    worst = row.worst()
    return '<tr class="%s"><th scope="row"><a href="#%s" title="%s">%s</a></th>%s%s%s</tr>' % (
        "differs" if worst in (KNOWN, NEW) else "same", anchor(row.name), text(row.says),
        text(row.name).replace("_", "_<wbr>"), '<td class="worst" data-sort="%d">%s</td>' % (
            GRAVITY.index(worst), '<span class="tag %s">%s %s</span>' % (
                worst, SIGNS[worst], WORDS[worst].replace(" divergence", '<span class="said"> divergence</span>'))),
        figures,
        "".join(_cell(row, m["machine"], many) for m in machines))


def _cell(row, machine, many):
    """The sign, with a count if there is one; the words are for screen readers."""
    fate = row.fate(machine)
    found = row.found.get(machine, {"divergent": 0, "reason": ""})
    weight = GRAVITY.index(fate) * 10 ** 12 + found["divergent"]
    words, inner = WORDS[fate], '%s<span class="said"> %s</span>' % (SIGNS[fate], WORDS[fate])
    if fate in (KNOWN, NEW):
        count = number(found["divergent"])
        words = "%s %s" % (count, words)
        inner = '<a href="#%s" data-short="%s">%s%s</a>' % (
            anchor(row.name, machine), short(found["divergent"]), SIGNS[fate],
            '<span class="said"> %s</span>' % words if many else
            ' %s<span class="said"> %s</span>' % (count, WORDS[fate]))
    return '<td class="cell %s" data-sort="%d" title="%s">%s</td>' % (
        fate, weight, text("%s: %s%s" % (machine, words,
                                         ", " + found["reason"] if found["reason"] else "")), inner)
