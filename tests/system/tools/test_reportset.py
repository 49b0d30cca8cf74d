# SPDX-License-Identifier: MIT
"""tools/report --bugs and --check: the reports of a document, and that each repeats."""

import os
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
for folder in ("tests/system/tools", "tools/lib"):
    sys.path.insert(0, os.path.join(TOP, folder))

import reportset                        # noqa: E402
import test_bugreport                   # noqa: E402
from test_bugreport import LOG          # noqa: E402

DOCUMENT = """\
| machine | emulator | what it is |
| --- | --- | --- |
| fake | QEMU emulator version 9.9.1 (x) | a fake |
| fake-longer | QEMU emulator version 10.0.2 (x) | a fake |
| fake-x | QEMU emulator version 10.0.2 (x) | a fake |
| guest | QEMU emulator version 11.0.0 (x) | a process of a Linux in it |
| other | Bochs x86 Emulator 3.0 | another |

## Divergences

### modify_is_a_write

says

#### `kind:add,rights:ad`

- cases: fake 1 of 20, fake-longer 3 of 40, fake-x 3 of 40, guest 2 of 9, other 5 of 60

### high_bits

- why: it forgets them
- machines: other

## Where the manual leaves it open

### not_this
"""


class Set(test_bugreport.Case):
    """The reports of a document."""

    def setUp(self):
        super().setUp()
        for name in ("fake-longer", "fake-x"):
            self.shows(LOG, name)
        self.program("Bochs x86 Emulator 3.0", name="its")
        self.shows(LOG, "other", "its", family="bochs")
        self.shows(LOG)
        with open(self.path("machines/guest"), "w", encoding="utf-8") as file:
            file.write("[machine]\nkind = process\nemulator = qemu-system-x86_64\n")
        self.document(DOCUMENT)

    def document(self, text):
        """Write the document."""
        with open(self.path("DIVERGENCES.md"), "w", encoding="utf-8") as file:
            file.write(text)

    def written(self):
        """Write the reports; returns {path: text}."""
        status, output = self.report("--bugs", self.path("reports"))
        self.assertEqual(status, 0, output)
        found = {}
        for path in reportset.files(self.path("reports")):
            with open(path, encoding="utf-8") as file:
                found[os.path.relpath(path, self.path("reports"))] = file.read()
        return found

    def test_each_class_is_run_on_the_newest_version_of_each_emulator(self):
        found = self.written()
        self.assertEqual(sorted(found), ["bochs/high_bits.md", "bochs/modify_is_a_write.kind-add.rights-ad.md",
                                         "qemu/modify_is_a_write.kind-add.rights-ad.md"])
        self.assertIn("- machine: machines/fake-x, a fake", found["qemu/modify_is_a_write.kind-add.rights-ad.md"])
        self.assertIn("# Bochs: a load and", found["bochs/modify_is_a_write.kind-add.rights-ad.md"])
        with open(self.path("reports/README.md"), encoding="utf-8") as file:
            self.assertEqual(file.read().count("\n| ["), 3)

    def test_a_report_says_where_else_the_class_was_seen(self):
        self.assertIn("\nSeen in Bochs 3.0 (5 of 60 cases of the rule), QEMU 9.9.1 (1 of 20 cases of the rule), "
                      "QEMU 10.0.2 (3 of 40 cases of the rule), QEMU 11.0.0 (2 of 9 cases of the rule).\n",
                      self.written()["qemu/modify_is_a_write.kind-add.rights-ad.md"])

    def test_reports_of_classes_that_are_gone_go_too(self):
        self.written()
        self.document(DOCUMENT.replace("- machines: other", ""))
        self.assertEqual(len(self.written()), 2)

    def test_a_document_without_machines_is_refused_and_nothing_is_lost(self):
        self.written()
        for text in ("", DOCUMENT.replace("- cases: ", "- pieces: ")):
            self.document(text)
            status, output = self.report("--bugs", self.path("reports"))
            self.assertEqual((status, output.count("\n")), (2, 1), output)
            self.assertEqual(len(reportset.files(self.path("reports"))), 3)

    def test_a_second_run_confirms_the_reports(self):
        self.written()
        self.shows(LOG.replace("0000555027", "0000777027").replace("00112233445566ff", "ff" * 8), "fake-x")
        status, output = self.report("--check", self.path("reports"))
        self.assertEqual((status, output.count("\nok ")), (0, 3), output)

    def test_a_second_run_that_shows_something_else_is_red(self):
        self.written()
        for old, new in (("cr4=00000000010008e0", "cr4=00000000014008e0"), ("pkrs=00000014 ", "pkrs=00000010 "),
                         ("observed=#PF(P+PK)", "observed=#PF(P+W)"), ("value=88000000aaaaa001", "value=80000000aaaaa001"),
                         ("011fcdd0", "0117cdd0"), ("index=2", "index=3"), ("needs=kind:add", "needs=kind:xchg"),
                         ("DIVERGES", "agrees")):
            self.assertIn(old, LOG)
            self.shows(LOG.replace(old, new))
            status, output = self.report("--check", self.path("reports/qemu"))
            self.assertEqual((status, output.count("\nnot ok ")), (1, 1), (old, output))
            self.assertIn("# ", output)

    def test_another_machine_can_take_the_reports_place(self):
        self.written()
        self.shows(LOG.replace("needs=kind:add|xchg", "needs=kind:add"))
        self.assertEqual(self.report("--check", self.path("reports/qemu"), "--machine", "fake")[0], 0)
        self.shows(LOG.replace("pkrs=00000014 ", "pkrs=00000010 "))
        self.assertEqual(self.report("--check", self.path("reports/qemu"), "--machine", "fake")[0], 1)

    def with_flag(self, name, flag):
        """Start the machine's emulator with this word."""
        with open(self.path("machines/" + name), encoding="utf-8") as file:
            text = file.read()
        with open(self.path("machines/" + name), "w", encoding="utf-8") as file:
            file.write(text.replace("command  = -q", "command  = " + flag))

    def checked_on(self, name):
        """(status, output, the words with which an emulator was started) of QEMU's report."""
        open(self.path("said"), "w", encoding="utf-8").close()
        status, output = self.report("--check", self.path("reports/qemu"), "--machine", name)
        with open(self.path("said"), encoding="utf-8") as file:
            return status, output, [w for w in file.read().split() if w in ("-q", "-x", "-y")]

    def third(self, version, log=LOG):
        """A machine with an emulator of its own."""
        self.program("QEMU emulator version " + version, name="third")
        self.shows(log, "elsewhere", "third")
        self.with_flag("elsewhere", "-y")

    def test_a_machine_with_the_same_emulator_runs_its_own_report(self):
        self.written()
        self.with_flag("fake-x", "-x")
        status, output, flags = self.checked_on("fake")
        self.assertEqual((status, flags), (0, ["-x"]), output)
        self.third("8.1.1")
        self.assertEqual(self.checked_on("elsewhere")[::2], (0, ["-y"]))

    def test_a_version_that_never_showed_the_class_may_not_show_it(self):
        self.written()
        good = LOG.replace("DIVERGES", "agrees")
        self.third("8.1.1", good)
        status, output, _ = self.checked_on("elsewhere")
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"\nok 1 - \S+ # SKIP elsewhere does as the manual says: ")
        self.third("9.9.1", good)       # the document says that it did
        status, output, _ = self.checked_on("elsewhere")
        self.assertEqual((status, output.count("\nnot ok ")), (1, 1), output)
        self.third("8.1.1", LOG.replace("pkrs=00000014 ", "pkrs=00000010 "))    # it shows something else
        self.assertEqual(self.checked_on("elsewhere")[0], 1)

    def test_a_class_of_chance_may_have_no_report(self):
        self.shows(LOG.replace("DIVERGES", "agrees"))
        status, output = self.report("--bugs", self.path("reports"))
        self.assertEqual((status, "does as the manual says" in output), (1, True), output)
        self.document(DOCUMENT.replace("- cases: ", "- stays with: `chance` and `by:user`\n- cases: "))
        self.assertEqual(list(self.written()), ["bochs/high_bits.md"])
        self.shows(LOG)
        self.assertEqual(len(self.written()), 3)

    def test_a_report_without_its_first_line_is_red(self):
        self.written()
        path = self.path("reports/bochs/high_bits.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# something\n")
        status, output = self.report("--check", path)
        self.assertEqual(status, 1)
        self.assertIn("its first line does not name its class and machine", output)
        os.mkdir(self.path("empty"))
        self.assertEqual(self.report("--check", self.path("empty"))[0], 2)


class Ours(unittest.TestCase):
    """docs/reports."""

    def test_each_class_of_the_document_has_its_report_and_no_other(self):
        with open(os.path.join(TOP, "docs", "DIVERGENCES.md"), encoding="utf-8") as file:
            classes, versions = reportset.listed(file.read())
        folder = os.path.join(TOP, "docs", "reports")
        wanted = {os.path.join(folder, reportset.path(*t)): t[0] for t in reportset.targets(classes, versions)}
        there = set(reportset.files(folder))
        self.assertEqual(there - set(wanted), set(), "make reports writes them anew")
        self.assertEqual([p for p in set(wanted) - there if not wanted[p].chance], [], "as above")


if __name__ == "__main__":
    unittest.main()
