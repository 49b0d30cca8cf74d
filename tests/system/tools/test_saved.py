# SPDX-License-Identifier: MIT
"""tests/saved: the patch applies to the tree as it is now."""

import os
import subprocess
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class ThePatch(unittest.TestCase):

    def test_it_applies(self):
        """Without fuzz, which git apply does not know."""
        env = dict(os.environ, GIT_CEILING_DIRECTORIES=os.path.dirname(os.path.realpath(TOP)))
        done = subprocess.run(["git", "apply", "--check", "tests/saved/saved.patch"], cwd=TOP, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""),
                         "the head of tests/saved/saved.patch says how to mend it")


class ThePlaces(unittest.TestCase):

    def test_others_are_refused(self):
        done = subprocess.run([os.path.join(TOP, "tests", "saved", "make"), "frame"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout),
                         (2, "usage: tests/saved/make stack|slot|cpu [VARIABLE=VALUE ...]\n"))
