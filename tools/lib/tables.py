# SPDX-License-Identifier: MIT
"""Tables of figures: printed, as CSV in build/experiments/, and between the markers of a document.

A document that holds such tables may repeat a figure in a sentence. A comment before the figure
names its table, row and column, and tools/lint compares the two:

    <!-- = exposure; **all**; context : instruction -->7.4 times less
    <!-- = exposure; most; context : instruction -->30 times in the driver with the most
"""

import csv
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(TOP, "docs", "EXPERIMENTS.md")
FOLDER = os.path.join(TOP, "build", "experiments")
MARKER = re.compile(r"^<!-- ([\w-]+): (?:(from here on written by `([^`]*)`)|to here) -->$", re.M)
QUOTE = re.compile(r"<!-- = (.*?) -->(\S*)", re.DOTALL)
FIGURE = re.compile(r"[+-]?[\d,]*\d(?:\.\d+)?")


class Bad(ValueError):
    """A document, a table or an option that cannot be understood; the message says why."""


def markdown(head, rows, pad=False):
    """The table as lines of Markdown; with `pad` its columns are even for a terminal."""
    lines = [[str(cell) for cell in row] for row in [head, *rows]]
    if pad:
        wide = [max(map(len, column)) for column in zip(*lines)]
        lines = [[c.ljust(n) if at == 0 else c.rjust(n) for at, (c, n) in enumerate(zip(row, wide))] for row in lines]
    lines = ["| %s |" % " | ".join(row) for row in lines]
    return [lines[0], "|---" * len(head) + "|"] + lines[1:]


def save(name, head, rows):
    """Write the table to build/experiments/NAME.csv."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, name + ".csv"), "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])


def load(name, folder=FOLDER):
    """(head, rows) of a CSV file; None if nobody has made it."""
    try:
        with open(os.path.join(folder, name + ".csv"), encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
    except OSError:
        return None
    except (ValueError, csv.Error) as error:
        raise Bad("%s.csv: %s" % (name, error)) from error
    if any(len(row) != len(head) for row in rows):
        raise Bad("%s.csv: its rows have different lengths" % name)
    return head, rows


def put(document, begin, end, text):
    """The document with the text between two markers replaced."""
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(begin) > document.index(end):
        raise Bad("the document does not have the two markers, once each and in order: %s" % (begin or end))
    head, _, rest = document.partition(begin)
    return head + begin + text + end + rest.partition(end)[2]


def replace(document, name, text):
    """The document with the text between the markers of `name`, each on a line of its own, replaced."""
    found = [m for m in MARKER.finditer(document) if m[1] == name]
    if len(found) != 2:
        raise Bad("the document does not have the two markers of %s, once each" % name)
    begin, end = (next((m[0] for m in found if bool(m[2]) == first), "") for first in (True, False))
    return put(document, begin, end, "\n" + text + "\n")


def write(path, parts):
    """Write {name: table as lines} into the document, all or none."""
    with open(path, encoding="utf-8") as file:
        document = file.read()
    for name, lines in parts.items():
        document = replace(document, name, "\n" + "\n".join(lines) + "\n")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(document)
    os.replace(path + ".new", path)


def parse(document):
    """{name: rows} of the tables between markers, the head first, each row a list of cells."""
    found = {}
    for name, text in re.findall(r"^<!-- ([\w-]+): from here on .*? -->$(.*?)^<!-- \1: to here -->$", document,
                                 re.M | re.DOTALL):
        lines = [line[1:-1].split("|") for line in text.split("\n") if line.startswith("|")]
        found[name] = [[cell.strip() for cell in line] for line in lines if not set("".join(line)) <= set("-: ")]
    return found


def cell(tables, where):
    """
    The cell that `TABLE; ROW; COLUMN` names. ROW is as many first cells as it takes; or it is
    `least` or `most`, of the column's figures but for those of rows in bold.
    """
    name, *row = [part.strip() for part in where.split(";")]
    column = row.pop() if row else ""
    if not tables.get(name):
        raise Bad("there is no table %s" % name)
    head, *rows = tables[name]
    found = [r for r in rows if row and r[:len(row)] == row]
    if row in (["least"], ["most"]) and column in head:
        at = head.index(column)
        numbers = [r for r in rows if len(r) == len(head) and "**" not in r[0] and FIGURE.fullmatch(r[at])]
        numbers.sort(key=lambda r: float(r[at].replace(",", "")))
        found = numbers[:1] if row == ["least"] else numbers[-1:]
    if len(found) != 1 or head.count(column) != 1 or len(found[0]) != len(head):
        raise Bad("table %s has no row %s with a column %s" % (name, "; ".join(row), column))
    return found[0][head.index(column)]


def wrong(document):
    """Yield (line, problem) for markers out of form, and for figures that differ from their table's."""
    lines = document.split("\n")
    open_, seen = None, set()
    for number, line in enumerate(lines, 1):
        found = MARKER.match(line)
        if not found:
            if re.match(r"\s*<!--.*(from here on|to here)", line):
                yield number, "not a marker: <!-- NAME: from here on written by `COMMAND` -->"
            continue
        if found[2] and (open_ or found[1] in seen) or not found[2] and found[1] != open_:
            yield number, "the markers of %s do not come once each and in order" % found[1]
        open_ = found[1] if found[2] else None
        seen.add(found[1])
    if open_:
        yield len(lines), "%s has no end" % open_
    yield from _quotes(document, parse(document))


def _quotes(document, tables):
    for found in QUOTE.finditer(document):
        number = document.count("\n", 0, found.start()) + 1
        shown = FIGURE.match(found[2])
        try:
            real = cell(tables, " ".join(found[1].split()))
        except Bad as problem:
            yield number, str(problem)
            continue
        if not shown or shown[0].replace(",", "") != real.replace(",", ""):
            yield number, "the sentence says %s, the table %s (%s)" % (
                shown[0] if shown else "no figure", real, " ".join(found[1].split()))
