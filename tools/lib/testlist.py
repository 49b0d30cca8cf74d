# SPDX-License-Identifier: MIT
"""List the tests of a kernel by reading its image, without a boot."""

import re
import struct
import subprocess

from machine import SetupError
from words import meant

RECORD = struct.Struct("<QQQI4x")       # struct ktest: suite, name, function, flags
STRESS, SELFTEST = 2, 4                 # enum ktest_flags, tests/harness/ktest.h


class _Image:
    """The bytes of an ELF file by virtual address."""

    def __init__(self, path):
        try:
            with open(path, "rb") as file:
                self.bytes = file.read()
        except FileNotFoundError:
            raise SetupError("%s is not there; this builds it: make iso" % path) from None
        offset, = struct.unpack_from("<Q", self.bytes, 32)
        size, count = struct.unpack_from("<HH", self.bytes, 54)
        self.loaded = []        # (address, offset, size) of each segment
        for i in range(count):
            kind, _, at, address, _, length = struct.unpack_from("<IIQQQQ", self.bytes,
                                                                 offset + i * size)
            if kind == 1:
                self.loaded.append((address, at, length))

    def place(self, address):
        """The address's offset in the file."""
        return next(at + address - start for start, at, length in self.loaded
                    if start <= address < start + length)

    def text(self, address):
        """The string at an address."""
        at = self.place(address)
        return self.bytes[at:self.bytes.index(b"\0", at)].decode("ascii")


def read(elf, globs=""):
    """The full names of all tests, in the order in which they run; those that fail on purpose only
    if tests=GLOBS begins with their suite."""
    image = _Image(elf)
    symbols = {}
    for line in subprocess.run(["nm", elf], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.splitlines():
        symbols[line.split()[-1]] = int(line.split()[0], 16)
    if "ktests_start" not in symbols:
        raise SetupError("%s has no tests" % elf)
    names = []
    for address in range(symbols["ktests_start"], symbols["ktests_end"], RECORD.size):
        of, name, _, flags = RECORD.unpack_from(image.bytes, image.place(address))
        if not flags & SELFTEST or globs.startswith(image.text(of)):
            full = "%s.%s" % (image.text(of), image.text(name))
            names += [full, full + "+tick"] if flags & STRESS else [full]
    return names


def _readable(elf, globs):
    """read(), or [] if the image cannot be read."""
    try:
        return read(elf, globs)
    except (SetupError, OSError, struct.error, subprocess.CalledProcessError):
        return []


def matches(name, globs):
    """Whether tests=GLOBS selects the test; kernel/lib/glob.c knows only * and ?, and a list of no
    globs selects all."""
    globs = [glob for glob in globs.split(",") if glob]
    return not globs or any(
        re.fullmatch(re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."), name)
        for glob in globs)


def show(elf, globs):
    """Print the tests that the globs select; returns whether there are any."""
    globs = globs.removeprefix("tests=")
    every = read(elf, globs)
    names = [n for n in every if matches(n, globs)]
    print("\n".join(names) or _no_match(every, globs))
    return bool(names)


def check(elf, words):
    """Raise SetupError for a glob of tests= that selects nothing, unless the image cannot be read, or
    benches run instead: their names are others."""
    globs = value(words, "tests")
    if globs in ("", "none") or value(words, "bench") == "on":
        return
    names = _readable(elf, globs)
    for glob in filter(None, globs.split(",")):
        if names and not any(matches(n, glob) for n in names):
            raise SetupError("tests=%s: %s" % (globs, _no_match(names, glob)))


def _no_match(names, glob):
    """Why a glob selects nothing."""
    return "no test matches %s%s; this lists them: tools/run --list" % (
        glob, meant(glob, [s + ".*" for s in suites(names)] + names))


def suite(name):
    """The suite of a test's full name."""
    return name.partition(".")[0]


def suites(names):
    """The suites of tests, in their order."""
    return list(dict.fromkeys(map(suite, names)))


def value(words, key):
    """The value of the last word KEY=VALUE of a command line; "" without one."""
    return ([w.partition("=")[2] for w in words if w.startswith(key + "=")] or [""])[-1]


def selected(elf, words):
    """The full names of the tests that run with these words on the kernel's command line, in order;
    none if benches run instead, or if the image cannot be read."""
    if value(words, "bench") == "on":
        return []
    globs, first, until = (value(words, key) for key in ("tests", "from", "until"))
    names = _readable(elf, globs)
    order = suites(names)
    late = order[order.index(first):] if first in order else [] if first else order
    early = order[:order.index(until)] if until in order else [] if until else order
    return [n for n in names if suite(n) in late and suite(n) in early and matches(n, globs)]
