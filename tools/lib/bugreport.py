# SPDX-License-Identifier: MIT
"""A divergence as a bug report to paste: Markdown, with all that its reader needs and nothing to look up.

Everything in it comes from the run that it describes: the kernel prints the state of the case
(tests/matrix/case_state.c). What changes from build to build stands under VERSIONS alone, and in the
physical addresses of entries; normal() leaves both out.
"""

import os
import re

import casewords
import findings
import ownbuild
from caserun import disassembly
from divergence import shell
from machine import Machine, SetupError

VERSIONS = "## Versions"
NEEDS = "With one axis of the case changed at a time, the difference stays with "
FAMILIES = {"qemu": "QEMU", "bochs": "Bochs"}
NOT_MEASURED = "Not measured: no processor with supervisor keys has run this case."
_ENTRY = re.compile(r"\b[0-9a-f]{16}\b")
_ADDRESS = 0x000ffffffffff000


def project(machine):
    """Whose emulator it is, for a reader."""
    return FAMILIES.get(ownbuild.family(machine), machine.name)


def normal(text):
    """The text without what another build of the kernel changes."""
    body = text.partition(VERSIONS)[0]
    return _ENTRY.sub(lambda m: "%016x" % (int(m[0], 16) & ~_ADDRESS), body)


def text(found, build, seen="", silicon=NOT_MEASURED):
    """The whole report. `seen`: where else the class was seen; `silicon`: what processors do."""
    parts = [_title(found), _manual(found)]
    parts.append(_outcomes(found) if found.case else _failed(found))
    if found.case:
        parts += [_code(found, build), _registers(found), _entries(found)]
    parts += [_extent(found, seen), _cause(found), "## Silicon\n\n" + silicon, _again(found),
              _versions(found)]
    return "\n\n".join(p for p in parts if p) + "\n"


def _title(found):
    what = found.known.split(";")[0] if found.known else "not as the manual says: " + found.says
    name = project(found.machine)
    return "# " + (what if what.startswith(name) else "%s: %s" % (name, what))


def _manual(found):
    if not found.says:
        return ""
    return "## What the manual says\n\nIntel SDM Vol. 3A, \"%s\": %s." % (found.section, found.says)


def _outcomes(found):
    lines = ["## What happens", "", "- expected: %s" % casewords.side(found.expected),
             "- observed: %s" % casewords.side(found.observed)]
    lines += ["- wrong: " + line for line in casewords.difference(found.expected, found.observed)]
    outcome = found.one("vector")
    if outcome and casewords.fault(found.observed) is not None:
        lines.append("- CR2: %s" % _short(outcome["cr2"]))
    leaf = found.one("leaf-after")
    if leaf:
        after = int(leaf["leaf-after"], 16)
        lines.append("- the leaf's flags after the access: A = %d, D = %d"
                     % (after >> 5 & 1, after >> 6 & 1))
    return "\n".join(lines)


def _failed(found):
    return "\n".join(["## What happens", "", "The test reports:", ""] +
                     ["    " + re.sub(r"^\S+:\d+: ", "", note) for note in found.notes[:4]])


def _short(number):
    """An address without leading zeros."""
    return "%xH" % int(number, 16)


def _code(found, build):
    code = found.one("code")
    data, at = bytes.fromhex(code["bytes"]), int(code["access"])
    compat = "mode:compat" in found.case
    own = casewords.own(found.case)
    listed = disassembly(os.path.join(build, "keyward.elf"), int(code["code"], 16), len(data), compat)
    lines = ["## The instruction", ""]
    for offset, size, words in listed or [(0, len(data), "")]:
        lines.append("    %-24s %s%s" % (data[offset:offset + size].hex(" "), words,
                                         "      <- the access" if offset == at and listed and not own else ""))
    registers = found.one("cs")
    lines += ["", "CS = %s (CPL %d%s), RDI = %s, RSP = %s, EFLAGS.AC = %d. What follows it ends a case "
              "without a fault." % (
                  _short(registers["cs"]), int(registers["cs"], 16) & 3,
                  ", 32-bit code" if compat else "", _short(registers["rdi"]), _short(registers["rsp"]),
                  int(registers["rflags"], 16) >> 18 & 1)]
    lines += [own] if own else []
    return "\n".join(lines)


