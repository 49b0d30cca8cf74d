# SPDX-License-Identifier: MIT
"""The timeline as HTML: a row for each context, and under it a bar for each key while it is open.

All console text goes through page.text(). Positions are percentages of the width, so that the
picture is complete without a script; the script enlarges it.
"""

from dataclasses import dataclass, field

import exposure
from pageparts import number, plural, shell, text
from tracejson import rights_words
from tracemodel import KEYS, may_read, may_write

RUN, LANE, TOP, GAP, AXIS = 9, 12, 13, 7, 22       # heights in pixels
BARS = {"thread": "thread", "exception": "exception or system call (ochre)",
        "interrupt": "interrupt, softirq or NMI", "work-item": "work item"}
MARKS = {"FAULT": ("▼", "fault"), "PARDON": ("◆", "pardon"), "WARN": ("!", "warning"),
         "REFUSE": ("✖", "no pardon"), "DEATH": ("†", "a thread dies"), "MODE": ("m", "mode"),
         "STEP_END": ("¦", "end of a stepped instruction"), "GLOBAL_OPEN": ("⊞", "opened for all"),
         "GLOBAL_CLOSE": ("⊟", "closed for all"), "KEY": ("k", "key of pages"), "MARK": ("•", "mark")}
MARKS.update({"KMAP" + w: ("⊕", "kmap" + w.lower()) for w in ("", "_LOCAL", "_THREAD")})
MARKS.update({"KUNMAP" + w: ("⊖", "kunmap" + w.lower()) for w in ("", "_LOCAL", "_THREAD")})
HOW = """\
<p class="hint">Time runs to the right, in TSC ticks (instructions, on machines that count them so). The
upper bar of a row shows when the context runs; its colour is the kind of the context. Below it, a bar for each key that is open beyond the initial
rights: <span class="how">filled</span> for writing, <span class="how">hatched</span> for reading only, a thin
line while the context waits with the right, a dotted frame while it has declared the use of a page. In mode
off, CR4.PKS is 0: the register closes nothing, and the key is open to every context, always. Point at
a part for details. Once a picture has the focus, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> enlarge, reduce and
fit it, and the arrow keys move it.</p>"""
MAKE = """\
<p class="hint">There is none yet. <code>tools/run qemu trace=on 'tests=trace.a_scenario*'</code> makes one, and
<code>tools/trace build/logs/qemu.log --keep build/trace/qemu.dump</code> keeps it for this page.</p>"""


@dataclass
class Row:
    """A row of the picture: its contexts, and the keys that they open at any time."""
    name: str
    contexts: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    top: int = 0

    def height(self):
        """The row's height in pixels."""
        return TOP + RUN + LANE * len(self.keys) + GAP


def page(name, lines, symbols):
    """A whole page for the dumps of one log."""
    return shell("Keyward: who held which right when", ("page.css", "trace.css"), ("trace.js",),
                 ['<p class="lead">From <code>%s</code>: %s.</p>' % (text(name), plural(len(lines), "dump"))],
                 [timelines([(name, lines)], symbols)])


def timelines(logs, symbols):
    """A section for [(name, [Timeline])]; without timelines it says how to make one."""
    out = ['<section id="timelines">', "<h2>Who held which right when</h2>", HOW, _legend()]
    pictures = [(name, line, part) for name, lines in logs for line in lines for part in line.sections or [None]]
    out += [_figure(n, name, line, part, symbols) for n, (name, line, part) in enumerate(pictures)] or [MAKE]
    return "\n".join(out + ["</section>"])


def summary(line):
    """A line of text about a dump."""
    lost = sum(r.overwritten for r in line.dump.rings.values())
    return "%s of %s, %s overwritten; %s; %s" % (
        plural(sum(len(r.events) for r in line.dump.rings.values()), "event"),
        plural(line.dump.cpus, "CPU"), number(lost), plural(len(line.contexts), "context"),
        plural(len(line.sections), "section"))


def _legend():
    signs = {}
    for sign, words in MARKS.values():
        signs.setdefault(sign, words.split("_")[0])
    bars = '<svg class="bar timeline" width="24" height="9" aria-hidden="true"><rect class="run %s" width="24" ' \
        'height="7" y="1"/></svg>'
    items = [(bars % kind, words) for kind, words in BARS.items()]
    items += [('<span class="sign">%s</span>' % sign, words) for sign, words in signs.items()]
    return '<ul class="legend">%s</ul>' % "".join("<li>%s %s</li>" % item for item in items)


