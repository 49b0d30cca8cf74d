# SPDX-License-Identifier: MIT
"""The report as one HTML page that needs no network and no scripts, with every value escaped.

Every value comes from a machine's console, so none is trusted: text() is the only way into the
page, and the page's policy allows no script and no style but the two that are put in here.
"""

import base64
import hashlib
import html
import os
import re

from findings import AGREE, GRAVITY, KNOWN, NEW, NOT_RUN, SKIPPED, rows

FOLDER = os.path.dirname(os.path.abspath(__file__))
TITLE = "Keyward: who keeps the rules of protection keys"
SIGNS = {AGREE: "✓", KNOWN: "≈", NEW: "✗", SKIPPED: "–", NOT_RUN: "·"}
WORDS = {AGREE: "agrees", KNOWN: "known divergence", NEW: "new divergence", SKIPPED: "skipped",
         NOT_RUN: "not run"}
LEGEND = {AGREE: "every case as the manual says",
          KNOWN: "listed for this machine, with a reason",
          NEW: "not listed, or listed but gone",
          SKIPPED: "this machine cannot exercise the rule",
          NOT_RUN: "there is no result"}
LEAD = """\
<p class="lead">Protection keys for supervisor pages (PKS) let a kernel close memory to itself: each page
carries one of 16 keys, and a register of each CPU holds the rights of every key at the moment.
Intel's manual (the SDM) says when an access must fault and what the fault must report. Keyward makes
accesses of every kind under the combinations of page-table bits, control registers and rights
(one of these is a <em>case</em>), and compares each outcome with the manual, never with another emulator.
<strong>If you maintain an emulator or validate a CPU</strong>, you find here the smallest case
that goes wrong and the command that repeats it. <strong>If you write a kernel</strong>, you see
which rule holds on which machine.</p>"""


def page(machines, timelines=""):
    """The whole page; `timelines` is a section that tracepage made."""
    table = rows(machines)
    return shell(TITLE, ("page.css", "trace.css"), ("page.js", "trace.js"), [
        LEAD, _verdict(machines, table)], [
        _machines(machines, table), _grid(machines, table), _rules(machines, table),
        _corners(machines), timelines])


def shell(title, styles, scripts, header, main):
    """A page of these parts; its policy allows only the named scripts and styles of this folder."""
    style, script = ("\n".join(map(_asset, files)) for files in (styles, scripts))
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src %s; script-src %s" % (
        _hash(style), _hash(script))
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="%s">' % policy,
        "<title>%s</title>" % text(title), "<style>%s</style>" % style, "</head>", "<body>",
        "<header>", "<h1>%s</h1>" % text(title), *header, "</header>", "<main>", *main, "</main>",
        "<script>%s</script>" % script, "</body>", "</html>", ""])


# ---- small parts ----

def text(value):
    """A value as HTML; characters that do not print or change the direction become \\u codes."""
    shown = "".join(c if c.isprintable() else "\\u%04x" % ord(c) for c in str(value))
    return html.escape(shown)


def number(value):
    """A count with thousands separators."""
    return "{:,}".format(value)


def case(value):
    """A case as HTML, with a possible line break after each axis."""
    return "<code>%s</code>" % text(value).replace(",", ",<wbr>")


def anchor(*names):
    """An id for these names; different names get different ids."""
    return "~".join(re.sub(r"[^A-Za-z0-9_.-]", lambda m: "~%x~" % ord(m[0]), n)
                    for n in ("rule",) + names)


def tag(fate):
    """The coloured word for a fate, with its sign."""
    return '<span class="tag %s">%s %s</span>' % (fate, SIGNS[fate], WORDS[fate])


def _asset(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _hash(content):
    digest = hashlib.sha256(content.encode()).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode()


def plural(count, word):
    """`1 case`, `2 cases`."""
    return "%s %s%s" % (number(count), word, "" if count == 1 else "s")


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
        lines.append("<dt>%s</dt><dd>%s<br><code>%s</code><br>image <code>%s</code></dd>" % tuple(
            text(machine[k]) for k in ("machine", "about", "command", "image")))
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


# ---- the grid ----

def _grid(machines, table):
    differ = sum(row.worst() in (KNOWN, NEW) for row in table)
    lines = ['<section id="grid">', "<h2>Rule by machine</h2>", '<ul class="legend">']
    lines += ["<li>%s %s</li>" % (tag(f), LEGEND[f]) for f in (AGREE, KNOWN, NEW, SKIPPED, NOT_RUN)]
    lines += ["</ul>", '<p class="hint">The number in a cell counts the divergent cases and links '
              'to them. The name of a rule links to its text.</p>']
    if differ:
        lines.append('<p><label><input type="checkbox" id="only"> only divergences '
                     "(%d of %d rules)</label></p>" % (differ, len(table)))
    head = ['<th scope="col">Rule</th>'] + ['<th scope="col" class="n">%s</th>' % h
                                            for h in ("Cases", "Divergent")]
    head += ['<th scope="col" class="machine">%s</th>' % text(m["machine"]) for m in machines]
    lines += ['<div class="scroll"><table>', "<thead><tr>%s</tr></thead>" % "".join(head), "<tbody>"]
    lines += [_row(machines, row) for row in table]
    return "\n".join(lines + ["</tbody></table></div>", "</section>"])


def _row(machines, row):
    figures = "".join('<td class="n" data-sort="%d">%s</td>' % (row.total(k), number(row.total(k)))
                      for k in ("cases", "divergent"))
    return '<tr class="%s"><th scope="row"><a href="#%s" title="%s">%s</a></th>%s%s</tr>' % (
        "differs" if row.worst() in (KNOWN, NEW) else "same", anchor(row.name), text(row.says),
        text(row.name), figures, "".join(_cell(row, m["machine"]) for m in machines))


def _cell(row, machine):
    """The sign, with a count if there is one; the words are for screen readers."""
    fate = row.fate(machine)
    found = row.found.get(machine, {"divergent": 0, "reason": ""})
    weight = GRAVITY.index(fate) * 10 ** 12 + found["divergent"]
    if fate in (KNOWN, NEW):
        inner = '<a href="#%s">%s %s<span class="said"> %s</span></a>' % (
            anchor(row.name, machine), SIGNS[fate], number(found["divergent"]), WORDS[fate])
    elif fate == AGREE:
        inner = '%s<span class="said"> %s</span>' % (SIGNS[fate], WORDS[fate])
    else:
        inner = "%s %s" % (SIGNS[fate], WORDS[fate])
    return '<td class="cell %s" data-sort="%d" title="%s">%s</td>' % (
        fate, weight, text("%s: %s%s" % (machine, WORDS[fate],
                                         ", " + found["reason"] if found["reason"] else "")), inner)


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
                   text(name), number(there["count"]), case(there["first"]), text(there["command"])))
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
