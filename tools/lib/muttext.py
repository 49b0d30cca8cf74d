# SPDX-License-Identifier: MIT
"""What tools/lib/mutc.py reads from C's text itself: brackets, ends of statements, calls of macros."""

import re

_OPEN, _CLOSE = "([{", ")]}"
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/\*.*?\*/|//[^\n]*|[][(){};,]', re.S)


def _pieces(text, start=0, end=None):
    """(place, mark) of each bracket, comma and semicolon outside comments and strings."""
    for piece in _PIECE.finditer(text, start, len(text) if end is None else end):
        if len(piece[0]) == 1:
            yield piece.start(), piece[0]


def balanced(text):
    """Whether each bracket closes in the text."""
    depth = 0
    for _, mark in _pieces(text):
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if depth < 0:
            return False
    return depth == 0


def statement_end(text, start, end):
    """The place behind the semicolon that ends the simple statement at `start`."""
    depth = 0
    for at, mark in _pieces(text, start, end):
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if depth < 0:
            return None
        if mark == ";" and depth == 0:
            return at + 1
    return None


def arguments(text, start):
    """([(start, end) of each argument], end) of the bracket that opens at `start`."""
    depth, found, begin = 0, [], start + 1
    for at, mark in _pieces(text, start):
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if depth == 0 or (depth == 1 and mark == ","):
            found.append((begin, at))
            begin = at + 1
        if depth == 0:
            return found, at + 1
    return [], start


def condition(text, start, words):
    """The (start, end) of the condition of `if (...)` or `while (...)` at `start`."""
    found = re.compile(r"(?:%s)\s*\(" % "|".join(words)).match(text, start)
    if not found:
        return None
    _, end = arguments(text, found.end() - 1)
    return found.end(), end - 1


_ASSIGNMENT = re.compile(r"([\w.>\[\]-]+?)\s*(?:<<|>>|[-+*|&^])?=(?!=)")


def independent(one, two):
    """Whether the order of two statements cannot matter: assignments to places that the other does not
    name. Stores whose order does matter go through a macro or a function."""
    if one.startswith("(void)") or two.startswith("(void)"):
        return True
    first, second = _ASSIGNMENT.match(one), _ASSIGNMENT.match(two)
    return bool(first and second and first[1] not in two and second[1] not in one)


def numbers(text):
    """The numbers to put in place of one."""
    value = int(text, 16 if text.startswith("0x") else 8 if re.match(r"0\d", text) else 10)
    if text.startswith("0x"):
        return [hex(value ^ 1), hex(value >> 1)] if value else ["0x1"]
    return {0: ["1"], 1: ["0", "2"]}.get(value, [str(value - 1), str(value + 1)])


# Macros of kernel/lib/atomic.h without their atomicity or order. %0, %1, %2: the arguments.
PLAIN = {
    "atomic_inc": "((void)++*(%0))", "atomic_dec": "((void)--*(%0))",
    "atomic_add": "((void)(*(%1) += (%0)))", "atomic_or": "((void)(*(%1) |= (%0)))",
    "atomic_and": "((void)(*(%1) &= (%0)))",
    "atomic_inc_return": "(++*(%0))", "atomic_dec_return": "(--*(%0))",
    "atomic_add_return": "(*(%1) += (%0))",
    "atomic_fetch_or": "({ __auto_type old_ = *(%1); *(%1) |= (%0); old_; })",
    "xchg": "({ __auto_type old_ = *(%0); *(%0) = (%1); old_; })",
    "try_cmpxchg": "({ bool same_ = *(%0) == *(%1); if (same_) *(%0) = (%2); else *(%1) = *(%0);"
                   " same_; })",
    "smp_load_acquire": "(*(%0))", "smp_store_release": "(*(%0) = (%1))",
    "READ_ONCE": "(%0)", "WRITE_ONCE": "(%0) = (%1)",
}
_CALL = re.compile(r"\b(%s)\(" % "|".join(PLAIN))


def calls(text, start, end):
    """(operator, start, end, new text) of each atomic made plain, each processor's state mixed up."""
    for found in _CALL.finditer(text, start, end):
        given, to = arguments(text, found.end() - 1)
        values = [text[slice(*g)].strip() for g in given]
        wanted = len(set(re.findall(r"%\d", PLAIN[found[1]])))
        if len(values) == wanted:
            new = re.sub(r"%(\d)", lambda m, v=values: v[int(m[1])], PLAIN[found[1]])
            yield "atomic", found.start(), to, new
    for found in re.finditer(r"\bthis_cpu\(\)|\bcpus\[[^]]+\]", text[start:end]):
        new = "cpus[0]" if found[0] == "this_cpu()" else "this_cpu()"
        yield "cpu", start + found.start(), start + found.end(), new
