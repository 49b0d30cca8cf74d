# SPDX-License-Identifier: MIT
"""Drive the Bochs debugger: start it with the kernel's symbols, send commands, read answers."""

import os
import re
import select
import subprocess
import time

import debugging
from emulator import Emulator
from machine import TOP

_PROMPT = re.compile(rb"<bochs:\d+> $")
_STOP = re.compile(r"^\(\d\)\.?(?:\[\d+\])? \[0x[0-9a-f]+\] [0-9a-f]{4}:([0-9a-f]{16}) "
                   r"\((\S+)\+([0-9a-f]+)\)", re.MULTILINE)
_ENTRY = re.compile(r"^ *(?:PML4|PDPE|PDE|PTE): 0x([0-9a-f]{16})", re.MULTILINE)


def command(build, arguments, where, rc="", own=None):
    """The command that starts Bochs (or `own`, a build of it) with debugger, magic breakpoints and the
    kernel's symbols."""
    table, commands = os.path.join(where, "symbols"), os.path.join(where, "commands")
    with open(table, "w", encoding="ascii") as file:
        for address, name in debugging.symbols(build):
            file.write("0x%x %s\n" % (address, name))
    with open(commands, "w", encoding="utf-8") as file:
        file.write('ldsym global "%s"\n%s' % (table, rc))
    words = debugging.launch("bochs", build, arguments, where, own)
    flags = words.index("-q")       # flags come before the words of the configuration
    return words[:flags] + ["-debugger", "-rc", commands] + words[flags:] + ["magic_break: enabled=1"]


class Gone(Exception):
    """Bochs has ended or does not answer; carries its last output."""


class Bochs:
    """A context manager: Bochs in its debugger, before the first instruction."""

    def __init__(self, build, arguments, where):
        # With a pipe instead of a terminal the prompt has no colours and nothing is lost.
        with open(os.path.join(where, "errors"), "wb") as errors:
            self.emulator = Emulator(command(build, arguments, where), TOP, errors,
                                     stdin=subprocess.PIPE)
        self.process = self.emulator.process
        self.output = ""        # everything, the kernel's console too
        self.rip, self.function, self.offset = 0, "", 0     # the last stop

    def __enter__(self):
        try:
            self._answer(20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.emulator.__exit__()

    def _answer(self, limit):
        """The output up to the next prompt."""
        pipe, text, until = self.process.stdout.fileno(), b"", time.monotonic() + limit
        while not _PROMPT.search(text):
            left = until - time.monotonic()
            chunk = b""
            if left > 0 and select.select([pipe], [], [], left)[0]:
                chunk = os.read(pipe, 65536)
            if not chunk:
                self.output += text.decode("utf-8", "replace")
                raise Gone("%s:\n%s" % ("no answer within %d s" % limit if left <= 0 else
                                        "Bochs has ended", self.output[-2000:]))
            text += chunk
        answer = _PROMPT.sub(b"", text).decode("utf-8", "replace")
        self.output += answer
        for stop in _STOP.finditer(answer):
            self.rip, self.function = int(stop[1], 16), stop[2]
            self.offset = int(stop[3], 16)
        return answer

    def ask(self, text, limit=10):
        """Run one command; returns its output, with the kernel's in between."""
        os.write(self.process.stdin.fileno(), text.encode() + b"\n")
        return self._answer(limit).partition("\n")[2]

    def go(self, limit=90):
        """Continue to the next breakpoint."""
        return self.ask("c", limit)

    def go_to_end(self, limit=60):
        """Continue until the machine has shut down; returns the session's whole output."""
        try:
            self.go(limit)
        except Gone:
            if self.process.wait(5) is not None:
                return self.output
        raise Gone("the machine did not end:\n" + self.output[-2000:])

    def _number(self, text, pattern):
        answer = self.ask(text)
        found = re.search(pattern, answer, re.MULTILINE)
        if not found:
            raise Gone("not understood: %s: %s" % (text, answer))
        return int(found[1].replace("_", ""), 16)

    def pkrs(self):
        """IA32_PKRS, from the CPU's state and not from the kernel's memory."""
        return self._number('show "cpu0.pkrs"', r"^pkrs = 0x([0-9a-f]+)")

    def register(self, name):
        """A general register."""
        return self._number("r", r"^%-3s: ([0-9a-f]{8}_[0-9a-f]{8})" % name)

    def fault_address(self):
        """CR2."""
        return self._number("creg", r"^CR2=page fault laddr=0x([0-9a-f]+)")

    def word(self, address):
        """Eight bytes of memory; the address may be a symbol in quotes."""
        if isinstance(address, int):
            address = "0x%x" % address
        return self._number("x /1gx %s" % address, r">:\s*0x([0-9a-f]+)")

    def leaf(self, address):
        """The paging-structure entry that maps a linear address."""
        answer = self.ask("page 0x%x" % address)
        entries = _ENTRY.findall(answer)
        if not entries:
            raise Gone("not mapped: %s" % answer)
        return int(entries[-1], 16)
