# SPDX-License-Identifier: MIT
"""The instructions that tools/inject sends NMIs to, from the kernel's own disassembly."""

import fnmatch
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from machine import TOP, SetupError

# Entry, exit and switch; rights; maps. All functions of a file, but for `apart`.
FILES = ("kernel/entry.S", "kernel/switch.S", "kernel/nmi_stack.c", "pks/pkrs.c",
         "pks/policy/global.c", "mm/kmap/kmap.c", "mm/kmap/kmap_local.c", "mm/kmap/kmap_stack.c",
         "mm/kmap/kmap_thread.c")
# What a header's inline functions become in one that uses them all.
INLINED = {"outside_rights": ("pks/rights.h", "pks/pkrs.h")}
ALSO = ("policy_read", "policy_write")      # the accesses that are pardoned
APART = ("trap_stubs",)     # 256 times the same two pushes and a jump

FUNCTION = re.compile(r"([0-9a-f]{16}) <([^>]+)>:$")
LINE = re.compile(r"(?:\./)*(\S+):(\d+)(?: \(.*\))?$")
PADDING = re.compile(r"(cs |data16 )*nop|xchg %ax,%ax")
INSTRUCTION = re.compile(r"\s*([0-9a-f]{16}):\s+(\S.*)$")


@dataclass
class Place:
    """One instruction."""
    address: int
    function: str
    offset: int
    text: str
    file: str
    line: int

    @property
    def name(self):
        """Function and offset."""
        return "%s+%#x" % (self.function, self.offset)

    def is_padding(self):
        """True for a NOP: where nothing reaches it, it only aligns what follows."""
        return bool(PADDING.match(self.text))

    def source(self):
        """Its line of source text."""
        try:
            with open(os.path.join(TOP, self.file), encoding="utf-8") as f:
                return " ".join(f.read().splitlines()[self.line - 1].split())
        except (OSError, IndexError):
            return ""


def _functions(elf):
    tool = next((t for t in ("objdump", "llvm-objdump") if shutil.which(t)), None)
    if not tool or not os.path.exists(elf):
        raise SetupError("%s, or objdump to read it, is not there; this builds it: make iso" % elf)
    text = subprocess.run([tool, "-d", "-l", "--no-show-raw-insn", "-j", ".text", elf],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    function, places, file, line = None, [], "", 0
    for row in text.splitlines():
        head, source, code = FUNCTION.match(row), LINE.match(row), INSTRUCTION.match(row)
        if head:
            if places:
                yield places
            function, places, file, line = (head[2], int(head[1], 16)), [], "", 0
        elif source:
            file, line = source[1], int(source[2])
        elif code and function:
            address = int(code[1], 16)
            places.append(Place(address, function[0], address - function[1],
                                " ".join(code[2].split()), file, line))
    yield places


def _chosen(places):
    name = places[0].function
    if name in APART:
        return []
    if name in INLINED:
        return [p for p in places if p.file in INLINED[name]]
    return places if name in ALSO or any(p.file in FILES for p in places) else []


def read(elf):
    """Every chosen instruction, in the order of addresses."""
    return [place for places in _functions(elf) for place in _chosen(places)]


def symbol(elf, name):
    """The address of a variable or function."""
    tool = next((t for t in ("nm", "llvm-nm") if shutil.which(t)), None)
    if tool:
        for row in subprocess.run([tool, elf], stdout=subprocess.PIPE, text=True,
                                  check=True).stdout.splitlines():
            if row.split()[-1] == name:
                return int(row.split()[0], 16)
    raise SetupError("%s has no %s" % (elf, name))


def named(place, globs):
    """True if a glob names the place or its function."""
    return any(fnmatch.fnmatchcase(n, g) for g in globs for n in (place.name, place.function))


def runs(chosen, reached):
    """The unreached instructions, as runs of neighbours in one function."""
    run = []
    for place in chosen:
        if run and (place.address in reached or place.function != run[-1].function):
            yield run
            run = []
        if place.address not in reached and not place.is_padding():
            run.append(place)
    if run:
        yield run


class Unreached:
    """The list of what no round reaches; see there for the form."""

    def __init__(self, path, chosen):
        paranoid = any(p.function == "pkrs_mirror_lies" for p in chosen)
        self.entries = []
        with open(path, encoding="utf-8") as f:
            for row in f.read().splitlines():
                what, equals, _ = row.rpartition(" = ")
                if equals and not row.startswith("#") and (paranoid or what[:10] != "PARANOID: "):
                    self.entries.append(" ".join(what.removeprefix("PARANOID: ").split()))

    def entries_of(self, place):
        """The entries that fit an instruction: its function, its line."""
        return {place.function + "()", "%s: %s" % (place.file, place.source())} & set(self.entries)

    def wrong(self, chosen, reached):
        """What does not hold: runs without an entry, entries whose code was all reached."""
        held = set()
        for run in runs(chosen, reached):
            fits = set().union(*map(self.entries_of, run))
            held |= fits
            if not fits:
                yield "not reached, not listed: %d instructions from %s on (%s), %s" % (
                    len(run), run[0].name, run[0].text,
                    "; ".join(dict.fromkeys("%s: %s" % (p.file, p.source()) for p in run)))
        for place in chosen:
            for entry in self.entries_of(place):
                if entry.endswith("()") and place.address in reached:
                    yield "%s is listed, but %s was reached" % (entry, place.name)
                elif entry not in held:
                    held.add(entry)
                    yield "listed, but all of it was reached: " + entry