def _figure(number_, name, line, part, symbols):
    begin, end = (part.begin, part.end) if part else (line.begin, line.end)
    if end <= begin:
        return "<p>%s, line %d: fewer than two events</p>" % (text(name), line.dump.line)
    view = View("t%d" % number_, line, begin, end, symbols, part.key if part and part.words()[0] == "off" else None)
    title = "%s, line %d" % (name, line.dump.line)
    about = [summary(line)]
    if part:
        title = part.name
        about = ["%s, line %d: mode %s, gate %s, scope %s; key %d on %s" % (
            (name, line.dump.line) + part.words() + (part.key, plural(part.pages, "page")))]
    return "\n".join(['<article class="timeline">', "<h3>%s</h3>" % text(title),
                      '<p class="quiet">%s</p>' % text(about[0]), _figures(line, part),
                      '<div class="lanes">', view.names(), '<div class="over" tabindex="0" role="img" '
                      'aria-label="timeline of %s">' % text(title), view.picture(), "</div>", "</div>", "</article>"])


def _figures(line, part):
    """The exposure figures of a section."""
    if not part or not line.dump.armed:
        return ""
    one = next(f for f, s in zip(exposure.sections(line), line.sections) if s is part)
    facts = ["exposure for writing <strong>%s</strong> page ticks of %s" % (
        number(one["exposure"]), number(one["ticks"]))]
    facts += ["pardons of %s: %d, open for %s in the median, %s at most" % (
        text(p["kind"]), p["count"], number(int(p["median"])), number(p["max"])) for p in one["pardons"]]
    if one["whole"]:
        facts.insert(0, "<strong>not whole</strong>: %s" % text(one["whole"]))
    return "<p>%s.</p>" % "; ".join(facts)


