# SPDX-License-Identifier: MIT
"""The oracle alone (tests/oracle): both C files, the vectors, their reader; and oracles broken on purpose."""

import ctypes
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
ORACLE = os.path.join(TOP, "tests", "oracle")
sys.path.insert(0, ORACLE)

import check_vectors                        # noqa: E402

VECTORS = os.path.join(ORACLE, "vectors.json")
READER = [sys.executable, os.path.join(ORACLE, "check_vectors.py")]
FLAGS = ["-std=c11", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Werror"]

# Text of oracle.c, and what stands there in an oracle that is wrong.
MUTANTS = [
    ("page.user ? cpu.cr4_pke : cpu.cr4_pks", "cpu.user_mode ? cpu.cr4_pke : cpu.cr4_pks"),
    ("page.user ? cpu.pkru : cpu.pkrs", "by_user(cpu) ? cpu.pkru : cpu.pkrs"),
    ("1u << (2 * page.key)", "1u << (2 * (page.key & 7))"),
    ("2u << (2 * page.key)", "2u << page.key"),
    ("access == ORACLE_FETCH || !obeyed", "!obeyed"),
    ("write_disable && is_write(access) && (by_user(cpu) || cpu.cr0_wp)", "write_disable && is_write(access)"),
    ("write_disable && is_write(access) && (by_user(cpu) || cpu.cr0_wp)",
     "write_disable && is_write(access) && cpu.cr0_wp"),
    ("access == ORACLE_WRITE || access == ORACLE_MODIFY", "access == ORACLE_WRITE"),
    ("cpu.user_mode && !cpu.implicit", "cpu.user_mode"),
    ("(cpu.implicit || !cpu.ac)", "!cpu.ac"),
    ("!by_user(cpu) && page.user && cpu.cr4_smep", "page.user && cpu.cr4_smep"),
    ("page.present && key_denies", "key_denies"),
    ("by_key = page.present && key_denies(cpu, page, access);",
     "by_key = page.present && !mode_denies(cpu, page, access) && key_denies(cpu, page, access);"),
    ("v.dirty = !v.fault && is_write(access)", "v.dirty = !v.fault && access == ORACLE_WRITE"),
    ("page.present && page.reserved ? ERROR_RESERVED", "page.reserved ? ERROR_RESERVED"),
    ("page.reserved || (by_user(cpu)", "(by_user(cpu)"),
    ("v.accessed = !v.fault;", "v.accessed = true;"),
]


class Verdict(ctypes.Structure):
    """struct oracle_verdict."""
    _fields_ = [("fault", ctypes.c_bool), ("error", ctypes.c_uint32), ("unsettled", ctypes.c_uint32),
                ("accessed", ctypes.c_bool), ("dirty", ctypes.c_bool)]


def read(name):
    """The text of a file of tests/oracle."""
    with open(os.path.join(ORACLE, name), encoding="utf-8") as file:
        return file.read()


def members(name):
    """[(name, ctypes type)] of a structure in oracle.h, in its order."""
    body = re.search(r"struct %s \{(.*?)\n\};" % name, read("oracle.h"), re.DOTALL)[1]
    found = []
    for kind, several in re.findall(r"^\t(uint32_t|bool) ([^;]+);", body, re.MULTILINE):
        for one in several.split(","):
            found.append((one.strip(), ctypes.c_bool if kind == "bool" else ctypes.c_uint32))
    return found


class Case(unittest.TestCase):
    """A folder with a copy of the two C files and nothing else."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        for name in ("oracle.c", "oracle.h"):
            shutil.copy(os.path.join(ORACLE, name), self.folder)

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, name):
        """A file of this case."""
        return os.path.join(self.folder, name)

    def compile(self, *words, compiler="gcc"):
        """Run a compiler in the folder; its warnings are errors."""
        done = subprocess.run([compiler, *FLAGS, *words], cwd=self.folder, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def mutate(self, old, new):
        """Break the copy of oracle.c."""
        text = read("oracle.c")
        self.assertIn(old, text)
        with open(self.path("oracle.c"), "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def library(self, name="oracle.so"):
        """The copy of oracle.c as a function (inputs by name) -> outcome."""
        self.compile("-O1", "-shared", "-fPIC", "-o", name, "oracle.c")
        cpu = type("Cpu", (ctypes.Structure,), {"_fields_": members("oracle_cpu")})
        page = type("Page", (ctypes.Structure,), {"_fields_": members("oracle_page")})
        function = ctypes.CDLL(self.path(name)).oracle
        function.argtypes, function.restype = [cpu, page, ctypes.c_int], Verdict

        def outcome(case):
            v = function(cpu(*(case[name] for name, _ in members_of_cpu)),
                         page(*(case[name] for name, _ in members_of_page)), case["access"])
            return [int(getattr(v, name)) for name in check_vectors.OUTCOMES]
        members_of_cpu, members_of_page = cpu._fields_, page._fields_
        return outcome

    def generator(self):
        """The vectors that the copy of oracle.c gives, as text."""
        os.makedirs(self.path("tests/oracle"))
        shutil.copy(self.path("oracle.h"), self.path("tests/oracle"))
        self.compile("-O2", "-I.", "-o", "vectors", os.path.join(TOP, "tests", "host", "vectors.c"), "oracle.c")
        return subprocess.check_output([self.path("vectors")], text=True)

    def reader(self, text):
        """(exit status, output) of the reader on this text."""
        with open(self.path("v.json"), "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([*READER, self.path("v.json")], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout


class Alone(Case):
    """Both C files without the rest."""

    def test_they_compile_alone_and_need_no_library(self):
        compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
        self.assertTrue(compilers)
        for compiler in compilers:
            self.compile("-c", "oracle.c", compiler=compiler)
            missing = subprocess.check_output(["nm", "-u", self.path("oracle.o")], text=True)
            # What compilers call by themselves.
            self.assertLessEqual(set(missing.split()) - {"U"}, {"memset", "__stack_chk_fail"})

    def test_the_example_of_the_readme_prints_what_it_says(self):
        example = re.search(r"```c\n(.*?)```", read("README.md"), re.DOTALL)[1]
        with open(self.path("example.c"), "w", encoding="utf-8") as file:
            file.write(example)
        self.compile("example.c", "oracle.c")
        output = subprocess.check_output([self.path("a.out")], text=True)
        self.assertEqual(output, "fault 1, error code 21\n")
        self.assertIn(output.strip() + ": P and PK", example)


class Vectors(Case):
    """The vectors, the oracle, and the reader agree."""

    def test_the_vectors_are_those_of_the_oracle(self):
        self.assertTrue(self.generator() == read("vectors.json"), "this writes them anew: make vectors")

    def test_the_reader_finds_nothing(self):
        status, output = self.reader(read("vectors.json"))
        self.assertEqual(status, 0, output)

    def test_the_readme_counts_right(self):
        names, cases = check_vectors.load(VECTORS)
        text = read("README.md")
        self.assertIn("holds {:,} cases".format(len(cases)), text)
        self.assertIn("%d input bits" % sum(check_vectors.BITS.values()), text)
        self.assertIn("manual: %d rules" % len(check_vectors.NAMES), text)
        self.assertEqual(names[:-1], [n for s in ("cpu", "page") for n, _ in members("oracle_" + s)])

    def test_the_oracle_gives_the_outcomes_of_the_file(self):
        oracle = self.library()
        names, cases = check_vectors.load(VECTORS)
        for inputs, outcome in cases:
            self.assertEqual(oracle(dict(zip(names, inputs))), outcome, inputs)

    def test_the_oracle_and_the_second_reading_agree_beyond_the_file(self):
        oracle, rng = self.library(), random.Random(17)
        for _ in range(20000):
            case = {name: rng.getrandbits(bits) for name, bits in check_vectors.BITS.items()}
            case["access"] = rng.randrange(3 if case["implicit"] else 4)
            self.assertEqual(oracle(case), check_vectors.Reading(case).outcome(), case)


class Broken(Case):
    """Oracles and files that are wrong."""

    def test_each_broken_oracle_differs_from_the_file(self):
        names, cases = check_vectors.load(VECTORS)
        for number, (old, new) in enumerate(MUTANTS):
            with self.subTest(old=old, new=new):
                self.mutate(old, new)
                oracle = self.library("oracle%d.so" % number)
                wrong = sum(oracle(dict(zip(names, inputs))) != outcome for inputs, outcome in cases)
                self.assertGreater(wrong, 0)

    def test_the_reader_is_red_on_the_vectors_of_a_broken_oracle(self):
        for old, new in MUTANTS[::4]:
            with self.subTest(old=old, new=new):
                self.mutate(old, new)
                shutil.rmtree(self.path("tests"), ignore_errors=True)
                status, output = self.reader(self.generator())
                self.assertEqual(status, 1, output)
                self.assertIn("the file says", output)

    def test_a_wrong_outcome_is_found(self):
        data = json.loads(read("vectors.json"))
        for column in range(1, 6):
            case = data["cases"][100 * column]
            case[-column] ^= 1
            status, output = self.reader(json.dumps(data))
            case[-column] ^= 1
            self.assertEqual((status, output.count("the file says")), (1, 1), output)

    def test_a_bit_or_rule_that_decides_nothing_is_found(self):
        data = json.loads(read("vectors.json"))
        names = [field["name"] for field in data["inputs"]]
        data["cases"] = [c for c in data["cases"] if not c[names.index("implicit")] and
                         not c[names.index("pkru")] >> 17 & 1]
        status, output = self.reader(json.dumps(data))
        self.assertEqual(status, 1)
        for what in ("pkru bit 17", "implicit bit 0", "the rule ac_not_for_implicit"):
            self.assertIn("no case is decided by %s\n" % what, output)

    def test_what_is_no_set_of_vectors_is_refused(self):
        data = json.loads(read("vectors.json"))
        for change, why in (({"version": 2}, "version 2, not"), ({"schema": "x"}, "x version 1, not"),
                            ({"inputs": data["inputs"] + [{"name": "nmi"}]}, "known here: nmi"),
                            ({"outcomes": []}, "the outcomes are not"),
                            ({"cases": [[1, 2]]}, "case 0 is not"), ({"cases": None}, "TypeError")):
            status, output = self.reader(json.dumps({**data, **change}))
            self.assertEqual((status, output.count("\n")), (2, 1), output)
            self.assertIn(why, output)
        self.assertEqual(self.reader("not JSON")[0], 2)
        self.assertEqual(self.reader("{}")[0], 2)


if __name__ == "__main__":
    unittest.main()
