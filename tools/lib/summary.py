# SPDX-License-Identifier: MIT
"""Judge a run by its summary: the lines that kernel/console/results.h keeps for the codes.

Most are those of the log. A test that failed has its name alone, with what was seen first above it; passes
are counted; skips are counted by reason. So the judge cannot say which test a skip was.
"""

import os
import re

import divergence
import ktap
from machine import TOP

_CLASS = re.compile(r"class (\w+) (\S+) (\S+) (\S+) (\d+) (\d+)( chance)?$")
_SKIP = re.compile(r"skip (\d+) ?(.*)$")
_BAD = re.compile(r"not ok (\S+)(?: # ERROR ?(.*))?$")
_LOST = re.compile(r"lost (\d+)$")
_WORDS = "# words: "
_BENCH = ("# bench ", "# transient")
_SEEN = "# tests/"      # a diagnostic, which begins with its place
_UNKNOWN = "not among what the codes hold"


def _rules():
    """{rule: (section, sentence)} of tests/matrix/rules.h."""
    with open(os.path.join(TOP, "tests", "matrix", "rules.h"), encoding="utf-8") as file:
        found = re.findall(r'R\((\w+),\s*"([^"]*)",\s*((?:"[^"]*"\s*)+)\)', file.read().replace("\\\n", ""))
    return {name: (sdm, "".join(re.findall(r'"([^"]*)"', says))) for name, sdm, says in found}


class Judge(ktap.Judge):
    """Feed it the lines of one summary. `about` are those on kernel and machine, `benches` the
    figures."""

    def __init__(self, **options):
        super().__init__(**options)
        self.book.by_name = True            # the codes hold neither needs nor tallies
        self.about, self.benches = [], []
        self.stack = ["the run"]            # there is no plan to follow
        self.classes, self.cases = [], 0    # of the rule whose result comes next

    def feed(self, raw):
        line = ktap.clean(raw)
        bad, skip, some, lost = (p.match(line) for p in (_BAD, _SKIP, _CLASS, _LOST))
        if bad:
            self._bad(bad[1], bad[2])
        elif skip:
            self.results += [ktap.Result("", "skip", "skip", [skip[2]]) for _ in range(int(skip[1]))]
        elif some:
            self._class(*some.groups())
        elif lost:
            self.problems.append("%s lines found no room in the codes" % lost[1])
        elif line.startswith(_BENCH):
            self.benches.append(line)
        elif line.startswith(_SEEN):
            self.notes.append(line)
        elif not line.startswith("# "):
            self.problems.append("a line that is not whole: %.80s" % line)
        elif self._note(0, line) != "totals" and self.notes[-1:] == [line]:
            self.about.append(self.notes.pop())
        return "note"

    def _bad(self, name, reason):
        status = "fail" if reason is None else "error"
        if self.classes:
            section, says = _rules().get(self.classes[0].rule, ("", ""))
            self.book.rules[divergence.SUITE + self.classes[0].rule] = divergence.Rule(
                self.classes[0].rule, self.cases, sum(c.count for c in self.classes), section, says,
                self.classes)
            if name != divergence.SUITE + self.classes[0].rule:
                self.problems.append("%s stands before the result of %s" % (self.classes[0].rule, name))
        self.results.append(ktap.Result(name, status, status, [reason] if reason else [], self.notes))
        self.classes, self.notes = [], []

    def _class(self, rule, case, expected, observed, count, cases, chance):
        self.cases = int(cases)
        self.classes.append(divergence.Class(rule, case, "chance" if chance else _UNKNOWN, expected,
                                             observed, int(count), _UNKNOWN))

    def verdict(self, *args, **kwargs):
        self.results += [ktap.Result("", "pass", "pass") for _ in range((self.totals or {}).get("pass", 0))]
        return super().verdict(*args, **kwargs)

    def _unfinished(self):
        if not self.totals:
            return ["no totals line"]
        counted = {s: sum(r.reported == s for r in self.results) for s in ktap.STATUSES}
        if counted != self.totals:
            return ["the totals do not add up: they say %s, the results are %s"
                    % tuple(" ".join("%s:%d" % (s, n[s]) for s in ktap.STATUSES)
                            for n in (self.totals, counted))]
        return []

    def judge(self, result):
        """Says once for each reason what is wrong with skips."""
        found = super().judge(result)
        if result.name or not found:
            return found
        same = [r for r in self.results if r.reported == "skip" and r.reason == result.reason]
        return [("%d tests" % len(same), what, notes) for _, what, notes in found] \
            if same[0] is result else []

    def _wanted(self, name):
        return not name or super()._wanted(name)

    def _lists(self):
        """Also: what is listed as known must have failed."""
        found = [f for f in super()._lists() if "there is no such test" not in f[1]]
        if not self.complete:
            return found
        names = {r.name for r in self.results}
        quiet = [k for k in self.known if not any(map(_matcher(k), names))]
        quiet += [k for k in self.book.known if k.split(" ")[0] not in names and not divergence.may_stay_away(k)]
        return found + [(None, "%s, but did not fail: %s" % (divergence.LISTED, key), []) for key in quiet]


def _matcher(glob):
    return re.compile(ktap.fnmatch.translate(glob)).match


def words(lines):
    """The words of the kernel's command line, as the codes name them."""
    found = [line[len(_WORDS):].split() for line in lines if line.startswith(_WORDS)]
    return [word for word in (found[0] if found else []) if "=" in word]
