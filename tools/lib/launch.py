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


def prepare(machine, iso, arguments, where, extras=()):
    """The launch command; the boot medium is made in the folder `where`.

    Every refusal comes from here, before the time limit starts. SetupError, or Absent without the
    emulator.
    """
    runiso.check(arguments)
    if machine.kind == "silicon":
        raise SetupError("%s is not launched from here; docs/HARDWARE.md says how to boot it; this "
                         "judges its log: tools/results LOG" % machine.name)
    missing = machine.missing()
    if missing:
        raise Absent("%s needs %s; this installs it: tools/install test"
                     % (machine.name, ", ".join(missing)))
    if not os.path.exists(iso):
        raise SetupError("%s is not there; this builds it: make iso" % iso)
    first = machine.settings.get("prepare")
    if first and subprocess.run(first.split(), cwd=TOP, stdout=sys.stderr, check=False).returncode:
        raise Absent("%s failed, see above" % first)
    own = machine.settings.get("words", "").split()     # first: the user's words override them
    places = media.make(machine.settings.get("medium", "iso"), iso, where, own + list(arguments))
    return machine.command(extras, **places)
