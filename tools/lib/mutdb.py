# SPDX-License-Identifier: MIT
"""What is known about mutants: tests/mutants/AREA.txt, one line each, by hash; the table made of it.

    HASH FILE:FUNCTION OPERATOR VERDICT STEP [TEST]

Verdicts: killed, hang (killed by a time-out), survived; unseen, as far as STEP, where the run was to
stop; unbuilt (the compiler refuses it) and same (the compiler makes the same code of it) are no
mutants, and are noted so that nobody asks again. Two lists have a line HASH | what changes | reason for
each that is left: equivalent.txt has those that no test can see, survivors.txt those that no test
sees yet.
"""

import math
import os
import re
from collections import Counter, namedtuple

from tables import Bad, put

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "tests", "mutants")
DOCUMENT = os.path.join(TOP, "docs", "TESTING.md")
BEGIN = "<!-- mutants: from here on written by `make mutants-table` -->"
END = "<!-- mutants: to here -->"

VERDICTS = ("killed", "hang", "survived", "unseen", "unbuilt", "same")
MADE = VERDICTS[:3]
ALIVE = VERDICTS[2:4]
# The columns of the table: the steps that see a mutant.
STEPS = [("host", "host tests"), ("suites", "its suites"), ("all", "all of qemu"), ("smp", "several CPUs"),
         ("other", "other")]
_LINE = re.compile(r"([0-9a-f]{10}) (\S+:\S+) ([a-z]+) (%s)(?: (\S+)(?: (.*))?)?" % "|".join(VERDICTS))
_REASON = re.compile(r"([0-9a-f]{10}) \| (.+) \| (.+)")
HEAD = "# SPDX-License-Identifier: MIT\n"
KILLED = 0.95       # what the tests shall see of the mutants that are no equivalents
CHANCE = 0.001

Result = namedtuple("Result", "hash where op verdict step test")


def _lines(path):
    """The lines of a list; none if there is no such file."""
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if line and not line.startswith("#"):
                yield number, line


class Results:
    """The results of one area."""

    def __init__(self, area, folder=FOLDER):
        self.path = os.path.join(folder, area + ".txt")
        self.by_hash = self._read()

    def _read(self):
        """The results on disk."""
        by_hash = {}
        for number, line in _lines(self.path):
            found = _LINE.fullmatch(line)
            if not found:
                raise Bad("%s:%d: not HASH FILE:FUNCTION OPERATOR VERDICT STEP TEST: %s"
                          % (self.path, number, line))
            by_hash[found[1]] = Result(*(part or "" for part in found.groups()))
        return by_hash

    def note(self, result):
        """Keep a result, on disk too, beside those that another run has noted there."""
        self.by_hash = {**self._read(), result.hash: result}
        self.save()

    def prune(self, hashes):
        """Forget the mutants that there are no more."""
        self.by_hash = {h: r for h, r in self.by_hash.items() if h in hashes}
        self.save()

    def save(self):
        """Write the file: to another first, so that a stop leaves it whole."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(HEAD)
            for _, result in sorted(self.by_hash.items()):
                file.write(" ".join(result).rstrip() + "\n")
        os.replace(self.path + ".new", self.path)


def _reasons(path):
    """{hash: (what changes, reason)} of a list."""
    found = {}
    for number, line in _lines(path):
        match = _REASON.fullmatch(line)
        if not match or match[1] in found:
            raise Bad("%s:%d: not HASH | what changes | reason, or twice: %s" % (path, number, line))
        found[match[1]] = (match[2], match[3])
    return found


def equivalents(folder=FOLDER):
    """{hash: (what changes, why no test can see it)}."""
    return _reasons(os.path.join(folder, "equivalent.txt"))


def survivors(folder=FOLDER):
    """{hash: (what changes, why no test sees it)}."""
    return _reasons(os.path.join(folder, "survivors.txt"))


def prune_reasons(hashes, folder=FOLDER):
    """Forget the reasons of mutants that there are no more."""
    for name in ("equivalent.txt", "survivors.txt"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                lines = file.readlines()
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(x for x in lines if x.startswith("#") or x[:10] in hashes)


def row(area, results, equal):
    """The figures of one area: made, equivalent, killed by each step, hang, survived, share."""
    alike = [r for r in results if r.verdict in ALIVE and r.hash in equal]
    made = [r for r in results if r.verdict in MADE and r not in alike] + alike
    names = [step for step, _ in STEPS]
    steps = Counter(r.step if r.step in names else "other" for r in made if r.verdict == "killed")
    hang = sum(r.verdict == "hang" for r in made)
    left = sum(r.verdict in ALIVE for r in made) - len(alike)
    return [area, len(made), len(alike)] + [steps[n] for n in names] + [hang, left]


def share(figures):
    """The percentage of a row's mutants that are seen, equivalents aside."""
    asked = figures[1] - figures[2]
    return "%.1f %%" % (100.0 * (asked - figures[-1]) / asked) if asked else ""


def table(areas, folder=FOLDER):
    """The table of docs/TESTING.md."""
    equal = equivalents(folder)
    rows = [row(a, Results(a, folder).by_hash.values(), equal) for a in areas]
    rows.append(["all"] + [sum(r[n] for r in rows) for n in range(1, len(STEPS) + 5)])
    titles = ["area", "made", "equivalent"] + [t for _, t in STEPS] + ["hang", "survived", "killed"]
    lines = ["| %s |" % " | ".join(titles), "|" + "---|" * len(titles)]
    lines += ["| %s |" % " | ".join([str(x) for x in r] + [share(r)]) for r in rows]
    return "\n".join(lines).replace("|  |", "| |")


def replace(document, text):
    """The document with the table between its markers."""
    return put(document, BEGIN, END, "\n\n" + text + "\n\n")


def too_many(survived, judged, killed=KILLED, chance=CHANCE):
    """Whether so many survivors come less often than `chance` if each is killed with `killed`."""
    more = sum(math.comb(judged, n) * (1 - killed) ** n * killed ** (judged - n)
               for n in range(survived, judged + 1))
    return survived > 0 and more < chance
