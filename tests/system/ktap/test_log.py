# SPDX-License-Identifier: MIT
"""The kernel's own output by the letter of KTAP, and that the judge of tools/run reads the same in it."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
BUILD = os.environ.get("KEYWARD_BUILD", os.path.join(TOP, "build"))
sys.path[:0] = [os.path.join(TOP, "tools", "lib"), os.path.join(TOP, "tests", "system", "tools")]

import ktap                     # noqa: E402
from ktap_strict import read    # noqa: E402


class Log(unittest.TestCase):
    """A whole run: all that a suite prints between its results, and each kind of result that there is."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            cls.done = subprocess.run(
                [os.path.join(TOP, "tools", "run"), "qemu", "--build", BUILD, "--log", log, "--quiet"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            with open(log, encoding="utf-8", errors="replace", newline="\n") as file:
                cls.text = file.read()
        cls.judge = ktap.Judge()
        for line in cls.text.split("\n"):
            cls.judge.feed(line)

    def test_the_run_is_as_expected(self):
        self.assertEqual(self.done.returncode, 0, self.done.stdout)
        self.assertEqual(self.judge.verdict().problems, [])

    def test_a_strict_reader_finds_the_results_that_the_judge_finds(self):
        leaves = [("%s.%s" % (suite.name, test.name), "skip" if test.directive == "SKIP" else
                   "pass" if test.ok else "error" if test.directive == "ERROR" else "fail")
                  for suite in read(self.text).subtests for test in suite.leaves()]
        self.assertEqual(leaves, [(r.name, r.reported) for r in self.judge.results])
        totals = dict(re.findall(r"(\w+):(\d+)", self.text[self.text.rindex("# Totals: "):].split("\n")[0]))
        for status in ("pass", "fail", "skip", "error"):
            self.assertEqual(sum(s == status for _, s in leaves), int(totals[status]), status)


if __name__ == "__main__":
    unittest.main()
