# SPDX-License-Identifier: MIT
"""tools/house: circles, upward calls and figures of a small tree that is built here."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import calls                                    # noqa: E402

UPCALLS = """/* SPDX-License-Identifier: MIT */
/* What goes up, besides panic(). */
/* Not the first comment: sched(). */
int hook(void);
"""
WAYS = """## The way of a fault

    kernel/a.c  f  calls mm/m.c
      and kernel/a.c again

## The way of a rights change

    pks/rights.h  g
"""


class Circles(unittest.TestCase):
    """The largest circle of a graph."""

    def test_largest_circle(self):
        self.assertEqual(calls.largest_circle([]), [])
        self.assertEqual(calls.largest_circle([("a", "s", "b"), ("b", "s", "c")]), [])
        edges = [("a", "s", "b"), ("b", "s", "a"),
                 ("c", "s", "d"), ("d", "s", "e"), ("e", "s", "c"), ("a", "s", "c")]
        self.assertEqual(calls.largest_circle(edges), ["c", "d", "e"])


@unittest.skipUnless(shutil.which("gcc"), "gcc is not installed")
class House(unittest.TestCase):
    """Three floors: mm calls up to kernel, by a name that is listed and by others."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.add("tools/lib/layers.py", self.read(os.path.join(TOP, "tools", "lib", "layers.py")))
        self.add("docs/ARCHITECTURE.md", WAYS)
        self.add("kernel/cpu/upcalls.h", UPCALLS)
        self.add("kernel/panic.c", "int low(void);\nint panic(void) { return low(); }\n")
        self.add("kernel/hook.h", "int other(void);\n")
        self.add("kernel/hook.c", "int low(void);\nint hook(void) { return low(); }\n"
                                  "int other(void) { return 0; }\n")
        self.add("mm/m.h", '#include "kernel/hook.h"\nint low(void);\n')
        self.add("mm/m.c", "int panic(void), hook(void);\nint low(void) { return panic() + hook(); }\n")

    @staticmethod
    def read(path):
        """A file's text."""
        with open(path, encoding="utf-8") as file:
            return file.read()

    def add(self, path, text):
        """Write one file of the tree; compile it if it is C."""
        full = os.path.join(self.scratch.name, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        if path.endswith(".c"):
            built = os.path.join(self.scratch.name, "build", path + ".o")
            os.makedirs(os.path.dirname(built), exist_ok=True)
            subprocess.check_call(["gcc", "-O0", "-c", full, "-o", built])

    def house(self, *words):
        """Run it on the tree."""
        return subprocess.run([sys.executable, os.path.join(TOP, "tools", "house"), "--top",
                               self.scratch.name, *words], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def figures(self):
        """{name: the first line's words}."""
        found = {}
        for line in self.house().stdout.splitlines():
            found.setdefault(line.split()[0], line.split()[1:])
        return found

    def test_figures(self):
        found = self.figures()
        self.assertEqual(found["folder"], ["3", "kernel"])
        self.assertEqual(found["exceptions"], ["1", "0"])
        self.assertEqual(found["circle"], ["3", "kernel/hook.c", "kernel/panic.c", "mm/m.c"])
        self.assertEqual(found["circle.panic"], ["2", "kernel/hook.c", "mm/m.c"])
        self.assertEqual(found["circle.hooks"], ["0"])
        self.assertEqual(found["upward"], ["2"])
        self.assertEqual(found["way.fault"], ["2", "kernel/a.c", "mm/m.c"])
        self.assertEqual(found["way.rights"], ["1", "pks/rights.h"])
        # hook() is declared in upcalls.h, other() and low() where they belong, panic() nowhere.
        self.assertEqual(found["elsewhere"], ["1", "3", "33%"])
        self.assertEqual(found["lines"], ["4", "kernel/cpu"])

    def test_check(self):
        run = self.house("--check")
        self.assertEqual((run.returncode, run.stdout), (0, ""))
        self.add("kernel/sched.c", "int sched(void) { return 0; }\n")
        self.add("mm/n.c", "int sched(void);\nint n(void) { return sched(); }\n")
        run = self.house("--check")
        self.assertEqual(run.returncode, 1)
        self.assertIn("sched: mm/n.c -> kernel/sched.c is not named", run.stdout)

    def test_patch_site(self):
        self.add("kernel/sched.c", "int sched(void) { return 0; }\n")
        for section, status in (("other", 1), ("patch_sites", 0)):
            self.add("mm/n.c", 'asm(".section .%s, \\"a\\"; .quad sched; .text");\n' % section)
            self.assertEqual(self.house("--check").returncode, status)

    def test_not_built(self):
        os.remove(os.path.join(self.scratch.name, "build", "mm", "m.c.o"))
        run = self.house()
        self.assertEqual(run.returncode, 2)
        self.assertIn("mm/m.c", run.stdout)

    def test_old_layers(self):
        self.add("tools/lib/layers.py",
                 'LAYERS = [("low", "mm/*"), ("high", "kernel/*")]\n'
                 'EXCEPTIONS = {("mm/m.h", "*"): "it looks up"}\n'
                 "def layer_of(path):\n    return int(path.startswith('kernel/'))\n"
                 "def wrong(path, included):\n"
                 "    return not EXCEPTIONS and layer_of(included) > layer_of(path)\n")
        found = self.figures()
        self.assertEqual((found["exceptions"], found["upward"]), (["1", "1"], ["2"]))
        self.assertEqual(found["lines"], ["4", "low"])


if __name__ == "__main__":
    unittest.main()
