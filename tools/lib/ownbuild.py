# SPDX-License-Identifier: MIT
"""--emulator PATH: run a machine with one's own build of QEMU or Bochs, in place of the one in its file.

The machine's devices, time limit and known list stay as they are: the list says what the listed
versions do, and a build that differs from it is not as expected.
"""

import os
import shutil

from machine import SetupError

HELP = "one's own build of QEMU or Bochs, in place of the machine's"
_FAMILIES = {"qemu": "QEMU", "bochs": "Bochs"}     # in an emulator's command, and in its version


def family(machine):
    """ "qemu" or "bochs": which emulator the machine's file starts; None if neither."""
    return next((f for f in _FAMILIES if f in machine.settings.get("emulator", "")), None)


def _program(path):
    """The program's absolute path; a name without a slash is searched for as a shell does."""
    found = os.path.abspath(path) if os.sep in path else shutil.which(path)
    if not found or not os.path.exists(found):
        raise SetupError("--emulator: %s is not there" % path)
    if os.path.isdir(found) or not os.access(found, os.X_OK):
        raise SetupError("--emulator: %s is not a program that can be started" % path)
    return found


def _share(program):
    """The folder with the BIOS of a Bochs that is installed or stands where it was built; None: the
    user's BXSHARE, or that of the Bochs itself."""
    where = os.path.dirname(program)
    places = [os.path.join(where, "..", "share", "bochs"), os.path.join(where, "bios")]
    return next((os.path.normpath(p) for p in places
                 if os.path.exists(os.path.join(p, "BIOS-bochs-latest"))), None)


def use(machine, path):
    """Have the machine start the program at `path`; nothing if `path` is None. SetupError if that is
    no emulator of the machine's family; the message is one line."""
    if path is None:
        return
    kind = family(machine)
    if not kind:
        raise SetupError("--emulator: %s starts neither QEMU nor Bochs" % machine.name)
    program = _program(path)
    share = _share(program) if kind == "bochs" and not os.environ.get("BXSHARE") else None
    machine.own = path
    machine.emulator = (["env", "BXSHARE=" + share] if share else []) + [program]
    machine.settings["needs"] = " ".join(w for w in machine.settings.get("needs", "").split()
                                         if not w.startswith("qemu-system"))
    machine.settings.pop("prepare", None)
    try:
        version = machine.version()
    except SetupError as error:
        raise SetupError("--emulator: " + " ".join(str(error).split())) from error
    if _FAMILIES[kind].lower() not in version.lower():
        raise SetupError("--emulator: %s wants %s; %s calls itself: %s"
                         % (machine.name, _FAMILIES[kind], path, version))


def flag(machine):
    """The words that repeat the choice on a command line."""
    return ["--emulator", machine.own] if machine.own else []


def remark(machine):
    """What a verdict says about the emulator: its own version, if it was chosen by --emulator or is
    not a version that the machine lists; else "". """
    listed = machine.versions
    try:
        version = machine.version()
    except SetupError:
        return ""
    if listed and not machine.lists(version):
        return "%s, which is not a version that machines/%s lists (%s)" % (
            version, machine.name, ", ".join(listed))
    return version if machine.own else ""
