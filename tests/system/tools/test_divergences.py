# SPDX-License-Identifier: MIT
"""tools/divergences: what it merges, what it keeps apart, and which results it refuses."""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def one(case, **other):
    """A class."""
    return {"case": case, "needs": "kind:xchg|lods;rights:ad", "expected": "#PF(P+W+PK)",
            "observed": "#PF(P+PK)", "count": 7, "first": case + ",key:3", "known": "no atomics",
            "command": "tools/run old tests=matrix.* case=" + case, **other}


def rule(name, *classes, **other):
    """A rule's result; xfail if it has classes."""
    return {"name": name, "says": name + " is so", "section": "Protection Keys",
            "status": "xfail" if classes else "pass", "reason": "", "cases": 400,
            "divergent": 7 * len(classes), "classes": list(classes), **other}


def machine(name, *rules, **other):
    """The results of one machine."""
    return {"machine": name, "about": "about " + name, "emulator": "Emulator 1.2 of " + name,
            "date": "2026-01-02", "image": "abc", "kernel": "k", "command": "tools/run", "slice": "full",
            "levels": "4,5", "cases": 900, "seconds": 71.3, "divergent": 7, "status": "ok",
            "problems": [], "rules": list(rules), "observed": [], **other}


OLD = machine("old", rule("r_first"), rule("r_modify", one("kind:xchg")),
              observed=["at_supervisor yes:3 no:0", "twice yes|no:1"])
NEW = machine("new", rule("r_first"), rule("r_modify", one("kind:xchg", count=9)),
              observed=["at_supervisor yes:0 no:3"])


class Divergences(unittest.TestCase):
    """The text for some results."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        os.makedirs(self.path("matrix"))

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, name):
        """A file of this case."""
        return os.path.join(self.scratch.name, name)

    def run_it(self, *machines):
        """Run the tool on these; returns (exit status, output)."""
        for name in os.listdir(self.path("matrix")):
            os.remove(self.path("matrix/" + name))
        for data in machines:
            with open(self.path("matrix/%s.json" % data["machine"]), "w", encoding="utf-8") as file:
                json.dump(data, file)
        done = subprocess.run([sys.executable, os.path.join(TOP, "tools", "divergences"), "--build",
                               self.scratch.name, "--out", self.path("out.md")], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def text(self, *machines):
        """The document for these machines."""
        status, output = self.run_it(*machines)
        self.assertEqual(status, 0, output)
        with open(self.path("out.md"), encoding="utf-8") as file:
            return file.read()

    def refused(self, word, *machines):
        """Assert that the tool refuses with this word and leaves the old document."""
        with open(self.path("out.md"), "w", encoding="utf-8") as file:
            file.write("before")
        status, output = self.run_it(*machines)
        self.assertEqual(status, 2, output)
        self.assertIn(word, output)
        with open(self.path("out.md"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "before")

    def test_shared_class_is_shown_once(self):
        text = self.text(OLD, NEW)
        self.assertEqual(text.count("#### "), 1)
        for words in ("### r_modify\n\nr_modify is so (SDM, \"Protection Keys\")\n",
                      "#### `kind:xchg`\n", "- expected: `#PF(P+W+PK)`\n",
                      "- observed: `#PF(P+PK)`\n",
                      "- stays with: `kind:xchg|lods` and `rights:ad`\n",
                      "- cases: new 9 of 400, old 7 of 400\n", "- why: no atomics\n",
                      "\n\n      tools/run old 'tests=matrix.*' case=kind:xchg\n"):
            self.assertIn(words, text)
        self.assertNotIn("### r_first", text)

    def test_differing_reasons_and_axes_name_their_machines(self):
        new = machine("new", rule("r_modify", one("kind:xchg", known="", needs="chance")))
        text = self.text(OLD, new)
        self.assertEqual(text.count("#### "), 1)
        for words in ("- why (new): not known yet\n", "- why (old): no atomics\n",
                      "- stays with (new): `chance`\n"):
            self.assertIn(words, text)

    def test_other_outcome_is_another_divergence(self):
        for other in (one("kind:xchg", observed="none"), one("kind:xchg", expected="none"),
                      one("kind:lods")):
            text = self.text(OLD, machine("new", rule("r_modify", other)))
            self.assertEqual(text.count("#### "), 2, other)
        text = self.text(machine("old", rule("r_first", one("kind:xchg")),
                                 rule("r_modify", one("kind:xchg"))))
        self.assertEqual(text.count("#### "), 2)

    def test_the_table_leaves_out_skipped_rules(self):
        skipped = rule("r_five", status="skip", reason="none here", says="", section="", cases=0)
        text = self.text(OLD, machine("new", skipped, *NEW["rules"]))
        self.assertIn("| new | Emulator 1.2 of new | about new | 900 | 7 | 1 | 1 of 2 |\n", text)
        self.assertIn("The slice was `full`.", text)

    def test_a_test_without_cases_gives_its_reason(self):
        plain = rule("bits", status="xfail", reason="it ignores them")
        text = self.text(machine("old", plain))
        self.assertIn("### bits\n\nbits is so (SDM, \"Protection Keys\")\n\n- why: it ignores them\n"
                      "- machines: old\n\n      tools/run old tests=matrix.bits\n", text)

    def test_known_one_that_is_gone_is_no_divergence(self):
        text = self.text(machine("old", rule("r_first", status="fail")))
        self.assertIn("There are none.", text)
        self.assertIn("| 0 | 0 of 1 |\n", text)

    def test_a_rules_sentence_comes_from_a_machine_that_ran_it(self):
        skipped = rule("r_modify", status="skip", reason="none here", says="", section="", cases=0)
        self.assertIn("r_modify is so", self.text(OLD, machine("a", skipped)))

    def test_corners_are_shown_by_machine(self):
        text = self.text(OLD, NEW, machine("mute", rule("r_first")))
        self.assertIn("| corner | new | old |\n| --- | --- | --- |\n"
                      "| `at_supervisor` | `yes:0 no:3` | `yes:3 no:0` |\n"
                      "| `twice` |  | `yes\\|no:1` |\n", text)

    def test_empty_sections_say_so(self):
        text = self.text(machine("new", rule("r_first")))
        self.assertIn("There are none.", text)
        self.assertIn("None was met.", text)

    def test_same_findings_give_the_same_text(self):
        first = self.text(OLD, NEW)
        later = [{**copy.deepcopy(m), "date": "2027-03-04", "seconds": 9.9, "image": "def"}
                 for m in (NEW, OLD)]
        self.assertEqual(self.text(*later), first)
        self.assertEqual(self.text(OLD, NEW), first)

    def test_the_text_names_its_generator_and_no_path(self):
        text = self.text(OLD)
        self.assertIn("Generated by `make divergences`", text.split("\n")[0])
        self.assertNotIn(self.scratch.name, text)
        self.assertNotIn(TOP, text)
        self.assertIsNone(re.search(r"[ \t]$", text, re.MULTILINE))
        self.assertTrue(text.endswith("\n") and not text.endswith("\n\n"))

    def test_incomplete_or_mixed_results_are_refused(self):
        self.refused("tools/matrix")
        self.refused("no totals", OLD, machine("new", status="crash", problems=["no totals"]))
        self.refused("different images", OLD, machine("new", image="def"))
        self.refused("different slices", OLD, machine("new", slice="whole"))
        self.refused("levels", OLD, {k: v for k, v in NEW.items() if k != "levels"})


if __name__ == "__main__":
    unittest.main()
