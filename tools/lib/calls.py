# SPDX-License-Identifier: MIT
"""Who calls whom, by object file: what `nm` says of a kernel's objects, and circles in that."""

import os
import re
import subprocess

FOLDERS = ("boot", "kernel", "mm", "pks", "tests", "monitor")


def sources(top, endings):
    """Paths from the root of the sources whose names end so."""
    for folder in FOLDERS:
        for at, folders, names in os.walk(os.path.join(top, folder)):
            folders.sort()
            for name in sorted(names):
                path = os.path.relpath(os.path.join(at, name), top)
                if name.endswith(endings):
                    yield path


class Objects:
    """The symbols of a build. A source file stands for its object."""

    def __init__(self, top, build):
        self.files = [path for path in sources(top, (".c", ".S"))
                      if not path.startswith(("tests/host/", "tests/linux/"))]
        missing = [f for f in self.files if not os.path.exists(os.path.join(build, f + ".o"))]
        if missing:
            raise FileNotFoundError("%s has no object of %s: build the kernel first"
                                    % (build, missing[0]))
        self.defined = {}       # symbol: its file
        self.functions = []     # (file, function that others can call)
        self.wanted = []        # (file, symbol that it has from another)
        for line in self._tool(build, os.environ.get("NM", "nm"), "-A", "-P"):
            where, symbol, kind = line.split()[:3]
            path = where[:-len(".o:")]
            if kind == "U":
                self.wanted.append((path, symbol))
            elif kind.isupper():
                self.defined[symbol] = path
                if kind == "T":
                    self.functions.append((path, symbol))
        # Symbols in a table of patch sites: called only where a site has been made a call.
        self.sites, inside = set(), False
        for line in self._tool(build, os.environ.get("READELF", "readelf"), "-r", "-W"):
            if line.startswith("Relocation section"):
                inside = bool(re.search(r"\.rela\.\w+_sites'", line))
            found = re.search(r"([A-Za-z_]\w*) \+ 0$", line)
            if inside and found:
                self.sites.add(found[1])

    def _tool(self, build, *command):
        return subprocess.check_output([*command, *(f + ".o" for f in self.files)], cwd=build,
                                       text=True).splitlines()

    def edges(self):
        """(from, symbol, to) for each file that has a symbol from another."""
        return [(path, symbol, self.defined[symbol]) for path, symbol in self.wanted
                if symbol in self.defined]


def largest_circle(edges):
    """The files of the largest strongly connected component of (from, symbol, to)."""
    forth, back = {}, {}
    for here, _, there in edges:
        forth.setdefault(here, set()).add(there)
        back.setdefault(there, set()).add(here)
    best, left = set(), set(forth) & set(back)
    while left:
        start = min(left)
        circle = _reached(forth, start) & _reached(back, start) | {start}
        best = max(best, circle, key=len)
        left -= circle
    return sorted(best) if len(best) > 1 else []


def _reached(graph, start):
    found, todo = set(), [start]
    while todo:
        new = graph.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
