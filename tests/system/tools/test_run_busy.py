# SPDX-License-Identifier: MIT
"""tools/run's time limit on a host that says how busy it is."""

import os
import subprocess
import unittest

from test_ktap import GOOD
from test_run import Case

BUSY = "import os\nos.getloadavg = lambda: (%s * os.cpu_count(), 0.0, 0.0)\n"


class Busy(Case):
    """A machine that prints its last line after its limit."""

    def status_at(self, load, *arguments):
        """The exit status where each core has so many processes that want it."""
        head, line, rest = GOOD.rpartition("# Totals")
        self.machine(head, then="sleep 2; echo \"%s\"" % (line + rest).strip(), limit=1)
        return self.run_at(load, *arguments)

    def monitor_at(self, load):
        """The same of a machine that prints all in time, and whose monitor ends after its limit."""
        self.machine(GOOD, then="sleep 3", limit=1, extra="input = serial")
        return self.run_at(load, "exit=monitor")

    def run_at(self, load, *arguments):
        """Run tools/run where the load average says so."""
        with open(self.path("sitecustomize.py"), "w", encoding="utf-8") as file:
            file.write(BUSY % load)
        env = dict(os.environ, KEYWARD_MACHINES=self.path("machines"), PYTHONPATH=self.folder)
        return subprocess.run(self.command(*arguments), env=env, check=False, timeout=60,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode

    def test_an_idle_host_keeps_the_machines_limit(self):
        self.assertEqual(self.status_at(0), 4)

    def test_a_busy_host_extends_it(self):
        self.assertEqual(self.status_at(20), 0)

    def test_a_busy_host_gives_the_monitor_more_time_too(self):
        self.assertEqual(self.monitor_at(0), 3)
        self.assertEqual(self.monitor_at(20), 0)

    def test_a_limit_that_was_asked_for_holds(self):
        self.assertEqual(self.status_at(20, "--timeout", "1"), 4)


if __name__ == "__main__":
    unittest.main()
