# SPDX-License-Identifier: MIT
"""tools/run --halves: two machines side by side, each for half of the suites, and one verdict."""

import os
import re
import sys
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import halves                                       # noqa: E402
from test_again import Again, console               # noqa: E402

# A boot runs the script that its words on the kernel's command line choose.
MACHINE = """\
[machine]
limit = %(limit)s
cpus = 1
second_half = gamma
command = sh -c 'cd %(folder)s; words=$(grep -ao "multiboot2 .*" {iso}); echo "$words" >>words; case $words in *from=gamma*) . ./second;; *from=*) . ./again;; *) . ./first;; esac' {iso}
[icount]
add = extra
"""
FIRST, SECOND = console("alpha", "beta"), console("gamma", "delta")
BOTH = console("alpha", "beta", "gamma", "delta")


def says(text):
    """A line of shell that prints the text."""
    return "cat <<'END'\n%sEND\n" % text


class Halves(Again):
    """A machine whose two halves are two scripts."""

    def machine(self, first=says(FIRST), second=says(SECOND), again="", limit=10, change=("", "")):
        """Write the machine and what each boot runs."""
        for name, script in (("first", first), ("second", second), ("again", again)):
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(script)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            file.write((MACHINE % {"folder": self.folder, "limit": limit}).replace(*change))

    def run_it(self, *arguments, halved=True):
        return super().run_it(*(["--halves"] if halved else []), *arguments)

    def words(self):
        """The kernel's command line of each boot; the two that run side by side in the halves' order."""
        return sorted(super().words(), key=lambda words: ("from=gamma" in words, "from=beta" in words))


class Verdict(Halves):
    """What comes of two halves."""

    def test_both_make_one_verdict(self):
        self.machine()
        status, output = self.run_it("pks=strict", "seed=17")
        self.assertEqual(status, 0, output)
        self.assertEqual(self.words(), [["pks=strict", "seed=17", "until=gamma"],
                                        ["pks=strict", "seed=17", "from=gamma"]])
        self.assertRegex(output, r"\nfake: 6 pass, \S+ s from launch to totals: all as expected")
        results = re.findall(r"^    ok \d+ (\S+)$", output, re.M)
        self.assertEqual(results, ["one", "two", "three", "three+tick", "four", "five"])
        with open(self.path("build/logs/fake.log"), encoding="utf-8") as log:
            self.assertEqual(re.findall(r"^    ok \d+ (\S+)$", log.read(), re.M), results)

    def test_both_draw_from_one_seed(self):
        self.machine()
        self.run_it()
        first, second = self.words()
        self.assertEqual(first[1:], second[1:])
        self.assertRegex(first[1], r"^seed=[1-9]\d*$")
        os.remove(self.path("words"))
        self.run_it()
        self.assertNotEqual(self.words()[0][1:], first[1:])

    def test_both_run_at_the_same_time(self):
        def meet(mine, other):
            return "touch %s; until [ -e %s ]; do sleep 0.05; done\n" % (mine, other)
        self.machine(meet("a", "b") + says(FIRST), meet("b", "a") + says(SECOND))
        status, output = self.run_it()
        self.assertEqual(status, 0, output)

    def test_the_longer_half_is_the_time(self):
        for one, other in (("sleep 2;", ""), ("", "sleep 2;"), ("sleep 2;", "sleep 2;")):
            self.machine(one + says(FIRST), other + says(SECOND))
            began = time.monotonic()
            output = self.run_it()[1]
            seconds = float(re.search(r"(\S+) s from launch", output)[1])
            self.assertTrue(2 <= seconds <= time.monotonic() - began, output)

    def test_a_test_of_the_second_half_has_its_own_time(self):
        cut = SECOND.index("ok 1 gamma")
        self.machine("sleep 1.5\n" + says(FIRST),
                     says(SECOND[:cut]) + "sleep 1.2\n" + says(SECOND[cut:]))
        output = self.run_it("--slowest", "1")[1]
        seconds = re.search(r"(\S+) s delta.five", output)
        self.assertTrue(seconds and 0.6 <= float(seconds[1]), output)

    def test_a_failure_in_either_half_is_red(self):
        bad = [(t.replace("    ok 1", "    not ok 1", 1).replace("\nok 1", "\nnot ok 1", 1)
                .replace(" fail:0", " fail:1")) for t in (FIRST, SECOND)]
        bad = [re.sub(r"pass:(\d)", lambda m: "pass:%d" % (int(m[1]) - 1), t) for t in bad]
        for texts, name in (((bad[0], SECOND), "alpha.one"), ((FIRST, bad[1]), "gamma.four")):
            self.machine(*map(says, texts))
            status, output = self.run_it("seed=17")
            self.assertEqual(status, 1, output)
            self.assertIn("FAILED %s: failed\n   again: tools/run fake tests=%s seed=17\n" % (name, name),
                          output)

    def test_a_half_that_does_not_come_is_red(self):
        for scripts in (("exit 0\n", says(SECOND)), (says(FIRST), "exit 0\n")):
            self.machine(*scripts)
            status, output = self.run_it("--tap")
            self.assertEqual(status, 3, output)
            lost = ("alpha", "beta") if scripts[0].startswith("exit") else ("gamma", "delta")
            for suite in ("alpha", "beta", "gamma", "delta"):
                (self.assertIn if suite in lost else self.assertNotIn)(
                    "fake: %s: the suite did not run" % suite, output)


