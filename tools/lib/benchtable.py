# SPDX-License-Identifier: MIT
"""The figures of a run with bench=on as one table to send back: a row for each operation, a column for
each type of core; below it how often each access of the probe for transient effects was seen."""

import re

import tables

_BENCH = re.compile(r"# bench ([a-z]\w*)(@\w+)? (?:min (\d+) median (\d+)(?: writes \d+)?|not measured: (.+))$")
_UNIT = re.compile(r"# bench unit: (.+)$")
_CORE = re.compile(r"# bench core (\w+): (.+)$")
_CLOCK = re.compile(r"# transient(@\w+)? clock cached (\d+) flushed (\d+) limit (\d+)$")
_SEEN = re.compile(r"# transient(@\w+)? ([a-z-]+) old (\d+) new (\d+) others (\d+) of (\d+)$")
ONE = "here"    # the column where all cores are of one type


def read(lines):
    """({name: {core: cell}}, [core, ...], unit, {core: what it is}) of the lines of a run."""
    rows, cores, unit, about = {}, [], "", {}
    for line in lines:
        bench, said, core = _BENCH.match(line), _UNIT.match(line), _CORE.match(line)
        if said:
            unit = said[1]
        elif core:
            about[core[1]] = core[2]
        elif bench:
            name, where, least, median, why = bench.groups()
            where = where[1:] if where else ONE
            if where not in cores:
                cores.append(where)
            rows.setdefault(name, {})[where] = "not measured: " + why if why else "%s/%s" % (least, median)
    return rows, cores, unit, about


def _transient(lines):
    """The lines about the probe, as a table."""
    clock = {m[1] or "": m for m in map(_CLOCK.match, lines) if m}
    seen = [m.groups() for m in map(_SEEN.match, lines) if m]
    if not seen:
        return []
    rows = [[(where or "@" + ONE)[1:], act, "%s of %s" % (old, of), "%s of %s" % (new, of), others,
             "%s/%s" % clock[where or ""].groups()[1:3] if (where or "") in clock else ""]
            for where, act, old, new, others, of in seen]
    return ["", "lines that loaded fast after each access (docs/HARDWARE.md, \"Transient accesses\"):"] + \
        tables.markdown(["core", "access", "old value", "new value", "other lines", "ticks cached/flushed"],
                        rows, pad=True)


def lines(log):
    """Both tables as lines; none if no bench ran."""
    rows, cores, unit, about = read(log)
    if not rows:
        return []
    head = ["operation"] + ["%s, min/median" % core for core in cores] + ["unit"]
    body = [[name] + [cells.get(core, "-") for core in cores] +
            ["" if all(cell.startswith("not") for cell in cells.values()) else "ticks"]
            for name, cells in rows.items()]
    return ["", "unit: " + (unit or "not said")] + ["core %s: %s" % pair for pair in about.items()] + \
        tables.markdown(head, body, pad=True) + _transient(log)
