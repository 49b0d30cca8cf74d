# SPDX-License-Identifier: MIT
"""tools/mutate: the mutants of small sources, their hashes, and which are chosen."""

import fnmatch
import os
import re
import runpy
import sys
import tempfile
import unittest
from types import SimpleNamespace

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import mutareas                 # noqa: E402
import mutants                  # noqa: E402
import mutjudge                 # noqa: E402
import muttext                  # noqa: E402

CODE = """\
enum { RED, BLUE };
int *cpus[4];
int *this_cpu(void);
void note(int x);
void flush_all(void);
int used(int a, int b)
{
	%s
	return 1000;
}
"""
TABLE = """\
enum { RED, BLUE, COLOURS };
static const int odd[2] = { RED, 70 };
"""
ASSEMBLY = """\
	.text
one:	# a label
	push %rbx
	mov $2, %eax
	je 1f /* why */
1:	ret
.macro TWO
	movq %rsp, (%rdi)
	ONE
.endm
"""


class Tree(unittest.TestCase):
    """A folder for sources."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.top = self.scratch.name

    def of(self, text, name="a.c"):
        """The mutants of a source."""
        mutants.write(os.path.join(self.top, name), text)
        return mutants.of_file(self.top, name)

    def changes(self, line):
        """{operator: [changes]} of one line in a function."""
        found = {}
        for m in self.of(CODE % line):
            if m.line == 8 and "1000" not in m.quote():
                found.setdefault(m.op, []).append(m.quote())
        return found


class Operators(Tree):
    """Each operator, on C and on assembly."""

    def test_statements(self):
        self.assertEqual(self.changes("note(a);"), {"delete": ["note(a); => ;"]})
        self.assertEqual(self.changes("flush_all();"), {"barrier": ["flush_all(); => ;"]})
        self.assertEqual(self.changes("if (a) return b;")["return"], ["return b; => { }"])
        self.assertEqual(self.changes("if (a) return b;")["check"], ["if (a) return b; => ;"])
        self.assertIn("note(a); => { }", self.changes("if (a) note(a);")["delete"])

    def test_an_error_path_without_its_undo(self):
        self.assertEqual(self.changes("if (a) { note(b); return a; }")["undo"], ["note(b); => ;"])

    def test_neighbours(self):
        self.assertEqual(self.changes("note(a); b = a;")["swap"], ["note(a); b = a; => b = a; note(a);"])

    def test_neighbours_whose_order_cannot_matter(self):
        for line in ("a = 1; b = 2;", "(void)a; note(b);", "a = 1; b |= 2;"):
            self.assertNotIn("swap", self.changes(line), line)
        for line in ("a = 1; b = a;", "a = 1; a = b;", "note(1); a = 2;", "a = b; b = 2;"):
            self.assertIn("swap", self.changes(line), line)

    def test_widths(self):
        text = "typedef unsigned u32;\ntypedef unsigned short u16;\n"
        found = {m.quote() for m in self.of(text + CODE % "u32 mask = (u32)a; u32 count = 2;")
                 if m.op == "width"}
        self.assertEqual(found, {"u32 => u16"})
        self.assertEqual(len([m for m in self.of(text + CODE % "u32 mask = (u32)a; u32 count = 2;")
                              if m.op == "width"]), 2)      # the mask and the cast, not the counter

    def test_conditions(self):
        self.assertEqual(self.changes("if (a) b = a;")["condition"], ["a => !(a)"])
        self.assertEqual(self.changes("if (!a) b = a;")["condition"], ["! => nothing"])
        self.assertEqual(self.changes("if (a == b) b = a;")["condition"], ["== => !="])
        self.assertEqual(self.changes("while (a && b) b = a;")["logic"], ["a && b => ((a) || (b))"])

    def test_a_loop_of_statements_keeps_its_head(self):
        self.assertNotIn("a++ => { }", self.changes("for (; a; a++) note(a);").get("delete", []))
        self.assertEqual(self.changes("for (; a < b; a++) note(a);")["boundary"], ["< => <="])

    def test_expressions(self):
        self.assertEqual(self.changes("b = a & 8;")["bits"], ["a & 8 => ((a) | (8))"])
        self.assertEqual(self.changes("b = ~a;")["bits"], ["~ => nothing"])
        self.assertEqual(self.changes("b = a | b | 7;")["bits"],
                         ["a | b | 7 => ((a | b) & (7))", "a | b => ((a) & (b))"])
        self.assertEqual(self.changes("b = a + 1;")["sign"], ["a + 1 => ((a) - (1))"])
        self.assertEqual(self.changes("b += a;")["sign"], ["+= => -="])
        self.assertEqual(self.changes("b = 0xff0;")["constant"], ["0xff0 => 0xff1", "0xff0 => 0x7f8"])
        self.assertEqual(self.changes("b = BLUE;")["constant"], ["BLUE => RED"])

    def test_processors(self):
        self.assertEqual(self.changes("note(*this_cpu());")["cpu"], ["this_cpu() => cpus[0]"])
        self.assertEqual(self.changes("note(*cpus[a]);")["cpu"], ["cpus[a] => this_cpu()"])

    def test_atomics(self):
        self.assertIn(("atomic", 0, 14, "((void)++*(&x))"), muttext.calls("atomic_inc(&x)", 0, 14))
        found, = muttext.calls("READ_ONCE(f(a, b))", 0, 18)
        self.assertEqual(found, ("atomic", 0, 18, "(f(a, b))"))

    def test_a_table(self):
        self.assertEqual({(m.op, m.quote()) for m in self.of(TABLE)}, {
            ("swap", "RED, 70 => 70, RED"), ("constant", "RED => BLUE"), ("constant", "70 => 69"),
            ("constant", "70 => 71")})

    def test_messages_and_assertions_are_left_alone(self):
        for line in ('pr("%d", a + 1);', "trace(a, b + 1);", "BUG_ON(a < b);", 'panic("x");'):
            self.assertEqual(self.changes(line), {}, line)

    def test_what_a_macro_makes_is_left_alone(self):
        text = "#define TWICE(x) ((x) + (x))\n" + CODE % "b = TWICE(a);"
        self.assertNotIn("sign", {m.op for m in self.of(text)})

    def test_assembly(self):
        found = {(m.scope.name, m.op, m.quote()) for m in self.of(ASSEMBLY, "a.S")}
        for expected in [("one", "delete", "push %rbx => nothing"), ("one", "constant", "mov $2, %eax =>"
                                                                     " mov $3, %eax"),
                         ("one", "condition", "je 1f => jne 1f"),
                         ("one", "delete", "ret => nothing"), ("TWO", "delete", "ONE => nothing"),
                         ("TWO", "width", "movq %rsp, (%rdi) => movl %rsp, (%rdi)"),
                         ("one", "swap", "mov $2, %eax je 1f => je 1f mov $2, %eax")]:
            self.assertIn(expected, found)
        self.assertFalse([m for m in found if ".macro" in m[2] or ".text" in m[2]])

    def test_assembly_that_does_the_same_in_both_orders_or_widths(self):
        same = self.quotes("f:\n\tmov $2, %eax\n\txor %edx, %edx\n\tpush %rbx\n")
        self.assertFalse([m for m in same if m[0] in ("swap", "width") and "push %ebx" not in m[1]], same)
        for first, then in [("mov $2, %eax", "wrmsr"), ("mov $2, %eax", "mov %rax, %rbx"),
                            ("mov $2, %eax", "je 1f"), ("xor %eax, %eax", "cmpl $1, (%rdi)"),
                            ("mov $2, %al", "mov %eax, %ebx"), ("mov %eax, %gs:8", "mov %ebx, %gs:8")]:
            found = self.quotes("f:\n\t%s\n\t%s\n" % (first, then))
            self.assertIn(("swap", "%s %s => %s %s" % (first, then, then, first)), found)

    def quotes(self, text):
        """(operator, change) of each mutant of some assembly."""
        return {(m.op, m.quote()) for m in self.of(text, "a.S")}


class Hashes(Tree):
    """A mutant is known by its function alone."""

    def hashes(self, text):
        """The hashes of a source's mutants."""
        return {m.hash for m in self.of(text)}

    def test_no_two_mutants_are_one(self):
        found = [m.hash for m in self.of(CODE % "if (a < 1 && b) note(a + 1);")]
        self.assertEqual(len(found), len(set(found)))

    def test_other_code_comments_and_blanks_do_not_matter(self):
        before = self.hashes(CODE % "note(a);")
        self.assertEqual(before, self.hashes("int more(void);\n\n" + CODE % "note(a);  /* why */"))
        self.assertTrue(before < self.hashes(CODE % "note(a);" + "void f(int *x) { *x = 5; }\n"))

    def test_the_function_matters(self):
        self.assertFalse(self.hashes(CODE % "note(a);") & self.hashes(CODE % "note(b);"))

    def test_the_file_is_the_same_but_for_the_mutant(self):
        text = CODE % "if (a)\n\t\tnote(a\n\t\t     + b);"
        for m in self.of(text):
            self.assertEqual(m.text().count("\n"), text.count("\n"), m.quote())
            self.assertEqual(m.text()[:m.start], text[:m.start])
            self.assertTrue(m.text().endswith(text[m.end:]))
            self.assertIn(m.file, m.diff())

    def test_the_share_decides(self):
        found = self.of(CODE % "if (a < 1 && b) note(a + 1);")
        none, every = (mutareas.AREAS[0]._replace(share=share) for share in (0, 1000))
        self.assertFalse([m for m in found if mutareas.chosen(none, m)])
        self.assertEqual(found, [m for m in found if mutareas.chosen(every, m)])

    def test_each_area_has_files(self):
        for area in mutareas.AREAS:
            for pattern in area.files.split():
                only = area._replace(files=pattern)
                self.assertTrue(mutareas.files(TOP, only), "%s: %s" % (area.name, pattern))

    def test_calls_between_cpus_are_asked_about_on_several(self):
        area = mutareas.AREAS[0]
        self.assertEqual(mutareas.asked(area, "kernel/ipi.c").machine, "qemu-smp")
        self.assertEqual(mutareas.asked(area, "mm/tlb.h").suites, mutareas.SMP_SUITES)
        self.assertEqual(mutareas.asked(area, "mm/page.h"), area)

    def test_each_area_has_its_cases(self):
        with open(os.path.join(TOP, "tests", "selftest", "run"), encoding="utf-8") as file:
            selftests = re.findall(r'^    \("(\w+)", \d, ', file.read(), re.M)
        self.assertIn("hangs", selftests)
        badinput = runpy.run_path(os.path.join(TOP, "tests", "system", "badinput", "run"))["CASES"]
        for area in mutareas.AREAS:
            for cases, globs in ((selftests, area.selftest), (badinput, area.badinput)):
                for pattern in filter(None, globs.split(",")):
                    self.assertTrue(fnmatch.filter(cases, pattern), "%s: %s" % (area.name, pattern))

    def test_no_file_is_in_two_areas(self):
        found = [f for area in mutareas.AREAS for f in mutareas.files(TOP, area)]
        self.assertEqual(sorted(found), sorted(set(found)))


