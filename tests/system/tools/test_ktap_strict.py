# SPDX-License-Identifier: MIT
"""The kernel's output by the letter of KTAP: a reader that shares no code with the judge."""

import os
import re
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path[:0] = [os.path.join(TOP, "tools", "lib"), os.path.dirname(os.path.abspath(__file__))]

import test_ktap                # noqa: E402
from ktap_strict import NotKtap, read       # noqa: E402


class Documents(unittest.TestCase):
    """What the document permits and what not."""

    def test_the_documents_own_example_is_read(self):
        run = read("""\
KTAP version 1
1..1
  KTAP version 1
  1..3
    KTAP version 1
    1..1
    # test_1: initializing test_1
    ok 1 test_1
  ok 1 example_test_1
    KTAP version 1
    1..2
    ok 1 test_1 # SKIP test_1 skipped
    ok 2 test_2
  ok 2 example_test_2
    KTAP version 1
    1..3
    ok 1 test_1
    # test_2: FAIL
    not ok 2 test_2
    ok 3 test_3 # SKIP test_3 skipped
  not ok 3 example_test_3
not ok 1 main_test
""")
        [main] = run.subtests
        self.assertEqual((main.name, main.ok, len(main.subtests), len(run.leaves())), ("main_test", False, 3, 6))
        self.assertEqual([t.directive for t in run.leaves()], [None, "SKIP", None, None, None, "SKIP"])

    def test_runs_of_the_judges_tests_are_read(self):
        for text, ok in ((test_ktap.GOOD, True), (test_ktap.FAILING, False)):
            run = read(text)
            self.assertEqual((run.ok, len(run.subtests), len(run.leaves())), (ok, 2, 4))

    def test_each_departure_is_refused(self):
        good = test_ktap.GOOD
        for old, new, about in (
                ("KTAP version 1\n1..2", "KTAP version 2\n1..2", "subtest|version|plan|indented"),
                ("KTAP version 1\n1..2", "TAP version 14\n1..2", "indented|plan|version"),
                ("    KTAP version 1\n    # Subtest: harness\n", "", "indented by 4"),
                ("\n1..2", "", "a plan is due|indented"), ("1..2", "1..3", "the end comes after 2"),
                ("1..2", "1..1", "after the last test"), ("1..2", "0..2", "a plan is due"), ("1..2", "1..02", "a plan"),
                ("    1..3", "    1..4", "indented|the end"), ("    1..3", "    1..2", "indented|number|result"),
                ("    1..3", "  1..3", "indented by 2"), ("ok 2 null", "ok 3 null", "number 3 where 2"),
                ("ok 2 null", "ok 02 null", "not a result"), ("ok 2 null", "OK 2 null", "not a result"),
                ("ok 2 null_faults", "ok 2", "without a name"), ("ok 2 null", "ok null", "not a result"),
                ("    ok 2 null", "   ok 2 null", "indented by 3"), ("ok 2 null_faults", "ok 2 null#faults", "not a result"),
                ("# SKIP no", "# TODO no", "with TODO"), ("# SKIP no", "# TIMEOUT no", "with TIMEOUT"),
                ("# SKIP no", "# ERROR no", "with ERROR"), ("    ok 2 null", "    not ok 2 null", "its subtests say"),
                ("\nok 1 harness", "\nnot ok 1 harness", "its subtests say"), ("# expected", "#expected", "no blank"),
                ("    # expected", "BIOS 1.0", "indented|not a result"), ("\nok 2 pks", "", "the end comes after 1")):
            self.assertEqual(good.count(old), 1, old)
            with self.assertRaisesRegex(NotKtap, about, msg="%r for %r" % (new, old)):
                read(good.replace(old, new))



if __name__ == "__main__":
    unittest.main()
