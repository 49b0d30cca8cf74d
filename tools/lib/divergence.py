# SPDX-License-Identifier: MIT
"""Judge the suite `matrix`: each result is a rule, and a failed rule lists its classes.

A class is named by its rule and its smallest case; machines/NAME lists it under [known] as
`matrix.RULE CASE = reason`. What else is known of it, machines/classes/NAME has (classlist.py): all of
that must be as listed. The lines of a class are read strictly: a line that was cut short or lost would
make a machine look better than it is.
"""

import fnmatch
import re
import shlex
from dataclasses import dataclass, field

SUITE = "matrix."
LISTED = "listed as known"      # begins the failures of what is listed and did not happen
AGAIN = "tests=matrix.*"        # runs a single case too, whichever rule it breaks

_CASE = re.compile(r"default|[a-z0-9-]+:[a-z0-9+*-]+(,[a-z0-9-]+:[a-z0-9+*-]+)*")
_CLASS_KEY = re.compile(r"matrix\.[a-z0-9_]+ (?:{0}|\*(?:{0})\*|\?(?:{0})\?)".format(_CASE.pattern))
_FIELD = r'([a-z_]+)=("[^"]*"|[^\s"]+)'
_FIELDS = re.compile(r"%s( %s)*" % (_FIELD, _FIELD))
_TALLY = re.compile(r"(\d+):[0-9a-f]{16}|most:\d+")
_PERCENT = re.compile(r"# matrix: (\d+) %(?:, row \d+)?$")


class Malformed(ValueError):
    """A line lacks a field or has a bad one."""


def percent(line):
    """The suite's progress in percent if this is a progress line, else None."""
    found = _PERCENT.match(line.strip())
    return int(found[1]) if found else None


def is_class(key):
    """True if a key of [known] names a divergence class; other keys are globs of tests."""
    return " " in key


def by_chance(needs):
    """True if a class with these needs is one that the kernel could not reduce."""
    return needs.split(";")[0] == "chance"


def names(key, found):
    """True if a key of [known] names this class. `RULE *CASE*` names all classes with CASE in their
    name that depend on chance, so that the kernel could not reduce them; `RULE ?CASE?` does too."""
    return found.key == key or (by_chance(found.needs) and
                                fnmatch.fnmatchcase(found.key, key.replace("?", "*")))


def may_stay_away(key):
    """True for `RULE ?CASE?`: chance decides whether such classes occur at all."""
    return "?" in key


def gone_last(failures):
    """What is listed and did not happen, behind all that did: the cause may be among that."""
    new = [f for f in failures if not f[1].startswith(LISTED)]
    hint = ", or it is hidden by what is new above" if new else ""
    return new + [(name, what + hint, notes) for name, what, notes in failures
                  if what.startswith(LISTED)]


def key_is_sound(key):
    """True if a key of [known] is well formed."""
    return not is_class(key) or bool(_CLASS_KEY.fullmatch(key))


def fields(text, wanted):
    """{name: value} of `name=value name="several words"`. Malformed if a wanted name is missing."""
    if not _FIELDS.fullmatch(text):
        raise Malformed
    pairs = [(name, value.strip('"')) for name, value in re.findall(_FIELD, text)]
    found = dict(pairs)
    if len(found) != len(pairs) or not all(found.get(w) for w in wanted.split()):
        raise Malformed
    for name in ("cases", "divergent", "count", "ms", "most"):
        if name in found:
            if not found[name].isdecimal():
                raise Malformed
            found[name] = int(found[name])
    if not all(_CASE.fullmatch(found.get(name, "default")) for name in ("case", "first")) or \
            not all(_TALLY.fullmatch(found.get(name, "most:0")) for name in ("exact", "by_tlb")):
        raise Malformed
    return found


@dataclass
class Class:
    """One way in which a machine breaks a rule."""
    rule: str
    case: str
    needs: str
    expected: str
    observed: str
    count: int
    first: str
    exact: str = ""     # tallies, COUNT:DIGEST: see classlist.py
    by_tlb: str = ""
    known: str = ""     # the reason that the machine's file gives

    @property
    def key(self):
        """The key of the class under [known]."""
        return "%s%s %s" % (SUITE, self.rule, self.case)


@dataclass
class Rule:
    """One result of the suite, with the rule and class lines before it."""
    name: str
    cases: int
    divergent: int
    section: str
    says: str
    classes: list = field(default_factory=list)


def _rule(text):
    name, _, rest = text.partition(" ")
    f = fields(rest, "cases divergent sdm says")
    if "=" in name:
        raise Malformed
    return Rule(name, f["cases"], f["divergent"], f["sdm"], f["says"])


