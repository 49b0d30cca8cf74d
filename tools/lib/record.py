# SPDX-License-Identifier: MIT
"""The results of one run of the suite `matrix` as JSON, for tools/matrix and tools/divergences."""

import datetime
import hashlib
import json
import os

import ktap
import ownbuild
from divergence import SUITE

ABSENT = "absent"       # the machine's emulator is missing: no record of a run
_WORDS = {ktap.OK: "ok", ktap.FAILED: "failed", ktap.CRASHED: "crash", ktap.TIMED_OUT: "crash"}


def write(path, data):
    """Write the file in one step: a reader finds all of it or nothing."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def absent(machine, why):
    """The record of a machine whose emulator is missing."""
    return {"machine": machine, "status": ABSENT, "problems": [why]}


def of(machine, judge, verdict, iso, arguments, seconds):
    """The record of a run; `seconds` from launch to totals, `arguments` the key=value words."""
    summary = judge.book.summary or {}
    wrong = verdict.problems + ["%s: %s" % (name or machine.name, what)
                                for name, what, _ in verdict.failures]
    return {
        "machine": machine.name,
        "about": machine.settings.get("about", ""),
        "emulator": machine.runs,
        "date": datetime.date.today().isoformat(),
        "image": _digest(iso),
        "kernel": judge.kernel,
        "command": " ".join(["tools/run", machine.name, *arguments, *ownbuild.flag(machine)]),
        "slice": summary.get("slice", ""),
        "levels": summary.get("levels", ""),
        "cases": summary.get("cases", 0),
        "seconds": round(seconds, 1),
        "divergent": summary.get("divergent", 0),
        "status": _WORDS[verdict.status],
        "problems": wrong,
        "rules": [_rule(judge.book, result) for result in verdict.results
                  if result.name.startswith(SUITE)],
        "observed": judge.book.observed,
    }


def _rule(book, result):
    rule = book.rules.get(result.name)
    classes = rule.classes if rule else []
    return {
        "name": result.name[len(SUITE):],
        "says": rule.says if rule else "",
        "section": rule.section if rule else "",
        "status": "fail" if result.status == "error" else result.status,
        # For a rule without classes: the reason of its skip or known failure.
        "reason": "" if classes else result.reason,
        "cases": rule.cases if rule else 0,
        "divergent": rule.divergent if rule else 0,
        "classes": [{"case": c.case, "needs": c.needs, "expected": c.expected,
                     "observed": c.observed, "count": c.count, "first": c.first, "exact": c.exact,
                     "by_tlb": c.by_tlb, "known": c.known, "command": " ".join(book.again(c.case))}
                    for c in classes],
    }


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
