# SPDX-License-Identifier: MIT
"""A timeline in the Trace Event Format of Perfetto and chrome://tracing, one track for each row."""

from tracemodel import KEYS, may_read, may_write

INSTANTS = ("FAULT", "PARDON", "WARN", "REFUSE", "DEATH", "MODE", "KEY", "MARK", "STEP_END", "KMAP", "KUNMAP",
            "KMAP_LOCAL", "KUNMAP_LOCAL", "KMAP_THREAD", "KUNMAP_THREAD", "GLOBAL_OPEN", "GLOBAL_CLOSE")


def rights_words(rights, init):
    """The keys open beyond the initial rights, as `1:rw 9:r`; "initial" if there are none."""
    if rights is None:
        return "unknown"
    opened = ["%d:%s" % (key, "rw" if may_write(rights, key) else "r") for key in range(KEYS)
              if may_read(rights, key) and rights >> 2 * key & 3 != init >> 2 * key & 3]
    return " ".join(opened) or "initial"


def events(timelines, symbols=None):
    """The list of trace events; each dump is a process."""
    out = []
    for pid, line in enumerate(timelines, 1):
        out.append({"ph": "M", "name": "process_name", "pid": pid, "tid": 0,
                    "args": {"name": "dump of line %d" % line.dump.line}})
        out += _of(line, pid, symbols or {})
    return out


def _of(line, pid, symbols):
    rows, scale = {}, 1000 / line.dump.khz if line.dump.khz else 1
    for context in line.contexts:
        rows.setdefault(context.row, len(rows) + 1)
    for row, tid in rows.items():
        yield {"ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": {"name": row}}
        yield {"ph": "M", "name": "thread_sort_index", "pid": pid, "tid": tid, "args": {"sort_index": tid}}

    def slice_of(name, kind, piece, **args):
        return {"ph": "X", "name": name, "cat": kind, "pid": pid, "tid": rows[piece.context.row],
                "ts": (piece.begin - line.begin) * scale, "dur": (piece.end - piece.begin) * scale,
                "args": dict(args, tsc=piece.begin, cpu=piece.cpu)}

    for piece in line.pieces:
        yield slice_of(piece.context.name, "running", piece)
        words = rights_words(piece.rights, line.dump.init)
        if words != "initial":
            yield slice_of(words, "rights", piece, rights="%08x" % (piece.rights or 0))
    for mark in line.marks:
        if mark.event.type in INSTANTS:
            e = mark.event
            yield {"ph": "i", "s": "t", "name": e.type, "cat": "event", "pid": pid, "tid": rows[mark.context.row],
                   "ts": (e.tsc - line.begin) * scale,
                   "args": {"tsc": e.tsc, "a": "%x" % e.a, "b": symbols.get(e.b, "%x" % e.b)}}
    for section in line.sections:
        yield {"ph": "X", "name": section.name, "cat": "section", "pid": pid, "tid": 0,
               "ts": (section.begin - line.begin) * scale, "dur": (section.end - section.begin) * scale,
               "args": {"mode": section.words()[0], "gate": section.words()[1], "scope": section.words()[2]}}
