# SPDX-License-Identifier: MIT
"""Read the kernel's trace dumps (kernel/trace/trace_dump.c) from a console log.

A dump is accepted whole or not at all: a missing, cut, garbled or contradictory line is a BadTrace
that names the line. docs/DEBUGGING.md describes the format.
"""

import heapq
import re
from dataclasses import dataclass, field

VERSION = 1
MARK = "#T "
MOMENT = 1 << 32     # TSC ticks for which writing an event may be interrupted
_LINES = {
    "begin": r"begin (?P<version>[0-9a-f]+) cpus (?P<cpus>[0-9a-f]+) khz (?P<khz>[0-9a-f]+) "
             r"types (?P<types>[0-9a-f]+) init (?P<init>[0-9a-f]+)(?P<armed> armed)?",
    "type": r"type ([0-9a-f]{2}) ([A-Z_]+)",
    "key": r"key ([0-9a-f]) pages ([0-9a-f]+) (.+)",
    "thread": r"thread ([0-9a-f]+) ?(.*)",
    "scenario": r"scenario ([0-9a-f]+) (.+)",
    "cpu": r"cpu ([0-9a-f]+) recorded ([0-9a-f]+) kept ([0-9a-f]+) overwritten ([0-9a-f]+) "
           r"thread ([0-9a-f]+)",
    "event": r"([0-9a-f]{2}) ([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)",
    "lost": r"lost",
}
_LINES = {kind: re.compile(text + r"\Z") for kind, text in _LINES.items()}
_END = re.compile(r"end ([0-9a-f]+) ([0-9a-f]{8})\Z")


class BadTrace(Exception):
    """A damaged dump; the message says where and why."""


@dataclass(frozen=True)
class Event:
    """One event of a CPU at a time (TSC)."""
    cpu: int
    tsc: int
    type: str
    a: int
    b: int


@dataclass
class Ring:
    """The record of one CPU, and the thread that ran there when the dump was made."""
    recorded: int
    kept: int
    overwritten: int
    thread: int
    events: list = field(default_factory=list)
    gaps: int = 0


@dataclass
class Dump:
    """One dump. `line` is its first line in the log, counted from 1."""
    line: int
    khz: int = 0
    init: int = 0
    armed: bool = False
    cpus: int = 0
    types: dict = field(default_factory=dict)
    keys: dict = field(default_factory=dict)         # key -> (owner, pages)
    threads: dict = field(default_factory=dict)      # id -> name
    scenarios: dict = field(default_factory=dict)    # id -> name
    rings: dict = field(default_factory=dict)        # CPU -> Ring
    text: list = field(default_factory=list)         # its lines, for tools/trace --keep

    def events(self):
        """All events by time; the events of each CPU keep their order."""
        return heapq.merge(*(r.events for r in self.rings.values()), key=lambda e: e.tsc)


def checksum(lines):
    """FNV-1a, 32 bits, of lines without their mark."""
    value = 2166136261
    for line in lines:
        for byte in line.encode("utf-8", "surrogateescape"):
            value = (value ^ byte) * 16777619 & 0xffffffff
    return value


def read(lines):
    """The list of dumps in a log's lines. BadTrace if one is damaged."""
    dumps, current, begun = [], None, 0
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        at = line.find(MARK)
        if at < 0:
            continue
        if at:
            raise BadTrace("line %d: %r stands before the trace's mark" % (number, line[:at][:40]))
        line = line[len(MARK):]
        if line.startswith("begin "):
            if current is not None:
                raise BadTrace("line %d: a dump begins before that of line %d has ended" % (number, begun))
            current, begun = [], number
        if current is None:
            raise BadTrace("line %d: a line of a dump that has not begun" % number)
        end = _END.match(line)
        if not end:
            current.append((number, line))
            continue
        _check(current, int(end[1], 16), int(end[2], 16), number)
        dumps.append(_parse(current))
        dumps[-1].text = [MARK + text for _, text in current] + [MARK + line]
        current = None
    if current is not None:
        raise BadTrace("line %d: the dump that begins here has no end" % begun)
    return dumps


def _check(lines, count, total, number):
    if len(lines) != count:
        raise BadTrace("line %d: the dump should have %d lines, but has %d" % (number, count, len(lines)))
    if checksum(text for _, text in lines) != total:
        raise BadTrace("line %d: the dump's sum is wrong: one of its lines is damaged" % number)


def _parse(lines):
    """Make a dump of its lines, which are complete; they must not contradict each other."""
    dump, ring, tsc, names = Dump(lines[0][0]), None, 0, 0
    for number, text in lines:
        kind, found = _kind(number, text)
        if (kind == "begin") != (number == lines[0][0]):
            raise BadTrace("line %d: a line in the wrong place: %s" % (number, text))
        if kind == "begin":
            if int(found["version"], 16) != VERSION:
                raise BadTrace("line %d: version %s; this tool reads %x" % (number, found["version"], VERSION))
            dump.cpus, dump.khz, dump.init, names = (int(found[k], 16)
                                                     for k in ("cpus", "khz", "init", "types"))
            dump.armed = bool(found["armed"])
        elif kind == "type":
            dump.types[int(found[1], 16)] = found[2]
        elif kind == "key":
            dump.keys[int(found[1], 16)] = (found[3], int(found[2], 16))
        elif kind in ("thread", "scenario"):
            getattr(dump, kind + "s")[int(found[1], 16)] = found[2]
        elif kind == "cpu":
            cpu, tsc = int(found[1], 16), 0
            ring = Ring(*(int(found[i], 16) for i in (2, 3, 4, 5)))
            if cpu in dump.rings or ring.kept + ring.overwritten != ring.recorded:
                raise BadTrace("line %d: this CPU's counts contradict each other: %s" % (number, text))
            dump.rings[cpu] = ring
        elif ring is None:
            raise BadTrace("line %d: an event before the first CPU" % number)
        elif kind == "lost":
            ring.gaps += 1
        else:
            kind, delta, a, b = (int(found[i], 16) for i in (1, 2, 3, 4))
            tsc = tsc + delta & 0xffffffffffffffff
            if kind not in dump.types:
                raise BadTrace("line %d: an event of type %02x, which has no name" % (number, kind))
            ring.events.append(Event(cpu, tsc, dump.types[kind], a, b))
    _consistent(dump, names)
    return dump


def _kind(number, text):
    for kind, pattern in _LINES.items():
        found = pattern.match(text)
        if found:
            return kind, found
    raise BadTrace("line %d: not a line of a dump: %s" % (number, text[:60]))


def _consistent(dump, names):
    if len(dump.types) != names:
        raise BadTrace("line %d: %d names of types, not %d" % (dump.line, len(dump.types), names))
    if sorted(dump.rings) != list(range(dump.cpus)):
        raise BadTrace("line %d: %d CPUs, but rings of %s" % (dump.line, dump.cpus, sorted(dump.rings)))
    for cpu, ring in dump.rings.items():
        if len(ring.events) != ring.kept:
            raise BadTrace("line %d: CPU %d has kept %d events, but the dump has %d" % (
                dump.line, cpu, ring.kept, len(ring.events)))
        # An NMI can interrupt the writing of an event: the NMI's event then has the later number
        # and the earlier time.
        if any(x.tsc - y.tsc > MOMENT for x, y in zip(ring.events, ring.events[1:])):
            raise BadTrace("line %d: time goes back on CPU %d" % (dump.line, cpu))
        ring.events.sort(key=lambda e: e.tsc)
