# SPDX-License-Identifier: MIT
"""tools/mutate's files: the copies that mutants are built in, the results, the table, the bound."""

import os
import shutil
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import mutants                  # noqa: E402
import mutareas                 # noqa: E402
import mutbuild                 # noqa: E402
import mutdb                    # noqa: E402
import mutjudge                 # noqa: E402

MAKEFILE = """\
a.o: a.c a.h
	cc -c -O2 -g a.c -o a.o
b.o: b.c a.h
	cc -c -O2 -g b.c -o b.o
"""


class Folder(unittest.TestCase):
    """A folder of its own."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.top = self.scratch.name


class Copies(Folder):
    """A worker's tree: what a mutant changes is built again, and then is as before."""

    def setUp(self):
        super().setUp()
        self.tree = mutbuild.Tree(self.top, self.top)
        for name, text in [("Makefile", MAKEFILE), ("b.c", "int b(void) { return 1; }\n"),
                           ("a.h", "static inline int twice(int x)\n{\n\treturn x * 2;\n}\n"),
                           ("a.c", '#include "a.h"\nint a(int x)\n{\n\treturn twice(x + 3);\n}\n')]:
            mutants.write(os.path.join(self.top, name), text)
        self.tree.make("a.o", "b.o")
        self.tree.built.add("build")
        self.tree.objects["build"] = {"a.o": ("a.c", {"a.c", "a.h"}), "b.o": ("b.c", {"b.c", "a.h"})}
        self.tree.parts = [("FIVE", "#define FIVE (FOUR + 1)"), ("FOUR", "#define FOUR twice(2)"),
                           ("twice", "static inline int twice(int x) { return x * 2; }"),
                           ("THREE", "#define THREE 3")]

    def dates(self):
        """{name: (date, contents)} of all files."""
        found = {}
        for name in ("a.c", "a.h", "a.o", "b.o"):
            with open(os.path.join(self.top, name), "rb") as file:
                found[name] = os.stat(file.name).st_mtime_ns, file.read()
        return found

    def test_a_mutant_comes_and_goes(self):
        before = self.dates()
        for name in ("a.c", "a.h"):
            for m in mutants.of_file(self.top, name):
                self.tree.mutate(m)
                self.assertEqual(self.tree.compile("build", m), ["a.o"], m.quote())
                self.assertEqual(self.dates()["b.o"], before["b.o"])    # it does not use the header
                self.tree.restore()
                self.assertEqual(self.dates(), before)

    def test_a_change_without_effect_is_the_same(self):
        m, = [m for m in mutants.of_file(self.top, "a.c") if m.op == "sign"]
        m.new = "({ int three = 3; x + three; })"       # of which only the debug information knows
        self.tree.mutate(m)
        self.assertEqual(self.tree.compile("build", m), [])
        self.tree.restore()

    def test_the_compiler_may_refuse(self):
        m = mutants.of_file(self.top, "a.c")[0]
        m.new = "nonsense nonsense"
        self.tree.mutate(m)
        with self.assertRaises(mutbuild.BuildError):
            self.tree.compile("build", m)
        self.tree.restore()

    def test_the_last_mutants_image_is_not_taken_for_the_good_one(self):
        rule = "iso: build/keyward.iso\nbuild/keyward.iso: a.o\n\tcp a.o $@ && cp a.o build/keyward.elf\n"
        mutants.write(os.path.join(self.top, "Makefile"), MAKEFILE + rule)
        os.mkdir(os.path.join(self.top, "build"))
        self.tree.make("iso")
        m = mutants.of_file(self.top, "a.c")[0]
        self.tree.mutate(m)
        self.tree.compile("build", m)
        self.tree.make("iso")
        self.tree.restore()
        self.tree.built.clear()
        self.tree.ensure("build")
        with open(os.path.join(self.top, "build", "good", "keyward.iso"), "rb") as file:
            self.assertEqual(file.read(), self.dates()["a.o"][1])

    def test_users_of_a_header(self):
        self.assertEqual(self.tree.users("twice"), {"twice", "FOUR", "FIVE"})

    def test_what_has_seen_it(self):
        for text, seen in [("x\nFAILED qemu: keys.a: why\n", "keys.a: why"),
                           ("[  FAILED  ] one\n", "one"), ("CRASH qemu: no totals\n", "no totals"),
                           ("a.c:3: runtime error: shift\n", "runtime error: shift"),
                           ("=1=ERROR: AddressSanitizer: heap-use on\n",
                            "ERROR: AddressSanitizer: heap-use"), ("", "status 7")]:
            self.assertEqual(mutjudge.seen_by(text, 7), seen)

    def test_the_steps_go_on_behind_the_last(self):
        area = mutareas.Area("a", 1, "", "", "a.*", False)
        last = ["nopks", "4level", "pmem", "bigmem", "paranoid"]
        self.assertEqual(mutjudge.steps_for(area, None), ["host", "suites", "all", "smp"] + last)
        self.assertEqual(mutjudge.steps_for(area, result(1, "unseen", "suites")), ["all", "smp"] + last)
        self.assertEqual(mutjudge.steps_for(area, result(1, "killed", "smp")),
                         ["smp", "host", "suites", "all"] + last)
        area = area._replace(bochs=True, selftest="dies_*", badinput="pci.*")
        self.assertEqual(mutjudge.steps_for(area, result(1, "unseen", "pmem")),
                         ["bigmem", "selftest", "badinput", "paranoid", "bochs"])

    def test_who_is_asked_again_begins_with_what_has_seen_it(self):
        killed, unseen = result(1, "killed", "smp"), result(1, "unseen", "smp")
        self.assertEqual(mutjudge.hint(killed, ["killed", "unseen"]), killed)
        self.assertEqual(mutjudge.hint(unseen, ["killed"]), unseen)
        self.assertIsNone(mutjudge.hint(unseen, ["killed", "unseen"]))
        self.assertIsNone(mutjudge.hint(None, ["unseen"]))

    def test_host_programs_by_distance(self):
        judge = mutjudge.Judge(self.tree)
        self.tree.links = {"t": {"a"}, "a": {"b", "t"}}
        self.assertEqual([judge.distance("t", {n}) for n in ("t", "a", "b", "c")], [0, 1, 2, None])

    def test_a_host_program_must_pass_without_a_mutant(self):
        judge = mutjudge.Judge(self.tree)
        mutants.write(self.tree.path("Makefile"), "good:\n\tcp /bin/true good\nbad:\n\tcp /bin/false bad\n")
        os.makedirs(self.tree.path("away"), exist_ok=True)
        shutil.copy("/bin/false", self.tree.path("good"))       # as the last mutant left it
        judge.check("good")
        with self.assertRaisesRegex(mutjudge.Broken, "bad"):
            judge.check("bad")


