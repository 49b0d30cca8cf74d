# SPDX-License-Identifier: MIT
"""The sabotages that tests/sabotage/*.txt list: read them, see whether they still apply."""

import glob
import os
import re

# A failed test, as tools/run, cmocka or TAP names it.
FAILED = re.compile(r"^(?:FAILED|CRASH|TIME-OUT) (?:[a-z0-9-]+: )?(.*)$"
                    r"|^(?:\[  FAILED  \]|not ok \d+(?: -)?) (\S+)$", re.M)


class Sabotage:
    """One way to break the kernel: a name and edits of (file, old text, new text)."""

    def __init__(self, title, build, run):
        self.name, self.what = [part.strip() for part in title.split(":", 1)]
        self.build = build  # the command that builds what is run
        self.run = run      # words for tools/run, or a host test or tool with its words
        self.edits = []

    def on_host(self):
        """Whether what is run is a host test, not a machine."""
        return self.run[0].startswith("build/")

    def on_machine(self):
        """Whether what is run are words for tools/run."""
        return not self.run[0].startswith(("build/", "tools/", "tests/"))

    def command(self, limit):
        """What to run after the build, for at most `limit` seconds; a tool boots several times."""
        if self.on_machine():
            extent = [] if any(w.startswith("extent=") for w in self.run) else ["extent=whole"]
            return ["tools/run", *self.run, *extent, "--first", "--quiet", "--timeout", str(limit)]
        return ["timeout", str(limit if self.on_host() else 10 * limit), *self.run]

    def failed(self, output):
        """The names of the tests that failed."""
        names = (found[1] or found[2] for found in FAILED.finditer(output))
        return list(dict.fromkeys(names))

    def edited(self, folder):
        """{path: (text, text after the edits)}; raises ValueError where one does not apply."""
        texts = {}
        for file, old, new in self.edits:
            path = os.path.join(folder, file)
            former, text = texts.get(path) or 2 * (_read(path),)
            if text.count(old) != 1:
                raise ValueError("%s has the text to be changed %d times: %r"
                                 % (file, text.count(old), old))
            texts[path] = former, text.replace(old, new)
        return texts

    def apply(self, folder):
        """Make the edits; returns the files' former texts, or raises ValueError."""
        texts = self.edited(folder)
        for path, (_, text) in texts.items():
            _write(path, text)
        return {path: former for path, (former, _) in texts.items()}


def _read(path):
    """The file's text; none if there is no such file."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as f:
        return f.read()


def _write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def restore(former):
    """Put back what apply() returned."""
    for path, text in former.items():
        _write(path, text)


def read_list(path):
    """The sabotages of one file; see there for the form."""
    found, build, run = [], ["make", "-s", "iso"], ["qemu"]
    for line in _read(path).splitlines():
        mark, text = line[:1], line[2:]
        if mark == "!":
            build = text.split()
        elif mark == "%":
            run = text.split()
        elif mark == "=":
            found.append(Sabotage(text, build, run))
        elif mark == "@":
            found[-1].edits.append([text, [], []])
        elif mark in ("-", "+"):
            found[-1].edits[-1][1 if mark == "-" else 2].append(text)
    for sabotage in found:
        sabotage.edits = [(file, "\n".join(old), "\n".join(new))
                          for file, old, new in sabotage.edits]
    return found


def read_all(top):
    """The sabotages of every list of a tree."""
    return [s for path in sorted(glob.glob(os.path.join(top, "tests", "sabotage", "*.txt")))
            for s in read_list(path)]


def stale(top):
    """A line for each sabotage of a tree that does not apply."""
    for sabotage in read_all(top):
        try:
            sabotage.edited(top)
        except ValueError as why:
            yield "%s: %s" % (sabotage.name, why)
