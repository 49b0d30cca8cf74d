# SPDX-License-Identifier: MIT
"""The sabotages that tests/sabotage/*.txt list: read them, see whether they still apply, try them."""

import glob
import os
import re
import subprocess

RED = {1: "tests failed", 3: "the kernel crashed", 4: "the kernel hung", 124: "the host test hung"}
HUNG = (4, 124)
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


def _play(sabotage, folder, limit):
    """Build and run; returns (the run's status, what happened)."""
    built = subprocess.run(sabotage.build, cwd=folder, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
    if built.returncode:
        return -1, "does not build: " + built.stdout.strip().rpartition("\n")[2]
    run = subprocess.run(sabotage.command(limit), cwd=folder, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    failed = sabotage.failed(run.stdout)
    # A host test's status is the number of its failed tests.
    status = 1 if sabotage.on_host() and failed else run.returncode
    if status not in RED:
        return status, run.stdout.strip() if status else "no test fails"
    more = " and %d more" % (len(failed) - 3) if len(failed) > 3 else ""
    return status, RED[status] + ": " + "; ".join(failed[:3]) + more


def attempt(sabotage, folder, limit):
    """Break, build, run for at most `limit` seconds, restore; returns (noticed, what happened). A run
    that hangs is made once more without the sabotage: it may be too long anyway."""
    try:
        former = sabotage.apply(folder)
    except ValueError as e:
        return False, str(e)
    try:
        status, what = _play(sabotage, folder, limit)
    finally:
        restore(former)
    if status in HUNG and _play(sabotage, folder, limit)[0] != 0:
        return False, "without the sabotage the run does not end well in %.0f seconds either" % limit
    return status in RED, what
