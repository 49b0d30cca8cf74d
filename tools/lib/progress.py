# SPDX-License-Identifier: MIT
"""Say what a long command does, and how long it will take: a line on stderr before each step."""

import sys
import time


BUILD, BOOT = 5, 1      # how long such a step takes, compared with others


class Progress:
    """Counts steps. `weights` has one for each step, in their order; the estimate follows from those done."""

    def __init__(self, weights, clock=time.monotonic, out=None):
        self.weights, self.done, self.clock, self.out = weights, 0, clock, out
        self.began = clock()

    def step(self, what):
        """A step begins."""
        passed, left = self.clock() - self.began, ""
        if self.done:
            left = ", about %s left" % duration(
                passed / sum(self.weights[:self.done]) * sum(self.weights[self.done:]))
        print("[%d/%d] %s%s" % (self.done + 1, len(self.weights), what, left), file=self.out or sys.stderr, flush=True)
        self.done += 1


def duration(seconds):
    """`40 s`, `3 min`."""
    return "%d s" % seconds if seconds < 100 else "%d min" % round(seconds / 60)
