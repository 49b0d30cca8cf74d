# SPDX-License-Identifier: MIT
"""A copy of the tree that is built once, and of which only what a mutant changes is built again.

make decides by dates. So a mutated file keeps its date and the objects that it can change are taken
away; afterwards they are put back, with their dates.
"""

import filecmp
import os
import re
import shutil
import subprocess

from mutants import plain, read, write

LIMIT = 300     # seconds for one build
BUILDS = {"build": [], "build/paranoid": ["PARANOID=1", "BUILD=build/paranoid"]}
IMAGES = ["keyward0.elf", "keyward.elf", "keyward.bin", "keyward.iso"]
WANTED = ["boot", "kernel", "mm", "monitor", "pks", "tests", "host", "paranoid", ".config", "linker.ld",
          "ksyms0.S", "ksyms0.S.o"]
HOST = "build/host/gcc"
_FUNCTION = re.compile(r"^(?:static )?[\w][\w *]*?\b(\w+)\([^;{]*\)\n\{\n.*?^\}", re.M | re.S)
_MACRO = re.compile(r"^#\s*define (\w+)(?:[^\n]*\\\n)*[^\n]*|^\.macro (\w+).*?^\.endm", re.M | re.S)


class BuildError(Exception):
    """The compiler or the linker refuses it."""


def tracked(top):
    """The files that git tracks or would track."""
    names = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=top)
    return [n for n in names.decode().split("\0") if n and os.path.exists(os.path.join(top, n))]