class View:
    """A span of a timeline as two SVGs: the names of the rows, and their bars and signs."""
    def __init__(self, ident, line, begin, end, symbols, off=None):
        self.id, self.line, self.zero, self.symbols = ident, line, begin, symbols
        self.off = off      # the section's key in mode off, which no register closes
        margin = 1 + (end - begin) // 60
        self.begin, self.end = begin - margin, end + margin
        rows = {}
        for context in line.contexts:
            if any(self.visible(p.begin, p.end) for p in context.pieces):
                rows.setdefault(context.row, Row(context.row)).contexts.append(context)
        self.rows, y = list(rows.values()), AXIS
        for row in self.rows:
            row.keys = [k for k in range(KEYS) if any(self.access(p, k) for c in row.contexts for p in c.pieces
                                                      if self.visible(p.begin, p.end))]
            row.top, y = y, y + row.height()
        self.height = y

    def visible(self, begin, end):
        """True if the time is in view."""
        return end > self.begin and begin < self.end

    def access(self, piece, key):
        """"write" or "read" if the rights go beyond the initial ones, else ""."""
        if key == self.off:
            return "write"
        if piece.rights is None or piece.rights >> 2 * key & 3 == self.line.dump.init >> 2 * key & 3:
            return ""
        return "write" if may_write(piece.rights, key) else "read" if may_read(piece.rights, key) else ""

    def x(self, time):
        """A time as a percentage of the width."""
        time = min(max(time, self.begin), self.end)
        return "%.4f%%" % (100 * (time - self.begin) / (self.end - self.begin))

    def width(self, begin, end):
        """A span of time as a percentage of the width."""
        begin, end = max(begin, self.begin), min(end, self.end)
        return "%.4f%%" % (100 * (end - begin) / (self.end - self.begin))

    def names(self):
        """The SVG of the left column."""
        out = ['<svg class="names" width="230" height="%d" aria-hidden="true">' % self.height]
        for row in self.rows:
            out.append('<text x="4" y="%d">%s</text>' % (row.top + TOP + RUN, text(row.name[:32])))
            for n, key in enumerate(row.keys):
                owner = self.line.dump.keys.get(key, ("", 0))[0]
                out.append('<text x="20" y="%d" class="lane">key %d %s</text>' % (
                    row.top + TOP + RUN + LANE * (n + 1) - 1, key, text(owner[:22])))
        return "".join(out) + "</svg>"

    def picture(self):
        """The SVG of the right column."""
        keys = sorted({k for row in self.rows for k in row.keys})
        out = ['<svg class="time" width="100%%" height="%d">' % self.height, "<defs>"]
        out += ['<pattern id="%s-k%d" class="k%d" width="5" height="5" patternUnits="userSpaceOnUse" '
                'patternTransform="rotate(45)"><rect width="2" height="5"/></pattern>' % (self.id, k, k % 6)
                for k in keys]
        out += ["</defs>"] + list(self.axis())
        for row in self.rows:
            out.append('<line class="rule" x1="0" x2="100%%" y1="%d" y2="%d"/>' % (row.top, row.top))
            for context in row.contexts:
                out += self.context(row, context)
        for mark in self.line.marks:
            out += self.mark(mark)
        return "".join(out) + "</svg>"

    def axis(self):
        """Lines and labels of time; the finer ones show when the picture is enlarged."""
        step = 10 ** max(0, len(str((self.end - self.begin) // 10)) - 1)
        step = next(step * f for f in (1, 2, 5, 10) if (self.end - self.begin) / (step * f) <= 12)
        for level, each in enumerate((step, max(1, step // 10), max(1, step // 100))):
            for time in range(0, self.end - self.zero, each):
                if level and time % (each * 10) == 0:
                    continue
                at = self.x(self.zero + time)
                yield ('<g class="l%d"><line class="tick" x1="%s" x2="%s" y1="%d" y2="%d"/><text x="%s" y="12" '
                       'class="at" dx="2">%s</text></g>' % (level, at, at, AXIS - 8, self.height, at, _ticks(time)))

    def context(self, row, context):
        """The bars of a context."""
        pieces = [p for p in context.pieces if self.visible(p.begin, p.end)]
        for begin, end, last in _merged(pieces, lambda p: p.cpu):
            yield self.bar("run %s" % context.kind.replace(" ", "-"), row.top + TOP, RUN - 2, begin, end,
                           "%s runs on CPU %d\nfrom %s for %s" % (
                               context.name, last.cpu, _ticks(begin - self.zero), number(end - begin)))
        for n, key in enumerate(row.keys):
            yield from self.lane(context, pieces, key, row.top + TOP + RUN + LANE * n)

    def lane(self, context, pieces, key, y):
        """The bars of an open key: running, waiting, and declared uses."""
        for a, b in zip(pieces, pieces[1:]):
            if a.end < b.begin and self.access(a, key) and self.access(b, key):
                yield self.bar("waits k%d" % (key % 6), y + LANE // 2 - 1, 1, a.end, b.begin,
                               "%s waits with key %d open" % (context.name, key))
        for begin, end, last in _merged(pieces, lambda p: self.access(p, key)):
            how = self.access(last, key)
            if how:
                yield self.bar("%s %s%d" % (how, "e" if how == "read" else "k", key % 6), y + 1, LANE - 4, begin, end,
                               "%s: key %d open for %s\nfrom %s for %s\nrights %s" % (
                                   context.name, key, how + ("ing" if how == "read" else ""),
                                   _ticks(begin - self.zero), number(end - begin),
                                   "of no effect: CR4.PKS is 0" if key == self.off else
                                   rights_words(last.rights, self.line.dump.init)),
                               'fill="url(#%s-k%d)"' % (self.id, key) if how == "read" else "")
        for begin, end, last in _merged(pieces, lambda p: frozenset(u for u in p.used if u[1] == key)):
            frames = sorted(pfn for pfn, of in last.used if of == key)
            if frames:
                yield self.bar("used", y - 1, LANE, begin, end, "%s has declared to write page frame %s" % (
                    context.name, ", ".join(map(str, frames))))

    def bar(self, kind, y, height, begin, end, title, more=""):
        """A rectangle with a tooltip."""
        return '<rect class="%s" x="%s" width="%s" y="%d" height="%d" %s><title>%s</title></rect>' % (
            kind, self.x(begin), self.width(begin, end), y, height, more, "\n".join(map(text, title.split("\n"))))

    def mark(self, mark):
        """A sign above the event's context."""
        e, row = mark.event, next((r for r in self.rows if r.name == mark.context.row), None)
        if not row or e.type not in MARKS or not self.begin <= e.tsc <= self.end:
            return
        sign, words = MARKS[e.type]
        by = self.symbols.get(e.b)
        title = "%s %x%s\nat %s in %s" % (words, e.a, " by " + by if by else " %x" % e.b,
                                         _ticks(e.tsc - self.zero), mark.context.name)
        yield '<text class="mark %s" x="%s" y="%d">%s<title>%s</title></text>' % (
            e.type.lower(), self.x(e.tsc), row.top + TOP - 2, sign, "\n".join(map(text, title.split("\n"))))


def _merged(pieces, same):
    """(begin, end, last piece) of each run of equal pieces without a gap."""
    first = last = None
    for piece in pieces:
        if last is None or last.end != piece.begin or same(last) != same(piece):
            if last is not None:
                yield first.begin, last.end, last
            first = piece
        last = piece
    if last is not None:
        yield first.begin, last.end, last


def _ticks(count):
    """A number of ticks in short form."""
    if count < 0:
        return "-" + _ticks(-count)
    for size, unit in ((10 ** 9, "G"), (10 ** 6, "M"), (10 ** 3, "k")):
        if count >= size:
            return ("%.3f" % (count / size)).rstrip("0").rstrip(".") + unit
    return str(count)
