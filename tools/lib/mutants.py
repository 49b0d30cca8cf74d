# SPDX-License-Identifier: MIT
"""What a mutant is: one small change of one function, known by a hash that other code does not change.

Offsets are those of bytes; texts are read as Latin-1, so that a character is a byte.
"""

import difflib
import hashlib
import os
import re

# A string or character constant, or a comment; the order decides which one a mark belongs to.
_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/\*.*?\*/|//[^\n]*', re.S)


def read(path):
    """A source file, one character for each byte."""
    with open(path, encoding="latin-1", newline="") as file:
        return file.read()


def write(path, text):
    """The counterpart of read()."""
    with open(path, "w", encoding="latin-1", newline="") as file:
        file.write(text)


def plain(text):
    """The text without comments, its blanks made one: what a compiler sees, more or less."""
    bare = _COMMENT.sub(lambda m: m[0] if m[0][0] in "\"'" else " ", text)
    return re.sub(r"\s+", " ", bare).strip()


class Scope:
    """A function, table or stretch of assembly: the text around a mutant that its hash covers."""

    def __init__(self, file, name, source, start, end):
        self.file, self.name, self.source = file, name, source
        self.start, self.end = start, end
        self.before = plain(source[start:end])


class Mutant:
    """One change: source[start:end] of a scope's file becomes `new`."""

    def __init__(self, scope, op, start, end, new):
        self.scope, self.op, self.start, self.end = scope, op, start, end
        # As many lines as before, so that no line number in the object changes.
        lost = scope.source.count("\n", start, end) - new.count("\n")
        self.new = new + "\n" * max(0, lost)
        self.file = scope.file
        after = plain(scope.source[scope.start:start] + self.new + scope.source[end:scope.end])
        self.dead = after == scope.before
        words = "\0".join((scope.file, scope.name, scope.before, after))
        self.hash = hashlib.sha256(words.encode("latin-1")).hexdigest()[:10]

    @property
    def where(self):
        """file:function."""
        return "%s:%s" % (self.file, self.scope.name)

    @property
    def line(self):
        """The line of the change."""
        return self.scope.source.count("\n", 0, self.start) + 1

    def text(self):
        """The whole mutated file."""
        source = self.scope.source
        return source[:self.start] + self.new + source[self.end:]

    def quote(self):
        """The change in one short line."""
        return "%s => %s" % (plain(self.scope.source[self.start:self.end])[:60] or "nothing",
                             plain(self.new)[:60] or "nothing")

    def diff(self):
        """The change as a patch."""
        old, new = (t.splitlines(True) for t in (self.scope.source, self.text()))
        return "".join(difflib.unified_diff(old, new, "a/" + self.file, "b/" + self.file, n=3))


def unique(mutants):
    """Drop changes that change nothing, and all but the first of those with one result."""
    found = {}
    for mutant in mutants:
        if not mutant.dead:
            found.setdefault(mutant.hash, mutant)
    return list(found.values())


def of_file(top, path):
    """All mutants of a file, by its kind."""
    # libclang's bindings are needed for nothing else, so only here.
    if path.endswith((".S", ".inc")):
        import mutasm
        return unique(mutasm.find(path, read(os.path.join(top, path))))
    import mutc
    return unique(mutc.find(top, path))
