# SPDX-License-Identifier: MIT
"""The report: the verdict, the machines, the grid, the rules, and what the manual leaves open."""

import re

import pagegrid
from divergence import shell as quoted
from findings import AGREE, GRAVITY, KNOWN, NEW, rows
from pageparts import SIGNS, WORDS, anchor, case, number, plural, shell, tag, text

TITLE = "Keyward: who keeps the rules of protection keys"
LEAD = """\
<p class="lead">Protection keys for supervisor pages (PKS) let a kernel close memory to itself: each page
carries one of 16 keys, and a register of each CPU holds the rights of every key at the moment.
Intel's manual (the SDM) says when an access must fault and what the fault must report. Keyward makes
accesses of every kind under the combinations of page-table bits, control registers and rights
(one of these is a <em>case</em>), and compares each outcome with the manual, never with another emulator.
<strong>If you maintain an emulator or validate a CPU</strong>, you find here the smallest case
that goes wrong and the command that repeats it. <strong>If you write a kernel</strong>, you see
which rule holds on which machine.</p>"""


def page(machines, timelines="", pictures=""):
    """The whole page; `timelines` is a section that tracepage made, `pictures` one of charts."""
    table = rows(machines)
    return shell(TITLE, ("page.css", "chart.css", "trace.css"), ("page.js", "trace.js"), [
        LEAD, _verdict(machines, table)], [
        _machines(machines, table), pagegrid.section(machines, table), _rules(machines, table),
        _corners(machines), pictures, timelines])


def command(words):
    """A command as HTML, quoted so that a shell takes it as it stands."""
    return text(quoted(words.split(" ")))


def _fates(machine, table):
    """{fate: number of rules with it} on this machine."""
    fates = [row.fate(machine["machine"]) for row in table]
    return {fate: fates.count(fate) for fate in GRAVITY}


# ---- the verdict and the machines ----

def _verdict(machines, table):
    """The verdict in one line, and a warning if the machines booted different kernels."""
    fates = [row.fate(m["machine"]) for row in table for m in machines]
    bad = ["%s (%s)" % (m["machine"], m["status"]) for m in machines if m["status"] != "ok"]
    counts = "%s, %s, %s. In the grid: %s agree, %s, %s." % (
        plural(len(machines), "machine"), plural(len(table), "rule"),
        plural(sum(m["cases"] for m in machines), "case"), number(fates.count(AGREE)),
        plural(fates.count(KNOWN), "known divergence"), plural(fates.count(NEW), "new divergence"))
    lines = ['<p class="verdict %s"><strong>%s</strong> %s</p>' % (
        NEW if bad else AGREE, "✗ Not as expected: %s." % text(", ".join(bad)) if bad else
        "✓ All as expected.", counts)]
    if len({m["image"] for m in machines}) > 1:
        lines.append('<p class="verdict known"><strong>≈ Not one image.</strong> These machines did '
                     'not all boot the same kernel; run tools/matrix again to compare them.</p>')
    return "\n".join(lines)


def _machines(machines, table):
    head = [("Machine", ""), ("Verdict", ""), ("Rules", ""), ("Cases", "n"), ("Divergent", "n"),
            ("Seconds", "n"), ("Slice", ""), ("Levels", ""), ("Date", ""), ("Image", ""),
            ("Version", "long")]
    lines = ['<section id="machines">', "<h2>The machines</h2>", '<div class="scroll"><table>',
             "<thead><tr>%s</tr></thead>" % "".join('<th scope="col" class="%s">%s</th>' % (c, h)
                                                    for h, c in head), "<tbody>"]
    lines += [_machine(machine, _fates(machine, table)) for machine in machines]
    lines.append("</tbody></table></div>")
    problems = [(m["machine"], p) for m in machines for p in m["problems"]]
    if problems:
        lines += ["<details open><summary>What was not as expected</summary>", '<ul class="problems">']
        lines += ["<li>✗ <strong>%s</strong>: %s</li>" % (text(m), text(p)) for m, p in problems]
        lines.append("</ul></details>")
    lines.append("<details><summary>What each one is, its command and its image</summary><dl>")
    for machine in machines:
        lines.append('<dt>%s</dt><dd>%s<br><code class="command">%s</code><br>image <code>%s</code><br>kernel: %s</dd>' % (
            text(machine["machine"]), text(machine["about"]), command(machine["command"]),
            text(machine["image"]), text(machine["kernel"])))
    return "\n".join(lines + ["</dl></details>", "</section>"])


