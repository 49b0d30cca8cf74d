# SPDX-License-Identifier: MIT
"""From a machine and a kernel command line to the launch command, with all that it needs in place."""

import os
import subprocess
import sys

import runiso
from machine import TOP, SetupError


def prepare(machine, iso, arguments, where, extras=()):
    """The launch command; the run's own ISO is made in the folder `where`.

    Whatever can be refused is refused here, before the clock runs.
    """
    runiso.check(arguments)
    missing = machine.missing()
    if missing:
        raise SetupError("%s needs %s; this installs it: tools/install test"
                         % (machine.name, ", ".join(missing)))
    if not os.path.exists(iso):
        raise SetupError("%s is not there; this builds it: make iso" % iso)
    first = machine.settings.get("prepare")
    if first and subprocess.run(first.split(), cwd=TOP, stdout=sys.stderr, check=False).returncode:
        raise SetupError("%s failed, see above" % first)
    places = {name: os.path.join(where, name) for name in ("iso", "log")}
    runiso.make(os.path.abspath(iso), places["iso"], arguments)
    return machine.command(extras, **places)