class Crash(Halves):
    """A half that does not come to its totals."""

    def test_the_first_half_goes_on_after_a_crash(self):
        self.machine(says(console("alpha", "beta", crash=("alpha", 0))), again=says(console("beta")))
        status, output = self.run_it("seed=17")
        self.assertEqual(status, 3, output)
        self.assertEqual(self.words()[1], ["until=gamma", "from=beta", "seed=17"])
        self.assertIn("CRASH fake: alpha.one: the kernel panicked", output)
        self.assertIn("\nfake: 5 pass, ", output)
        self.assertNotIn("did not run", output)

    def test_a_crash_in_the_last_suite_of_the_first_half_boots_nothing_again(self):
        self.machine(says(console("alpha", "beta", crash=("beta", 0))), again=says(console("beta")))
        status, output = self.run_it("seed=17")
        self.assertEqual((status, len(self.words())), (3, 2), output)
        self.assertIn("CRASH fake: beta.two: the kernel panicked", output)
        self.assertIn("\nfake: 3 pass, ", output)

    def test_the_second_half_goes_on_after_a_crash(self):
        self.machine(second=says(console("gamma", "delta", crash=("gamma", 0))),
                     again=says(console("delta")))
        status, output = self.run_it("seed=17")
        self.assertEqual(status, 3, output)
        self.assertIn(["seed=17", "from=gamma"], self.words())
        self.assertIn(["from=delta", "seed=17"], self.words())
        self.assertIn("CRASH fake: gamma.four: the kernel panicked", output)
        self.assertIn("\nfake: 5 pass, ", output)

    def test_a_hang_of_the_second_half_is_a_time_out(self):
        begun = SECOND[:SECOND.index("    ok")] + "    o"
        self.machine(second="echo $$ >pid\n" + says(begun + "\n") + "printf rest; exec sleep 60\n",
                     again=says(console("delta")), limit=2)
        status, output = self.run_it("seed=17")
        self.assertEqual(status, 4, output)
        self.assertIn("TIME-OUT fake: gamma.four: the machine hangs", output)
        self.assertIn("rest", output)
        self.assertIn("\nfake: 5 pass, ", output)
        self.assertTrue(self.emulator_gone())

    def test_a_second_half_past_its_limit_is_late_though_nobody_read_it(self):
        self.machine("sleep 2\n" + says(console("alpha", "beta", crash=("alpha", 0))),
                     "sleep 3.5\n" + says(SECOND), "sleep 1.7\n" + says(console("beta")))
        output = self.run_it("seed=17", "--timeout", "3")[1]
        self.assertIn("\nNOT RUN fake: gamma, delta\n", output)

    def test_stopping_at_the_first_failure_leaves_no_machine(self):
        bad = FIRST.replace("    ok 1", "    not ok 1", 1)
        self.machine(says(bad) + "exec sleep 60\n", "echo $$ >pid; exec sleep 60\n")
        began = time.monotonic()
        status, output = self.run_it("--first")
        self.assertEqual(status, 1, output)
        self.assertLess(time.monotonic() - began, 8)
        self.assertTrue(self.emulator_gone())


class Whole(Halves):
    """Runs that are not halved."""

    def once(self, *arguments, halved=True):
        """One boot runs all."""
        self.machine(says(BOTH))
        status, output = self.run_it(*arguments, halved=halved)
        self.assertEqual((status, len(self.words())), (0, 1), output)

    def test_nobody_asked(self):
        self.once(halved=False)

    def test_words_choose_what_runs(self):
        for word in ("tests=*", "until=none", "exit=poweroff", "trace=on"):
            with self.subTest(word):
                self.once(word)
                os.remove(self.path("words"))

    def test_an_instruction_counter_or_debugger_has_one_machine(self):
        self.once("--icount")

    def test_a_machine_that_cannot_be_there_twice(self):
        fits = {"second_half": "keys", "cpus": "1"}
        self.assertEqual(len(halves.of([], fits)), 2)
        for change in ({"second_half": None}, {"cpus": "2"}, {"pmem": "64M"}, {"medium": "pxe"}):
            with self.subTest(change):
                self.assertEqual(halves.of(["a=b"], {**fits, **change}), [["a=b"]])

    def test_a_host_with_one_processor(self):
        cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(cpus)})
        try:
            self.once()
        finally:
            os.sched_setaffinity(0, cpus)


if __name__ == "__main__":
    unittest.main()