def _machine(machine, fates):
    """The row of a machine."""
    good = machine["status"] == "ok"
    counted = " ".join('<span class="count %s" title="%s">%s %d</span>' % (
        f, WORDS[f], SIGNS[f], fates[f]) for f in reversed(GRAVITY) if fates[f])
    figures = [number(machine["cases"]), number(machine["divergent"]), "%.1f" % machine["seconds"]]
    cells = [("short", '<span class="tag %s">%s %s</span>' % (
        AGREE if good else NEW, "✓" if good else "✗", text(machine["status"]))), ("short", counted)]
    cells += [("n", f) for f in figures]
    cells += [("short", text(machine[k])) for k in ("slice", "levels", "date")]
    cells.append(("short", '<code title="%s">%s</code>' % (text(machine["image"]),
                                                           text(machine["image"][:8]))))
    cells.append(("long", text(machine["emulator"])))
    return '<tr><th scope="row" title="%s">%s</th>%s</tr>' % (
        text(machine["about"]), text(machine["machine"]), "".join('<td class="%s">%s</td>' % c for c in cells))


# ---- rule by rule ----

def _rules(machines, table):
    return "\n".join(['<section id="rules">', "<h2>Rule by rule</h2>"] +
                     [_rule(machines, row) for row in table] + ["</section>"])


def _rule(machines, row):
    """A rule's text, the machines by fate, and the classes of divergent cases."""
    worst = row.worst()
    differs = worst in (KNOWN, NEW)
    lines = ['<details class="rule %s" id="%s"%s>' % ("differs" if differs else "same",
                                                      anchor(row.name), " open" if differs else ""),
             '<summary>%s <code>%s</code> <span class="says">%s</span></summary>' % (
                 tag(worst), text(row.name), text(row.says)),
             '<p class="section">SDM, &ldquo;%s&rdquo;</p>' % text(row.section) if row.section else "",
             '<ul class="fates">']
    for fate in reversed(GRAVITY):
        lines += _who(machines, row, fate)
    lines.append("</ul>")
    lines += [_class(row, one, seen) for one, seen in row.classes()]
    return "\n".join(lines + ["</details>"])


def _who(machines, row, fate):
    """Yield the machines with this fate; machines with the same note share a line."""
    by_note = {}
    for machine in machines:
        name = machine["machine"]
        if row.fate(name) != fate:
            continue
        found = row.found.get(name, {"reason": "", "cases": 0})
        note, who = found["reason"], text(name)
        if fate in (KNOWN, NEW):
            who = '<span id="%s"><strong>%s</strong> %s of %s</span>' % (
                anchor(row.name, name), who, number(found["divergent"]), number(found["cases"]))
        elif fate == AGREE:
            note = note or plural(found["cases"], "case")
        by_note.setdefault(note, []).append(who)
    for note, who in by_note.items():
        yield "<li>%s %s%s</li>" % (tag(fate), ", ".join(who), ": " + text(note) if note else "")


