# SPDX-License-Identifier: MIT
"""From a machine and a kernel command line to the launch command, with all that it needs in place."""

import os
import subprocess
import sys

import media
import runiso
from machine import TOP, SetupError


class Absent(SetupError):
    """The machine's emulator is not here, could not be fetched, or does not start."""


def prepare(machine, iso, arguments, where, extras=()):
    """The launch command; what the run boots from is made in the folder `where`.

    Whatever can be refused is refused here, before the clock runs.
    """
    runiso.check(arguments)
    if machine.kind == "silicon":
        raise SetupError("%s is not launched from here; docs/HARDWARE.md says how to boot it, and "
                         "this judges what it said: tools/results LOG" % machine.name)
    missing = machine.missing()
    if missing:
        raise Absent("%s needs %s; this installs it: tools/install test"
                     % (machine.name, ", ".join(missing)))
    if not os.path.exists(iso):
        raise SetupError("%s is not there; this builds it: make iso" % iso)
    first = machine.settings.get("prepare")
    if first and subprocess.run(first.split(), cwd=TOP, stdout=sys.stderr, check=False).returncode:
        raise Absent("%s failed, see above" % first)
    own = machine.settings.get("words", "").split()     # before the user's: the last one counts
    places = media.make(machine.settings.get("medium", "iso"), iso, where, own + list(arguments))
    return machine.command(extras, **places)
