# SPDX-License-Identifier: MIT
"""Exposure figures from a replayed trace: how long contexts could write pages that they do not use.

A section's exposure for writing is the sum, over contexts and pages with the section's key, of the
time in which the context ran with the right to write the key without a declared use of the page.
A context that waits adds nothing. The unit is a TSC tick times a page. What a stray write would hit
also counts the pages that the policy would pardon it on.
"""

import statistics

from tracedump import BadTrace
from tracemodel import KINDS, may_write

SIZES = (4, 64, 1024, 16384)    # of the range, in pages


def sections(timeline):
    """The figures of each section of a timeline, as plain dictionaries."""
    if timeline.sections and not timeline.dump.armed:
        raise BadTrace("the dump of line %d: without trace=on no rights were traced" % timeline.dump.line)
    return [_section(timeline, s) for s in timeline.sections]


def _section(timeline, section):
    whole = _whole(timeline, section)
    mode, gate, scope = section.words()
    by_context, unknown = {}, 0
    for piece in timeline.pieces:
        time = min(piece.end, section.end) - max(piece.begin, section.begin)
        if time <= 0:
            continue
        off = mode == "off"     # CR4.PKS = 0: everything is open, whatever the register holds
        if piece.rights is None and not off:
            unknown += time
            continue
        row = by_context.setdefault((piece.context.kind, piece.context.name, piece.context.row), dict(
            context=piece.context.name, kind=piece.context.kind, row=piece.context.row, ran=0, open=0,
            declared=0, exposure=0))
        row["ran"] += time
        if off or may_write(piece.rights, section.key):
            used = sum(key == section.key for _, key in piece.used)
            row["open"] += time
            row["declared"] += time * used
            row["exposure"] += time * max(0, section.pages - used)
    rows = sorted(by_context.values(), key=lambda r: -r["exposure"])
    return {
        "id": section.id, "name": section.name, "mode": mode, "gate": gate, "scope": scope,
        "key": section.key, "pages": section.pages, "begin": section.begin, "end": section.end,
        "ticks": section.end - section.begin, "whole": whole, "unknown": unknown,
        "exposure": sum(r["exposure"] for r in rows), "contexts": rows,
        "pardons": _pardons(timeline, section),
        "hits": {pages: _hits(timeline, section, pages) for pages in SIZES},
    }


def _marks(timeline, section):
    """[(time, page frames)] that are marked from that time on. With one CPU: pieces end at each event."""
    counts, found = {}, [(section.begin, frozenset())]
    for event in timeline.dump.events():
        if event.type in ("KMAP", "KUNMAP") and section.begin <= event.tsc <= section.end:
            counts[event.a] = counts.get(event.a, 0) + (1 if event.type == "KMAP" else -1)
            found.append((event.tsc, frozenset(pfn for pfn, n in counts.items() if n > 0)))
    return found


def _hits(timeline, section, pages):
    """
    Page ticks in which a stray write would have passed, by (gate kmapped, gate any), if the range had
    so many pages: what the drivers do does not depend on that (the suite `exposure` tries each size).
    """
    mode, _, scope = section.words()
    marks, kmapped, any_ = _marks(timeline, section), 0, 0
    for piece in timeline.pieces:
        time = min(piece.end, section.end) - max(piece.begin, section.begin)
        if time <= 0:
            continue
        used = frozenset(pfn for pfn, key in piece.used if key == section.key)
        open_ = mode == "off" or piece.rights is not None and may_write(piece.rights, section.key)
        marked = [frames for at, frames in marks if at <= max(piece.begin, section.begin)][-1]
        if open_ or mode == "silent" and scope == "global" and marked:
            kmapped += time * (pages - len(used))
        elif mode == "silent" and scope != "global":
            kmapped += time * len(marked - used)
        any_ += time * (pages - len(used)) if open_ or mode == "silent" else 0
    return kmapped, any_


def _whole(timeline, section):
    """"" for a whole section, else what is missing; figures of such a section are too small."""
    if section.cut:
        return "its begin has been overwritten"
    for cpu, ring in timeline.dump.rings.items():
        if ring.gaps:
            return "CPU %d has lost %d events" % (cpu, ring.gaps)
    return ""


def _open_time(pardon, timeline, until):
    """The time that the right was in force while a context ran that could use it."""
    if pardon.in_force is None:
        return 0
    end = min(until, pardon.end if pardon.end is not None else until)
    of = (p for p in timeline.pieces if p.rights is not None and may_write(p.rights, pardon.key) and
          (p.cpu == pardon.cpu if pardon.lent else p.context is pardon.context))
    return sum(max(0, min(p.end, end) - max(p.begin, pardon.in_force)) for p in of)


def _pardons(timeline, section):
    """The lengths of the pardons' windows, by the kind of the pardoned context."""
    found = {}
    for pardon in timeline.pardons:
        if section.begin <= pardon.begin < section.end and pardon.key == section.key:
            found.setdefault(pardon.context.kind, []).append(pardon)
    rows = []
    for kind in sorted(found, key=KINDS.index):
        some = found[kind]
        ran = [_open_time(p, timeline, section.end) for p in some]
        span = [min(section.end, section.end if p.end is None else p.end) - p.begin for p in some]
        rows.append({"kind": kind, "scope": section.words()[2], "count": len(some),
                     "left_open": sum(p.end is None or p.end > section.end for p in some),
                     "median": statistics.median(ran), "max": max(ran),
                     "elapsed_median": statistics.median(span), "elapsed_max": max(span)})
    return rows


def table(figures):
    """The figures as lines of text."""
    if not figures:
        return ["no section: the dump has no trace_scenario_begin()"]
    lines = []
    for f in figures:
        lines += ["%s: mode %s, gate %s, scope %s, key %d on %d page%s, %d ticks" % (
            f["name"], f["mode"], f["gate"], f["scope"], f["key"], f["pages"], "s" * (f["pages"] != 1), f["ticks"])]
        if f["whole"]:
            lines += ["  NOT WHOLE: %s; the figures below are too small" % f["whole"]]
        if f["unknown"]:
            lines += ["  rights unknown for %d ticks, which are not counted" % f["unknown"]]
        lines += ["  exposure for writing %d page ticks" % f["exposure"]]
        lines += ["  %-34s %12s %12s %12s %12s" % ("context", "ran", "open", "declared", "exposure")]
        lines += ["  %-34s %12d %12d %12d %12d" % (
            _name(r), r["ran"], r["open"], r["declared"], r["exposure"]) for r in f["contexts"]]
        if f["pardons"]:
            lines += ["  %-34s %12s %12s %12s %12s" % ("pardons of", "count", "median", "maximum", "left open")]
            lines += ["  %-34s %12d %12d %12d %12d" % (p["kind"], p["count"], p["median"], p["max"],
                                                      p["left_open"]) for p in f["pardons"]]
    return lines


def _name(row):
    return row["context"] if row["context"] == row["row"] else "%s in %s" % (row["context"], row["row"])
