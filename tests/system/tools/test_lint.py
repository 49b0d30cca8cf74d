# SPDX-License-Identifier: MIT
"""tools/lint: each rule, kept and broken, in a small tree of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
HEAD = "// SPDX-License-Identifier: MIT\n"


class Lint(unittest.TestCase):
    """One file is added to a clean tree; then the named check is red, and no other."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        shutil.copy(os.path.join(TOP, ".clang-format"), self.scratch.name)
        self.add("kernel/lib/types.h", HEAD + "typedef int u32;\n")

    def tearDown(self):
        self.scratch.cleanup()

    def add(self, path, text):
        """Write one file of the tree."""
        path = os.path.join(self.scratch.name, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def lint(self):
        """Run it on the tree."""
        return subprocess.run([sys.executable, os.path.join(TOP, "tools", "lint"),
                               self.scratch.name], text=True, stdout=subprocess.PIPE, check=False)

    def line(self, check):
        """The result line of one check."""
        return next(x for x in self.lint().stdout.splitlines() if " - %s: " % check in x)

    def red(self):
        """The checks that fail, by name."""
        run = self.lint()
        red = [line.split()[4].rstrip(":") for line in run.stdout.splitlines()
               if line.startswith("not ok")]
        self.assertEqual(run.returncode, 1 if red else 0, run.stdout)
        return red

    def test_clean_tree(self):
        self.assertEqual(self.red(), [])

    def test_licence(self):
        self.add("kernel/a.h", "typedef int a;\n")
        self.assertEqual(self.red(), ["licences"])

    def test_length(self):
        self.add("kernel/a.h", HEAD + "typedef int a;\n" * 349)
        self.assertEqual(self.red(), [])
        self.add("kernel/a.h", HEAD + "typedef int a;\n" * 350)
        self.assertEqual(self.red(), ["lengths"])

    def test_length_of_assembly(self):
        self.add("kernel/a.S", HEAD + "nop\n" * 200)
        self.assertEqual(self.red(), ["lengths"])

    def test_layer(self):
        self.add("mm/page.h", HEAD)
        self.add("pks/policy/fault.c", HEAD + '#include "kernel/lib/types.h"\n#include "mm/page.h"\n')
        self.add("boot/main.c", HEAD + '#include "mm/page.h"\n')
        self.assertEqual(self.red(), [])
        self.add("kernel/sched.c", HEAD + '#include "mm/page.h"\n')
        self.assertEqual(self.red(), ["includes"])

    def test_layer_of_the_lowest(self):
        self.add("kernel/sched.h", HEAD)
        self.add("kernel/lib/types.h", HEAD + '#include "kernel/sched.h"\n')
        self.assertEqual(self.red(), ["includes"])

    def test_include_not_from_the_root(self):
        self.add("kernel/a.c", HEAD + '#include "types.h"\n')
        self.assertEqual(self.red(), ["includes"])

    def test_blanks(self):
        self.add("docs/A.md", "word \n")
        self.assertEqual(self.red(), ["whitespace"])
        self.add("docs/A.md", "word")
        self.assertEqual(self.red(), ["whitespace"])
        self.add("docs/A.md", "word\n\n")
        self.assertEqual(self.red(), ["whitespace"])

    def test_places(self):
        for text in ("see /" + "work/x", "cd /" + "root/y", "http://deb." + "debian.org/debian"):
            self.add("docs/A.md", text + "\n")
            self.assertEqual(self.red(), ["places"], text)
        self.add("docs/A.md", '"$scratch/' + 'work/x" a/' + "home/b\n")
        self.assertEqual(self.red(), [])

    def test_formatting(self):
        if "# SKIP" in self.line("formatting"):
            self.skipTest("there is no clang-format of the version that is the rule")
        self.add("kernel/a.c", HEAD + "int  a;\n")
        self.assertEqual(self.red(), ["formatting"])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_shell(self):
        self.add("tools/a", "#!/bin/sh\n" + HEAD.replace("//", "#") + "rm $1\n")
        self.assertEqual(self.red(), ["shell"])

    def test_python(self):
        self.add("tools/a.py", HEAD.replace("//", "#") + "def f(:\n")
        self.assertEqual(self.red(), ["python"])


if __name__ == "__main__":
    unittest.main()
