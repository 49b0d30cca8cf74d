# SPDX-License-Identifier: MIT
"""Read machines/NAME: a machine's launch command, time limit and known divergences."""

import configparser
import functools
import os
import re
import shlex
import shutil
import subprocess

import classlist
import divergence
from words import meant

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get("KEYWARD_MACHINES") or os.path.join(TOP, "machines")     # for tests

# An emulator; one that only tests a way of booting; a program of this or of an emulated Linux; a real
# CPU, which is not launched from here.
KINDS = ("emulator", "boot", "process", "silicon")


class SetupError(Exception):
    """The machine cannot be run; the message says what to do."""


def names():
    """The names of all machines."""
    return sorted(n for n in os.listdir(FOLDER)
                  if not n.startswith(".") and not os.path.isdir(os.path.join(FOLDER, n)))


def listing():
    """Each machine and what it is, for a terminal."""
    def about(name):
        try:
            return Machine(name).settings.get("about", "")
        except SetupError as error:
            return str(error)
    return "\n".join("  %-16s %s" % (n, about(n)) for n in names())


def of_kind(kind):
    """The machines of one kind."""
    def wanted(name):
        try:
            return Machine(name).kind == kind
        except SetupError:
            return kind == KINDS[0]     # its run will report the error
    return [n for n in names() if wanted(n)]


def everyday():
    """The emulators and processes of `make test`: all without `everyday = no`."""
    def wanted(name):
        try:
            return Machine(name).everyday
        except SetupError:
            return True
    return [n for kind in ("emulator", "process") for n in of_kind(kind) if wanted(n)]


def _read(name):
    if name not in names():
        raise SetupError("no machine is called %s%s; there are: %s" % (
            name, meant(name.lower(), names()), " ".join(names())))
    return _parse(os.path.join(FOLDER, name), "machines/" + name)


def _parse(path, title):
    data = configparser.ConfigParser(interpolation=None, delimiters=("=",),
                                     comment_prefixes=("#",), strict=True)
    data.optionxform = str      # test names keep their case
    try:
        with open(path, encoding="utf-8") as text:
            data.read_file(text)
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise SetupError("%s: %s" % (title, error)) from error
    return data


def lineage(name):
    """[(name, file)] of a machine's bases and the machine, the oldest base first."""
    found = []
    while name:
        if name in [n for n, _ in found]:
            raise SetupError("machines/%s: is its own base" % name)
        found.insert(0, (name, _read(name)))
        name = found[0][1].get("machine", "base", fallback=None)
    return found


def _check(listed, title):
    for glob, reason in listed:
        if not reason:
            raise SetupError("%s: %s is listed without a reason" % (title, glob))
        if not divergence.key_is_sound(glob):
            raise SetupError("%s: neither a glob of tests nor matrix.RULE CASE: %s" % (title, glob))


def _number(text):
    """The first version number in a text, to be compared: "Bochs x86 Emulator 3.0" is (3, 0)."""
    found = re.search(r"\d+(?:\.\d+)+", text) or re.search(r"\d+", text)
    return tuple(int(n) for n in found[0].split("."))


def suites(name):
    """The suites that alone make sense on a machine, as the word tests= takes them; None: all."""
    try:
        return Machine(name).settings.get("tests")
    except SetupError:
        return None


def extent(name):
    """How much of its costly tests `make test` plays on a machine."""
    try:
        return Machine(name).settings.get("extent", "whole")
    except SetupError:
        return "whole"


def test_run(name):
    """The command by which `make test` runs a machine."""
    tests = suites(name)
    return "tools/run --tap %s%s extent=%s" % (name, " 'tests=%s'" % tests if tests else "",
                                               extent(name))


def _has_list(name):
    return os.path.exists(os.path.join(FOLDER, classlist.FOLDER, name))


def _list_of(name):
    try:
        return classlist.read(os.path.join(FOLDER, classlist.FOLDER, name),
                              "machines/%s/%s" % (classlist.FOLDER, name))
    except (OSError, ValueError) as error:
        raise SetupError(str(error)) from error


