# SPDX-License-Identifier: MIT
"""tools/lib/sabotages.py: lists are read, edits are made and taken back, stale ones are found; what a
run's end says of a sabotage."""

import os
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import sabotages                                # noqa: E402

LIST = """# a comment
% qemu tests=a.*
= first: what is broken
@ mm/a.c
- one();
- two();
+ two();
@ mm/a.c
- three();
"""


class Sabotages(unittest.TestCase):
    """A tree with one source file and one list."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.top = self.scratch.name
        self.write("tests/sabotage/a.txt", LIST)
        self.source = self.write("mm/a.c", "one();\ntwo();\nthree();\n")

    def write(self, name, text):
        """Write one file of the tree; its path."""
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def read(self):
        """The source file."""
        with open(self.source, encoding="utf-8") as file:
            return file.read()

    def test_list(self):
        only, = sabotages.read_all(self.top)
        self.assertEqual((only.name, only.what, only.run),
                         ("first", "what is broken", ["qemu", "tests=a.*"]))
        self.assertEqual(only.edits, [("mm/a.c", "one();\ntwo();", "two();"),
                                      ("mm/a.c", "three();", "")])

    def test_a_machine_a_host_test_or_a_tool_is_run(self):
        self.write("tests/sabotage/a.txt", LIST + "% build/host/gcc/t_a\n= second: more\n"
                   "% tools/inject --all\n= third: more\n")
        machine, host, tool = sabotages.read_all(self.top)
        self.assertEqual(tool.command(7), ["timeout", "70", "tools/inject", "--all"])
        self.assertEqual(tool.failed("ok 1 a.b\nnot ok 2 a.c\n"), ["a.c"])
        self.assertEqual(machine.command(7), ["tools/run", "qemu", "tests=a.*", "extent=whole", "--first",
                                              "--quiet", "--timeout", "7"])
        machine.run.append("extent=brief")
        self.assertEqual(machine.command(7), ["tools/run", "qemu", "tests=a.*", "extent=brief", "--first",
                                              "--quiet", "--timeout", "7"])
        self.assertEqual(host.command(7), ["timeout", "7", "build/host/gcc/t_a"])
        self.assertEqual([s.on_host() for s in (machine, host, tool)], [False, True, False])

    def test_failed_tests_are_named(self):
        only, = sabotages.read_all(self.top)
        self.assertEqual(only.failed("ok 1 x\nFAILED qemu: a.b\nTIME-OUT qemu\n"), ["a.b", "qemu"])
        self.assertEqual(only.failed("[ RUN      ] one\n[  FAILED  ] one\n[       OK ] two\n"
                                     "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] one\n"),
                         ["one"])

    def test_edits_are_made_and_taken_back(self):
        only, = sabotages.read_all(self.top)
        before = self.read()
        former = only.apply(self.top)
        self.assertEqual(self.read(), "two();\n\n")
        sabotages.restore(former)
        self.assertEqual(self.read(), before)

    def test_stale(self):
        self.assertEqual(list(sabotages.stale(self.top)), [])
        for text in ("one();\ntwo();\n", "one();\ntwo();\nthree();\nthree();\n"):
            self.write("mm/a.c", text)
            found, = sabotages.stale(self.top)
            self.assertIn("first: mm/a.c has", found)
            with self.assertRaises(ValueError):
                sabotages.read_all(self.top)[0].apply(self.top)
            self.assertEqual(self.read(), text)     # nothing is edited by halves
        os.remove(self.source)
        self.assertEqual(len(list(sabotages.stale(self.top))), 1)
        self.assertFalse(os.path.exists(self.source))

    def attempt(self, test, limit=5, build="true"):
        """What comes of the sabotage if this shell script is the host test."""
        self.write("tests/sabotage/a.txt", "! %s\n" % build + LIST.replace("qemu tests=a.*", "build/t"))
        os.chmod(self.write("build/t", "#!/bin/sh\n" + test), 0o755)
        only, = sabotages.read_all(self.top)
        before = self.read()
        found = sabotages.attempt(only, self.top, limit)
        self.assertEqual(self.read(), before)
        return found

    def test_what_a_run_says(self):
        self.assertEqual(self.attempt("grep -q three mm/a.c || { echo 'not ok 1 x'; exit 1; }"),
                         (True, "tests failed: x"))
        self.assertEqual(self.attempt("exit 0"), (False, "no test fails"))
        self.assertEqual(self.attempt("echo what; exit 2"), (False, "what"))
        self.assertEqual(self.attempt("exit 1", build="false"),
                         (False, "does not build: "))

    def test_a_hang_counts_if_the_run_ends_without_the_sabotage(self):
        self.assertEqual(self.attempt("grep -q three mm/a.c || exec sleep 60", limit=1),
                         (True, "the host test hung: "))
        found = self.attempt("exec sleep 60", limit=1)
        self.assertEqual(found, (False, "without the sabotage the run does not end well in 1 seconds "
                                 "either"))
        self.assertFalse(self.attempt("grep -q three mm/a.c && exit 1; exec sleep 60", limit=1)[0])


if __name__ == "__main__":
    unittest.main()
