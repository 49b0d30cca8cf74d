# SPDX-License-Identifier: MIT
"""Read the results of tools/matrix, build/matrix/MACHINE.json, and sort them by rule.

A malformed file is refused as a whole, with one line that names the error and the command that
makes the file again: a report on half the results would be false.
"""

import glob
import json
import os
import shlex
from dataclasses import dataclass, field

# The values of a cell of the grid, from harmless to grave.
NOT_RUN, SKIPPED, AGREE, KNOWN, NEW = "not-run", "skipped", "agree", "known", "new"
GRAVITY = (NOT_RUN, SKIPPED, AGREE, KNOWN, NEW)
_FATE = {"pass": AGREE, "xfail": KNOWN, "fail": NEW, "skip": SKIPPED}

# The fields of each object. A count is a non-negative whole number.
COUNT, TEXT, NUMBER = "a count", "a text", "a number"
MACHINE = {"machine": TEXT, "about": TEXT, "emulator": TEXT, "date": TEXT, "image": TEXT, "kernel": TEXT,
           "command": TEXT, "slice": TEXT, "levels": TEXT, "cases": COUNT, "seconds": NUMBER,
           "divergent": COUNT, "status": ("ok", "failed", "crash"), "problems": [TEXT],
           "observed": [TEXT]}
CLASS = {"case": TEXT, "needs": TEXT, "expected": TEXT, "observed": TEXT, "count": COUNT,
         "first": TEXT, "known": TEXT, "command": TEXT}
RULE = {"name": TEXT, "says": TEXT, "section": TEXT, "status": tuple(_FATE), "reason": TEXT,
        "cases": COUNT, "divergent": COUNT, "classes": [CLASS]}
MACHINE["rules"] = [RULE]


class BadFindings(Exception):
    """The results cannot be read; the message says what to do."""


@dataclass
class Row:
    """One rule: its sentence, and the result of each machine that ran it, by the machine's name."""
    name: str
    says: str = ""
    section: str = ""
    found: dict = field(default_factory=dict)

    def fate(self, machine):
        """The value of this rule's cell for a machine."""
        return _FATE[self.found[machine]["status"]] if machine in self.found else NOT_RUN

    def worst(self):
        """The gravest of its cells."""
        return max(map(self.fate, self.found), key=GRAVITY.index)

    def total(self, what):
        """The sum over all machines of "cases" or "divergent"."""
        return sum(found[what] for found in self.found.values())

    def classes(self):
        """[(class, {machine: its class})]; classes that several machines share are merged."""
        same = {}
        for name, found in self.found.items():
            for one in found["classes"]:
                key = tuple(one[k] for k in ("case", "needs", "expected", "observed"))
                same.setdefault(key, (one, {}))[1][name] = one
        return list(same.values())


def read(folder):
    """Every machine's results, sorted by name. BadFindings names a bad file and its error."""
    paths = sorted(glob.glob(os.path.join(glob.escape(folder), "*.json")))
    if not paths:
        raise BadFindings("no results in %s; this makes them: tools/matrix" % os.path.relpath(folder))
    return sorted((_machine(path) for path in paths), key=lambda data: data["machine"])


def rows(machines):
    """The rules, in the order of the machines' results."""
    found = {}
    for machine in machines:
        for rule in machine["rules"]:
            row = found.setdefault(rule["name"], Row(rule["name"]))
            row.found[machine["machine"]] = rule
            row.says = row.says or rule["says"]         # empty where a machine skips the rule
            row.section = row.section or rule["section"]
    return list(found.values())


def _machine(path):
    name = os.path.basename(path)[:-len(".json")]
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        _check(data, MACHINE, "the file")
        _consistent(data, name)
    except (OSError, ValueError, RecursionError) as error:
        raise BadFindings("%s: %s; this makes it anew: tools/matrix %s" % (
            os.path.relpath(path), " ".join(str(error).split()), shlex.quote(name))) from error
    return data


def _consistent(data, name):
    """Check what the shape does not: the machine's name, and that no rule is there twice."""
    if data["machine"] != name:
        raise ValueError("holds the results of machine %s" % json.dumps(data["machine"]))
    names = [rule["name"] for rule in data["rules"]]
    for rule in data["rules"]:
        if names.count(rule["name"]) > 1:
            raise ValueError("rule %s is there twice" % json.dumps(rule["name"]))


def _check(value, shape, where):
    """Raise ValueError unless the value has that shape."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise ValueError("%s is not an object" % where)
        for key, inner in shape.items():
            if key not in value:
                raise ValueError("%s has no \"%s\"" % (where, key))
            _check(value[key], inner, key if where == "the file" else "%s.%s" % (where, key))
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise ValueError("%s is not a list" % where)
        for number, item in enumerate(value):
            _check(item, shape[0], "%s[%d]" % (where, number))
    elif not _is(value, shape):
        wanted = shape if isinstance(shape, str) else "one of " + ", ".join(shape)
        raise ValueError("%s is %.40s, which is not %s" % (where, json.dumps(value), wanted))


def _is(value, shape):
    if shape == TEXT:
        return isinstance(value, str)
    if shape == COUNT:
        return type(value) is int and value >= 0
    if shape == NUMBER:
        return type(value) in (int, float) and 0 <= value < float("inf")
    return value in shape
