# SPDX-License-Identifier: MIT
"""The kernel's command-line words, read from their rows in kernel/lib/options.inc.

The reader knows no more C than those rows need, and refuses the rest with the line's number.
"""

import difflib
import os
import re
from collections import namedtuple

from tables import Bad, put

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = os.path.join(TOP, "kernel", "lib", "options.inc")
DOCUMENT = os.path.join(TOP, "docs", "HARDWARE.md")
BEGIN = "<!-- words: from here on written by `make words` -->"
END = "<!-- words: to here -->"

# names: the values that have a name; form: what else is accepted, or ""; fits(value): whether the
# kernel accepts a value.
Word = namedtuple("Word", "name default help names form fits")

TOKEN = re.compile(r'\s+|/\*.*?\*/|(?P<string>"(?:[^"\\]|\\.)*")|(?P<name>[A-Za-z_]\w*)'
                   r'|(?P<number>\d+)|(?P<mark>[][(),])', re.S)
# The directives that a file of rows may have: a macro that yields nothing, and its end.
DIRECTIVE = re.compile(r"^#ifndef (\w+)\n#define \1\(\.\.\.\)\n#endif$|^#undef \w+$", re.M)

# The rows by their shape: s string, n name, d number; these macros and marks stand for themselves.
MACROS = ("ENUM", "NAMES", "VALUE", "FLAG", "COUNT", "WORD", "POLICY")
LIST = re.compile(r"ENUM\(n,(VALUE\(n,s\)|FLAG\(n,d,s\))+(COUNT\(n\))?\)"
                  r"|NAMES\(n,(VALUE\([nd],s\))+\)")
WORD = re.compile(r"(WORD|POLICY)\(n+(\[[nd]\])?,n,s,s,n(\([nds](,[nds])*\))?,s\)")

ROW_OF_A_WORD = "type, field, \"word\", \"default\", KIND(...), \"help\""
FORMS = {
    "ENUM": "tag, VALUE(enumerator, \"name\") FLAG(enumerator, bit, \"name\") ... COUNT(enumerator)",
    "NAMES": "list, VALUE(constant, \"name\") ...",
    "WORD": ROW_OF_A_WORD,
    "POLICY": ROW_OF_A_WORD,
}


def number(text):
    """The number that the kernel reads, or None (kernel/lib/value.c)."""
    if not re.fullmatch(r"\d+|0[xX][\dA-Fa-f]+", text):
        return None
    value = int(text, 16 if text[1:2] in ("x", "X") else 10)
    return value if value < 1 << 64 else None


def within(least, most):
    """A test for a number between two."""
    return lambda text: number(text) is not None and int(least) <= number(text) <= int(most)


def is_size(text):
    """True for bytes, or a number with a unit."""
    shift = 10 * (" KMGT".find(text[-1:].upper() or "-"))
    value = number(text[:-1] if shift > 0 else text)
    return value is not None and value << max(shift, 0) < 1 << 64


def are_ranges(most):
    """A test for a list of START+SIZE."""
    def fits(text):
        pairs = [item.split("+") for item in text.split(",")]
        return len(pairs) <= int(most) and all(len(p) == 2 and all(map(is_size, p)) for p in pairs)
    return fits


# The kinds of a word: their arguments, as (names, form, fits) of the word.
KINDS = {
    "CHOICE": lambda lists, values: (lists[values], "", lists[values].__contains__),
    "MASK": lambda lists, values: (lists[values], "a list of them",
                                   lambda text: set(text.split(",")) <= set(lists[values])),
    "NUMBER": lambda lists, least, most: ([], "%s to %s" % (least, most), within(least, most)),
    "NUMBER64": lambda lists: ([], "a number of 64 bits, decimal or 0x",
                               lambda text: number(text) is not None),
    "LIMIT": lambda lists, most: (["max"], "1 to " + most,
                                  lambda text: text == "max" or within(1, most)(text)),
    "SIZE": lambda lists: ([], "SIZE[K|M|G|T]; 0: all", is_size),
    "RANGES": lambda lists, count: ([], "START+SIZE[,...], up to " + count, are_ranges(count)),
    "TEXT": lambda lists, length, form: ([], "%s, up to %s bytes" % (form, length),
                                         lambda text: len(text) <= int(length)),
}


