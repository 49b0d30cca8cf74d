# SPDX-License-Identifier: MIT
"""A strict reader of KTAP, written from Linux's Documentation/dev-tools/ktap.rst alone.

It shares no code with tools/lib/ktap.py, so that a mistake in what that one expects is seen. What
the document leaves to the writer (a plan that is missing, unknown lines, TODO) is refused here,
because our kernel has no need of it. Firmware may print before the first version line and after the
totals. The indentation of a subtest is that of its version line: the document recommends two
spaces, KUnit and this kernel use four.
"""

import re

VERSION = "KTAP version 1"
PLAN = re.compile(r"1\.\.(0|[1-9][0-9]*)")
RESULT = re.compile(r"(ok|not ok) ([1-9][0-9]*)(?: ([^#]*[^# ]))?(?: # ?(?:([A-Z]+)(?: (.*))?|(.*)))?")
DIRECTIVES = {"SKIP": ("ok", "not ok"), "XFAIL": ("ok", "not ok"), "TIMEOUT": ("not ok",), "ERROR": ("not ok",)}


class NotKtap(ValueError):
    """A line that the document does not permit; the message has its number."""


class Test:
    """A test, or the whole run: its name, whether it is ok, its directive, its subtests."""

    def __init__(self, name="", ok=True, directive=None, subtests=()):
        self.name, self.ok, self.directive, self.subtests = name, ok, directive, list(subtests)

    def leaves(self):
        """The tests that have no subtests."""
        return [leaf for test in self.subtests for leaf in test.leaves()] if self.subtests else [self]


def lines_of(text):
    """The lines of a console from the first version line on, up to the kernel's totals."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if VERSION not in lines:
        raise NotKtap("no line is \"%s\"" % VERSION)
    start = lines.index(VERSION)
    ends = [n for n, line in enumerate(lines) if line.startswith("# Totals: ")]
    return [(n + 1, lines[n]) for n in range(start, ends[-1] + 1 if ends else len(lines)) if lines[n]]


def read(text):
    """The run as a Test without a name; its subtests are the suites."""
    lines = lines_of(text)
    subtests, rest = _tests(lines, 0)
    for number, line in rest:
        if not line.startswith("#"):
            raise NotKtap("line %d, after the last test: %s" % (number, line))
    return Test("", all(test.ok for test in subtests), None, subtests)


def _tests(lines, indent):
    """Read a version line, a plan and its tests; returns them and the lines after them."""
    (number, line), lines = lines[0], lines[1:]
    if line != " " * indent + VERSION:
        raise NotKtap("line %d: a version line is due: %s" % (number, line))
    planned, found, inner = None, [], None
    while lines:
        number, line = lines[0]
        body, deep = line.lstrip(" "), len(line) - len(line.lstrip(" "))
        if body.startswith("#"):
            if body != "#" and not body.startswith("# "):
                raise NotKtap("line %d: no blank after #: %s" % (number, line))
            lines = lines[1:]
        elif deep > indent and body == VERSION and inner is None and planned is not None:
            inner, lines = _tests(lines, deep)
        elif deep != indent:
            raise NotKtap("line %d: indented by %d instead of %d: %s" % (number, deep, indent, line))
        elif planned is None:
            planned = _plan(number, body)
            lines = lines[1:]
        else:
            found.append(_result(number, body, len(found) + 1, inner))
            inner, lines = None, lines[1:]
        if planned is not None and len(found) == planned:
            return found, lines
    raise NotKtap("the plan says %s, the end comes after %d" % (planned, len(found)))


def _plan(number, body):
    plan = PLAN.fullmatch(body)
    if not plan:
        raise NotKtap("line %d: a plan is due: %s" % (number, body))
    return int(plan[1])


def _result(number, body, due, subtests):
    """A test's result; it must follow from those of its subtests."""
    found = RESULT.fullmatch(body)
    if not found:
        raise NotKtap("line %d: not a result: %s" % (number, body))
    word, count, name, directive = found.group(1, 2, 3, 4)
    if int(count) != due:
        raise NotKtap("line %d: number %s where %d is due" % (number, count, due))
    if not name:
        raise NotKtap("line %d: a test without a name" % number)
    if directive and (directive not in DIRECTIVES or word not in DIRECTIVES[directive]):
        raise NotKtap("line %d: \"%s\" with %s" % (number, word, directive))
    if subtests is not None and (word == "ok") != all(test.ok for test in subtests):
        raise NotKtap("line %d: \"%s\", but its subtests say otherwise" % (number, word))
    return Test(name, word == "ok" or directive in ("SKIP", "XFAIL"), directive, subtests or ())