class Tree:
    """One worker's copy."""

    def __init__(self, top, folder):
        self.top, self.folder = top, folder
        self.away = []          # (object, its copy), of the mutant in the tree
        self.mutated = None     # the mutant in the tree, its file's status before
        self.built = set()
        self.links = {}
        self.objects = {}       # {build: {object: (its source, all files it is made of)}}

    def path(self, *names):
        """A path in the copy."""
        return os.path.join(self.folder, *names)

    def sync(self):
        """Make the sources those of the tree; what is the same keeps its date."""
        names = set(tracked(self.top))
        os.makedirs(self.folder, exist_ok=True)
        for folder, folders, files in os.walk(self.folder):
            if folder == self.folder:
                folders[:] = [f for f in folders if f not in ("build", "away")]
            for name in files:
                if os.path.relpath(os.path.join(folder, name), self.folder) not in names:
                    os.remove(os.path.join(folder, name))
        for name in names:
            to = self.path(name)
            if not os.path.exists(to) or not filecmp.cmp(os.path.join(self.top, name), to, False):
                os.makedirs(os.path.dirname(to), exist_ok=True)
                shutil.copy(os.path.join(self.top, name), to)
        shutil.rmtree(self.path("away"), ignore_errors=True)

    def adopt(self, source):
        """Begin with the sources and objects of another tree, if it has any and this one has none."""
        if os.path.exists(self.path("build")) or not os.path.exists(os.path.join(source, "build")):
            return
        for name in tracked(self.top):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            shutil.copy2(os.path.join(source, name), self.path(name))

        def others(folder, names):
            """What mutants do not need: other builds, logs, images of runs."""
            place = os.path.relpath(folder, os.path.join(source, "build"))
            wanted = {".": WANTED, "host": ["gcc"]}.get(place)
            return [n for n in names if wanted and n not in wanted]
        shutil.copytree(os.path.join(source, "build"), self.path("build"), ignore=others)
        for build in BUILDS:        # the flags name the folder, the objects do not
            config = self.path(build, ".config")
            if os.path.exists(config):
                before = os.stat(config)
                write(config, read(config).replace("=%s=" % source, "=%s=" % self.folder))
                os.utime(config, ns=(before.st_atime_ns, before.st_mtime_ns))

    def make(self, *words, jobs=1):
        """Run make; raises BuildError with what it printed last."""
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        try:
            run = subprocess.run(["make", "-s", "-j%d" % jobs, *words], cwd=self.folder, env=env,
                                 text=True, errors="replace", stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
        except subprocess.TimeoutExpired as late:
            raise BuildError("make does not end") from late
        if run.returncode:
            raise BuildError("\n".join(run.stdout.splitlines()[-8:]))

    def build(self, jobs):
        """Build what most mutants are judged by."""
        self.ensure("build", jobs)
        self.make(*self.host_programs(), jobs=jobs)
        self._read_dependencies(HOST)
        self._read_headers()
        self._read_links()

    def ensure(self, build, jobs=1):
        """Have a build of the good tree, and its image in the folder `good`."""
        if build in self.built:
            return
        mutant = self.mutated
        if mutant:
            self._put(mutant[0].scope.source)
        for name in IMAGES:     # perhaps the last mutant's, and newer than the objects that were put back
            if os.path.exists(self.path(build, name)):
                os.remove(self.path(build, name))
        self.make(*BUILDS[build], "iso", jobs=jobs)
        os.makedirs(self.path(build, "good"), exist_ok=True)
        for name in ("keyward.iso", "keyward.elf"):
            shutil.copy(self.path(build, name), self.path(build, "good", name))
        self._read_dependencies(build)
        if mutant:
            self._put(mutant[0].text())
        self.built.add(build)

    def host_programs(self):
        """The host's test programs that mutants are judged by."""
        return ["%s/%s" % (HOST, os.path.basename(p)[:-2]) for p in self.host_sources()]

    def host_sources(self):
        """The host's test programs, but those that are built without sanitizers: they are long."""
        folder = self.path("tests/host")
        return sorted(os.path.join(folder, n) for n in os.listdir(folder)
                      if re.fullmatch(r"t_\w+\.c", n) and n not in ("t_faults.c", "t_plan.c"))

    def _read_dependencies(self, build):
        """Note what each object of a build is made of, from the .d files."""
        found = self.objects[build] = {}
        for folder, folders, names in os.walk(self.path(build)):
            if folder == self.path("build"):
                folders[:] = [f for f in folders if f not in ("host", "paranoid")]
            for name in names:
                if name.endswith(".d"):
                    self._dependency(found, os.path.join(folder, name))

    def _read_headers(self):
        """Note each function and macro of the headers: (name, text)."""
        headers = [read(self.path(n)) for n in tracked(self.top) if n.endswith((".h", ".inc"))]
        self.parts = [(m[1] or m[2], plain(m[0])) for text in headers for pattern in (_FUNCTION, _MACRO)
                      for m in pattern.finditer(text) if (m[1] or m[2])]

    def _read_links(self):
        """Note which objects of the host's tests use symbols of which others."""
        lines = subprocess.run(["nm", "-A", *self.objects[HOST]], cwd=self.folder, text=True, check=True,
                               stdout=subprocess.PIPE).stdout
        found = re.findall(r"^(\S+):\s*[0-9a-f]* ([A-Z]) (\w+)$", lines, re.M)
        owner = {symbol: name for name, kind, symbol in found if kind in "TDBR"}
        self.links = {}
        for name, kind, symbol in found:
            if kind == "U" and symbol in owner:
                self.links.setdefault(name, set()).add(owner[symbol])

    def _dependency(self, found, path):
        rule = read(path).replace("\\\n", " ").split("\n")[0]
        target, _, rest = rule.partition(":")
        files = [os.path.normpath(f) for f in rest.split()]
        if files and all(os.path.exists(self.path(n)) for n in (target, files[0])):   # no moved source
            found[os.path.normpath(target)] = (files[0], set(files))

    def users(self, name):
        """The names of all that a change of this function or macro in a header can change."""
        names, grew = {name}, True
        while grew:
            pattern = re.compile(r"\b(?:%s)\b" % "|".join(names))
            more = {n for n, text in self.parts if n not in names and pattern.search(text)}
            names |= more
            grew = bool(more)
        return names

    def affected(self, build, mutant):
        """The objects of a build that a mutant can change."""
        of = self.objects[build]
        if mutant.file.endswith((".c", ".S")):
            return [o for o, (source, _) in of.items() if source == mutant.file]
        pattern = re.compile(r"\b(?:%s)\b" % "|".join(self.users(mutant.scope.name)))
        return [o for o, (source, files) in of.items() if mutant.file in files and
                (source.endswith(".S") or pattern.search(read(self.path(source))))]

    # ---- one mutant ----

    def _put(self, text):
        """Write the mutated file; it keeps its date."""
        mutant, before = self.mutated
        write(self.path(mutant.file), text)
        os.utime(self.path(mutant.file), ns=(before.st_atime_ns, before.st_mtime_ns))

    def mutate(self, mutant):
        """Put the mutant in."""
        self.mutated = mutant, os.stat(self.path(mutant.file))
        self._put(mutant.text())

    def take_away(self, objects):
        """Take objects away, so that make builds them again."""
        for name in objects:
            copy = self.path("away", name)
            if not os.path.exists(copy) and os.path.exists(self.path(name)):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                os.rename(self.path(name), copy)
                self.away.append((self.path(name), copy))

    def restore(self):
        """Take the mutant out, put back the objects of the good tree."""
        for name, copy in self.away:
            os.replace(copy, name)
        self._put(self.mutated[0].scope.source)     # last: sync() sees from it that a stop came before
        self.away, self.mutated = [], None

    def compile(self, build, mutant):
        """Build the objects that the mutant can change; returns those that it does change."""
        self.ensure(build)
        objects = self.affected(build, mutant)
        self.take_away(objects)
        if objects:
            self.make(*BUILDS.get(build, []), *objects)
        return [o for o in objects if not self._same(o)]

    def _same(self, name):
        """Whether an object is the good one, debug information aside."""
        bare = []
        for number, path in enumerate((self.path(name), self.path("away", name))):
            bare.append(self.path("away", "bare%d" % number))
            subprocess.run(["objcopy", "-g", path, bare[-1]], check=True)
        return filecmp.cmp(*bare, shallow=False)
