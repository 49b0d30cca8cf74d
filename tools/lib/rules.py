# SPDX-License-Identifier: MIT
"""Checks of tools/lint on what must agree between files: declarations, suites, documents, lists.

Each takes the tree (its files by path, as lines) and yields what is wrong.
"""

import collections
import fnmatch
import os
import re

import ctext
import layers
import tables
from sabotages import stale

CODE = (".c", ".h", ".S", ".inc", ".ld")
DOCUMENT = "docs/ARCHITECTURE.md"
EXCEPTIONS_MOST = 3
# A path from the root, as documents write it.
PATH = re.compile(r"(?<![\w./-])(?:boot|kernel|mm|pks|tests|monitor|tools|machines)/"
                  r"[\w./-]*\.(?:[chS]|inc|py)\b")


def exceptions(tree):
    """few includes may look upwards"""
    del tree
    if len(layers.EXCEPTIONS) > EXCEPTIONS_MOST:
        yield "tools/lib/layers.py: %d exceptions, the limit is %d" % (
            len(layers.EXCEPTIONS), EXCEPTIONS_MOST)


def exports(tree):
    """what a header declares or defines is used by more than its own file"""
    code = {path: ctext.code("\n".join(lines)) for path, lines in tree.sources(*CODE)}
    count = {path: collections.Counter(ctext.WORD.findall(text)) for path, text in code.items()}
    files = collections.Counter(word for words in count.values() for word in words)
    for path, text in code.items():
        if not path.endswith(".h") or path.startswith("tests/host/"):
            continue
        for name, times in collections.Counter(ctext.declared(text)).items():
            # Used by an inline function or a macro of the header: by all who include it.
            if files[name] <= 2 and count[path][name] == times:
                yield "%s: no other file uses %s: make it static" % (path, name)
        for name in ctext.inlines(text) + ctext.macros(text):
            guard = name.startswith("KEYWARD_") and name.endswith("_H")
            if not guard and files[name] == 1 and count[path][name] == 1:
                yield "%s: nothing uses %s: remove it" % (path, name)


def suites(tree):
    """a suite's files are named after it, stand in one folder, and linker.ld lists the folder"""
    suite_of = {}
    for path, lines in tree.sources(".c"):
        found = re.search(r'^#define KTEST_SUITE "(\w+)"', "\n".join(lines), re.M)
        if found:
            suite_of[path] = found[1]
    for path, suite in suite_of.items():
        stem = os.path.basename(path)[:-2] + "_"
        fitting = [s for s in suite_of.values() if stem.startswith("t_%s_" % s)]
        if max(fitting, key=len, default=None) != suite:
            yield "%s: suite %s is in files t_%s.c or t_%s_*.c" % (path, suite, suite, suite)
    for suite in sorted(set(suite_of.values())):
        folders = sorted({os.path.dirname(p) for p, s in suite_of.items() if s == suite})
        if len(folders) > 1:
            yield "suite %s stands in several folders: %s" % (suite, ", ".join(folders))
    listed = re.findall(r"^\s*TESTS_OF\((\S+)\)", "\n".join(tree.files.get("linker.ld", [])), re.M)
    folders = {os.path.dirname(path)[len("tests/"):] for path in suite_of}
    for folder in sorted(folders - set(listed)):
        yield "linker.ld: no TESTS_OF(%s), which has suites" % folder
    for folder in sorted(set(listed) - folders):
        yield "linker.ld: TESTS_OF(%s) has no suite" % folder


