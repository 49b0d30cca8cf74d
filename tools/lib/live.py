# SPDX-License-Identifier: MIT
"""Show a run on a terminal: one line for each suite, redrawn as its tests end."""

import time

import ktap

BAR = 20
CLEAR = "\r\x1b[K"


class Live:
    """Feed it the judge after each line."""

    def __init__(self, out, colour, clock=time.monotonic, title=""):
        self.out, self.colour, self.clock = out, colour, clock
        self.suite = None       # the judge's level of the suite that runs
        self.first = 0          # the index of its first result
        self.started = 0.0      # when it began, by the clock
        self.title = title      # of the whole run, until a machine boots

    def begin(self):
        """A machine boots."""
        if self.title:
            self.out.write(self.title + "\n")
            self.title = ""
            self._draw("  booting ...")

    def show(self, judge, line=""):
        """Redraw the line of the suite that runs; finish the line of the one that ended. What `case=`
        asks for, `# case ...`, is the answer of a run: it stays."""
        if line.lstrip().startswith("# case "):
            self.out.write(CLEAR + line + "\n")
        suite = judge.stack[1] if len(judge.stack) > 1 else None
        if self.suite and suite is not self.suite:
            self._end(judge)
        if suite and suite is not self.suite and suite.name:
            self.suite, self.first, self.started = suite, len(judge.results), self.clock()
        if self.suite:
            done, plan = self.suite.last, self.suite.plan or 0
            bar = "#" * (BAR * done // plan if plan else 0)
            self._draw("  %-16s %s %3d of %-3d %5.1f s" % (
                self.suite.name, bar.ljust(BAR, "."), done, plan, self.clock() - self.started))

    def close(self):
        """Leave the line of a suite that did not end."""
        self.out.write("\n" if self.suite else CLEAR)
        self.out.flush()
        self.suite = None

    def boot_again(self, suite):
        """The machine boots once more, from this suite on."""
        self.close()
        self._draw("  booting again from %s ..." % suite)

    def _end(self, judge):
        results = judge.results[self.first:]
        for r in results:
            judge.judge(r)
        counts = {s: n for s in ktap.STATUSES if (n := sum(r.status == s for r in results))}
        text = ", ".join("%d %s" % (n, s) for s, n in counts.items())
        code = "31" if {"fail", "error"} & counts.keys() else "32"
        line = "  %-16s %-40s %5.1f s" % (self.suite.name, text, self.clock() - self.started)
        self._draw("\x1b[%sm%s\x1b[0m" % (code, line) if self.colour else line)
        self.out.write("\n")
        self.suite = None

    def _draw(self, text):
        self.out.write(CLEAR + text)
        self.out.flush()
