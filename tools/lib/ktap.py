# SPDX-License-Identifier: MIT
"""Judge a test run by its text alone: KTAP from a machine, or plain TAP from a host tool.

Silence is a failure. A lost plan, a result that is missing or out of order, a suite that contradicts its cases,
totals that are missing or do not add up: each is a *problem*, and a run with a problem is a crash. A *failure*
is an unexpected result in a whole run: a case that failed, a skip without a reason, a known divergence that no
longer happens.
"""

import fnmatch
import re
from dataclasses import dataclass, field

import divergence
import testlist

OK, FAILED, SETUP, CRASHED, TIMED_OUT = range(5)
STATUSES = ("pass", "fail", "xfail", "skip", "error")

_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[@-Z\\^_=>])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PLAN = re.compile(r"1\.\.(\d+)(?:\s*#.*)?$")
_RESULT = re.compile(r"(not ok|ok)\s+(\d+)(?:\s+-)?(?:\s+(.*?))??"
                     r"(?:\s*#\s*(SKIP|XFAIL|TODO|ERROR|TIMEOUT)\b:?\s*(.*))?$", re.IGNORECASE)
PANIC = "# PANIC: "
PANICKED = "the kernel panicked: "
RESET = "the machine reset itself"
_COMPLAINT = "# command line: "
_KERNEL = "# kernel: "
_TOTALS = re.compile(r"# Totals: " + " ".join(s + r":(\d+)" for s in STATUSES) + "$")


