# SPDX-License-Identifier: MIT
"""Run one class of divergence on a machine, and read what the kernel says of it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

import divergence
import ktap
import ownbuild
from machine import TOP, Machine, SetupError

_CASE = re.compile(r"# case (\S+) expected=(\S+) observed=(\S+) .*(DIVERGES|agrees)$")
_NO_CASE = re.compile(r"# case (\S+) (is not possible on this machine|does not exist)$")
_STATE = re.compile(r"# state: (.*)$")


class NoReport(SetupError):
    """There is nothing to report; the message says why."""


@dataclass
class Found:
    """What one run showed."""
    machine: Machine
    words: list                 # of the kernel's command line
    rule: str                   # the rule that is broken, and
    says: str                   # what it says, in
    section: str                # this section of the SDM
    case: str = ""              # "": a test without cases
    expected: str = ""
    observed: str = ""
    needs: str = ""             # the values of each axis that keep the difference
    state: list = field(default_factory=list)       # [{name: value}], one for each line
    notes: list = field(default_factory=list)       # of a test without cases
    kernel: str = ""            # version, commit, hash
    iso: str = ""               # SHA-256
    known: str = ""             # the reason in the machine's list

    def one(self, name):
        """The first line of the state that has this name; {} if none has."""
        return next((line for line in self.state if name in line), {})


def split(text):
    """(rule or "", case or "") of a class: "matrix.RULE CASE", "RULE CASE", RULE or CASE."""
    words = text.split()
    if len(words) == 1 and (":" in text or text == "default"):
        words = ["", text]
    rule, case = words if len(words) == 2 else (words + ["", ""])[:2]
    rule = rule[len(divergence.SUITE):] if rule.startswith(divergence.SUITE) else rule
    wanted = rule or case
    if len(words) > 2 or not wanted or not re.fullmatch(r"[a-z0-9_]*", rule) or \
            (case and not re.fullmatch(r"[a-z0-9:,+-]+", case)):
        raise SetupError("--bug: %r is no class; one looks like: 'modify_is_a_write "
                         "kind:add,mode:user'" % text)
    return rule, case


def _log(machine, build, words):
    """The lines of the console of one run."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        done = subprocess.run(
            [os.path.join(TOP, "tools", "run"), machine.name, *words, "--quiet", "--build", build,
             "--log", log, *ownbuild.flag(machine)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)
        if done.returncode not in (ktap.OK, ktap.FAILED):
            lines = done.stdout.strip().splitlines() or ["no output"]
            why = [line for line in lines if line.startswith("NOT UNDERSTOOD")] + lines[-1:]
            raise SetupError("%s did not run: %s" % (machine.name, why[0]))
        with open(log, "rb") as file:
            return [ktap.clean(line) for line in file]


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run(machine, build, rule, case):
    """Run the class; returns what was Found. NoReport if the machine does as the manual says."""
    words = [divergence.AGAIN, "case=" + case] if case else \
        ["tests=%s%s" % (divergence.SUITE, rule), "seed=1"]
    lines = _log(machine, build, words)
    judge = ktap.Judge(book=divergence.Book())
    for line in lines:
        judge.feed(line)
    known = {"kernel": judge.kernel, "iso": _digest(os.path.join(build, "keyward.iso"))}
    if not case:
        return _of_a_test(machine, words, rule, judge, known)
    named = [m.groups() for m in map(_CASE.search, lines) if m]
    if not named:
        why = next((m[2] for m in map(_NO_CASE.search, lines) if m), "was not run")
        raise NoReport("the case %s %s (%s)" % (case, why, machine.name))
    name, expected, observed, agrees = named[0]
    broken = [r for r in judge.book.rules.values() if r.classes]
    if agrees == "agrees" or not broken:
        raise NoReport("%s does as the manual says: %s, expected %s, observed %s"
                       % (machine.name, name, expected, observed))
    found = broken[0].classes[0]
    if rule and broken[0].name != rule:
        raise NoReport("%s breaks another rule with %s: %s" % (machine.name, case, broken[0].name))
    state = [dict(w.partition("=")[::2] for w in m[1].split()) for m in map(_STATE.search, lines) if m]
    reason = next((why for key, why in machine.known.items() if divergence.names(key, found)), "")
    return Found(machine, words, broken[0].name, broken[0].says, broken[0].section, name, expected,
                 observed, found.needs, state, known=reason, **known)


def _of_a_test(machine, words, rule, judge, known):
    """What was Found by a rule without cases."""
    name = divergence.SUITE + rule
    failed = next((r for r in judge.results if r.name == name), None)
    if not failed:
        raise SetupError("%s has no test %s" % (machine.name, name))
    if failed.reported != "fail":
        raise NoReport("%s does as the manual says: %s is %s" % (machine.name, name, failed.reported))
    line = judge.book.rules.get(name)
    notes = [n.lstrip("# ") for n in failed.notes]
    return Found(machine, words, rule, line.says if line else "", line.section if line else "",
                 notes=notes, known=machine.known.get(name, ""), **known)


def disassembly(elf, start, length, compat):
    """[(offset, bytes, text)] of the kernel's code; the bytes alone without a disassembler."""
    tool = next((t for t in ("objdump", "llvm-objdump") if shutil.which(t)), None)
    if not tool:
        return []
    done = subprocess.run(
        [tool, "-d", "--no-show-raw-insn"] + (["-M", "i386"] if compat and tool == "objdump" else []) +
        ["--start-address=%d" % start, "--stop-address=%d" % (start + length), elf],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    found = re.findall(r"^\s*([0-9a-f]+):\s+(\S.*)$", done.stdout, re.MULTILINE)
    offsets = [int(address, 16) - start for address, _ in found] + [length]
    return [(offset, offsets[i + 1] - offset, " ".join(text.split("#")[0].split("<")[0].split()))
            for i, (offset, (_, text)) in enumerate(zip(offsets, found))]
