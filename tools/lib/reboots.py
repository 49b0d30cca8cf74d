# SPDX-License-Identifier: MIT
"""Follow a run over a reboot (word `boots=2`) from its console.

The first boot ends with `# reboot: 1 of 2`, behind its totals, and resets the machine; the kernel's
first line, the banner, begins the second boot, which says `# reboot: 2 of 2` when it finds what the
first has left. Each has plan, results and totals of its own; both make one verdict. Whatever else
begins anew is a machine that reset itself; so is one whose emulator says on stderr that it ends by a
triple fault.
"""

import re

import capture
import ktap
import testlist

SAYS = re.compile(r"# reboot: (.*)$")
ENDS, COMES_BACK = "1 of 2", "2 of 2"
# QEMU with -d cpu_reset, and Bochs with reset_on_triple_fault=0.
_TRIPLE = re.compile(r"Triple fault$|\[CPU\d+ *\] exception\(\): 3rd \(\d+\) exception")
_REGISTERS = re.compile(r"CPU Reset \(CPU|\w+ *= *[\da-f]+( |$)")     # what QEMU says besides, at each reset


def triple_fault(errors):
    """True if an emulator's stderr, as lines, ends by a triple fault."""
    return any(_TRIPLE.match(line) for line in errors[-5:])


def telling(errors):
    """An emulator's stderr without the registers at each reset."""
    return [line for line in errors if line and not _REGISTERS.match(line)]


class Reboots:
    """Feed it each line of a run with these words, before the judge gets it."""

    def __init__(self, words):
        self.wanted = testlist.value(words, "boots") == "2"
        self.exits = testlist.value(words, "exit") == "reboot"
        self.begun = self.announced = self.second = self.knows = False

    def feed(self, line, judge):
        """Take a line; returns True if the run is over. The judge gets what is wrong, and is told
        where the second boot begins."""
        if capture.FIRST in line:
            return self._banner(judge)
        said = SAYS.match(line)
        return bool(said) and self._said(said[1], judge)

    def _banner(self, judge):
        begun, self.begun = self.begun or bool(judge.stack), True
        if self.announced and not self.second:
            self.second = True
            judge.next_boot(False, None)
        elif begun:
            if not (self.exits and judge.totals):
                judge.problems.append(ktap.RESET)
            return True
        return False

    def _said(self, what, judge):
        if self.wanted and what == ENDS and judge.totals and not self.announced:
            self.announced = True
        elif self.wanted and what == COMES_BACK and self.second and not self.knows:
            self.knows = True
        else:
            judge.problems.append("the kernel says \"reboot: %s\" %s" % (
                what, "out of turn" if self.wanted else "without boots=2"))
            return True
        return False

    def waits(self):
        """True between the announcement and the second boot's banner."""
        return self.announced and not self.second

    def missing(self):
        """What a run of two boots lacks at its end, as a list of problems."""
        if not self.wanted:
            return []
        if not self.announced:
            return ["the first boot announced no reboot (# reboot: %s)" % ENDS]
        if not self.second:
            return ["the machine announced its reboot, but no second boot came"]
        return [] if self.knows else ["the second boot does not know that it is one (# reboot: %s)"
                                      % COMES_BACK]
