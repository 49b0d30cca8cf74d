# SPDX-License-Identifier: MIT
"""The Linux program of two machines, which tools/run builds: two runs at once do not meet there."""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

from machine import of_kind                     # noqa: E402

BUILD = "import sys; sys.path.insert(0, 'tools/lib')\n" \
        "import launch, machine\n" \
        "m = machine.Machine(sys.argv[1])\n" \
        "m.emulator = ['true']\n"
# What builds it, by machine: before its version is asked for, and before it is started.
STEPS = [("linux-pku", "launch.fetch(m)"), ("linux-pku", "launch._process(m, [], [])"),
         ("linux-pku-tcg", "launch._process(m, [], [])")]


class TwoRuns(unittest.TestCase):
    """A build that begins while another goes on, with a `make` that leaves a file."""

    def test_one_waits_for_the_other(self):
        for name, step in STEPS:
            with self.subTest(machine=name, step=step), tempfile.TemporaryDirectory() as folder:
                made = os.path.join(folder, "made")
                with open(os.path.join(folder, "make"), "w", encoding="utf-8") as file:
                    file.write("#!/bin/sh\ntouch '%s'\n" % made)
                os.chmod(file.name, 0o755)
                other = os.open(os.path.join(TOP, "tests", "linux"), os.O_RDONLY)
                fcntl.flock(other, fcntl.LOCK_EX)
                run = subprocess.Popen([sys.executable, "-c", BUILD + step, name], cwd=TOP,
                                       env=dict(os.environ, PATH=folder + ":" + os.environ["PATH"]))
                time.sleep(0.5)
                early = os.path.exists(made)
                os.close(other)
                self.assertEqual(run.wait(60), 0)
                self.assertEqual((early, os.path.exists(made)), (False, True))

    def test_every_machine_that_runs_as_a_process_is_among_them(self):
        self.assertEqual({name for name, _ in STEPS}, set(of_kind("process")))


if __name__ == "__main__":
    unittest.main()