def _registers(found):
    control, keys = found.one("cr0"), [line for line in found.state if "pkrs" in line]
    value = {name: int(control[name], 16) for name in ("cr0", "cr4", "efer")}
    lines = ["## Registers at the access", "", "| register | value | |", "| --- | --- | --- |"]
    for name, names in (("cr0", casewords.CR0), ("cr4", casewords.CR4), ("efer", casewords.EFER)):
        lines.append("| %s | `%08x` | %s |" % ("EFER" if name == "efer" else name.upper(), value[name],
                                               casewords.flags(value[name], names)))
    now = keys[0]
    for name, title, bit, flag in (("pkrs", "IA32_PKRS", 24, "CR4.PKS"), ("pkru", "PKRU", 22, "CR4.PKE")):
        force = "" if value["cr4"] >> bit & 1 else " (not in force: %s = 0)" % flag
        lines.append("| %s | `%s` | %s%s |" % (title, now[name],
                                               casewords.rights(int(now[name], 16)), force))
    before = found.one("before")
    if before:
        lines += ["", "The same access was made before, with IA32_PKRS = `%s` and PKRU = `%s`; then %s."
                  % (before["pkrs"], before["pkru"],
                     casewords.CHANGES.get(before["before"], before["before"]))]
    old = found.one("old-key")
    if old:
        lines += ["The entry's key was %s then." % old["old-key"]]
    return "\n".join(lines)


def _entries(found):
    lines = ["## Paging entries before the access", "", "| address | entry | value | |",
             "| --- | --- | --- | --- |"]
    for line in found.state:
        if "va" in line and "value" in line:
            lines.append("| %s | %s %s | `%s` | %s |" % (
                _short(line["va"]), line["entry"], line["index"], line["value"],
                casewords.entry(line["entry"], int(line["value"], 16))))
    return "\n".join(lines)


def _extent(found, seen):
    lines = []
    if found.needs == "chance":
        lines.append("Chance decides about other cases of this kind, so that they were not sorted.")
    elif found.needs:
        lines.append(NEEDS + " and ".join("`%s`" % part for part in found.needs.split(";")) +
                     "; an axis that is not named can have any value.")
    lines += [seen] if seen else []
    return "## How far it goes\n\n" + "\n\n".join(lines) if lines else ""


def _cause(found):
    return "## Cause, as far as it shows\n\n%s." % found.known.rstrip(".") if found.known else ""


def _again(found):
    command = shell(["tools/run", found.machine.name, *found.words])
    return "\n".join([
        "## To repeat it", "", "In a copy of Keyward, whose README says what it needs:", "",
        "    make iso", "    " + command, "",
        "With your own build of %s: `%s --emulator PATH`." % (project(found.machine), command)])


def _versions(found):
    return "\n".join([VERSIONS, "", "- emulator: " + found.machine.version(),
                      "- machine: machines/%s, %s" % (found.machine.name,
                                                      found.machine.settings.get("about", "")),
                      "- Keyward: " + (found.kernel or "unknown"),
                      "- SHA-256 of keyward.iso: " + found.iso])


# ---- what else is known of the class ----

def _is_real(machine):
    """True if a processor makes the accesses, and none that an emulator stands for."""
    return machine.kind == "silicon" or machine.kind == "process" and not ownbuild.family(machine)


def silicon(build, rule, case):
    """What the results of real processors in build/matrix say of the class."""
    try:
        machines = findings.read(os.path.join(build, "matrix"))
    except findings.BadFindings:
        return NOT_MEASURED
    lines = []
    for data in machines:
        try:
            machine = Machine(data["machine"])
        except SetupError:
            continue
        mine = next((r for r in data["rules"] if r["name"] == rule), None)
        if not _is_real(machine) or not mine or not (mine["cases"] or not case):
            continue
        same = next((c for c in mine["classes"] if c["case"] == case), None)
        lines.append("- %s: %s" % (data["about"] or data["machine"], (
            "observed %s, as this emulator or not, but not as the manual says"
            % casewords.side(same["observed"]) if same else
            "as the manual says, in all %d cases of this rule" % mine["cases"]
            if not mine["divergent"] else "not in this way, but in %d of %d cases of this rule"
            % (mine["divergent"], mine["cases"]))))
    return "\n".join(lines) or NOT_MEASURED
