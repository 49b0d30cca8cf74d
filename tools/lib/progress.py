# SPDX-License-Identifier: MIT
"""Say what a long command does, and how long it will take: a line on stderr before each step."""

import sys
import time


class Progress:
    """Counts steps. The estimate supposes that the steps to come take as long as those done."""

    def __init__(self, steps, clock=time.monotonic, out=sys.stderr):
        self.steps, self.done, self.clock, self.out = steps, 0, clock, out
        self.began = clock()

    def step(self, what):
        """A step begins."""
        passed = self.clock() - self.began
        left = ""
        if self.done:
            left = ", about %s left" % duration(passed / self.done * (self.steps - self.done))
        print("[%d/%d] %s%s" % (self.done + 1, self.steps, what, left), file=self.out, flush=True)
        self.done += 1


def duration(seconds):
    """`40 s`, `3 min`."""
    return "%d s" % seconds if seconds < 100 else "%d min" % round(seconds / 60)
