# SPDX-License-Identifier: MIT
"""Read a log that a terminal program captured from a machine's serial line.

Such a log may have line ends of any kind, terminal escapes, time stamps, output of firmware and
boot loader, and several boots. Nothing here judges.
"""

import re

import ktap

FIRST = "# Keyward: protection keys"     # the kernel's first line (boot/main.c)
HEADER = "KTAP version 1"
# Time stamps that terminal programs and log servers put before a line.
_STAMP = re.compile(r"(?:\[[^\]]{1,40}\]|\(?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.,]*(?:Z|[+-]\d\d:?\d\d)?\)?"
                    r"|\d\d:\d\d:\d\d(?:[.,]\d+)?)[:|]? ?")


def lines(data):
    """The log (bytes) as clean lines, without time stamps."""
    found = [ktap.clean(line) for line in re.split(rb"[\r\n]*\n[\r\n]*|\r+", data)]
    stamps = [_STAMP.match(line) for line in found]
    if any(s and found[i][s.end():] == HEADER for i, s in enumerate(stamps)):
        found = [line[s.end():] if s else line for s, line in zip(stamps, found)]
    return [line for line in found if line]


def boots(text):
    """The lines of each boot; lines before the first kernel are left out."""
    starts = [i for i, line in enumerate(text) if FIRST in line]
    starts = starts or [i for i, line in enumerate(text) if line == HEADER][:1]
    return [text[a:b] for a, b in zip(starts, starts[1:] + [len(text)])]


def about(boot):
    """The kernel's lines about itself and the machine, before the tests."""
    found = []
    for line in boot:
        if line == HEADER:
            break
        if line.startswith("# "):
            found.append(line)
    return found