def clean(raw):
    """Console bytes as a line of text, without terminal escapes, NULs and line end."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return _CONTROL.sub("", _ESCAPES.sub("", text)).rstrip()


@dataclass
class Result:
    """One leaf test: its full name (suite.case), the status that the machine reported, the status that it
    counts as, and the reasons for it, of which a skip has one."""
    name: str
    reported: str
    status: str
    reasons: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def reason(self):
        """The reasons in one line."""
        return "; ".join(self.reasons)


@dataclass
class _Level:
    """One plan in progress: that of the run, or of a subtest in it."""
    name: str = ""
    plan: int = None
    last: int = 0
    failed: bool = False


@dataclass
class Verdict:
    """The verdict on a run; `status` is the exit status of tools/run."""
    status: int
    complaints: list        # what the kernel did not understand of its command line
    problems: list          # why the run is not whole
    crashes: list           # globs: what ran when a boot crashed
    lost: list              # the suites that did not run, as no boot came to them
    failures: list          # (case name or None, what is wrong, notes)
    results: list
    counts: dict


class Judge:
    """Feed it lines; ask it for the verdict.

    known      {glob: reason}: divergences of this machine, expected to fail (XFAIL)
    book       the divergence.Book that judges the suite `matrix`
    skip_must  a regular expression; the reason of at least one skip must match
    skip_never a regular expression; the reason of no skip may match
    words      the kernel's command line: a test that tests= excludes must not have run, or the
               words did not reach the kernel
    complete   tests= did not narrow the run: the lists must hold in full
    tap        plain TAP: no header, no totals, the plan may come last
    may_be_empty  a run without a test is no failure
    noisy      others (a BMC, firmware) print on the same console: `strays` keeps foreign lines.
               A line of ours that they broke is missing, which is a problem
    """

    def __init__(self, known=None, skip_must=None, skip_never=None, complete=True,
                 tap=False, book=None, may_be_empty=False, noisy=False, words=()):
        self.known = {k: v for k, v in (known or {}).items() if not divergence.is_class(k)}
        self.book = book or divergence.Book(known=known)
        self.skip_must, self.skip_never = skip_must, skip_never
        self.complete, self.tap, self.may_be_empty = complete, tap, may_be_empty
        self.noisy, self.strays = noisy, []
        self.only = [w[len("tests="):] for w in words if w.startswith("tests=")][-1:]
        self.stack = [_Level()] if tap else []
        self.results, self.problems = [], []
        self.past = 0, 0        # how many of both earlier boots have given
        self.crashes, self.ends = [], set()     # ends: CRASHED, TIMED_OUT
        self.totals = None
        self.complaints = []    # about the command line
        self.remarks = []       # what the verdict did not compare, and why
        self.kernel = ""        # version, commit and checksum, as the kernel names them
        self.waiting = ""       # the name of a subtest whose header has not come yet
        self.notes = []         # diagnostics, which precede their result

    # ---- reading ----

    def feed(self, raw):
        """Take one line; returns its kind, for display."""
        line = clean(raw)
        text = line.lstrip(" ")
        depth = (len(line) - len(text)) // 4
        if PANIC in text:
            self.problems.append(PANICKED + text.split(PANIC, 1)[1])
            return "panic"
        if not text or text.startswith("#"):
            return self._note(depth, text)
        if text == "KTAP version 1":
            return self._header(depth)
        if not self.stack:
            return "noise"
        if text.startswith("Bail out!"):
            self.problems.append(text)
            return "panic"
        plan, result = _PLAN.match(text), _RESULT.match(text)
        if not plan and not result:
            return self._stray(text)
        if self.tap and len(self.stack) == 1:
            self._next_document(bool(plan), result)
        if self.totals:
            self.problems.append("after the totals: " + text)
        return self._plan(depth, int(plan[1])) if plan else self._result(depth, *result.groups())

    def _next_document(self, is_plan, result):
        """Start over after a whole document: several programs' TAP may follow each other."""
        level = self.stack[0]
        if level.plan == level.last and (is_plan or int(result[2]) == 1):
            self.stack = [_Level()]

    def _stray(self, text):
        """Take a line that is no KTAP. After the totals firmware may print."""
        if self.noisy:
            self.strays.append(text)
        elif not (self.tap or self.totals):
            self.problems.append("not a line of KTAP: %.80s" % text)
        return "noise"

    def _note(self, depth, text):
        totals = _TOTALS.match(text) if depth == 0 and self.stack else None
        if totals:
            if self.totals:
                self.problems.append("the totals came twice")
            self.totals = dict(zip(STATUSES, map(int, totals.groups())))
            return "totals"
        if text.startswith("# Subtest: ") and self.stack:
            name = text[len("# Subtest: "):]
            if 0 < depth == len(self.stack) - 1:
                self.stack[depth].name = name
            else:
                self.waiting = name
        elif text.startswith(_KERNEL):
            self.kernel = text[len(_KERNEL):]
        elif text.startswith(_COMPLAINT):
            if text not in self.complaints:     # the kernel repeats them before its totals
                self.complaints.append(text)
        elif text and not (self.stack and not self.tap and self.book.note(text)):
            self.notes.append(text)
        return "note"

    def _header(self, depth):
        if depth != len(self.stack) or self.totals:
            self.problems.append("a subtest starts at the wrong depth" if depth else "the run started again")
            return "plan"
        self.stack.append(_Level(self.waiting))
        self.waiting, self.notes = "", []
        return "plan"

    def _plan(self, depth, count):
        if depth == len(self.stack):        # the subtest has no header line
            self._header(depth)
        level = self.stack[-1]
        if depth != len(self.stack) - 1 or level.plan is not None:
            self.problems.append("a plan that does not belong here: 1..%d" % count)
        level.plan = count
        return "plan"

    def _result(self, depth, word, number, name, directive, reason):
        name, reason = name or "", (reason or "").strip()
        directive = (directive or "").upper()
        child = None
        if depth == len(self.stack) - 2:
            child = self.stack.pop()
            self.problems += _unclosed(child, name)
        elif depth != len(self.stack) - 1:
            self.problems.append("a result at the wrong depth: %s %s" % (word, name))
            return "fail"
        level = self.stack[-1]
        if level.plan is None and not self.tap:
            self.problems.append("a result before its plan: %s %s" % (word, name))
        if int(number) != level.last + 1:
            self.problems.append("result %s (%s) where %d was due" % (number, name, level.last + 1))
        level.last = int(number)
        status = {"XFAIL": "xfail", "TODO": "xfail", "ERROR": "error", "TIMEOUT": "fail",
                  "SKIP": "skip" if word == "ok" else "fail"
                  }.get(directive, "pass" if word == "ok" else "fail")
        if child:
            self._suite(level, child, name, word)
        else:
            self.results.append(Result(self._path(name), status, status, [reason] if reason else [], self.notes))
            level.failed |= status in ("fail", "error")
        if not self.tap:
            self.book.result(self._path(name), status)
        self.notes = []
        return status

    def _path(self, name):
        """The full name: suite.name."""
        return ".".join([level.name for level in self.stack[1:]] + [name])

    def _suite(self, level, child, name, word):
        """Check that the line that closes a subtest agrees with its cases."""
        if child.failed != (word == "not ok"):
            self.problems.append("suite %s says \"%s\", its cases say otherwise" % (name, word))
        level.failed |= child.failed

    # ---- judging ----

    def red(self):
        """Whether the run fails, whatever comes: a problem, or an unexpected result at the end."""
        return bool(self.problems or self.results and self.judge(self.results[-1]))

    def _end_boot(self, timed_out, whole, crash):
        new = self.problems[self.past[1]:]
        if crash and whole and not any(p.startswith((PANICKED, RESET)) for p in new):
            new.append("the machine hangs" if timed_out else "the machine has ended")
        if crash and new:
            new = crash.name(new)
            self.crashes.append(crash.glob())
        elif whole:
            new += self._unfinished()
        self.problems[self.past[1]:] = new
        if new:
            self.ends.add(TIMED_OUT if timed_out else CRASHED)

    def next_boot(self, timed_out, crash):
        """A boot has crashed (crash.py) or hung, or reset the machine as announced (reboots.py); from
        here on come lines of the next one."""
        self._end_boot(timed_out, True, crash)
        self.past = len(self.results), len(self.problems)
        self.stack, self.totals, self.waiting, self.notes = [], None, "", []

    def verdict(self, timed_out=False, whole=True, crash=None, lost=()):
        """The verdict on all lines fed so far, as the whole run; or as one that was stopped.
        `crash`: where the last boot crashed, `lost`: the suites that no boot has come to."""
        self._end_boot(timed_out, whole, crash)
        problems = self.problems + (self.book.unfinished(self.crashes) if whole else [])
        failures = [f for r in self.results for f in self.judge(r)]
        if not problems and whole:
            failures += self._lists()
            strict, self.remarks = self.book.whole()
            failures += strict
        failures = divergence.gone_last(failures)
        status = FAILED if failures else SETUP if self.complaints else OK
        if problems:
            status = TIMED_OUT if self.ends == {TIMED_OUT} else CRASHED
        counts = {s: sum(r.status == s for r in self.results) for s in STATUSES}
        return Verdict(status, self.complaints, problems, self.crashes, list(lost), failures,
                       self.results, counts)

    def _unfinished(self):
        if not self.stack:
            return ["no KTAP at all"]
        found = [p for level in reversed(self.stack) for p in _unclosed(level, level.name)]
        results = self.results[self.past[0]:]
        counted = {s: sum(r.reported == s for r in results) for s in STATUSES}
        if self.tap:
            return found
        if not self.totals:
            found.append("no totals line")
        elif counted != self.totals:
            found.append("the totals do not add up: they say %s, the results are %s" % (_words(self.totals), _words(counted)))
        return found

    def judge(self, result):
        """The failures of one result; a listed divergence turns from fail into xfail."""
        decided = self.book.judge(result.name, result.reported)
        if decided:
            result.status, result.reasons = ("fail", []) if decided[1] else ("xfail", decided[0])
            return decided[1]
        if result.reported == "skip":
            banned = self.skip_never and re.search(self.skip_never, result.reason)
            if result.reason and not banned:
                return []
            result.status = "fail"
            return [(result.name, "must not be skipped here: " + result.reason if banned else
                     "skipped without a reason", result.notes)]
        listed = [g for g in self.known if fnmatch.fnmatchcase(result.name, g)]
        if listed and result.reported == "pass":
            result.status = "fail"
            return [(result.name, "%s (%s) but passes now: take it off the list"
                     % (divergence.LISTED, self.known[listed[0]]), [])]
        if listed and result.reported == "fail":
            result.status, result.reasons = "xfail", [self.known[listed[0]]]
        if result.status in ("fail", "error"):
            what = "error in the test itself" if result.status == "error" else "failed"
            return [(result.name, what + (": " + result.reason if result.reason else ""),
                     self.book.about(result.name) + result.notes)]
        return []

    def _wanted(self, name):
        """True if tests= selects the test."""
        return all(testlist.matches(name, globs) for globs in self.only)

    def _lists(self):
        """Failures of the run as a whole: no test, excluded tests, lists that do not hold."""
        if not self.results:
            return [] if self.may_be_empty or self.complaints else [(None, "no test ran", [])]
        found = [(None, "tests= excludes %s, but it ran: the command line did not reach the kernel"
                  % r.name, []) for r in self.results if not self._wanted(r.name)][:1]
        if not self.complete:
            return found
        if self.skip_must and not any(r.status == "skip" and re.search(self.skip_must, r.reason) for r in self.results):
            found.append((None, "no test was skipped for the reason \"%s\"" % self.skip_must, []))
        names = [r.name for r in self.results]
        lost = [glob for glob in self.known if not fnmatch.filter(names, glob)]
        for key in lost + self.book.without_result(names):
            found.append((None, "%s, but there is no such test: %s" % (divergence.LISTED, key), []))
        return found


def _unclosed(level, name):
    """The problems of a plan that ends here."""
    what = name or "the run"
    if level.name and level.name != name:
        return ["subtest %s was closed as %s" % (level.name, name)]
    if level.plan is None:
        return [what + " has no plan"]
    if level.plan != level.last:
        return ["%s planned %d results and gave %d" % (what, level.plan, level.last)]
    return []


def _words(counts):
    return " ".join("%s:%d" % (s, counts[s]) for s in STATUSES)