def tokens(text):
    """(kind, text, line) of each token; adjacent strings are one."""
    found, at, line = [], 0, 1
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Bad("line %d: not part of a row: %s" % (line, text[at:].split("\n")[0]))
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


def rows(text):
    """The rows MACRO(...) of a text: each a list of tokens."""
    row, depth, result = [], 0, []
    for kind, token, number in tokens(text):
        if not row and kind != "name" or len(row) == 1 and token != "(":
            raise Bad("line %d: `%s` between two rows" % (number, token))
        row.append((kind, token, number))
        depth += (token == "(") - (token == ")") if kind == "mark" else 0
        if len(row) > 1 and not depth:
            result.append(row)
            row = []
    if row:
        raise Bad("line %d: `%s` is not closed" % (where(row), row[0][1]))
    return result


def shape(row):
    """The row's tokens as LIST and WORD write them."""
    letters = {"string": "s", "name": "n", "number": "d"}
    return "".join(token if kind == "name" and token in MACROS else letters.get(kind, token)
                   for kind, token, _ in row)


def where(row):
    """The line of a row."""
    return row[0][2]


def strings(row):
    """The strings of a row: (place in the row, text)."""
    return [(place, token) for place, (kind, token, _) in enumerate(row) if kind == "string"]


def word(row, lists):
    """The word of a row WORD or POLICY."""
    (_, name), (before, default), *_, (_, text) = strings(row)
    kind = row[before + 2][1]
    arguments = [token for _, token, _ in row[before + 4:-4:2]]
    try:
        names, form, fits = KINDS[kind](lists, *arguments)
    except (KeyError, TypeError):
        raise Bad("line %d: %s: tools/lib/words.py does not know %s(%s)"
                  % (where(row), name, kind, ", ".join(arguments))) from None
    return Word(name, default, text, names, form, fits)


def parse(text):
    """The words of a file of rows, in its order."""
    lists, words = {}, []
    for row in rows(DIRECTIVE.sub(lambda found: "\n" * found[0].count("\n"), text)):
        macro = row[0][1]
        if LIST.fullmatch(shape(row)):
            lists[row[2][1]] = [name for _, name in strings(row)]
        elif WORD.fullmatch(shape(row)):
            words.append(word(row, lists))
        elif macro in FORMS:
            raise Bad("line %d: the form is %s(%s)" % (where(row), macro, FORMS[macro]))
        else:
            raise Bad("line %d: a row is %s" % (where(row), ", ".join(FORMS)))
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
    return put(document, BEGIN, END, "\n\n" + markdown(words) + "\n\n")


def accepted(w):
    """What a word's value may be."""
    return ", ".join(filter(None, ["|".join(w.names), w.form]))


def meant(typed, known, form="%s"):
    """"; did you mean X?" for a mistyped word, or "" if none of the known ones is near; X has this form."""
    near = difflib.get_close_matches(typed, known, 1)
    return "; did you mean %s?" % (form % near[0]) if near else ""


def objection(words, argument):
    """Why the kernel does not understand key=value, or None if it does."""
    name, _, value = argument.partition("=")
    known = {w.name: w for w in words}
    if name not in known:
        return "%s: no such word%s; the words are %s" % (
            argument, meant(name, known, "%s="), ", ".join(known))
    if not known[name].fits(value):
        return "%s: %s= takes %s" % (argument, name, accepted(known[name]))
    return None


def listing(words):
    """The words for a terminal."""
    lines = []
    for w in words:
        lines.append("  %s=%s%s" % (w.name, accepted(w), " (%s)" % w.default if w.default else ""))
        lines.append("      " + w.help)
    return "\n".join(lines)
