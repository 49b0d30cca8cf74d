# SPDX-License-Identifier: MIT
"""Read, compare and write machines/classes/NAME: exactly what the matrix finds on a machine.

machines/NAME says why a class is known; this file says what is known. For one version of the emulator
and each slice it has the classes as the kernel prints them: what they depend on, the outcomes of the
smallest case, and tallies, COUNT:DIGEST, over the cases. A tally is exact: an error that makes one more
case diverge, or one case otherwise, changes it. Where a machine has a class that is left to chance, the
cases that the TLB decides (`by_tlb`) are not compared but bounded, as that class is.
"""

import os
import re
from dataclasses import dataclass, field

import divergence

FOLDER = "classes"      # beside the machines
HEAD = """\
# SPDX-License-Identifier: MIT
# What the matrix finds on %s; machines/%s says why. This writes it anew:
# tools/matrix --relist %s
"""
MOST = "most:"      # begins a bound in place of a tally
MARGIN, SLACK = 2, 16   # what chance decides may have twice the cases that it had, and a few more
_EMULATOR = re.compile(r"emulator (.+)$")
_SLICE = re.compile(r"slice (\w+) cases=(\d+)$")
_WANTED = "rule needs"
_STEADY = "case expected observed exact by_tlb"


class Unsound(ValueError):
    """The file cannot be read; the message says where."""


@dataclass
class Slice:
    """One slice of a list: how many cases it has, and its classes by their name()."""
    cases: int
    classes: dict = field(default_factory=dict)

    def steady(self, rule):
        """The names of a rule's classes that chance does not decide about."""
        return [name for name, entry in self.classes.items()
                if entry["rule"] == rule and not divergence.by_chance(entry["needs"])]

    def covers(self, other):
        """True if this slice says all that the other one does; what chance decides, within its bound."""
        def same(name):
            (mine, bound), (theirs, other_bound) = _parts(self.classes[name]), _parts(other.classes[name])
            return mine == theirs and (bound is None) == (other_bound is None) and \
                (other_bound or 0) <= MARGIN * (bound or 0)
        return self.cases == other.cases and self.classes.keys() == other.classes.keys() and \
            all(map(same, self.classes))

    def differences(self, found, pinned):
        """In words, how a class that was found differs from the list. Without `pinned` the emulator
        is another version than the list's, and what it finds besides and how often is not compared."""
        entry = self.classes.get(name_of(vars(found)))
        if not entry:
            return ["it is not in the list of this slice"] if pinned else []
        return list(_differences(entry, found, pinned))


@dataclass
class ClassList:
    """The list of a machine, or of the base that it inherits it from."""
    path: str           # from the top of the project, for messages
    emulator: str = ""
    slices: dict = field(default_factory=dict)

    def text(self, machine):
        """The file."""
        lines = [HEAD % (machine, machine, machine) + "emulator " + self.emulator]
        for name, part in self.slices.items():
            lines.append("\nslice %s cases=%d" % (name, part.cases))
            lines += [" ".join("%s=%s" % pair for pair in entry.items())
                      for entry in part.classes.values()]
        return "\n".join(lines) + "\n"


def name_of(entry):
    """What names a class in a list: its rule and smallest case. One of chance has no smallest case:
    what its needs say stands for it."""
    return "%s %s" % (entry["rule"], entry["needs"] if divergence.by_chance(entry["needs"]) else
                      entry["case"])


def read(path, title):
    """The list in a file; Unsound if a line is not whole."""
    found = ClassList(title)
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    part = None
    for number, line in enumerate(lines, 1):
        emulator, start = _EMULATOR.match(line), _SLICE.match(line)
        try:
            if emulator:
                found.emulator = emulator[1]
            elif start:
                part = found.slices[start[1]] = Slice(int(start[2]))
            elif line and not line.startswith("#"):
                entry = divergence.fields(line, _WANTED)
                divergence.fields(line, "most" if divergence.by_chance(entry["needs"]) else _STEADY)
                part.classes[name_of(entry)] = entry
        except (divergence.Malformed, AttributeError) as error:
            raise Unsound("%s, line %d: not whole: %.60s" % (title, number, line)) from error
    if not found.emulator:
        raise Unsound("%s: names no emulator" % title)
    return found


def write(path, machine, made):
    """Write a machine's list."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(made.text(machine))


def _bound(count):
    return MARGIN * count + SLACK


def _count(tally):
    return int(tally.partition(":")[0])


def _parts(entry):
    """(an entry without what chance decides, the bound of that or None)."""
    by_tlb = entry.get("by_tlb", "")
    if "most" not in entry and not by_tlb.startswith(MOST):
        return entry, None
    bound = entry["most"] if "most" in entry else int(by_tlb[len(MOST):])
    return {k: v for k, v in entry.items() if k not in ("most", "by_tlb")}, bound


def slice_of(record):
    """The slice of a list that a run's record (record.py) makes."""
    found = Slice(record["cases"])
    rules = [(rule["name"], c) for rule in record["rules"] for c in rule["classes"]]
    chance = any(divergence.by_chance(c["needs"]) for _, c in rules)
    for rule, c in sorted(rules, key=lambda pair: (pair[0], pair[1]["case"])):
        if divergence.by_chance(c["needs"]):
            entry = {"rule": rule, "needs": c["needs"], "most": _bound(c["count"])}
        else:
            entry = {"rule": rule, **{k: c[k] for k in ("case", "needs", "expected", "observed", "exact")},
                     "by_tlb": MOST + str(_bound(_count(c["by_tlb"]))) if chance else c["by_tlb"]}
        found.classes[name_of(entry)] = entry
    return found


# ---- comparing ----

def _differences(entry, found, pinned):
    if divergence.by_chance(found.needs):
        if pinned and found.count > entry["most"]:
            yield "%d cases by chance, where the list allows %d" % (found.count, entry["most"])
        return
    if entry["needs"] != found.needs:
        yield "depends on %s" % _needs_in_words(entry["needs"], found.needs)
    for side in ("expected", "observed"):
        if entry[side] != getattr(found, side):
            yield "%s is %s, where the list has %s" % (side, getattr(found, side), entry[side])
    if pinned:
        yield from _tallies(entry, found)


def _tallies(entry, found):
    for which, words in (("exact", ""), ("by_tlb", " that the TLB decides")):
        listed, now = entry[which], getattr(found, which)
        count, digest = now.split(":")
        if listed == now or listed.startswith(MOST) and int(count) <= int(listed[len(MOST):]):
            continue
        if listed.startswith(MOST):
            yield "%s cases%s, where the list allows %s" % (count, words, listed[len(MOST):])
        elif listed.split(":")[0] != count:
            yield "%s cases%s, where the list has %s" % (count, words, listed.split(":")[0])
        else:
            yield "%s cases%s as the list has it, but others, or with other outcomes (digest %s, not %s)" % (
                count, words, digest, listed.split(":")[1])


def _needs_in_words(listed, now):
    """Which axes' values differ: "kind: read|write, where the list has read"."""
    old, new = (dict(part.partition(":")[::2] for part in text.split(";") if ":" in part)
                for text in (listed, now))
    return "; ".join("%s: %s, where the list has %s" % (axis, new.get(axis, "any"), old.get(axis, "any"))
                     for axis in dict.fromkeys([*old, *new]) if old.get(axis) != new.get(axis))
