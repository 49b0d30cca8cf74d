# SPDX-License-Identifier: MIT
"""tools/run on the suite `matrix`, and tools/matrix, on machines that are shell scripts."""

import json
import os
import signal
import shutil
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import grid                                             # noqa: E402
import test_run                                         # noqa: E402
from test_divergence import CLEAN, KNOWN, MATRIX, NAME  # noqa: E402

LISTED = "\n".join("%s = %s" % pair for pair in KNOWN.items())


class Run(test_run.Case):
    """One boot, judged by tools/run."""

    def test_known_classes_are_xfail_in_tap(self):
        self.machine(MATRIX, known=LISTED)
        status, output = self.run_it("--tap", "tests=matrix.*")
        self.assertEqual(status, 0, output)
        self.assertIn("not ok 2 - fake: %s # TODO no atomics here; nor here\n" % NAME, output)
        self.assertEqual(output.count("not ok"), 1)
        self.assertIn("1..4\n", output)

    def test_each_reason_of_a_test_stands_by_itself(self):
        self.machine(MATRIX, known=LISTED)
        self.assertIn("XFAIL 1: no atomics here\n   %s\nXFAIL 1: nor here\n   %s\n" % (NAME, NAME),
                      self.run_it("tests=matrix.*")[1])

    def test_tests_of_one_reason_stand_together(self):
        self.machine(test_run.FAILING.replace("    ok 1 expected_fault", "    not ok 1 expected_fault")
                     .replace("pass:2 fail:1", "pass:1 fail:2"), known="harness.*_fault* = mended one day")
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertIn("XFAIL 2: mended one day\n   harness.expected_fault, harness.null_faults\n", output)

    def test_new_class_is_not_ok_in_tap_and_explained(self):
        self.machine(MATRIX, known=LISTED.split("\n", maxsplit=1)[0])
        status, output = self.run_it("--tap", "tests=matrix.*")
        self.assertEqual(status, 1)
        self.assertIn("\nnot ok 2 - fake: %s\n" % NAME, "\n" + output)
        self.assertIn("observed   #PF()", output)
        self.assertEqual(output.count("again"), 1)
        self.assertIn("tools/run fake 'tests=matrix.*' case=kind:xchg,mode:user\n", output)

    def test_lost_class_is_not_ok_in_tap(self):
        self.machine(CLEAN, known=LISTED)
        status, output = self.run_it("--tap", "tests=matrix.*")
        self.assertEqual((status, output.count("not ok")), (1, 1))
        self.machine(MATRIX.replace("observed=#PF()", "observed"), known=LISTED)
        status, output = self.run_it("--tap", "tests=matrix.*")
        self.assertEqual(status, 3)
        self.assertIn("\nnot ok 5 - fake: a line that is not whole", output)

    def test_a_known_key_of_the_wrong_form_is_refused(self):
        self.machine(MATRIX, known="register.a kind:read = r")
        self.assertEqual(self.run_it()[0], 2)

    def record(self, *arguments):
        """The JSON that --record writes."""
        self.run_it("tests=matrix.*", "--record", self.path("r.json"), *arguments)
        with open(self.path("r.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_the_record_holds_the_run(self):
        kernel = "version 1.0, commit 0123456789ab, hash 00112233445566ff"
        self.machine("# kernel: %s\n%s" % (kernel, MATRIX), known=LISTED.split("\n", maxsplit=1)[0],
                     extra="about = a fake\nemulator = env\n")
        got = self.record("extent=full")
        self.assertEqual(
            {k: got[k] for k in ("machine", "about", "command", "slice", "levels", "cases",
                                 "divergent", "status", "observed")},
            {"machine": "fake", "about": "a fake", "slice": "whole", "levels": "4,5",
             "command": "tools/run fake tests=matrix.* extent=full", "cases": 209712,
             "divergent": 4711, "status": "failed",
             "observed": ["user_at_supervisor_page yes:1024 no:0"]})
        self.assertEqual(got["kernel"], kernel)
        self.assertRegex(got["emulator"], r"^env .*\d\.\d")
        self.assertEqual((len(got["image"]), len(got["date"])), (64, 10))
        self.assertIn("not known", got["problems"][0])
        self.assertEqual([r["status"] for r in got["rules"]], ["pass", "fail", "skip", "pass"])
        self.assertEqual(got["rules"][2]["reason"], "no 57-bit addresses here")
        rule = got["rules"][1]
        self.assertEqual((rule["name"], rule["section"], rule["cases"], rule["divergent"]),
                         ("modify_is_a_write", "Page-Fault Exceptions", 40000, 4711))
        self.assertEqual(rule["classes"][0], {
            "case": "kind:lock-add,rights:ad", "needs": "kind:lock-add|xchg;rights:ad|ad+wd",
            "expected": "#PF(P+W+PK)", "observed": "#PF(P+PK)", "count": 4700,
            "first": "kind:lock-add,key:3,rights:ad,size:2m", "known": "no atomics here",
            "exact": "4600:00000000000000aa", "by_tlb": "100:00000000000000bb",
            "command": "tools/run fake tests=matrix.* case=kind:lock-add,rights:ad"})
        self.assertEqual(rule["classes"][1]["known"], "")

    def test_the_record_distinguishes_good_broken_and_absent_runs(self):
        self.machine(MATRIX, known=LISTED)
        got = self.record()
        self.assertEqual((got["status"], got["problems"], got["rules"][1]["status"]),
                         ("ok", [], "xfail"))
        self.machine(MATRIX.split("    not ok 2")[0])
        self.assertEqual(self.record()["status"], "crash")
        self.machine(MATRIX.split("    not ok 2")[0], then="sleep 60", limit=0.5)
        self.assertEqual(self.record()["status"], "crash")
        self.machine(MATRIX, extra="needs = no-such-emulator")
        self.assertEqual(self.record()["status"], "absent")
        self.machine("", then="exit 1")
        self.assertEqual(self.record()["status"], "absent")


class Machines(test_run.Case):
    """tools/matrix as a program, on machines of a case's own."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("build"))
        shutil.copy(self.iso, self.path("build/keyward.iso"))

    def add(self, name, text, **how):
        """Add a machine that prints this text."""
        self.machine(text, **how)
        os.rename(self.path("text"), self.path(name + ".text"))
        with open(self.path("machines/fake"), encoding="utf-8") as file:
            words = file.read().replace("/text;", "/%s.text;" % name) \
                        .replace("/pid;", "/%s.pid;" % name)
        os.remove(self.path("machines/fake"))
        with open(self.path("machines/" + name), "w", encoding="utf-8") as file:
            file.write(words)

    def matrix(self, *arguments):
        """Run tools/matrix; returns (exit status, output)."""
        done = subprocess.run(self.words(*arguments), env=self.env(), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def words(self, *arguments):
        """The command line of tools/matrix."""
        return [sys.executable, os.path.join(TOP, "tools", "matrix"),
                "--build", self.path("build"), *arguments]

    def env(self):
        """The environment, with the machines of this case."""
        return dict(os.environ, KEYWARD_MACHINES=self.path("machines"))

    def result(self, name):
        """The JSON that a machine's run left."""
        with open(self.path("build/matrix/%s.json" % name), encoding="utf-8") as file:
            return json.load(file)


class Matrix(Machines):
    """Its verdict and its output."""

    def test_machines_as_expected_pass(self):
        self.add("old", MATRIX, known=LISTED)
        self.add("new", CLEAN)
        status, output = self.matrix()
        self.assertEqual(status, 0, output)
        lines = [line.split() for line in output.splitlines()]
        self.assertIn(["rule", "new", "old"], lines)
        self.assertIn(["access_disable_denies_data", "51.2k", "51.2k"], lines)
        self.assertIn(["modify_is_a_write", "40k", "4711/40k"], lines)
        self.assertIn(["five_levels_work_as_four", "-", "-"], lines)
        self.assertRegex(output, r"\nok +old +209712 cases +\d+\.\d s +2 classes ")
        self.assertIn("2 machines as their known lists say, 0 not", output)
        self.assertEqual(self.result("old")["command"],
                         "tools/run old tests=matrix.* extent=full")
        self.assertTrue(os.path.exists(self.path("build/matrix/old.log")))

    def test_the_slice_is_passed_on(self):
        self.add("new", CLEAN)
        self.assertEqual(self.matrix("--slice", "whole")[0], 0)
        self.assertIn("extent=whole", self.result("new")["command"])
        self.assertEqual(self.matrix("--slice", "half")[0], 2)

    def test_a_new_class_fails_and_is_explained(self):
        self.add("old", MATRIX)
        self.add("new", CLEAN)
        status, output = self.matrix()
        self.assertEqual(status, 1)
        self.assertRegex(output, r"modify_is_a_write +40k +4711/40k!\n")
        self.assertRegex(output, r"\nFAILED +old .* 2 classes \(2 new\)")
        self.assertIn("case=kind:xchg,mode:user", output)
        self.assertIn("1 machines as their known lists say, 1 not", output)

    def test_a_crash_and_a_time_out_fail(self):
        self.add("old", MATRIX.split("    not ok 2")[0])
        self.assertEqual(self.matrix()[0], 1)
        self.add("old", MATRIX.split("    not ok 2")[0], then="sleep 60", limit=50)
        status, output = self.matrix("--timeout", "1")
        self.assertEqual(status, 1)
        self.assertIn("CRASH", output)

    def test_the_machines_own_limit_does_not_apply(self):
        self.add("new", CLEAN.split("ok 1 matrix")[0], limit=1,
                 then="sleep 2; cat %s" % self.path("rest"))
        with open(self.path("rest"), "w", encoding="ascii") as file:
            file.write("ok 1 matrix" + CLEAN.split("ok 1 matrix")[1])
        self.assertEqual(self.matrix()[0], 0)

    def test_an_absent_machine_is_skipped_unless_named(self):
        self.add("new", CLEAN)
        self.add("far", CLEAN, extra="prepare = sh %s" % self.path("fetch"))
        self.add("ill", "", then="echo no such CPU >&2; exit 1")
        with open(self.path("fetch"), "w", encoding="ascii") as file:
            file.write("echo the archive is shut >&2; exit 2\n")
        status, output = self.matrix()
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"\nskipped +far +the archive is shut / ")
        self.assertRegex(output, r"\nskipped +ill .*no such CPU")
        self.assertIn("0 without a result, 2 skipped", output)
        self.assertFalse(os.path.exists(self.path("build/matrix/far.json")))
        status, output = self.matrix("new", "far")
        self.assertEqual(status, 2, output)
        self.assertRegex(output, r"\nERROR +far +the archive is shut")
        os.remove(self.path("machines/new"))
        self.assertEqual(self.matrix()[0], 2)

    def test_set_up_error_is_no_skip(self):
        self.add("new", CLEAN)
        self.add("odd", CLEAN, known="matrix.a kind:read =")
        status, output = self.matrix()
        self.assertEqual(status, 2)
        self.assertRegex(output, r"\nERROR +odd .*without a reason")
        os.remove(self.path("build/keyward.iso"))
        self.assertEqual(self.matrix("new")[0], 2)

    def test_an_unknown_machine_is_refused(self):
        self.add("new", CLEAN)
        status, output = self.matrix("new", "newer")
        self.assertEqual(status, 2)
        self.assertIn("there are: new", output)
        self.assertFalse(os.path.exists(self.path("build/matrix")))

    def test_result_of_an_earlier_run_is_not_taken(self):
        self.add("new", CLEAN)
        self.assertEqual(self.matrix()[0], 0)
        self.add("new", CLEAN, known="matrix.a kind:read =")
        self.assertEqual(self.matrix()[0], 2)
        self.assertFalse(os.path.exists(self.path("build/matrix/new.json")))

    def test_only_the_named_machines_run(self):
        self.add("new", CLEAN)
        self.add("old", MATRIX)
        self.assertEqual(self.matrix("new")[0], 0)
        self.assertFalse(os.path.exists(self.path("build/matrix/old.json")))

    def test_one_cpu_runs_one_machine_at_a_time(self):
        self.watch(1)

    @unittest.skipUnless(len(os.sched_getaffinity(0)) > 1, "there is only one CPU")
    def test_two_cpus_run_two_machines_at_a_time(self):
        self.watch(2)

    def watch(self, count):
        """Assert that on `count` CPUs that many of three machines run at once."""
        for name in "abc":
            self.add(name, CLEAN, then="echo + >>%s; sleep 0.7; echo - >>%s"
                     % (self.path("trace"), self.path("trace")))
        cpus = sorted(os.sched_getaffinity(0))[:count]
        done = subprocess.run(self.words(), env=self.env(), check=False, timeout=60,
                              stdout=subprocess.DEVNULL,
                              preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.assertEqual(done.returncode, 0)
        with open(self.path("trace"), encoding="ascii") as file:
            steps = [1 if line == "+\n" else -1 for line in file]
        self.assertEqual(max(sum(steps[:n]) for n in range(len(steps) + 1)),
                         count)

    def test_progress_and_no_orphan_when_stopped(self):
        # A copy of the tool prints its progress at once instead of every 10 seconds.
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            self.add("old", MATRIX.split(" # rule")[0], then="sleep 60", limit=60)
            code = ("import sys, importlib.machinery as m, importlib.util as u\n"
                    "sys.argv = sys.argv[1:]; l = m.SourceFileLoader('x', sys.argv[0])\n"
                    "x = u.module_from_spec(u.spec_from_loader('x', l)); l.exec_module(x)\n"
                    "x.EVERY = 0; sys.exit(x.main())\n")
            with subprocess.Popen([sys.executable, "-B", "-c", code, *self.words()[1:]],
                                  env=self.env(), text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as runner:
                line = next((x for x in runner.stdout if "50 %" in x), "")
                self.assertEqual(line, "  old 50 %\n")
                runner.send_signal(how)
                self.assertNotEqual(runner.wait(10), 0)
            os.rename(self.path("old.pid"), self.path("pid"))
            self.assertTrue(self.emulator_gone(), how)
            self.assertFalse(os.path.exists(self.path("build/matrix/old.json")))
            if how != signal.SIGKILL:
                self.assertEqual(os.listdir(self.path("build/run")), [], how)


class Grid(unittest.TestCase):
    """tools/lib/grid.py."""

    def test_large_numbers_are_shortened(self):
        self.assertEqual([grid.compact(n) for n in (0, 9999, 10000, 51234, 99949, 999499, 999500,
                                                    1240000, 10485760, 2 * 10**9)],
                         ["0", "9999", "10k", "51.2k", "99.9k", "999k", "1M", "1.24M", "10.5M",
                          "2G"])

    def test_columns_are_aligned(self):
        def record(name, **found):
            return {"machine": name, "rules": [
                {"name": rule, "says": "", "section": "", "classes": [], **how}
                for rule, how in found.items()]}
        lines = grid.table([
            record("a", one={"status": "pass", "cases": 5, "divergent": 0}),
            record("long-name", one={"status": "fail", "cases": 5, "divergent": 0},
                   two={"status": "xfail", "cases": 12000000, "divergent": 4711})])
        self.assertEqual(lines, ["rule  a   long-name",
                                 "one   5         0/5!",
                                 "two   ?    4711/12M"])


if __name__ == "__main__":
    unittest.main()
