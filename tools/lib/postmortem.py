# SPDX-License-Identifier: MIT
"""Find the case of the matrix that a machine died of.

The suite says once a second at which row of its slice it is; naming each case before it is made would
take longer than the cases. So after a crash or a hang the machine boots up to three times more: from
that row on with each row announced, from the last of these with each of its cases announced, and with
the case alone. A kernel that can still panic names the case itself.
"""

import re
from dataclasses import dataclass, field

import capture
import ktap
from emulator import Emulator
from machine import TOP

SILENCE = 60.0      # seconds without a line, while the matrix runs, that count as a hang
LIMIT = 240.0       # seconds for one boot of the search
MANY = 8            # so many seconds' rows may pass until the machine dies again

_MARK = re.compile(r"# matrix: \d+ %, row (\d+)$")
_ROW = re.compile(r"# row (\d+)(?: case (\S+))?$")
_CHECKS = re.compile(r"# case (\S+) checks((?: \w+)*)$")
_NARROW = ("tests=", "from=", "until=", "case=", "rows=", "exit=", "repeat=")


class Trail:
    """What the lines of one boot say about where the matrix is. Feed it each line."""

    def __init__(self):
        self.marks, self.row = [], 0
        self.case, self.checks = "", []     # the case under way, and its rules, if they are named
        self.done = False                   # the matrix has ended; or the case that was to be made
        self.banners = 0

    def feed(self, line):
        """Take one line."""
        line = line.strip()
        mark, row, checks = (p.match(line) for p in (_MARK, _ROW, _CHECKS))
        self.banners += capture.FIRST in line
        if mark:
            self.marks.append(int(mark[1]))
        elif row:
            self.row, self.case = int(row[1]), row[2] or ""
        elif checks:
            self.case, self.checks, self.done = checks[1], checks[2].split(), False
        elif line.startswith(("# matrix: cases=", "# Totals: ")):
            self.case, self.done = "", True
        elif line.startswith("# case ") and " expected=" in line:
            self.case, self.done = "", True

    def runs(self):
        """True while the matrix makes its slice."""
        return bool(self.marks) and not self.done

    def until(self, now):
        """How long to wait for the next line, with `now` as the time of the last."""
        return now + SILENCE if self.runs() else float("inf")


def boot(command, log, last, limit):
    """Boot with this command; returns the trail once the machine has died, fallen silent, reset itself,
    passed row `last` (0: none) or made the case."""
    trail = Trail()
    log.write(b"\n# tools/run: boots again, to find the case\n")
    with Emulator(command, TOP) as emulator:
        for raw in emulator.lines(lambda: min(limit, LIMIT, emulator.elapsed() + SILENCE)):
            if raw is None:
                break
            log.write(raw + b"\n")
            trail.feed(ktap.clean(raw))
            if trail.done or trail.banners > 1 or trail.row > last > 0 or ktap.PANIC in ktap.clean(raw):
                break
    log.flush()
    return trail


@dataclass
class Found:
    """Where the machine died: a case, or rows at least. `words` repeat it on the command line."""
    place: str
    words: list = field(default_factory=list)


def narrowed(arguments):
    """The words of a run, without those that choose what it makes."""
    return [w for w in arguments if not w.startswith(_NARROW)]


def search(trail, boot):
    """Where the boot with this trail died, if it did in the matrix; else None. boot(words, last) boots
    with these words instead of those that choose what runs, until the machine dies or row `last`
    (0: none) is past, and returns the new trail."""
    if trail.case:
        return _alone(trail.case, [], boot, trail.checks)
    if not trail.runs():
        return None
    first = trail.marks[-1]
    last = first + MANY * (first - trail.marks[-2]) if trail.marks[1:] else 0
    rows = boot(["rows=%d" % first], last)
    if rows.done or rows.row < first or rows.row > last > 0:
        return Found("in the matrix, behind its row %d; from there on, with each row announced, it did "
                     "not happen again up to row %d" % (first, rows.row))
    words = ["rows=%d" % rows.row]
    cases = rows if rows.case else boot(words, rows.row)
    if cases.done or not cases.case:
        return Found("in row %d of the matrix" % rows.row, words)
    return _alone(cases.case, words, boot, [])


def _alone(case, words, boot, checks):
    """The case, and its rules if they are not known yet. `words`: those that did make it die."""
    alone = boot(["case=" + case], 0)
    checks = " ".join(alone.checks or checks)
    place = "at the case %s%s" % (case, ", which checks " + checks if checks else "")
    if not alone.done:
        return Found(place, ["case=" + case])
    return Found(place + ", but not if it is made alone", words)