class Machine:
    """One machine. It inherits settings that its file lacks from its base. Known divergences add
    up, because both are one emulator; [mended] removes those of the base that this machine does
    not have. The version of the emulator decides about [known from X] and [known before X]."""

    def __init__(self, name):
        self.name = name
        self.settings, self.extras = {}, {}
        self.own = ""       # the path given by --emulator (ownbuild.py)
        self.fetched = False        # launch.fetch() has got the emulator
        self.always, self.by_version = {}, []   # known: {glob: reason}; (from or before, X, the same)
        for owner, source in lineage(name):
            self.settings.update(source["machine"] if source.has_section("machine") else {})
            dated = [s for s in source.sections() if s.startswith("known ")]
            for section in set(source.sections()) - {"machine", "known", "mended", *dated}:
                self.extras.setdefault(section, {}).update(source[section])
            mended = source["mended"] if source.has_section("mended") else {}
            for glob in mended:
                lists = [self.always, *(dated_list for _, _, dated_list in self.by_version)]
                if not any(glob in entries for entries in lists):
                    raise SetupError("machines/%s: %s is mended, but its base does not list it"
                                     % (owner, glob))
                for entries in lists:
                    entries.pop(glob, None)
            known = source["known"] if source.has_section("known") else {}
            self.always.update(known)
            _check([*mended.items(), *known.items()], "machines/" + owner)
            for section in dated:
                self._know_by_version(owner, section, source[section])
        self.emulator = shlex.split(self.settings.get("emulator", ""))     # the words that start it
        wanted = self.settings.get("everyday", "yes")
        if wanted not in ("yes", "no"):
            raise SetupError("machines/%s: everyday is yes or no, not %s" % (name, wanted))
        self.everyday = wanted == "yes"
        if self.settings.get("extent", "whole") not in ("brief", "whole"):
            raise SetupError("machines/%s: extent is brief or whole, not %s"
                             % (name, self.settings["extent"]))
        self.kind = self.settings.get("kind", KINDS[0])
        if self.kind not in KINDS:
            raise SetupError("machines/%s: kind is %s, not %s"
                             % (name, " or ".join(KINDS), self.kind))

    def _know_by_version(self, owner, section, known):
        """Keep a section [known from X] or [known before X]."""
        bound = re.fullmatch(r"known (from|before) (\d+(?:\.\d+)*)", section)
        if not bound:
            raise SetupError("machines/%s: [%s] is neither [known from 1.2] nor [known before 1.2]"
                             % (owner, section))
        _check(known.items(), "machines/" + owner)
        self.by_version.append((bound[1], _number(bound[2]), dict(known)))

    @functools.cached_property
    def known(self):
        """{glob: reason} of the known divergences, for the version that is here. Those of a version
        are left out if the emulator is not here or does not say which it is."""
        try:
            version = _number(self.version()) if self.by_version else ()
        except SetupError:
            return dict(self.always)
        found = dict(self.always)
        for bound, number, known in self.by_version:
            if (version >= number) == (bound == "from"):
                found.update(known)
        return found

    def listed(self):
        """The classlist.ClassList of the machine, or of the nearest base that has one; or None."""
        owner = self._lister()
        return _list_of(owner) if owner else None

    def listed_here(self):
        """listed(), or where the host's own emulator is of another version, the list of a machine with
        the same processors that is of this version. One that is fetched has a list of its own."""
        found = self.listed()
        if not found or "prepare" in self.settings or found.emulator == self.runs:
            return found
        mine = Machine(self._lister())
        for name in names():
            if _has_list(name) and all(Machine(name).settings.get(key) == mine.settings.get(key)
                                       for key in ("kind", "cpu", "cpus")):
                other = _list_of(name)
                if other.emulator == self.runs:
                    return other
        return found

    def _lister(self):
        """The name of the machine whose list this one shares: its own, or a base's."""
        return next((name for name, _ in reversed(lineage(self.name)) if _has_list(name)), None)

    def knows(self, path):
        """Add the [known] list of a file about a build instead of a machine."""
        source = _parse(path, path)
        if source.sections() != ["known"]:
            raise SetupError("%s: must have one section, [known]" % path)
        _check(source["known"].items(), path)
        self.known = {**self.known, **source["known"]}

    def extra(self, name):
        """An optional section such as [icount]; SetupError without it."""
        if name not in self.extras:
            raise SetupError("machine %s has no [%s]" % (self.name, name))
        return self.extras[name]

    def limit(self, extras):
        """Seconds until the run counts as hung; 0 for no limit."""
        return max((float(part["limit"]) for part in
                    [self.settings] + [self.extra(e) for e in extras] if "limit" in part), default=0)

    def missing(self):
        """The commands and files of `needs` that this host lacks."""
        return [n for n in self.settings.get("needs", "").split()
                if not shutil.which(n) and not os.path.isfile(n)]

    def command(self, extras, **places):
        """The launch command, with {iso} and other names filled in from places and settings."""
        words = shlex.split(" ".join(self.settings.get(part, "") for part in ("command", "more")))
        for name in extras:
            words += shlex.split(self.extra(name)["add"])
        try:
            return self.emulator + [w.format(**{**self.settings, **places}) for w in words]
        except (KeyError, ValueError, IndexError) as error:
            raise SetupError("machines/%s: bad placeholder: %s" % (self.name, error)) from error

    @property
    def versions(self):
        """The versions that the known list was made with, such as 10.0; [] if the file names none."""
        return self.settings.get("versions", "").split()

    def lists(self, version):
        """True if a version, such as "QEMU emulator version 10.0.8", is one of `versions`. QEMU calls
        what comes after 10.0 and will be 10.1 10.0.50: that is not 10.0."""
        number = _number(version)
        return not (len(number) > 2 and number[2] >= 50) and \
            any(number[:len(_number(v))] == _number(v) for v in self.versions)
    @functools.cached_property
    def runs(self):
        """The version that runs here, or that it is not known."""
        try:
            return self.version()
        except SetupError:
            return "of unknown version"

    def version(self):
        """The emulator's version: the first line of its version output with a number in it."""
        if not self.emulator:
            raise SetupError("machines/%s: names no emulator" % self.name)
        command = self.emulator + shlex.split(self.settings.get("version", "--version"))
        try:
            done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, timeout=20, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SetupError("%s: %s" % (self.name, error)) from error
        found = [x.strip() for x in done.stdout.splitlines() if re.search(r"\d\.\d", x)]
        if done.returncode or not found:
            raise SetupError("%s does not print its version:\n%s%s"
                             % (self.name, done.stdout, done.stderr))
        return found[0]
