# SPDX-License-Identifier: MIT
"""tools/report on bad input: one line with the error and its remedy, exit status 2."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
for folder in ("tests/system/report", "tools/lib"):
    sys.path.insert(0, os.path.join(TOP, folder))

import findings     # noqa: E402
import sample       # noqa: E402


class BadInput(unittest.TestCase):
    """A folder with the results of one machine, which each test damages."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.build = self.scratch.name
        self.good = next(m for m in sample.machines() if m["machine"] == "qemu")
        sample.write(self.build, [self.good])
        self.rule = next(i for i, r in enumerate(self.good["rules"]) if r["classes"])

    def tearDown(self):
        self.scratch.cleanup()

    def run_it(self, *arguments):
        """Run the program; returns (exit status, output)."""
        done = subprocess.run([sys.executable, os.path.join(TOP, "tools", "report"), "--build",
                               self.build, *arguments], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def refused(self, *words):
        """Assert that the program refuses the results, with these words."""
        status, output = self.run_it()
        self.assertEqual((status, output.count("\n")), (2, 1), output)
        for word in words + ("tools/report: ", "tools/matrix"):
            self.assertIn(word, output)
        self.assertEqual(os.listdir(self.build), ["matrix"])

    def wrong(self, data, *words):
        """Assert that findings.read() refuses a file of this data, with these words on one line."""
        self.file(json.dumps(data).encode())
        with self.assertRaises(findings.BadFindings) as caught:
            findings.read(os.path.join(self.build, "matrix"))
        output = str(caught.exception)
        self.assertNotIn("\n", output)
        for word in words + ("matrix/qemu.json: ", "tools/matrix qemu"):
            self.assertIn(word, output)

    def file(self, content, name="qemu"):
        """Replace a machine's file."""
        with open(os.path.join(self.build, "matrix", name + ".json"), "wb") as file:
            file.write(content)

    def test_good_results_make_a_report(self):
        status, output = self.run_it()
        self.assertEqual((status, output.count("\n")), (0, 1), output)
        self.assertIn("report.html: 1 machine, 41 rules", output)
        self.assertEqual(sorted(os.listdir(self.build)), ["matrix", "report.html"])

    def test_machines_are_sorted_by_name(self):
        sample.write(self.build, sample.machines())
        names = [m["machine"] for m in findings.read(os.path.join(self.build, "matrix"))]
        self.assertEqual(names, sorted(sample.MACHINES))

    def test_a_folder_without_results_is_refused(self):
        os.remove(os.path.join(self.build, "matrix", "qemu.json"))
        self.refused("no results in")
        os.rmdir(os.path.join(self.build, "matrix"))
        status, output = self.run_it()
        self.assertEqual(status, 2)
        self.assertIn("no results in", output)

    def test_a_file_that_is_no_json_is_refused(self):
        whole = json.dumps(self.good).encode()
        for content in (b"", b"\0", b"{", whole[:-1], whole + b"}", b"\xff\xfe", b"[" * 100000,
                        b"9" * 5000):
            self.file(content)
            self.refused("matrix/qemu.json: ", "tools/matrix qemu")

    def test_values_of_the_wrong_kind_are_refused(self):
        for path, value, words in (
                (("cases",), -1, "cases is -1"), (("cases",), True, "cases is true"),
                (("cases",), "7", 'cases is "7"'), (("seconds",), float("nan"), "seconds is NaN"),
                (("status",), "good", "not one of ok, failed, crash"),
                (("problems",), "x", "problems is not a list"), (("problems",), [1], "problems[0] is 1"),
                (("machine",), "other", 'machine "other"'), (("rules",), None, "rules is not a list"),
                (("rules", 3), [], "rules[3] is not an object"),
                (("rules", 3, "status"), "maybe", "rules[3].status"),
                (("rules", 3, "status"), ["pass"], "rules[3].status"),
                (("rules", 3, "name"), "pks_off", 'rule "pks_off" is there twice'),
                (("rules", self.rule, "classes", 0, "first"), None,
                 "rules[%d].classes[0].first is null" % self.rule)):
            spoilt = place = json.loads(json.dumps(self.good))
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
            self.wrong(spoilt, words)
        self.wrong([], "the file is not an object")

    def test_a_missing_key_is_refused(self):
        for path in ((), ("rules", self.rule), ("rules", self.rule, "classes", 0)):
            place = self.good
            for step in path:
                place = place[step]
            for key in list(place):
                kept = place.pop(key)
                self.wrong(self.good, 'has no "%s"' % key)
                place[key] = kept

    def test_one_bad_file_of_several_is_refused(self):
        self.file(b"", "zebra")
        self.refused("matrix/zebra.json: ", "tools/matrix zebra")

    def test_the_command_quotes_a_strange_name(self):
        self.file(b"", "a; b")
        self.refused("tools/matrix 'a; b'")

    def test_a_report_that_cannot_be_written_is_refused(self):
        os.mkdir(os.path.join(self.build, "report.html"))
        status, output = self.run_it()
        self.assertEqual((status, output.count("\n")), (2, 1), output)

    def test_an_unknown_option_is_refused(self):
        self.assertEqual(self.run_it("--nonsense")[0], 2)


if __name__ == "__main__":
    unittest.main()
