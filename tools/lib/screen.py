# SPDX-License-Identifier: MIT
"""Show a run: in colour on a terminal, plain everywhere else."""

import os
import sys

_COLOURS = {"pass": "32", "fail": "31;1", "error": "31;1", "panic": "31;1", "skip": "33",
            "xfail": "33", "note": "2", "totals": "1", "noise": "2"}


class Screen:
    """Prints console lines unless quiet; always prints what went wrong."""

    def __init__(self, quiet=False):
        # quiet keeps stdout for machine-readable output; all other text goes to stderr.
        self.out = sys.stderr if quiet else sys.stdout
        self.quiet = quiet
        self.colour = self.out.isatty() and "NO_COLOR" not in os.environ

    def terminal(self):
        """Whether a person sees lines as they are drawn."""
        return not self.quiet and self.out.isatty() and os.environ.get("TERM") != "dumb"

    def _put(self, text, code=None):
        if self.colour and code:
            text = "\x1b[%sm%s\x1b[0m" % (code, text)
        print(text, file=self.out, flush=True)

    def line(self, kind, text):
        """Print one console line."""
        if not self.quiet:
            self._put(text, _COLOURS.get(kind))

    def say(self, text):
        """Print a plain line."""
        self._put(text)

    def bad(self, text):
        """Print a line about a failure."""
        self._put(text, "31;1")

    def summary(self, good, text):
        """Print the last line."""
        self._put(text, "32;1" if good else "31;1")