def _class(row, one, seen):
    """A class: its smallest case, the expected and observed outcome, and its machines."""
    fate = KNOWN if all(there["known"] for there in seen.values()) else NEW
    expected, observed = _differences(one["expected"], one["observed"])
    lines = ['<article class="class %s">' % fate,
             "<h3>Smallest case %s</h3>" % case(one["case"]), '<dl class="outcome">',
             "<dt>expected</dt><dd><code>%s</code></dd>" % expected,
             "<dt>observed</dt><dd><code>%s</code></dd>" % observed,
             "<dt>depends on</dt><dd>%s</dd>" % _axes(one["needs"]), "</dl>"]
    by_reason = {}
    for name, there in seen.items():
        by_reason.setdefault(there["known"], {})[name] = there
    for reason, who in by_reason.items():
        lines += _seen(reason, who)
    return "\n".join(lines + ["</article>"])


def _seen(reason, who):
    """Yield the table of the machines that show a class for one reason, or without one."""
    yield "<p>%s %s</p>" % (tag(KNOWN if reason else NEW), text(reason or "not on the machine's list"))
    yield '<table class="seen"><thead><tr>%s</tr></thead><tbody>' % "".join(
        '<th scope="col"%s>%s</th>' % (' class="n"' if h == "Cases" else "", h)
        for h in ("Machine", "Cases", "First case", "Repeat with"))
    for name, there in who.items():
        yield ('<tr><th scope="row">%s</th><td class="n">%s</td><td>%s</td>'
               '<td><code class="command">%s</code></td></tr>' % (
                   text(name), number(there["count"]), case(there["first"]), command(there["command"])))
    yield "</tbody></table>"


def _differences(one, other):
    """Both outcomes as HTML; if they share words, the other words are bold."""
    parts = [re.findall(r"\w+|\W", s) for s in (one, other)]
    if not any(p.isalnum() and p in parts[1] for p in parts[0]):
        return text(one), text(other)
    return tuple("".join("<b>%s</b>" % text(p) if p.isalnum() and p not in theirs else text(p)
                         for p in mine) for mine, theirs in (parts, parts[::-1]))


def _axes(needs):
    """`kind:add|push;rights:ad` as one line for each axis."""
    if not needs:
        return "nothing: every case differs"
    found = []
    for axis in needs.split(";"):
        name, _, values = axis.partition(":")
        found.append("<li><code>%s</code>: %s</li>" % (text(name), " or ".join(
            "<code>%s</code>" % text(v) for v in values.split("|"))))
    return '<ul class="axes">%s</ul>' % "".join(found)


# ---- what the manual leaves open ----

def _corners(machines):
    """The table of corners and their outcomes; machines with the same outcomes share a row."""
    seen = {}
    for machine in machines:
        for line in machine["observed"]:
            corner, _, outcomes = line.partition(" ")
            seen.setdefault(corner, {}).setdefault(outcomes, []).append(machine["machine"])
    lines = ['<section id="corners">', "<h2>Corners that were observed</h2>",
             "<p>The manual leaves these open or states them in two ways, so no outcome is wrong. "
             "Each outcome stands with its number of cases.</p>"]
    if not seen:
        return "\n".join(lines + ["<p>No machine reported one.</p>", "</section>"])
    lines += ['<div class="scroll"><table>', '<thead><tr><th scope="col">Corner</th><th scope="col">'
              'Observed</th><th scope="col">Machines</th></tr></thead>', "<tbody>"]
    for corner, by_outcome in seen.items():
        for outcomes, who in by_outcome.items():
            lines.append('<tr><th scope="row">%s</th><td>%s</td><td>%s</td></tr>' % (
                text(corner), _outcomes(outcomes), text(", ".join(who))))
    return "\n".join(lines + ["</tbody></table></div>", "</section>"])


def _outcomes(words):
    """`PK=1:1024 PK=0:0` as outcomes and counts."""
    found = []
    for word in words.split():
        counted = re.fullmatch(r"(.+):([0-9]{1,18})", word)
        shown = "<code>%s</code>" % text(counted[1] if counted else word)
        if counted:
            shown += " &times;&thinsp;" + number(int(counted[2]))
        found.append('<span class="corner">%s</span>' % shown)
    return " ".join(found)