def result(number, verdict, step=""):
    """A made-up result."""
    return mutdb.Result("%010x" % number, "mm/a.c:f", "swap", verdict, step, "a.test: failed" if step else "")


class Lists(Folder):
    """Results on disk, the table, the bound."""

    def fill(self, *results):
        """Results of the area `one`."""
        known = mutdb.Results("one", self.top)
        for each in results:
            known.note(each)
        return known

    def equivalent(self, text):
        """Write the list of equivalents."""
        with open(os.path.join(self.top, "equivalent.txt"), "w", encoding="utf-8") as file:
            file.write(text)

    def test_what_is_noted_is_read(self):
        known = self.fill(result(2, "killed", "host"), result(1, "survived"), result(3, "hang", "all"))
        self.assertEqual(mutdb.Results("one", self.top).by_hash, known.by_hash)
        with open(known.path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[1:], sorted(lines[1:]))
        self.assertEqual(lines[2], "0000000002 mm/a.c:f swap killed host a.test: failed")
        known.prune({"0000000001"})
        self.assertEqual(list(mutdb.Results("one", self.top).by_hash), ["0000000001"])

    def test_bad_lists_are_refused(self):
        with open(os.path.join(self.top, "one.txt"), "w", encoding="utf-8") as file:
            file.write("0000000001 mm/a.c:f swap perhaps\n")
        with self.assertRaisesRegex(mutdb.Bad, "one.txt:1"):
            mutdb.Results("one", self.top)
        for text in ("0000000001 | a\n", 2 * "0000000001 | a | b\n"):
            self.equivalent(text)
            with self.assertRaisesRegex(mutdb.Bad, "equivalent.txt"):
                mutdb.equivalents(self.top)

    def test_the_table(self):
        self.fill(result(1, "killed", "host"), result(2, "killed", "paranoid"), result(3, "hang", "smp"),
                  result(4, "survived"), result(5, "survived"), result(6, "unbuilt"), result(7, "same"),
                  result(8, "unseen", "all"), result(9, "unseen", "all"))
        self.equivalent("0000000004 | a => b | no difference\n0000000001 | a | killed all the same\n"
                        "0000000009 | a => b | no difference\n")
        row = mutdb.table(["one"], self.top).splitlines()[2]
        #                      made equivalent host suites all smp other hang survived
        self.assertEqual(row, "| one | 6 | 2 | 1 | 0 | 0 | 0 | 1 | 1 | 1 | 75.0 % |")

    def test_a_document_without_markers(self):
        for text in ("", mutdb.BEGIN, mutdb.END + mutdb.BEGIN, 2 * (mutdb.BEGIN + mutdb.END)):
            with self.assertRaisesRegex(mutdb.Bad, "two markers"):
                mutdb.replace(text, "table")
        self.assertEqual(mutdb.replace("a" + mutdb.BEGIN + "old" + mutdb.END + "b", "new"),
                         "a%s\n\nnew\n\n%sb" % (mutdb.BEGIN, mutdb.END))

    def test_too_many_survivors(self):
        # P(X >= n) of 20 with 0.05 each: 0.0159 for 4, 0.0026 for 5, 0.0003 for 6.
        self.assertFalse(mutdb.too_many(5, 20))
        self.assertTrue(mutdb.too_many(6, 20))
        self.assertFalse(mutdb.too_many(0, 0))
        self.assertFalse(mutdb.too_many(1, 1))
        self.assertTrue(mutdb.too_many(3, 3))


class Kept(unittest.TestCase):
    """The lists of this tree."""

    def test_the_document_has_this_table(self):
        with open(mutdb.DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        self.assertEqual(document, mutdb.replace(document, mutdb.table(mutareas.NAMES)),
                         "mended by: make mutants-table")

    def test_equivalents_are_not_killed_and_are_few(self):
        equal = mutdb.equivalents()
        results = {n: mutdb.Results(n).by_hash for n in mutareas.NAMES}
        seen = {h for known in results.values() for h, r in known.items()
                if r.verdict in ("killed", "hang")}
        self.assertEqual(set(equal) & seen, set(), "listed as equivalent, but a test sees it")
        for name, known in results.items():
            _, made, alike, *_ = mutdb.row(name, known.values(), equal)
            self.assertLessEqual(alike, max(2, made / 10), name)

    def test_each_survivor_has_a_reason(self):
        results = [r for n in mutareas.NAMES for r in mutdb.Results(n).by_hash.values()]
        left = {r.hash for r in results if r.verdict == "survived"} - set(mutdb.equivalents())
        self.assertEqual(set(mutdb.survivors()), left, "survivors.txt does not list what survives")


if __name__ == "__main__":
    unittest.main()
