# SPDX-License-Identifier: MIT
"""Find out in which suite and test a boot crashed, and what it did not come to."""

from dataclasses import dataclass, field

import testlist


@dataclass
class Crash:
    """Where a boot ended too early: in this suite, and in this test if that is known (full name)."""
    suite: str
    test: str = ""
    left: int = 0           # tests of the suite after that one
    doing: str = ""         # what the test did, if that is known
    rest: list = field(default_factory=list)        # the suites after that one

    def name(self, problems):
        """The boot's problems, with the place where it ended."""
        named = ["%s: %s" % (self.test or "the suite " + self.suite, p) for p in problems]
        if self.doing:
            named[-1] += " " + self.doing
        if self.left:
            named[-1] += " (tests of %s that did not run: %d)" % (self.suite, self.left)
        return named

    def glob(self):
        """What to run again."""
        return self.test or self.suite + ".*"


def find(judge, names):
    """The crash of the boot that the judge has read last, or None if it came to its totals or to no
    suite. `names`: the tests that this boot was to run, in order. The one that ran is the one after
    the last result; the machine's plans must agree with the names, or it stays unknown."""
    levels = judge.stack
    if judge.totals or not levels or any(p.startswith("the run started again")
                                         for p in judge.problems[judge.past[1]:]):
        return None
    run, suite = levels[0], levels[1] if len(levels) > 1 else None
    order = testlist.suites(names)
    if suite and suite.name:
        crash = Crash(suite.name)
    elif run.plan == len(order) and run.last < run.plan:
        crash = Crash(order[run.last])      # before the suite has said its name
    else:
        return None
    mine = [n for n in names if testlist.suite(n) == crash.suite]
    if suite and suite.plan == len(mine) and suite.last < suite.plan:
        crash.test, crash.left = mine[suite.last], len(mine) - suite.last - 1
    if crash.suite in order:
        crash.rest = order[order.index(crash.suite) + 1:]
    return crash


def others(judge, names):
    """What a boot that came to its totals ran otherwise than `names` (none: unknown), as problems."""
    ran = [r.name for r in judge.results[judge.past[0]:]]
    if not names or ran == names:
        return []
    for what, found in (("did not run", [n for n in names if n not in ran]),
                        ("ran, and should not", [n for n in ran if n not in names]),
                        ("ran twice", [n for n in names if ran.count(n) > 1])):
        if found:
            return ["%s %s%s" % (found[0], what, " (and %d more)" % (len(found) - 1) if found[1:] else "")]
    return ["the tests ran in another order than in the image"]


def lost(judge, names, crashes):
    """The suites of which no boot has run a test. `names`: all that the run was to run."""
    seen = {testlist.suite(r.name) for r in judge.results} | {testlist.suite(c) for c in crashes}
    return [s for s in testlist.suites(names) if s not in seen]
