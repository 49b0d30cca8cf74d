# SPDX-License-Identifier: MIT
"""Make the launch command of a machine with a kernel command line, and the files it needs."""

import os
import subprocess
import sys

import media
import runiso
from machine import TOP, SetupError


class Absent(SetupError):
    """The machine's emulator is missing, could not be fetched, or does not start."""


class Lacks(Absent):
    """The emulator is there, but has no device of a kind that the machine needs."""


def _check_devices(machine):
    """Raise Lacks if the emulator (QEMU) lacks one of the machine's `devices`."""
    for device in machine.settings.get("devices", "").split():
        asked = subprocess.run(machine.emulator + ["-device", device + ",help"],
                               cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
        if asked.returncode:
            raise Lacks("%s needs an emulator with the device %s; this one is %s"
                        % (machine.name, device, machine.version()))


def _pmem(machine, path, where):
    """The places of the persistent image, for a machine whose `pmem` is a size: `path`, made if it
    is not there; without one, a new image in the folder `where`."""
    size = machine.settings.get("pmem")
    if not size:
        if path:
            raise SetupError("%s has no persistent memory for --pmem; qemu-pmem has" % machine.name)
        return {}
    path = os.path.abspath(path or os.path.join(where, "pmem"))
    try:
        if not os.path.exists(path):
            with open(path, "wb") as image:
                image.truncate(int(size[:-1]) << {"M": 20, "G": 30}[size[-1]])
        return {"pmem": path, "pmem_size": os.path.getsize(path)}
    except (OSError, ValueError, KeyError) as error:
        raise SetupError("%s: no image of %s can be made: %s" % (path, size, error)) from error


def _process(machine, words, extras):
    """The command of a program, with the kernel's words as its own; or of an emulator with a Linux, which
    passes them on. Lacks if the processor or its Linux has no user keys."""
    # The runs of two machines may build it at once: one waits for the other.
    if subprocess.run(["flock", "tests/linux", "make", "-s", "build/linux/initrd"],
                      cwd=TOP, stdout=sys.stderr, check=False).returncode:
        raise Absent("the program cannot be built, see above")
    linux = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                         "keyward/linux-bookworm/boot/vmlinuz")
    command = machine.command(extras, words=" ".join(words), linux=linux)
    if "{words}" in machine.settings.get("command", ""):
        return command
    asked = subprocess.run([*command, "--can"], cwd=TOP, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise Lacks(asked.stderr.strip() or "%s ended with status %s" % (command[0], asked.returncode))
    return command + words


def fetch(machine):
    """Get the machine's emulator, once. What it is known for depends on its version, so this comes before
    the list is read. Absent without it."""
    missing = machine.missing()
    if missing:
        raise Absent("%s needs %s; this installs it: tools/install test"
                     % (machine.name, ", ".join(missing)))
    first = machine.settings.get("prepare")
    if first and not machine.fetched and \
            subprocess.run(first.split(), cwd=TOP, stdout=sys.stderr, check=False).returncode:
        raise Absent("%s failed, see above" % first)
    machine.fetched = True


def prepare(machine, iso, arguments, where, extras=(), pmem=None):
    """The launch command; the boot medium is made in the folder `where`. `pmem`: the image of the
    machine's persistent memory, if it is not a new one there.

    Every refusal comes from here, before the time limit starts. SetupError, or Absent without the
    emulator.
    """
    runiso.check(arguments)
    if machine.kind == "silicon":
        raise SetupError("%s is not launched from here; docs/HARDWARE.md says how to boot it; this "
                         "judges its log: tools/results LOG" % machine.name)
    fetch(machine)
    if machine.kind != "process" and not os.path.exists(iso):
        raise SetupError("%s is not there; this builds it: make iso" % iso)
    _check_devices(machine)
    given = {a.partition("=")[0] for a in arguments}     # the kernel complains of a word given twice
    own = [w for w in machine.settings.get("words", "").split() if w.partition("=")[0] not in given]
    words = own + list(arguments)
    if machine.kind == "process":
        return _process(machine, words, extras)
    places = media.make(machine.settings.get("medium", "iso"), iso, where, words)
    return machine.command(extras, **{**places, **_pmem(machine, pmem, where)})
