# SPDX-License-Identifier: MIT
"""tools/kunit-check: what it makes of a parser's answer; the parser is a small stand-in."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_ktap        # noqa: E402

PARSER = """\
import collections
import sys

stdout = sys.stdout
Counts = collections.namedtuple("Counts", "passed failed skipped crashed errors")


def parse_run_tests(lines):
    print("[PASSED] one", file=stdout)
    %s
    return collections.namedtuple("Test", "counts")(Counts(%s))
"""


class Verdicts(unittest.TestCase):
    """The exit status and the output."""

    def check(self, counts, said="pass", log=test_ktap.GOOD):
        """Run the tool; a log of None is missing."""
        with tempfile.TemporaryDirectory() as cache:
            os.makedirs(os.path.join(cache, "keyward", "kunit-parser"))
            with open(os.path.join(cache, "keyward", "kunit-parser", "kunit_parser.py"), "w", encoding="utf-8") as file:
                file.write(PARSER % (said, counts))
            path = os.path.join(cache, "log")
            if log is not None:
                with open(path, "w", encoding="utf-8", newline="\n") as file:
                    file.write(log)
            done = subprocess.run([os.path.join(TOP, "tools", "kunit-check"), path], text=True, check=False,
                                  env=dict(os.environ, XDG_CACHE_HOME=cache), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def test_the_same_counts_and_no_error_pass(self):
        status, output = self.check("3, 0, 1, 0, 0")
        self.assertEqual((status, len(output.splitlines())), (0, 1), output)
        self.assertIn("reads it without an error", output)
        self.assertEqual(self.check("3, 0, 1, 0, 0", log=test_ktap.GOOD.replace("\n", "\r\n"))[0], 0)

    def test_each_difference_is_reported(self):
        for counts, words in (("2, 0, 1, 0, 0", "passed: the totals say 3, the parser 2"),
                              ("3, 1, 1, 0, 0", "failed: the totals say 0, the parser 1"),
                              ("3, 0, 0, 0, 0", "skipped: the totals say 1, the parser 0"),
                              ("3, 0, 1, 2, 0", "2 tests that crashed"), ("3, 0, 1, 0, 4", "4 errors")):
            status, output = self.check(counts)
            self.assertEqual(status, 1)
            self.assertIn(words, output)

    def test_the_parsers_own_words_are_shown(self):
        status, output = self.check("3, 0, 1, 0, 1", 'print("[ERROR] Test: harness: missing", file=stdout)')
        self.assertEqual(status, 1)
        self.assertIn("[ERROR] Test: harness: missing", output)
        self.assertNotIn("[PASSED]", output)

    def test_a_run_without_an_end_is_no_pass(self):
        status, output = self.check("3, 0, 1, 0, 0", log=test_ktap.GOOD.partition("# Totals")[0])
        self.assertEqual(status, 1)
        self.assertIn("no totals", output)

    def test_a_log_that_is_not_there_is_no_pass(self):
        self.assertEqual(self.check("3, 0, 1, 0, 0", log=None)[0], 2)


if __name__ == "__main__":
    unittest.main()