class Programs(unittest.TestCase):
    """Which of the host's test programs are asked about a mutant."""

    def programs(self, killer, reach=9):
        """The names of those that are asked, if program N of nine is N calls away and these reach it."""
        stems = ["t_%d" % n for n in range(1, 10)]
        links = {"calls_%d" % n: {"calls_%d" % (n - 1)} for n in range(1, 10)}
        links.update({"%s/tests/host/%s.o" % (mutjudge.HOST, s): {"calls_%d" % n}
                      for n, s in enumerate(stems[:reach], 1)})
        tree = SimpleNamespace(links=links, host_sources=lambda: ["tests/host/%s.c" % s for s in stems])
        return [os.path.basename(p) for p in mutjudge.Judge(tree).programs(["calls_0"], killer)]

    def test_the_nearest_are_asked(self):
        self.assertEqual(self.programs(""), ["t_%d" % n for n in range(1, mutjudge.MOST_HOST + 1)])

    def test_the_one_that_killed_it_before_is_asked_first_however_far_it_is(self):
        self.assertEqual(self.programs("t_9"), ["t_9"] + ["t_%d" % n for n in range(1, mutjudge.MOST_HOST)])
        self.assertEqual(self.programs("t_2")[:3], ["t_2", "t_1", "t_3"])

    def test_one_that_does_not_reach_it_any_more_is_not_asked(self):
        self.assertNotIn("t_9", self.programs("t_9", reach=8))


if __name__ == "__main__":
    unittest.main()
