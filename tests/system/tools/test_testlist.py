# SPDX-License-Identifier: MIT
"""tools/run --list: the tests of an image, without a boot."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import testlist                         # noqa: E402
from machine import SetupError                  # noqa: E402

# Three tests as tests/harness/ktest.h lays them out: plain, also under the tick, failing on purpose.
SOURCE = """
const struct { const char *suite, *name; void (*fn)(void); unsigned flags; } ktests_start[] = {
	{ "alpha", "a_thing_is_so", 0, 1 }, { "beta", "another_is_not", 0, 3 },
	{ "selftest", "a_test_fails", 0, 4 },
};
asm(".globl ktests_end; .set ktests_end, ktests_start + 96");
void _start(void) {}
"""


class List(unittest.TestCase):
    """On a small ELF file."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.elf = os.path.join(self.scratch.name, "k.elf")
        subprocess.run(["gcc", "-x", "c", "-static", "-nostdlib", "-o", self.elf, "-"],
                       input=SOURCE, text=True, check=True)

    def tearDown(self):
        self.scratch.cleanup()

    def list(self, *arguments):
        """tools/run --list: (exit status, output)."""
        done = subprocess.run([sys.executable, os.path.join(TOP, "tools", "run"), "--elf", self.elf,
                               "--list", *arguments], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.splitlines()

    def test_all_but_those_that_fail_on_purpose(self):
        self.assertEqual(self.list(), (0, ["alpha.a_thing_is_so", "beta.another_is_not",
                                           "beta.another_is_not+tick"]))

    def test_globs_select_as_in_the_kernel(self):
        self.assertEqual(self.list("*+tick,alpha.?_*"),
                         (0, ["alpha.a_thing_is_so", "beta.another_is_not+tick"]))

    def test_a_command_line_selects_as_in_the_kernel(self):
        for words, names in (
                ([], ["alpha.a_thing_is_so", "beta.another_is_not", "beta.another_is_not+tick"]),
                (["tests="], ["alpha.a_thing_is_so", "beta.another_is_not", "beta.another_is_not+tick"]),
                (["from=beta"], ["beta.another_is_not", "beta.another_is_not+tick"]),
                (["from=beta", "tests=*is_*", "tests=*thing*"], []),
                (["from=alpha", "tests=*_so,none"], ["alpha.a_thing_is_so"]),
                (["tests=selftest.*,alpha.*"], ["alpha.a_thing_is_so", "selftest.a_test_fails"]),
                (["tests=alpha.*,selftest.*"], ["alpha.a_thing_is_so"]),
                (["from=gamma"], []),
                (["until=beta"], ["alpha.a_thing_is_so"]),
                (["until=alpha"], []), (["until=gamma"], []),
                (["from=beta", "until=beta"], []), (["bench=on"], [])):
            self.assertEqual(testlist.selected(self.elf, words), names, words)

    def test_an_image_without_tests_or_none_selects_none(self):
        self.assertEqual(testlist.selected(os.path.join(self.scratch.name, "none"), []), [])
        self.assertEqual(testlist.selected("/bin/true", []), [])
        self.assertEqual(testlist.selected(__file__, []), [])

    def test_no_match_is_said(self):
        self.assertEqual(self.list("gamma.*"), (2, ["no test matches gamma.*; this lists them: tools/run --list"]))

    def test_the_list_is_asked_for_as_in_a_run(self):
        self.assertEqual(self.list("tests=beta.*"), self.list("beta.*"))

    def test_a_glob_of_a_run_that_selects_nothing_is_refused(self):
        for words in ([], ["tests=none"], ["tests=*"], ["tests=alpha.*,beta.*"], ["tests=selftest.*"],
                      ["tests=beta.*+tick"], ["tests="], ["bench=on", "tests=gamma.*"]):
            testlist.check(self.elf, words)
        for globs, wrong in (("gamma.*", "gamma.*"), ("alpha", "alpha; did you mean alpha.*?"),
                             ("alpha.*,bata.*", "bata.*; did you mean beta.*?"),
                             ("beta.another_is_no", "beta.another_is_no; did you mean beta.another_is_not?"),
                             ("alpha.*,selftest.*", "selftest.*")):
            with self.assertRaises(SetupError) as refused:
                testlist.check(self.elf, ["pks=off", "tests=" + globs])
            self.assertIn("tests=%s: no test matches %s; this lists" % (globs, wrong), str(refused.exception))
        testlist.check(os.path.join(self.scratch.name, "none"), ["tests=gamma.*"])

    def test_no_image_names_the_command_that_builds_it(self):
        os.remove(self.elf)
        status, lines = self.list()
        self.assertEqual(status, 2)
        self.assertIn("make iso", lines[0])
