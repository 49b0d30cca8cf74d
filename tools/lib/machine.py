# SPDX-License-Identifier: MIT
"""Read machines/NAME: how a machine is launched, its time limit, its known divergences."""

import configparser
import os
import shlex
import shutil

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get("KEYWARD_MACHINES") or os.path.join(TOP, "machines")     # for tests


class SetupError(Exception):
    """The machine cannot be run; the message says what mends it."""


def names():
    """Every machine there is."""
    return sorted(n for n in os.listdir(FOLDER) if not n.startswith("."))


def _read(name):
    if name not in names():
        raise SetupError("no machine is called %s; there are: %s" % (name, " ".join(names())))
    data = configparser.ConfigParser(interpolation=None, delimiters=("=",),
                                     comment_prefixes=("#",), strict=True)
    data.optionxform = str      # test names keep their case
    try:
        data.read(os.path.join(FOLDER, name), encoding="utf-8")
    except configparser.Error as error:
        raise SetupError("machines/%s: %s" % (name, error)) from error
    return data


class Machine:
    """One machine. What it does not say itself, its base machine says for it; the known
    divergences of the two are added up, for they are one emulator."""

    def __init__(self, name):
        self.name = name
        data = _read(name)
        self.settings, self.extras, self.known = {}, {}, {}
        base = data.get("machine", "base", fallback=None)
        for source in ([_read(base)] if base else []) + [data]:
            self.settings.update(source["machine"])
            for section in set(source.sections()) - {"machine", "known"}:
                self.extras.setdefault(section, {}).update(source[section])
            self.known.update(source["known"] if source.has_section("known") else {})
        for glob, reason in self.known.items():
            if not reason:
                raise SetupError("machines/%s: %s is listed without a reason" % (name, glob))

    def extra(self, name):
        """An optional section such as [icount], or a clear refusal."""
        if name not in self.extras:
            raise SetupError("machine %s has no [%s]" % (self.name, name))
        return self.extras[name]

    def limit(self, extras):
        """Seconds until the run is called hung."""
        return max(float(part["limit"]) for part in
                   [self.settings] + [self.extra(e) for e in extras] if "limit" in part)

    def missing(self):
        """The commands and files that the host lacks for this machine."""
        return [n for n in self.settings.get("needs", "").split()
                if not shutil.which(n) and not os.path.isfile(n)]

    def command(self, extras, **places):
        """The launch command, with {iso} and the like filled in from places and settings."""
        words = shlex.split(self.settings["command"] + " " + self.settings.get("more", ""))
        for name in extras:
            words += shlex.split(self.extra(name)["add"])
        try:
            return [w.format(**{**self.settings, **places}) for w in words]
        except (KeyError, ValueError, IndexError) as error:
            raise SetupError("machines/%s: bad placeholder: %s" % (self.name, error)) from error
