# SPDX-License-Identifier: MIT
"""machines/classes: what is compared with a list, what is said about it, and how one is made."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import classlist                                                        # noqa: E402
import divergence                                                       # noqa: E402
import ktap                                                             # noqa: E402
import test_matrix                                                      # noqa: E402
from test_divergence import CLASS, CLEAN, KNOWN, MATRIX, NAME, OTHER    # noqa: E402

STEADY = ("rule=modify_is_a_write case=kind:lock-add,rights:ad needs=kind:lock-add|xchg;rights:ad|ad+wd"
          " expected=#PF(P+W+PK) observed=#PF(P+PK) exact=4600:00000000000000aa"
          " by_tlb=100:00000000000000bb\n")
CHANCE = "rule=modify_is_a_write needs=chance most=22\n"
LIST = "# of fake\nemulator Fake 1.0\n\nslice whole cases=209712\n" + CHANCE + STEADY
REASONS = {NAME + " kind:lock-add,rights:ad": "no atomics here", NAME + " *kind:xchg*": "by chance"}


def listed(text):
    """The list with that text."""
    with tempfile.NamedTemporaryFile("w", suffix=".list") as file:
        file.write(text)
        file.flush()
        return classlist.read(file.name, "machines/classes/fake")


def judge(text, made=LIST, version="Fake 1.0", arguments=(divergence.AGAIN,), known=None, by_name=False):
    """(verdict, remarks) of a console text beside a list."""
    known = known or REASONS
    book = divergence.Book("fake", known, arguments, (), made and listed(made), lambda: version)
    book.by_name = by_name
    j = ktap.Judge(known=known, book=book)
    for line in text.splitlines():
        j.feed(line)
    return j.verdict(), j.remarks


class Compare(unittest.TestCase):
    """A run beside a list."""

    def good(self, *how, **more):
        """Assert that nothing is wrong; returns the remarks."""
        verdict, remarks = judge(*how, **more)
        self.assertEqual((verdict.status, verdict.failures, verdict.problems), (ktap.OK, [], []))
        return remarks

    def red(self, word, *how, **more):
        """Assert that one failure says this; returns its notes."""
        verdict, remarks = judge(*how, **more)
        self.assertEqual(verdict.status, ktap.FAILED, verdict.problems)
        self.assertEqual([word in what for _, what, _ in verdict.failures], [True], verdict.failures)
        self.assertEqual(remarks, [])
        return verdict.failures[0][2]

    def test_what_is_as_listed_passes_without_a_remark(self):
        self.assertEqual(self.good(MATRIX), [])

    def test_other_needs_are_red_with_both_in_words(self):
        text = MATRIX.replace("needs=kind:lock-add|xchg;rights:ad|ad+wd", "needs=kind:lock-add;pks:1")
        notes = self.red("depends on kind: lock-add, where the list has lock-add|xchg; rights: any, where "
                         "the list has ad|ad+wd; pks: 1, where the list has any", text)
        self.assertIn("    again      tools/run", "\n".join(notes).replace("  again", "    again"))
        self.assertIn("tools/matrix --relist fake", "\n".join(notes))

    def test_other_outcomes_of_the_smallest_case_are_red(self):
        self.red("expected is #PF(P+PK), where the list has #PF(P+W+PK)",
                 MATRIX.replace("expected=#PF(P+W+PK)", "expected=#PF(P+PK)"))
        self.red("observed is none, where the list has #PF(P+PK)",
                 MATRIX.replace("observed=#PF(P+PK)", "observed=none"))

    def test_another_count_is_red_and_says_which(self):
        self.red("4599 cases, where the list has 4600; 101 cases that the TLB decides, where the list "
                 "has 100", MATRIX.replace("exact=4600", "exact=4599").replace("by_tlb=100", "by_tlb=101"))

    def test_the_same_count_of_other_cases_is_red(self):
        self.red("4600 cases as the list has it, but others, or with other outcomes (digest "
                 "00000000000000ab, not 00000000000000aa)", MATRIX.replace("aa by_tlb", "ab by_tlb"))

    def test_chance_is_bounded_not_compared(self):
        self.good(MATRIX.replace("exact=1:00000000000000cc", "exact=1:0123456789abcdef"))
        self.red("11 cases by chance, where the list allows 10", MATRIX, LIST.replace("22", "10"))
        self.good(MATRIX, LIST.replace("by_tlb=100:00000000000000bb", "by_tlb=most:100"))
        self.red("100 cases that the TLB decides, where the list allows 99", MATRIX,
                 LIST.replace("by_tlb=100:00000000000000bb", "by_tlb=most:99"))

    def test_chance_excuses_only_whom_and_what_the_list_says(self):
        text = MATRIX.replace("needs=chance", "needs=chance;by:user;denial:missing")
        self.red("it is not in the list of this slice", text)
        self.good(text, LIST.replace("needs=chance", "needs=chance;by:user;denial:missing"))

    def test_a_class_of_another_slice_is_red(self):
        self.red("it is not in the list of this slice", MATRIX,
                 LIST.replace(STEADY, "") + "slice full cases=1\n" + STEADY)

    def test_a_slice_of_another_size_is_red(self):
        self.red("the matrix ran 209712 cases, where machines/classes/fake has 209713", MATRIX,
                 LIST.replace("209712", "209713"))

    def test_another_version_has_its_own_counts_but_the_same_needs(self):
        text = MATRIX.replace("exact=4600:00000000000000aa", "exact=4600:00000000000000ac")
        self.assertEqual(self.good(text, version="Fake 1.1"),
                         ['the matrix\'s counts are not compared: machines/classes/fake is of "Fake 1.0", '
                          'this is "Fake 1.1"'])
        verdict, _ = judge(text.replace("needs=kind:lock-add|xchg", "needs=kind:lock-add"),
                           version="Fake 1.1")
        self.assertIn("depends on kind: lock-add, where the list has lock-add|xchg",
                      verdict.failures[0][1])

    def test_a_run_without_a_list_says_so(self):
        self.assertEqual(self.good(MATRIX, None), ["the matrix's classes are compared by name alone: "
                                                   "machines/classes/fake has no slice whole"])
        self.assertIn("has no slice whole", self.good(MATRIX, LIST.replace("whole", "brief"))[0])

    def test_a_single_case_is_compared_by_name_alone(self):
        self.good(MATRIX.replace("aa by_tlb", "ab by_tlb"), arguments=["extent=whole"])   # after other suites
        for arguments in (["case=kind:read"], ["tests=matrix.*", "case=*"]):
            self.good(MATRIX.replace("aa by_tlb", "ab by_tlb"), arguments=arguments)

    def test_what_is_gone_comes_last_and_may_be_hidden(self):
        known = {**REASONS, "matrix.access_disable_denies_data kind:add": "once"}
        verdict, _ = judge(MATRIX.replace("aa by_tlb", "ab by_tlb"), known=known)
        self.assertEqual([f[0] for f in verdict.failures], [NAME, "matrix.access_disable_denies_data"])
        self.assertRegex(verdict.failures[1][1], "does not happen any more: .*, or it is hidden by what is "
                                                 "new above$")
        verdict, _ = judge(MATRIX, known=known)
        self.assertNotIn("hidden", verdict.failures[0][1])

    def test_a_class_that_the_list_alone_has_is_gone(self):
        more = STEADY.replace("kind:lock-add,rights:ad", "kind:add")
        self.red("but does not happen any more: take \"%s kind:add\" off machines/classes/fake" % NAME,
                 MATRIX, LIST + more)
        self.good(MATRIX, LIST + more, version="Fake 1.1")
        self.good(MATRIX, LIST + more, by_name=True)

    def test_a_known_class_of_other_slices_alone_is_not_gone(self):
        known = {**REASONS, NAME + " kind:add": "rare"}
        more = "slice full cases=1\n" + STEADY.replace("kind:lock-add,rights:ad", "kind:add")
        self.good(MATRIX, LIST + more, known=known)
        self.red("does not happen any more", MATRIX, LIST, known=known)

    def test_classes_that_come_by_name_are_compared_by_name_in_their_slice(self):
        known = {**REASONS, NAME + " kind:add": "rare"}
        more = STEADY.replace("kind:lock-add,rights:ad", "kind:add")
        self.good(MATRIX.replace("aa by_tlb", "ab by_tlb"), by_name=True)
        self.good(MATRIX.replace("needs=kind:lock-add|xchg;", "needs=kind:lock-add;"), by_name=True)
        self.good(MATRIX, LIST + "slice full cases=1\n" + more, known=known, by_name=True)
        self.red("does not happen any more", MATRIX, LIST + more, known=known, by_name=True)
        verdict, _ = judge(MATRIX, LIST.replace("209712", "209713"), by_name=True)
        self.assertIn("the matrix ran 209712 cases", verdict.failures[0][1])

    def test_a_clean_machine_may_not_have_what_is_listed(self):
        verdict, _ = judge(CLEAN)
        self.assertEqual(len(verdict.failures), 2)

    def test_a_tally_that_does_not_add_up_is_a_crash(self):
        verdict, _ = judge(MATRIX.replace("count=4700 exact=4600", "count=4700 exact=4599"))
        self.assertEqual(verdict.status, ktap.CRASHED)

    def test_an_unsound_list_is_refused(self):
        for old, new in (("emulator Fake 1.0\n", ""), ("slice whole cases=209712\n", ""), (" most=22", ""),
                         ("aa by_tlb", "a by_tlb"), ("rule=modify_is_a_write ", ""),
                         ("by_tlb=100:00000000000000bb", ""), ("needs=kind", "needs= kind")):
            self.assertIn(old, LIST)
            with self.assertRaises(ValueError, msg=old):
                listed(LIST.replace(old, new))


class Relist(test_matrix.Machines):
    """tools/matrix --relist on machines that are shell scripts."""

    def add(self, name, text=MATRIX, base=None, known="\n".join("%s = %s" % why for why in REASONS.items()),
            **how):
        """Add a machine whose emulator's version is that of env."""
        super().add(name, text, extra="emulator = env\n" + ("base = " + base if base else ""),
                    known="" if base else known, **how)

    def text_of(self, name):
        """A machine's list, or None."""
        try:
            with open(self.path("machines/classes/" + name), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def relist(self, *arguments, status=0):
        """Run tools/matrix --relist; returns its output."""
        got, output = self.matrix("--relist", *arguments)
        self.assertEqual(got, status, output)
        return output

    def check(self, name="m"):
        """Run tools/run; returns (exit status, output)."""
        done = subprocess.run([sys.executable, os.path.join(TOP, "tools", "run"), name, "tests=matrix.*",
                               "--build", self.path("build")], env=self.env(), text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def test_what_is_found_becomes_what_is_known(self):
        self.add("m")
        self.assertIn("are compared by name alone", self.check()[1])
        self.assertIn("m: machines/classes/m: whole 2\n", self.relist("--slice", "whole"))
        self.assertRegex(self.text_of("m"), r"emulator env \(.*\n\nslice whole cases=209712\n")
        self.assertTrue(self.text_of("m").endswith(STEADY.replace("100:00000000000000bb", "most:216") +
                                                   CHANCE.replace("22", "38")))
        status, output = self.check()
        self.assertEqual((status, "note:" in output), (0, False), output)
        self.add("m", MATRIX.replace("aa by_tlb", "ab by_tlb"))
        status, output = self.check()
        self.assertEqual(status, 1)
        self.assertIn("FAILED %s: breaks its rule otherwise than known" % NAME, output)

    def test_each_slice_is_run_unless_one_is_named(self):
        self.add("m")
        output = self.relist()
        for part in ("brief", "whole", "full"):
            self.assertIn("extent=%s on m" % part, output)

    def test_a_class_without_a_reason_is_refused(self):
        self.add("m", known="%s *kind:xchg* = by chance" % NAME)
        output = self.relist(status=1)
        self.assertIn("m: nothing is written", output)
        self.assertIn("machines/m gives no reason for a class: expected #PF(P+W+PK), observed #PF(P+PK), "
                      "depends on kind:lock-add|xchg;rights:ad|ad+wd\n", output)
        self.assertIn("    %s kind:lock-add,rights:ad = WHY (VERSION)\n" % NAME, output)
        self.assertIsNone(self.text_of("m"))

    def test_a_reason_without_a_class_is_refused(self):
        self.add("m", known="\n".join("%s = %s" % why for why in {**REASONS, NAME + " default": "x"}.items()))
        self.assertIn("gives a reason for what does not happen: take it off\n    %s default\n" % NAME,
                      self.relist(status=1))
        self.relist("--slice", "whole")

    def test_a_run_that_is_not_whole_is_refused(self):
        self.add("m", MATRIX.split("    not ok 2")[0])
        self.assertIn("the run is not whole", self.relist(status=1))
        self.add("m", "", then="exit 1")
        self.assertIn("did not start", self.relist(status=1))
        self.assertIsNone(self.text_of("m"))

    def test_other_slices_of_the_same_version_are_kept(self):
        self.add("m")
        self.relist("--slice", "whole")
        path = self.path("machines/classes/m")
        with open(path, "a", encoding="utf-8") as file:
            file.write("\nslice full cases=7\n")
        self.relist("--slice", "whole")
        self.assertIn("slice full cases=7\n", self.text_of("m"))
        text = self.text_of("m")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("emulator env", "emulator old env"))
        self.relist("--slice", "whole")
        self.assertNotIn("slice full", self.text_of("m"))

    def test_a_machine_shares_the_list_of_its_base_while_they_are_alike(self):
        self.add("base")
        self.add("heir", base="base")
        self.assertIn("heir: as machines/classes/base", self.relist("--slice", "whole"))
        self.assertIsNone(self.text_of("heir"))
        self.assertEqual(self.check("heir")[0], 0)
        self.add("heir", MATRIX.replace("aa by_tlb", "ab by_tlb"), base="base")
        self.assertIn("not 00000000000000aa", self.check("heir")[1])
        self.relist("heir", "--slice", "whole")
        self.assertIn("4600:00000000000000ab", self.text_of("heir"))
        self.assertEqual(self.check("heir")[0], 0)
        # Chance within the base's bound makes no list of its own.
        self.add("heir", MATRIX.replace("=4711", "=4730").replace("count=11 exact=1:", "count=20 exact=10:")
                 .replace("count=4700", "count=4710").replace("by_tlb=100:", "by_tlb=110:"), base="base")
        self.relist("heir", "--slice", "whole")
        self.assertIsNone(self.text_of("heir"))

    def test_a_list_of_its_own_has_the_slices_that_applied_before(self):
        self.add("base")
        self.relist()
        with open(self.path("machines/classes/base"), "a", encoding="utf-8") as file:
            file.write("\nslice brief cases=7\n")
        self.add("heir", MATRIX.replace("aa by_tlb", "ab by_tlb"), base="base")
        self.relist("heir", "--slice", "whole")
        self.assertIn("slice brief cases=7\n", self.text_of("heir"))

    def test_a_list_that_is_not_whole_is_refused(self):
        self.add("m")
        self.relist("--slice", "whole")
        with open(self.path("machines/classes/m"), "a", encoding="utf-8") as file:
            file.write("rule=a\n")
        status, output = self.check()
        self.assertEqual(status, 2)
        self.assertIn("machines/classes/m, line 9: not whole: rule=a", output)


if __name__ == "__main__":
    unittest.main()
