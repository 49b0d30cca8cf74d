# SPDX-License-Identifier: MIT
"""The kernel's command-line words, read from their table in kernel/lib/option_table.c.

The reader knows no more C than that table needs, and refuses the rest with the line's number.
"""

import os
import re
from collections import namedtuple

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = os.path.join(TOP, "kernel", "lib", "option_table.c")
DOCUMENT = os.path.join(TOP, "docs", "HARDWARE.md")
BEGIN = "<!-- words: from here on written by `make words` -->"
END = "<!-- words: to here -->"

# names: the values that have a name; form: what else is accepted, or "".
Word = namedtuple("Word", "name default help names form")

TOKEN = re.compile(r'\s+|/\*.*?\*/|(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_][\w.]*)'
                   r'|(?P<number>\d+)|(?P<mark>[{}(),])', re.S)
LIST = re.compile(r"static const struct option_value (\w+)\[\] = \{(.*?)\};", re.S)
TABLE = re.compile(r"const struct option_word option_words\[\] = \{(.*?)\};", re.S)

# The macros of the table: their arguments after the field, as (names, form) of the word.
KINDS = {
    "CHOICE": lambda lists, values: (lists[values], ""),
    "MASK": lambda lists, values: (lists[values], "a list of them"),
    "NUMBER": lambda lists, least, most: ([], "%s to %s" % (least, most)),
    "NUMBER64": lambda lists: ([], "a number of 64 bits, decimal or 0x"),
    "LIMIT": lambda lists, most: (["max"], "1 to " + most),
    "SIZE": lambda lists: ([], "SIZE[K|M|G|T]; 0: all"),
    "RANGES": lambda lists, count: ([], "START+SIZE[,...], up to " + count),
    "TEXT": lambda lists, length, form: ([], "%s, up to %s bytes" % (form, length)),
}


class Bad(Exception):
    """The table or the document is not as it has to be."""


def tokens(text, line):
    """(kind, text, line) of each token; adjacent strings are one."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Bad("line %d: not part of a table of words: %s"
                      % (line, text[at:].split("\n")[0]))
        kind, token = match.lastgroup, match[0]
        if kind == "string":
            token = token[1:-1]
            if "\\" in token:
                raise Bad("line %d: a backslash in a string" % line)
        if kind == "string" and found and found[-1][0] == "string":
            found[-1] = (kind, found[-1][1] + token, line)
        elif kind:
            found.append((kind, token, line))
        line += match[0].count("\n")
        at = match.end()
    return found


def rows(text, line):
    """The rows { ... }, of a table: each a list of tokens without its braces."""
    row, result = None, []
    for kind, token, number in tokens(text, line):
        if row is None and token == "{" and kind == "mark":
            row = []
        elif row is not None and token == "}" and kind == "mark":
            result.append(row)
            row = None
        elif row is not None:
            row.append((kind, token, number))
        elif token != ",":
            raise Bad("line %d: `%s` between two rows" % (number, token))
    return result


def shape(row):
    """The row's tokens as a pattern: s string, n name, d number, and marks as they are."""
    letters = {"string": "s", "name": "n", "number": "d"}
    return "".join(letters.get(kind, token) for kind, token, _ in row)


def where(row):
    """The line of a row."""
    return row[0][2] if row else 0


def value_names(text, line):
    """The names of one list of values."""
    names = []
    for row in rows(text, line):
        if not re.fullmatch("[nd],s", shape(row)):
            raise Bad("line %d: a value is { CONSTANT, \"name\" }" % where(row))
        names.append(row[2][1])
    return names


def word(row, lists):
    """One row of the table of words."""
    if not re.fullmatch(r"s,s,s,n\(n(,[nds])*\)", shape(row)):
        raise Bad("line %d: a word is { \"name\", \"default\", \"help\", KIND(field, ...) }"
                  % where(row))
    name, default, text, kind = (row[i][1] for i in (0, 2, 4, 6))
    arguments = [token for _, token, _ in row[10:-1:2]]
    try:
        names, form = KINDS[kind](lists, *arguments)
    except (KeyError, TypeError):
        raise Bad("line %d: %s: tools/lib/words.py does not know %s(%s)"
                  % (where(row), name, kind, ", ".join(["field"] + arguments))) from None
    return Word(name, default, text, names, form)


def parse(text):
    """The words of a C file's text, in the order of the table."""
    def line(match, group):
        return text[:match.start(group)].count("\n") + 1
    lists = {m[1]: value_names(m[2], line(m, 2)) for m in LIST.finditer(text)}
    tables = list(TABLE.finditer(text))
    if len(tables) != 1:
        raise Bad("no table `const struct option_word option_words[]`, or more than one")
    words = [word(row, lists) for row in rows(tables[0][1], line(tables[0], 1))]
    names = [w.name for w in words]
    if not names or len(set(names)) != len(names):
        raise Bad("no words, or one twice: " + ", ".join(names))
    return words


def read(path=SOURCE):
    """The words of the kernel."""
    with open(path, encoding="utf-8") as file:
        return parse(file.read())


def markdown(words):
    """The table of docs/HARDWARE.md."""
    lines = ["| key | values | default | meaning |", "|---|---|---|---|"]
    for w in words:
        values = " ".join("`%s`" % n for n in w.names) + ("; " if w.names and w.form else "") + w.form
        cells = ["`%s`" % w.name, values, w.default and "`%s`" % w.default, w.help]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).replace("|  |", "| |")


def replace(document, words):
    """A document with the table between its markers."""
    if document.count(BEGIN) != 1 or document.count(END) != 1 or \
            document.index(BEGIN) > document.index(END):
        raise Bad("%s does not have the two markers, once each and in order" % DOCUMENT)
    head, _, rest = document.partition(BEGIN)
    return head + BEGIN + "\n\n" + markdown(words) + "\n\n" + END + rest.partition(END)[2]


def listing(words):
    """The words for a terminal."""
    lines = []
    for w in words:
        values = "|".join(w.names)
        if w.form:
            values = "%s, %s" % (values, w.form) if values else w.form
        lines.append("  %s=%s%s" % (w.name, values, " (%s)" % w.default if w.default else ""))
        lines.append("      " + w.help)
    return "\n".join(lines)