def _class(text):
    wanted = "rule case needs expected observed count exact by_tlb first"
    f = fields(text, wanted)
    if f["count"] != sum(int(f[which].partition(":")[0]) for which in ("exact", "by_tlb")):
        raise Malformed
    return Class(**{name: f[name] for name in wanted.split()})


class Book:
    """The report of the suite `matrix` in one run. The judge passes each diagnostic and each
    result; `machine`, `known` and `arguments` are the run's (arguments: key=value words; flags:
    other words of tools/run that repeat it). `listed` is the machine's classlist.ClassList, version()
    the version of its emulator."""

    def __init__(self, machine="MACHINE", known=None, arguments=(), flags=(), listed=None, version=str):
        self.machine, self.flags = machine, list(flags)
        self.known = {k: v for k, v in (known or {}).items() if is_class(k)}
        self.arguments = list(arguments)
        self.listed, self.version = listed, version
        self.by_name = False    # classes come without what they depend on and without tallies
        self.rules, self.problems, self.observed = {}, [], []
        self.started, self.summary = False, None
        self.pending = []       # rules and classes that still wait for their result

    # ---- reading ----

    def note(self, line):
        """Take one diagnostic; returns True if it belongs to the matrix."""
        found = re.match(r"# (rule|divergence|matrix:|observed:)( |$)", line)
        if not found:
            return False
        text = line[found.end():]
        try:
            if found[1] == "rule":
                self.pending.append(_rule(text))
            elif found[1] == "divergence":
                self.pending.append(_class(text))
            elif found[1] == "observed:":
                self.observed.append(text)
            elif "=" in text:
                self._summarise(fields(text, "cases divergent slice levels ms"))
            else:
                self.started = True
        except Malformed:
            self.problems.append("a line that is not whole: %.200s" % line)
        return True

    def _summarise(self, fields):
        if self.summary:
            self.problems.append("the matrix was summed up twice")
        self.summary = fields

    def result(self, name, reported):
        """Take one result: its full name and the status that the machine reported."""
        rules = [p for p in self.pending if isinstance(p, Rule)]
        classes = [p for p in self.pending if isinstance(p, Class)]
        self.pending = []
        mine = name[len(SUITE):] if name.startswith(SUITE) else None
        for p in rules + classes:
            owner = p.name if isinstance(p, Rule) else p.rule
            if owner != mine:
                self.problems.append("%s stands before the result of %s" % (owner, name))
        if mine is None:
            return
        if len(rules) == 1:
            self.rules[name] = rules[0]
            rules[0].classes = classes
            self.problems += ["%s: %s" % (name, p) for p in _contradictions(rules[0], reported)]
        elif rules or classes or reported == "pass":
            self.problems.append("%s has %s" % (name, "two rule lines" if rules else
                                                "no rule line"))

    # ---- judging ----

    def unfinished(self, crashes=()):
        """The problems of the whole run, known at its end; `crashes`: what ran when boots crashed."""
        found = list(self.problems)
        if self.pending:
            found.append("lines of the matrix without their result")
        if self.started and not self.summary and not self._single() and not crashes:
            found.append("the matrix was not summed up")
        if self.summary and not any(a.startswith(("tests=", "case=")) and a != AGAIN
                                    for a in self.arguments):
            sorted_in = sum(c.count for r in self.rules.values() for c in r.classes)
            if sorted_in != self.summary["divergent"]:
                found.append("the matrix saw %d divergent cases, its classes hold %d"
                             % (self.summary["divergent"], sorted_in))
        return found

    def judge(self, name, reported):
        """(reasons or None, failures) if classes decide about this result, else None. Reasons
        mean that the result failed exactly as the list says."""
        if reported not in ("pass", "fail"):
            return None
        rule = self.rules.get(name)
        classes = rule.classes if rule else []
        for c in classes:
            c.known = next((why for key, why in self.known.items() if names(key, c)), "")
        failures = [(name, "breaks its rule in a way that is not known: %s, expected %s, "
                     "observed %s" % (c.case, c.expected, c.observed), self.explain(rule, c))
                    for c in classes if not c.known]
        failures += [(name, "breaks its rule otherwise than known: %s: %s" % (c.case, "; ".join(how)),
                      self.explain(rule, c)) for c, how in self._changed(classes)]
        failures += [(name, "%s (%s) but does not happen any more: take \"%s\" off %s"
                      % (LISTED, why, key, where), []) for key, why, where in self._gone(name, classes)]
        if rule and reported == "pass" and not rule.cases:
            failures.append((name, "passed without a single case", []))
        if reported != "fail" or not classes:
            return (None, failures) if failures else None
        return (None if failures else list(dict.fromkeys(c.known for c in classes)), failures)

    def _part(self):
        """The list's part for the slice that ran, or None."""
        if not self.listed or not self.summary or self._single():
            return None
        return self.listed.slices.get(self.summary["slice"])

    def _pinned(self):
        """True if the list is of the version that runs, and the matrix runs alone as it did then: then
        tallies repeat exactly. After other suites an emulator's TLB keeps other translations."""
        return self.listed.emulator == self.version() and AGAIN in self.arguments and not self.by_name

    def _changed(self, classes):
        """[(class, [difference from the list in words])] of known classes that are not as listed."""
        part = self._part()
        found = []
        for c in [c for c in classes if c.known and part and not self.by_name]:
            how = list(part.differences(c, self._pinned()))
            if how:
                found.append((c, how))
        return found

    def _gone(self, name, classes):
        """[(key, reason, file)]: what is listed of this rule, should have happened, and did not."""
        if self._single():
            return []
        part, where = self._part(), "machines/" + self.machine
        mine = {key: why for key, why in self.known.items() if key.split(" ")[0] == name}
        gone = [(key, why, where) for key, why in mine.items()
                if not may_stay_away(key) and not any(names(key, c) for c in classes)
                and not (part and self._elsewhere(key))]
        for key in part.steady(name[len(SUITE):]) if part and self._pinned() else ():
            key = SUITE + key
            if key not in [g[0] for g in gone] and not any(c.key == key for c in classes):
                gone.append((key, mine.get(key, "without a reason"), self.listed.path))
        return gone

    def _elsewhere(self, key):
        """True if the list has a key's class, but not in the slice that ran."""
        by_slice = {name: key[len(SUITE):] in part.classes for name, part in self.listed.slices.items()}
        return any(by_slice.values()) and not by_slice[self.summary["slice"]]

    def whole(self):
        """(failures, notes) of the whole run against the list."""
        classes = [c for rule in self.rules.values() for c in rule.classes]
        if not self.summary or self._single() or not classes and not self.listed:
            return [], []
        name, part = self.summary["slice"], self._part()
        if not part:
            return [], ["the matrix's classes are compared by name alone: %s has no slice %s"
                        % (self.listed.path if self.listed else "machines/classes/" + self.machine, name)]
        if self.listed.emulator != self.version():
            return [], ["the matrix's counts are not compared: %s is of \"%s\", this is \"%s\""
                        % (self.listed.path, self.listed.emulator, self.version())]
        if part.cases != self.summary["cases"]:
            return [(None, "the matrix ran %d cases, where %s has %d" % (
                self.summary["cases"], self.listed.path, part.cases), [])], []
        return [], []

    def _single(self):
        """True if the run was narrowed by case= or rows=."""
        return any(a.startswith(("case=", "rows=")) for a in self.arguments)

    def without_result(self, names):
        """The listed classes whose rule has no result."""
        return [key for key in self.known if key.split(" ")[0] not in names]

    # ---- explaining ----

    def again(self, case):
        """The command that repeats one case on this machine, as words."""
        rest = [a for a in self.arguments if not a.startswith(("tests=", "extent=", "case="))]
        return ["tools/run", self.machine, AGAIN, "case=" + case] + rest + self.flags

    def about(self, name):
        """The rule and SDM section of a result, as lines, if it has a rule line."""
        rule = self.rules.get(name)
        return rule and ["  rule       %s: %s" % (rule.name, rule.says),
                         '  SDM        "%s"' % rule.section] or []

    def explain(self, rule, c):
        """A divergence as lines for a reader who has not seen one before."""
        return self.about(SUITE + rule.name) + ["  %-10s %s" % pair for pair in (
            ("case", c.case),
            ("expected", c.expected),
            ("observed", c.observed),
            ("depends on", c.needs.replace(";", "; ")),
            ("count", "%d of %d cases; the first was %s" % (c.count, rule.cases, c.first)),
            ("again", shell(self.again(c.case))),
            ("known?", "if this is the machine's own, put into machines/%s under [known]:"
             % self.machine),
            ("", c.key + " = WHY (VERSION)"),
            ("", "and then: tools/matrix --relist " + self.machine))]


def _contradictions(rule, reported):
    """The contradictions between a rule's lines, its classes and its result."""
    if reported in ("pass", "skip") and (rule.divergent or rule.classes):
        yield "\"ok\", but with divergent cases"
    if rule.classes and sum(c.count for c in rule.classes) != rule.divergent:
        yield "%d divergent cases, its classes hold %d" % (
            rule.divergent, sum(c.count for c in rule.classes))


def shell(words):
    """Words quoted for the shell."""
    return " ".join(shlex.quote(w) for w in words)