def tests(tree):
    """documents and lists name suites and tests that exist"""
    names, helpers = {}, {}
    for path, lines in tree.sources(".c", ".h"):
        text = "\n".join(lines)
        suite = re.search(r'^#define KTEST_SUITE "(\w+)"', text, re.M)
        folder = os.path.dirname(path)
        # Any word counts, as macros and tables of the suite's folder register tests too.
        words = names.setdefault(suite[1], (set(), set())) if suite else None
        if suite:
            words[0].update(re.findall(r"\w+", text))
            words[1].add(folder)
        else:
            helpers.setdefault(folder, set()).update(re.findall(r"\w+", text))
    names = {suite: words.union(*(helpers.get(f, set()) for f in folders))
             for suite, (words, folders) in names.items()}
    named = re.compile(r"(?<![\w./-])(%s)\.([a-z][\w*]*)" % "|".join(names)) if names else None
    for path, lines in tree.files.items():
        if not named or not path.endswith(".md") and not path.startswith(("machines/", "lab/")):
            continue
        for number, line in enumerate(lines, 1):
            for suite, test in named.findall(line):
                stem = re.sub(r"_in_hash$", "", test)
                if not any(fnmatch.fnmatchcase(name, stem) for name in names[suite]):
                    yield "%s:%d: there is no test %s.%s" % (path, number, suite, test)


def defines(lines, name):
    """Whether a source file defines a function, macro or label of that name."""
    text = ctext.code("\n".join(lines))
    return bool(re.search(r"^(?![\s#])[\w\s*]*?\b%s\s*\([^;{}]*\)[^;{}]*\{|^#define %s\b|^%s:|"
                          r"^\s*def %s\(|^\s*\.macro %s\b" % ((name,) * 5), text, re.M))


def sections(lines):
    """The document's sections: title -> [(number, line)]."""
    found, title = {}, ""
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            title = line.lstrip("# ")
        found.setdefault(title, []).append((number, line))
    return found


def way_steps(section):
    """The steps of a way, `    FILE  FUNCTION  text`: (number, FILE, names of FUNCTION)."""
    for number, line in section:
        columns = re.split(r"\s{2,}", line.strip())
        if not line.startswith("    ") or not PATH.fullmatch(columns[0]):
            continue
        names = columns[1] if len(columns) > 1 else ""
        yield number, columns[0], (re.findall(r"\w+", names)
                                   if re.fullmatch(r"\w+(\(\))?(, \w+(\(\))?)*", names) else [])


def ways(tree):
    """docs/ARCHITECTURE.md names files that exist, functions where they are, all floors"""
    parts = sections(tree.files.get(DOCUMENT, []))
    for title, section in parts.items():
        if title.startswith("The way of "):
            yield from _way(tree, title, section)
    drawn = [found[1] for _, line in parts.get("The floors", [])
             for found in [re.match(r"    (\S+)/(?:\s|$)", line)] if found]
    floors = [folder for folder, _ in layers.FLOORS]
    if parts and drawn not in (floors, floors[::-1]):
        yield "%s: \"The floors\" draws %s; tools/lib/layers.py has %s" % (
            DOCUMENT, " ".join(drawn) or "none", " ".join(floors))


def _way(tree, title, section):
    steps = list(way_steps(section))
    if not steps:
        yield '%s: "%s" has no line `    FILE  FUNCTION  text`' % (DOCUMENT, title)
    for number, line in section:
        for path in PATH.findall(line):
            if path not in tree.files:
                yield "%s:%d: there is no %s" % (DOCUMENT, number, path)
        for path, name in re.findall(r"(\S+) (\w+)\(\)", line):
            if path in tree.files and not defines(tree.files[path], name):
                yield "%s:%d: %s does not define %s" % (DOCUMENT, number, path, name)
    for number, path, names in steps:
        for name in names if path in tree.files else []:
            if not defines(tree.files[path], name):
                yield "%s:%d: %s does not define %s" % (DOCUMENT, number, path, name)


def generated(tree):
    """generated parts of documents have their markers, and sentences repeat their figures"""
    targets = set(re.findall(r"^([a-z-]+):", "\n".join(tree.files.get("host.mk", [])), re.M))
    for path, lines in tree.files.items():
        if not path.endswith(".md"):
            continue
        document = "\n".join(lines)
        for number, problem in tables.wrong(document):
            yield "%s:%d: %s" % (path, number, problem)
        for command in sorted({m[3] for m in tables.MARKER.finditer(document) if m[2]}):
            if not command.startswith("make ") or command[len("make "):] not in targets:
                yield "%s: there is no command %s" % (path, command)


def sabotages(tree):
    """every sabotage still finds the text that it changes"""
    return stale(tree.top)


CHECKS = [exceptions, exports, suites, tests, ways, generated, sabotages]
