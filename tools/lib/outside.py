# SPDX-License-Identifier: MIT
"""A machine that plays the rounds of tests/outside, and an NMI at one instruction of a round."""

import contextlib
import os
import re
import subprocess
import time
from dataclasses import dataclass

import debugging
import gdbremote
import places
from emulator import die_with_parent
from machine import TOP, SetupError

# In the order of enum pks_scope, and of outside_nmi() in tests/outside/nmi.c.
SCOPES = ("context", "instruction", "global")
HANDLERS = ("nothing", "maps", "pardoned", "steps", "lends")
TEST = "outside.one_nmi_leaves_a_round_as_it_was"
HOSTED, NMIS, RIP = 0, 4, 5             # words of struct outside
PATIENCE = 20                           # seconds for a round, of which some last a millisecond
WRONG = re.compile(r"^ +# \S+:\d+: |# PANIC: |^ +not ok |# ERROR")


class Broken(Exception):
    """The kernel fails without an NMI from outside: nothing can be said of those."""


@dataclass
class Case:
    """One NMI: the place, and what runs there."""
    place: places.Place
    scope: int
    handler: int
    first: int

    def again(self):
        """The words for tools/inject to run this case alone."""
        return "--at %s --scope %s --handler %s --first %d" % (
            self.place.name, SCOPES[self.scope], HANDLERS[self.handler], self.first)


class Machine:
    """A context manager: one boot, stopped at the beginning of a round between two calls."""

    def __init__(self, build, where):
        elf = os.path.join(build, "keyward.elf")
        self.state = places.symbol(elf, "outside")
        self.next = places.symbol(elf, "outside_next")
        self.build, self.where, self.seen, self.remote = build, where, 0, None

    def __enter__(self):
        gate = os.path.join(self.where, "gdb")
        self.console = os.path.join(self.where, "console")
        command = debugging.launch("qemu", self.build, ["tests=" + TEST], self.where)
        command += ["-S", "-chardev", "socket,id=gdb,path=%s,server=on,wait=off" % gate,
                    "-gdb", "chardev:gdb"]
        self.out = open(self.console, "wb")
        self.qemu = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=self.out,
                                     preexec_fn=die_with_parent)
        while not os.path.exists(gate):
            if self.qemu.poll() is not None:
                raise SetupError("QEMU did not start")
            time.sleep(0.02)
        self.remote = gdbremote.Remote(gate)
        self.remote.insert(self.next)
        try:
            self.remote.run(100)
        except (gdbremote.Late, gdbremote.Gone):
            what = "no round ends, even without NMIs from outside:\n" + "".join(self.lines()[-12:])
            self.__exit__()
            raise Broken(what) from None
        return self

    def __exit__(self, *_):
        if self.remote:
            self.remote.close()
        self.qemu.kill()
        self.qemu.wait()
        self.out.close()
        with contextlib.suppress(FileNotFoundError):    # QEMU 10 removes it as it ends
            os.remove(os.path.join(self.where, "gdb"))

    def lines(self):
        """What the console has printed since the last call."""
        with open(self.console, "rb") as f:
            f.seek(self.seen)
            new = f.read()
        self.seen += len(new)
        return new.decode("utf-8", "replace").splitlines(True)

    def leave(self, address, seconds=PATIENCE):
        """Run on from a breakpoint that stays; returns the next stop."""
        self.remote.remove(address)
        self.remote.step()
        self.remote.insert(address)
        return self.remote.run(seconds)

    def begin(self, scope, handler, first):
        """Write the plan of the round that begins."""
        self.remote.write(self.state, [1, scope, handler, first, 0, 0])

    def reach(self, wanted, scope):
        """Play a round without an NMI; returns which of the addresses were come to."""
        reached, left = set(), set(wanted)
        for address in left:
            self.remote.insert(address)
        self.begin(scope, 0, 0)
        try:
            here = self.leave(self.next)
            while here in left:
                reached.add(here)
                left.remove(here)
                self.remote.remove(here)
                here = self.remote.run(PATIENCE)
        except (gdbremote.Late, gdbremote.Gone):
            here = 0
        if here != self.next:
            raise Broken("a round without NMIs does not end:\n" + "".join(self.lines()[-12:]))
        for address in left:
            self.remote.remove(address)
        return reached

    def play(self, case):
        """Play one case. Returns what went wrong, "" if nothing did, None if it was not reached.

        Late and Gone say that the machine is lost.
        """
        address = case.place.address
        self.lines()
        self.remote.insert(address)
        self.begin(case.scope, case.handler, case.first)
        here = self.leave(self.next)
        self.remote.remove(address)
        if here == self.next:
            return None
        if here != address:
            raise gdbremote.Gone("stopped at %x" % here)
        self.remote.monitor("nmi")
        self.remote.run(PATIENCE)
        nmis, rip = self.remote.read(self.state + 8 * NMIS, 2)
        wrong = [line.strip() for line in self.lines() if WRONG.search(line)]
        if nmis != 1:
            wrong.append("expected one NMI, %d came" % nmis)
        elif rip != address:
            wrong.append("expected the NMI's frame to say %x, it says %x" % (address, rip))
        return "\n".join(wrong)

    def finish(self):
        """Let the test end; returns whether the machine's own verdict is good."""
        self.remote.write(self.state + 8 * HOSTED, [0])
        self.remote.remove(self.next)
        try:
            self.remote.run(60)
        except (gdbremote.Gone, gdbremote.Late):
            pass
        return any("# Totals: pass:1 fail:0" in line for line in self.lines())

    def where_is_it(self):
        """For a machine that hangs: where it is."""
        try:
            return "%x" % self.remote.halt()
        except (gdbremote.Gone, gdbremote.Late):
            return "an unknown place"
