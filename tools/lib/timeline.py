# SPDX-License-Identifier: MIT
"""Replay a trace dump: which context ran when on which CPU, with which rights.

A context is a thread, or one entry into an exception, system call, interrupt, softirq, work item or
NMI. The context that it interrupts waits below it on the stack of the current thread; a thread
switch changes stacks. Pure functions of tracedump.Dump; an impossible order of events is a
BadTrace.
"""

from tracedump import BadTrace
from tracemodel import Context, Mark, Pardon, Piece, Section, Timeline, may_write

# The first word of ENTER and LEAVE: a vector or one of these (kernel/cpu/{trace,x86}.h).
SYSCALL, SOFTIRQ, WORK = 0x100, 0x200, 0x300
EXCEPTIONS, PF, NMI_LIKE, UNCONDITIONAL = 32, 14, (2, 8, 18), (1, 2, 8, 18)
DEAD = 2        # enum thread_state
NAMES = {0: "#DE", 1: "#DB", 2: "NMI", 3: "#BP", 6: "#UD", 8: "#DF", 13: "#GP", 14: "#PF", 18: "#MC",
         0x40: "tick", 0x41: "self-IPI", 0xf0: "call", 0xf1: "reschedule", 0xf2: "recall"}


class _Frame:
    """A context on a stack."""
    def __init__(self, context, what, rights):
        self.context, self.what, self.rights = context, what, rights
        self.used, self.pieces, self.pardon = {}, [], None
        self.early = None   # rights that an interrupt found before their own event


class _Cpu:
    """A CPU: its current thread, since when its top frame runs, the keys lent to it."""
    def __init__(self, number, thread, since):
        self.number, self.thread, self.since = number, thread, since
        self.lent, self.lent_over = 0, None


