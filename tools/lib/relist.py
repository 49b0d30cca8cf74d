# SPDX-License-Identifier: MIT
"""tools/matrix --relist: make the list of a machine's classes (classlist.py) from records of its runs."""

import os
from types import SimpleNamespace

import classlist
import divergence
from machine import FOLDER, Machine

SLICES = ("brief", "whole", "full")


class Relist:
    """The new list of one machine: give it the record of each slice, then write(). `problems` are why
    the list may not be written."""

    def __init__(self, name):
        self.name, self.machine, self.problems = name, Machine(name), []
        self.path = os.path.join(FOLDER, classlist.FOLDER, name)
        self.made = classlist.ClassList("machines/%s/%s" % (classlist.FOLDER, name))
        self.found = {}         # {key: a class with it}

    def take(self, part, record, problem):
        """Take the record of a slice; None: there is none, for this reason."""
        if not record or record["status"] == "crash":
            self.problems.append("%s: the run is not whole: %s" % (
                part, "; ".join(record["problems"]) if record else problem))
            return
        self.made.emulator = record["emulator"]
        self.made.slices[part] = classlist.slice_of(record)
        for rule in record["rules"]:
            for c in rule["classes"]:
                key = "%s%s %s" % (divergence.SUITE, rule["name"], c["case"])
                self.found[key] = SimpleNamespace(key=key, **{k: c[k] for k in (
                    "needs", "expected", "observed", "known")})

    def write(self):
        """Write the list if there is no problem; returns what was done, as one line. The list that a
        machine shares with its base is the base's file alone."""
        self.problems += list(self._without_reason()) + list(self._without_class())
        if self.problems:
            return "nothing is written"
        before = self.machine.listed()
        if before and before.emulator == self.made.emulator:
            self.made.slices = {**before.slices, **self.made.slices}
        self.made.slices = {part: self.made.slices[part] for part in SLICES if part in self.made.slices}
        base = self.machine.settings.get("base")
        if base and self._says_the_same(Machine(base).listed()):
            if os.path.exists(self.path):
                os.remove(self.path)
            return "as machines/%s/%s" % (classlist.FOLDER, base)
        classlist.write(self.path, self.name, self.made)
        return "%s: %s" % (self.made.path, ", ".join("%s %d" % (part, len(found.classes))
                                                     for part, found in self.made.slices.items()))

    def _says_the_same(self, base):
        return base and base.emulator == self.made.emulator and all(
            part in base.slices and base.slices[part].covers(found)
            for part, found in self.made.slices.items())

    def _without_reason(self):
        for key, c in self.found.items():
            if not c.known:
                yield "machines/%s gives no reason for a class: expected %s, observed %s, depends on %s" % (
                    self.name, c.expected, c.observed, c.needs)
                yield "  %s = WHY (VERSION)" % key

    def _without_class(self):
        """Reasons that no slice needs. A part of the slices cannot tell."""
        for key in self.machine.known if len(self.made.slices) == len(SLICES) else ():
            if divergence.is_class(key) and not divergence.may_stay_away(key) and \
                    not any(divergence.names(key, c) for c in self.found.values()):
                yield "machines/%s gives a reason for what does not happen: take it off" % self.name
                yield "  " + key
