# SPDX-License-Identifier: MIT
"""tools/run --junit, read by an outside reader: Debian's junitparser."""

import importlib.util
import os
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

from test_ktap import FAILING, GOOD     # noqa: E402
from test_run import Case               # noqa: E402


@unittest.skipUnless(importlib.util.find_spec("junitparser"),
                     "python3-junitparser is missing; this installs it: tools/install test")
class Junit(Case):
    """Each outcome of a test, and a run that is not whole."""

    def read(self, text, *words, known=""):
        """{name: kinds and messages of its results} of each case."""
        import junitparser      # pylint: disable=import-outside-toplevel
        self.machine(text, known=known)
        self.run_it("--junit", self.path("j.xml"), *words)
        found = {}
        self.suites = junitparser.JUnitXml.fromfile(self.path("j.xml"))
        for suite in self.suites:
            for case in suite:
                found["%s.%s" % (suite.name, case.name)] = [
                    (type(r).__name__, r.message, r.text) for r in case.result]
            self.assertEqual(suite.tests, len(list(suite)))
            self.assertEqual(suite.failures, sum(kind == "Failure" for case in suite
                                                 for kind in map(lambda r: type(r).__name__, case.result)))
        return found

    def test_passes_and_a_skip(self):
        self.assertEqual(self.read(GOOD), {
            "harness.expected_fault": [], "harness.null_faults": [],
            "harness.bar": [("Skipped", "no PKS on this CPU", None)], "pks.strict": []})

    def test_a_failure_has_its_notes(self):
        (kind, message, text), = self.read(FAILING)["harness.null_faults"]
        self.assertEqual((kind, message), ("Failure", "failed"))
        self.assertIn("expected P W PK at 0x1000, got no fault", text)

    def test_a_known_divergence_is_skipped_with_its_reason(self):
        found = self.read(FAILING, known="harness.null* = <one> & \"two\"")
        self.assertEqual(found["harness.null_faults"],
                         [("Skipped", 'known divergence: <one> & "two"', None)])

    def test_an_error_in_the_test_itself_is_an_error(self):
        text = FAILING.replace("not ok 2 null_faults", "not ok 2 null_faults # ERROR no memory") \
                      .replace("fail:1", "fail:0").replace("error:0", "error:1")
        (kind, message, _), = self.read(text)["harness.null_faults"]
        self.assertEqual((kind, message), ("Error", "error in the test itself: no memory"))

    def test_a_run_that_is_not_whole_is_an_error(self):
        found = self.read(GOOD.split("# Totals", maxsplit=1)[0])
        self.assertEqual(found["the run.is whole"], [("Error", "no totals line", None)])
        self.assertEqual(found["pks.strict"], [])

    def test_a_known_divergence_that_passes_is_a_failure(self):
        (kind, message, _), = self.read(GOOD, known="pks.* = one day")["pks.strict"]
        self.assertEqual(kind, "Failure")
        self.assertIn("take it off the list", message)
