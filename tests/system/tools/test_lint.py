# SPDX-License-Identifier: MIT
"""tools/lint: each rule, kept and broken, in a small tree."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import layers                                   # noqa: E402
import rules                                    # noqa: E402

HEAD = "// SPDX-License-Identifier: MIT\n"


class Lint(unittest.TestCase):
    """Each test adds a file to a clean tree; then the check it names fails, and no other."""

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
        """Run tools/lint on the tree."""
        return subprocess.run([sys.executable, os.path.join(TOP, "tools", "lint"),
                               self.scratch.name], text=True, stdout=subprocess.PIPE, check=False)

    def line(self, check):
        """The result line of one check."""
        return next(x for x in self.lint().stdout.splitlines() if " - %s: " % check in x)

    def failing(self):
        """The checks that fail, by name."""
        run = self.lint()
        names = [line.split()[4].rstrip(":") for line in run.stdout.splitlines()
                 if line.startswith("not ok")]
        self.assertEqual(run.returncode, 1 if names else 0, run.stdout)
        return names

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.failing(), [])

    def test_a_missing_licence_is_found(self):
        for text in ("", "/* SPDX-License-Identifier: MIT and more */\n"):
            self.add("kernel/a.h", text + "typedef int a;\n")
            self.assertEqual(self.failing(), ["licences"], text)

    def test_a_file_above_350_lines_is_found(self):
        self.add("kernel/a.h", HEAD + "typedef int a;\n" * 349)
        self.assertEqual(self.failing(), [])
        self.add("kernel/a.h", HEAD + "typedef int a;\n" * 350)
        self.assertEqual(self.failing(), ["lengths"])

    def test_assembly_above_200_lines_is_found(self):
        self.add("kernel/a.S", HEAD + "nop\n" * 200)
        self.assertEqual(self.failing(), ["lengths"])

    def test_an_include_of_a_higher_floor_is_found(self):
        self.add("mm/page.h", HEAD)
        self.add("pks/policy/fault.c", HEAD + '#include "kernel/lib/types.h"\n#include "mm/page.h"\n')
        self.add("boot/main.c", HEAD + '#include "mm/page.h"\n')
        self.assertEqual(self.failing(), [])
        self.add("pks/rights.h", HEAD + '#include "mm/page.h"\n')
        self.assertEqual(self.failing(), ["includes"])

    def test_the_lowest_floor_includes_nothing_above_it(self):
        self.add("kernel/sched.h", HEAD)
        self.add("kernel/lib/types.h", HEAD + '#include "kernel/sched.h"\n')
        self.assertEqual(self.failing(), ["includes"])

    def test_an_include_not_from_the_root_is_found(self):
        self.add("kernel/a.c", HEAD + '#include "types.h"\n')
        self.assertEqual(self.failing(), ["includes"])

    def test_exceptions(self):
        for number, wrong in ((3, 0), (4, 1)):
            with mock.patch.object(layers, "EXCEPTIONS", dict.fromkeys(range(number))):
                self.assertEqual(len(list(rules.exceptions(None))), wrong)

    def test_exports(self):
        self.add("kernel/a.h", HEAD + "struct a;\nint f(struct a *a);\nextern int v[2], w;\n")
        self.add("kernel/a.c", HEAD + "int v[2], w;\nint f(struct a *a)\n{\n\treturn 0;\n}\n")
        self.assertEqual(self.failing(), ["exports"])
        self.assertEqual([line.split(" uses ")[1] for line in self.lint().stdout.splitlines()
                          if " uses " in line], [x + ": make it static" for x in ("f", "v", "w")])
        self.add("mm/b.c", HEAD + "/* f */\nint g(void)\n{\n\treturn v[0] + w;\n}\n")
        self.assertEqual(self.failing(), ["exports"])       # a comment is no use
        self.add("mm/b.S", HEAD + "call f\n")
        self.assertEqual(self.failing(), [])

    def test_exports_that_a_header_uses(self):
        declared = "int f(void) __attribute__((format(printf, 1, 2)));\n"
        self.add("kernel/a.h", HEAD + declared + "static inline int g(void)\n{\n\treturn f();\n}\n")
        self.add("kernel/a.c", HEAD + "int f(void)\n{\n\treturn 0;\n}\n")
        self.assertEqual(self.failing(), ["exports"])
        self.assertIn("nothing uses g:", self.lint().stdout)
        self.assertNotIn("uses f:", self.lint().stdout)

    def test_macros(self):
        guard = "#ifndef KEYWARD_A_H\n#define KEYWARD_A_H\n%s\n#endif\n"
        self.add("kernel/a.h", HEAD + guard % "#define A 1\n#define B A")
        self.add("kernel/a.c", HEAD + "int v = B;\n")
        self.assertEqual(self.failing(), [])
        self.add("kernel/a.c", HEAD + "int v = A;\n")
        self.assertEqual(self.failing(), ["exports"])

    def test_suites(self):
        suite = HEAD + '#define KTEST_SUITE "%s"\n'
        self.add("linker.ld", "/* SPDX-License-Identifier: MIT */\n\t\tTESTS_OF(mm)\n")
        self.add("tests/mm/t_kmap.c", suite % "kmap")
        self.add("tests/mm/t_kmap_local_more.c", suite % "kmap_local")
        self.assertEqual(self.failing(), [])
        for path, name in (("tests/mm/t_map.c", "kmap"),                # not named after it
                           ("tests/mm/t_kmap_local_less.c", "kmap"),    # named after another
                           ("tests/pks/t_kmap_far.c", "kmap"),          # elsewhere
                           ("tests/pks/t_keys.c", "keys")):             # not in linker.ld
            self.add(path, suite % name)
            self.assertEqual(self.failing(), ["suites"], path)
            os.remove(os.path.join(self.scratch.name, path))
        os.remove(os.path.join(self.scratch.name, "tests/mm/t_kmap.c"))
        os.remove(os.path.join(self.scratch.name, "tests/mm/t_kmap_local_more.c"))
        self.assertEqual(self.failing(), ["suites"])        # a folder without tests

    def test_ways(self):
        self.add("mm/a.c", HEAD + "static int fa(void)\n{\n\treturn 0;\n}\n")
        self.add("mm/a.S", HEAD + "fs:\n\tcall fa\n")
        way = self.floors() + ("\n## The way of a map\n\nProse.\n\n    %s\n    mm/a.c  fa\n"
                               "      more\n\n## Other\n\n    mm/no.c  fb  x\n")
        for line in ("mm/a.c  fa  does it", "mm/a.S  fs", "mm/a.c  what it does", "it  is  prose",
                     "calls mm/a.c fa() at its end"):
            self.add("docs/ARCHITECTURE.md", way % line)
            self.assertEqual(self.failing(), [], line)
        for line in ("mm/no.c  fa  does it", "mm/a.c  fb  does it", "mm/a.S  fa  is only called",
                     "mm/a.c  fa, fb  do it", "does it (mm/no.c)", "calls mm/a.c fb() at its end"):
            self.add("docs/ARCHITECTURE.md", way % line)
            self.assertEqual(self.failing(), ["ways"], line)

        self.add("docs/ARCHITECTURE.md", self.floors() + "\n## The way of a map\n\nProse.\n")
        self.assertEqual(self.failing(), ["ways"])          # no step at all

    @staticmethod
    def floors(floors=None):
        """The picture of the floors."""
        floors = floors or [folder for folder, _ in layers.FLOORS]
        return "## The floors\n\n" + "".join("    %s/  its subject\n" % f for f in floors)

    def test_floors(self):
        floors = [folder for folder, _ in layers.FLOORS]
        swapped = floors[1::-1] + floors[2:]
        for drawn, red in ((floors, []), (floors[::-1], []), (floors[1:], ["ways"]),
                           (swapped, ["ways"])):
            self.add("docs/ARCHITECTURE.md", self.floors(drawn))
            self.assertEqual(self.failing(), red)
        self.add("docs/ARCHITECTURE.md", "## Something else\n")
        self.assertEqual(self.failing(), ["ways"])

    def test_a_document_names_only_tests_that_exist(self):
        self.add("linker.ld", "/* SPDX-License-Identifier: MIT */\n\t\tTESTS_OF(mm)\n")
        self.add("tests/mm/t_kmap.c", HEAD + '#define KTEST_SUITE "kmap"\nKTEST(maps_end, 0);\n')
        self.add("tests/mm/table.c", HEAD + "X(listed)\n")
        for text in ("`kmap.maps_end`", "'tests=kmap.maps*'", "kmap.maps_end_in_hash", "kmap.listed",
                     "mm/kmap.c", "nobody.knows"):
            self.add("docs/A.md", text + "\n")
            self.assertEqual(self.failing(), [], text)
        for text in ("`kmap.maps_ends`", "'tests=kmap.unmaps*'", "kmap.nothing"):
            self.add("docs/A.md", text + "\n")
            self.assertEqual(self.failing(), ["tests"], text)
        self.add("docs/A.md", "\n".join(["kmap.maps_end", ""]))
        self.add("machines/m", "# SPDX-License-Identifier: MIT\n[known]\nkmap.gone = why\n")
        self.assertEqual(self.failing(), ["tests"])

    def test_generated_parts_of_documents(self):
        table = "<!-- a: from here on written by `make bench` -->\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n<!-- a: to here -->\n"
        self.add("host.mk", HEAD.replace("//", "#") + "bench:\n")
        self.add("docs/A.md", table + "It is <!-- = a; 1; y -->2.\n")
        self.assertEqual(self.failing(), [])
        for bad in (table + "It is <!-- = a; 1; y -->3.\n", table.replace("a: to", "b: to"), table.replace("bench", "test"),
                    table.replace("make bench", "tools/bench")):
            self.add("docs/A.md", bad)
            self.assertEqual(self.failing(), ["generated"], bad)

    def test_sabotages(self):
        self.add("tests/sabotage/a.txt", HEAD.replace("//", "#") + "= s: what\n@ mm/a.c\n- int a;\n+\n")
        self.add("mm/a.c", HEAD + "int a;\n")
        self.assertEqual(self.failing(), [])
        self.add("mm/a.c", HEAD + "int b;\n")
        self.assertEqual(self.failing(), ["sabotages"])

    def test_trailing_blanks_and_newlines_are_found(self):
        self.add("docs/A.md", "word \n")
        self.assertEqual(self.failing(), ["whitespace"])
        self.add("docs/A.md", "word")
        self.assertEqual(self.failing(), ["whitespace"])
        self.add("docs/A.md", "word\n\n")
        self.assertEqual(self.failing(), ["whitespace"])

    def test_machine_paths_and_archive_hosts_are_found(self):
        for text in ("see /" + "work/x", "cd /" + "root/y", "http://deb." + "debian.org/debian"):
            self.add("docs/A.md", text + "\n")
            self.assertEqual(self.failing(), ["places"], text)
        self.add("docs/A.md", '"$scratch/' + 'work/x" a/' + "home/b\n")
        self.assertEqual(self.failing(), [])

    def test_unformatted_code_is_found(self):
        if "# SKIP" in self.line("formatting"):
            self.skipTest("clang-format of the required version is not installed")
        self.add("kernel/a.c", HEAD + "int  a;\n")
        self.assertEqual(self.failing(), ["formatting"])

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
    def test_a_shellcheck_finding_is_reported(self):
        self.add("tools/a", "#!/bin/sh\n" + HEAD.replace("//", "#") + "rm $1\n")
        self.assertEqual(self.failing(), ["shell"])

    def test_a_python_syntax_error_is_found(self):
        self.add("tools/a.py", HEAD.replace("//", "#") + "def f(:\n")
        self.assertEqual(self.failing(), ["python"])


if __name__ == "__main__":
    unittest.main()