class _Replay:
    """The state of the replay between two events."""
    def __init__(self, dump):
        self.dump, self.line = dump, Timeline(dump)
        self.stacks, self.whole, self.names = {}, set(), dict(dump.threads)
        self.cpus, self.section, self.open_keys = {}, None, {}

    def run(self):
        """Replay the whole dump; returns the Timeline."""
        line, start = self.line, self._start()
        events = [e for e in self.dump.events() if e.tsc >= start]
        if not events:
            return line
        line.cut = start > 0
        line.begin, line.end = events[0].tsc, events[-1].tsc
        for e in events:
            if e.type == "THREAD" and e.a not in self.names:
                self.names[e.a] = e.b.to_bytes(8, "little").split(b"\0")[0].decode("ascii", "replace")
        for number, ring in self.dump.rings.items():
            seen = [e for e in ring.events if e.tsc >= start]
            if seen:
                first = next((e.a >> 32 for e in seen if e.type == "SWITCH"), ring.thread)
                self.cpus[number] = _Cpu(number, first, seen[0].tsc)
                self._stack(first)
        for e in events:
            self._one(e)
        for cpu in self.cpus.values():
            self._close(cpu, line.end)
        if self.section:
            raise BadTrace("the dump of line %d: the section %r has no end" % (
                self.dump.line, self.section.name))
        return line

    def _start(self):
        """The time from which every CPU's events are kept; 0 if none were overwritten."""
        return max((r.events[0].tsc for r in self.dump.rings.values() if r.overwritten and r.events), default=0)

    # ---- contexts ----

    def _context(self, *args, **more):
        context = Context(*args, **more)
        self.line.contexts.append(context)
        return context

    def _stack(self, thread):
        if thread not in self.stacks:
            name = "thread %d %s" % (thread, self.names.get(thread, ""))
            self.stacks[thread] = [_Frame(self._context("thread", name.strip(), name.strip(), thread), None, None)]
        return self.stacks[thread]

    def _inner(self, what, cpu, outer):
        """A new context for an ENTER, or for a LEAVE without one."""
        name = NAMES.get(what, "vector %d" % what)
        if what >= WORK:
            kind, name, row = "work item", "work item", outer
        elif what >= SOFTIRQ:
            kind, name = "softirq", "softirq %d" % (what - SOFTIRQ)
        elif what == SYSCALL:
            kind, name, row = "system call", "system call", outer
        elif what in NMI_LIKE:
            kind = "NMI"
        elif what < EXCEPTIONS:
            kind, row = "exception", outer
        else:
            kind = "interrupt"
        if kind in ("softirq", "interrupt", "NMI"):
            row = "CPU %d %s" % (cpu, kind)
        return self._context(kind, name, row)

    def _close(self, cpu, tsc):
        """Close the piece of time that the top frame has run until now."""
        frame = self._stack(cpu.thread)[-1]
        if tsc > cpu.since:
            rights = frame.rights
            if rights is not None and cpu.lent and rights == cpu.lent_over:
                rights &= ~cpu.lent
            piece = Piece(frame.context, cpu.number, cpu.since, tsc, rights,
                          frozenset(p for p, write in frame.used.items() if write))
            frame.pieces.append(piece)
            frame.context.pieces.append(piece)
            self.line.pieces.append(piece)
        cpu.since = tsc

    def _bad(self, e, why):
        raise BadTrace("the dump of line %d: %s at TSC %d on CPU %d: %s" % (
            self.dump.line, e.type, e.tsc, e.cpu, why))

    def _learn(self, frame, rights):
        """Take rights that an event reports but did not set."""
        if frame.rights is None:
            for piece in frame.pieces:
                piece.rights = rights if piece.rights is None else piece.rights
        elif frame.rights != rights:
            self.line.unseen += 1
            frame.early = rights
        frame.rights = rights

    # ---- events ----

    def _one(self, e):
        cpu = self.cpus[e.cpu]
        self._close(cpu, e.tsc)
        stack = self._stack(cpu.thread)
        handler = getattr(self, "_" + e.type.lower(), None)
        before = stack[-1]
        if e.type not in ("RIGHTS", "ENTER", "LEAVE", "SWITCH"):
            before.early = None
        if handler:
            handler(e, cpu, stack)
        else:
            self.line.marks.append(Mark(e, before.context))
        self._end_of_lent(e, cpu)
        self._end_of_rights(self._stack(cpu.thread)[-1], e.tsc)

    def _enter(self, e, cpu, stack):
        self._learn(stack[-1], e.b & 0xffffffff)
        stack.append(_Frame(self._inner(e.a, e.cpu, stack[-1].context.row), e.a, e.b >> 32))

    def _leave(self, e, cpu, stack):
        top = stack[-1]
        if top.what is None:
            self._entered_before_record(e, cpu, stack)
            top = stack[-1]
        if top.what != e.a:
            self._bad(e, "%s is left, but the innermost context is %s" % (NAMES.get(e.a, e.a), top.context.name))
        stack.pop()
        self._end(top.context, e.tsc, "the end of its context")
        self._pardon_in_force(e, cpu, top, stack[-1])
        stack[-1].rights = e.b & 0xffffffff

    def _entered_before_record(self, e, cpu, stack):
        """Handle a context entered before the record: the time until now was its."""
        if cpu.thread in self.whole:
            self._bad(e, "%s is left, but was not entered" % NAMES.get(e.a, e.a))
        bottom = stack[0]
        inner = self._inner(e.a, e.cpu, bottom.context.row)
        for piece in bottom.pieces:
            piece.context = inner
            bottom.context.pieces.remove(piece)
            inner.pieces.append(piece)
        stack[:] = [_Frame(bottom.context, None, None), bottom]
        bottom.context, bottom.what = inner, e.a

    def _switch(self, e, cpu, stack):
        to, gone = e.a & 0xffffffff, e.a >> 32
        if gone != cpu.thread:
            self._bad(e, "thread %d is switched out, but thread %d ran" % (gone, cpu.thread))
        if e.b >> 32 == DEAD:
            for frame in stack:
                self._end(frame.context, e.tsc, "the end of its thread")
            self.stacks.pop(gone)
        cpu.thread = to
        self._learn(self._stack(to)[-1], e.b & 0xffffffff)

    def _thread(self, e, _cpu, _stack):
        self.stacks.pop(e.a, None)
        self.whole.add(e.a)

    def _rights(self, e, _cpu, stack):
        """A write's event comes after that of an interrupt between the mirror's write and it."""
        if stack[-1].early == e.a & 0xffffffff:
            self.line.unseen -= 1
        stack[-1].rights, stack[-1].early = e.a & 0xffffffff, None

    def _use_begin(self, e, _cpu, stack):
        stack[-1].used[(e.a, e.b >> 8)] = e.b & 1

    def _use_end(self, e, _cpu, stack):
        if (e.a, e.b >> 8) not in stack[-1].used and not self.line.cut:
            self._bad(e, "the use of frame %d has not begun" % e.a)
        stack[-1].used.pop((e.a, e.b >> 8), None)

    def _scenario_begin(self, e, _cpu, _stack):
        if self.section:
            self._bad(e, "the section %r has not ended" % self.section.name)
        number = e.a & 0xffffffff
        self.section = Section(number, self.dump.scenarios.get(number, "scenario %d" % number),
                               e.a >> 32 & 0xff, e.a >> 40, e.b, e.tsc)

    def _scenario_end(self, e, _cpu, _stack):
        if not self.section and self.line.cut:
            self._scenario_begin(e, _cpu, _stack)
            self.section.begin, self.section.cut = self.line.begin, True
        if not self.section or self.section.id != e.a & 0xffffffff:
            self._bad(e, "no such section has begun")
        self.section.end = e.tsc
        self.line.sections.append(self.section)
        self.section = None

    # ---- pardons ----

    def _is_global(self, key):
        return self.section.policy & 0xff == 2 if self.section else self.open_keys.get(key, 0) > 0

    def _pardon(self, e, cpu, stack):
        self.line.marks.append(Mark(e, stack[-1].context))
        if stack[-1].what != PF or len(stack) < 2:
            return          # without trace=on there are no ENTER events to find the context
        stack[-1].pardon = Pardon(stack[-2].context, e.b, e.a, e.tsc, cpu.number, self._is_global(e.b))
        self.line.pardons.append(stack[-1].pardon)

    def _pardon_in_force(self, e, cpu, fault, frame):
        """The page fault ends: the pardoned right is in force from now on."""
        if not fault.pardon:
            return
        fault.pardon.in_force = e.tsc
        if may_write(e.b, fault.pardon.key):
            fault.pardon.lent = False
        elif fault.pardon.lent:
            if cpu.lent_over != e.b & 0xffffffff:
                cpu.lent = 0
            cpu.lent |= 3 << 2 * fault.pardon.key
            cpu.lent_over = e.b & 0xffffffff

    def _end_of_lent(self, e, cpu):
        """End a loan at a register write, which every NMI makes, or at the key's last close."""
        rights = self._stack(cpu.thread)[-1].rights
        if e.type in ("GLOBAL_OPEN", "GLOBAL_CLOSE"):
            self.open_keys[e.a] = e.b
            self.line.marks.append(Mark(e, self._stack(cpu.thread)[-1].context))
        if e.type == "GLOBAL_CLOSE" and e.b == 0:
            for other in self.cpus.values():
                self._close(other, max(other.since, e.tsc))
                self._take_back(other, 3 << 2 * e.a, e.tsc, "closing")
        elif cpu.lent and (e.type == "RIGHTS" or rights != cpu.lent_over or
                           e.type in ("ENTER", "LEAVE") and e.a in UNCONDITIONAL):
            self._take_back(cpu, cpu.lent, e.tsc, "a write of the register")

    def _take_back(self, cpu, bits, tsc, why):
        cpu.lent &= ~bits
        for pardon in self.line.pardons:
            if pardon.lent and pardon.end is None and pardon.in_force is not None and \
                    pardon.cpu == cpu.number and bits >> 2 * pardon.key & 3:
                pardon.end, pardon.why = tsc, why

    def _end_of_rights(self, frame, tsc):
        for pardon in self.line.pardons:
            if pardon.context is frame.context and pardon.end is None and not pardon.lent and \
                    pardon.in_force is not None and not may_write(frame.rights, pardon.key):
                pardon.end, pardon.why = tsc, "a change of rights"

    def _end(self, context, tsc, why):
        context.ended = tsc
        for pardon in self.line.pardons:
            if pardon.context is context and pardon.end is None and not pardon.lent:
                pardon.end, pardon.why = tsc, why

    def _global_open(self, e, cpu, stack):
        """Counted in _end_of_lent()."""

    _global_close = _global_open


def replay(dump):
    """The dump as a Timeline."""
    return _Replay(dump).run()
