# SPDX-License-Identifier: MIT
"""tools/test: how a step's output and exit status count, and that no process is left."""

import importlib.machinery
import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def load():
    """tools/test as a module."""
    loader = importlib.machinery.SourceFileLoader("suite", os.path.join(TOP, "tools", "test"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("suite", loader))
    loader.exec_module(module)
    return module


sys.dont_write_bytecode = True      # keep tools/ free of it
suite = load()


class Steps(unittest.TestCase):
    """One step each."""

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        suite.LOGS = self.scratch.name

    def tearDown(self):
        self.scratch.cleanup()

    def counts(self, kind, command):
        """(passed, failed, skipped) of a step."""
        return tuple(suite.Step("name", kind, command).run().counts.values())

    def test_a_status_step_is_one_test(self):
        self.assertEqual(self.counts("status", "true"), (1, 0, 0))
        self.assertEqual(self.counts("status", "false"), (0, 1, 0))

    def test_a_tap_step_counts_its_lines(self):
        self.assertEqual(self.counts("tap", "echo 1..2; echo ok 1 a; echo 'ok 2 b # SKIP why'"),
                         (1, 0, 1))
        self.assertEqual(self.counts("tap", "echo 1..1; echo not ok 1 a; false"), (0, 1, 0))

    def test_expected_failure_is_not_passed(self):
        self.assertEqual(self.counts("tap", "echo 1..1; echo 'not ok 1 a # XFAIL why'"), (0, 0, 1))

    def test_good_tap_with_a_bad_status_fails(self):
        self.assertEqual(self.counts("tap", "echo 1..1; echo ok 1 a; exit 3"), (1, 1, 0))

    def test_silence_fails(self):
        self.assertEqual(self.counts("tap", "true"), (0, 1, 0))
        self.assertEqual(self.counts("tap", "echo 1..2; echo ok 1 a")[1], 1)
        self.assertEqual(self.counts("tap", "echo 1..0")[1], 1)

    def test_skip_without_a_reason_fails(self):
        self.assertEqual(self.counts("tap", "echo 1..1; echo 'ok 1 a # SKIP'")[1], 1)

    def test_a_step_beyond_its_time_limit_fails(self):
        suite.LIMIT, before = 0.3, suite.LIMIT
        try:
            self.assertEqual(self.counts("status", "sleep 60"), (0, 1, 0))
        finally:
            suite.LIMIT = before

    def test_a_busy_host_gives_a_step_more_time(self):
        with unittest.mock.patch.multiple(suite, LIMIT=0.2, slowness=lambda: 50):
            self.assertEqual(self.counts("status", "sleep 1"), (1, 0, 0))
        with unittest.mock.patch.multiple(suite, LIMIT=0.2, slowness=lambda: 2):
            self.assertEqual(self.counts("status", "sleep 60"), (0, 1, 0))

    def test_every_everyday_machine_is_a_step(self):
        names = {name.partition(":")[2] for name, _, _ in suite.FULL if name.startswith("machine:")}
        for machine in os.listdir(os.path.join(TOP, "machines")):
            if machine in ("qemu", "qemu-nopks", "qemu-uefi", "bochs"):
                self.assertIn(machine, names)
            elif "newest" in machine or re.search(r"-\d+\.\d", machine):
                self.assertNotIn(machine, names)

    def test_a_machine_runs_its_own_suites(self):
        (command,) = [c for name, _, c in suite.FULL if name == "machine:qemu-pmem"]
        self.assertIn(" 'tests=pmem.*,", command)
        (command,) = [c for name, _, c in suite.FULL if name == "machine:qemu"]
        self.assertNotIn("tests=", command)

    def test_every_way_of_booting_is_a_step(self):
        steps = {name.partition(":")[2]: command for name, _, command in suite.FULL
                 if name.startswith("boot:")}
        self.assertEqual(sorted(steps), ["qemu-http-uefi", "qemu-pxe", "qemu-pxe-uefi", "qemu-usb",
                                         "qemu-usb-uefi"])
        for command in steps.values():
            self.assertIn("'tests=harness.*,policy.*'", command)

    def test_each_step_plays_the_whole_unless_another_does(self):
        brief = ["machine:bochs-smp", "machine:qemu-4level", "machine:qemu-bigmem", "machine:qemu-nopks",
                 "machine:qemu-smp", "machine:qemu-smp66", "machine:qemu-uefi", "paranoid", "saved:stack"]
        for name, _, command in suite.FULL:
            if name.startswith(("machine:", "boot:", "saved:", "paranoid")):
                self.assertIn(" extent=" + ("brief" if name in brief else "whole"), command, name)
            elif name in ("matrix:full", "interleave:each"):
                self.assertIn(" extent=full", command, name)
                self.assertIn(" extent=full", command, name)


class Options(unittest.TestCase):
    """What is run, and in which order."""

    def names(self, *arguments):
        """The names of the steps."""
        return [name for name, _, _ in suite.chosen(suite.options(arguments))]

    def test_what_is_run_only_if_asked_for(self):
        for word, name, part in [("--sabotage", "sabotage", "1/1"), ("--mutants=3/25", "mutants", "3/25"),
                                 ("--sabotage=1/10", "sabotage", "1/10")]:
            (command,) = [c for n, _, c in suite.chosen(suite.options([word])) if n == name]
            self.assertTrue(command.endswith("--part " + part), command)
            self.assertTrue(os.access(os.path.join(TOP, command.split()[0]), os.X_OK), command)
            self.assertNotIn(name, self.names())
        both = self.names("--sabotage", "--mutants=1/2")
        self.assertEqual(sorted(both), sorted(self.names() + ["sabotage", "mutants"]))

    def test_the_whole_can_be_asked_for_in_every_step_or_a_part_of_them(self):
        def commands(*words):
            return {name: command for name, _, command in suite.chosen(suite.options(words))}
        plain, whole = commands(), commands("--whole")
        turns = suite.wholly("1/1")
        self.assertEqual(sorted(set(whole) - set(plain)), sorted(suite.TURNS))
        self.assertEqual(sorted(name for name in plain if plain[name] != whole[name]),
                         sorted(set(turns) - set(suite.TURNS)))
        for part in suite.PARTS:
            self.assertIn(part, " ".join(plain.values()))
            self.assertNotIn(part, " ".join(whole.values()))
        several = [suite.wholly("%d/5" % k) for k in range(1, 6)]
        self.assertEqual(sorted(sum(several, [])), sorted(turns))
        for k, turn in enumerate(several, 1):
            got = commands("--whole=%d/5" % k)
            for name in turns:
                self.assertEqual(got.get(name), (whole if name in turn else plain).get(name), name)

    def test_ci_gives_each_step_its_turn(self):
        with open(os.path.join(TOP, ".ci", "run"), encoding="utf-8") as file:
            turn, every = re.findall(r"--whole=\$\(\(commits % (\d+) \+ 1\)\)/(\d+)", file.read())[0]
        self.assertEqual(turn, every)
        for k in range(1, int(every) + 1):
            self.assertIn(len(suite.wholly("%d/%s" % (k, every))), (1, 2))

    def test_a_wrong_option_runs_nothing(self):
        for words in (["--mutant"], ["--mutants=3"], ["--mutants=3/2"], ["--sabotage=0/2"], ["--quic"], ["--whole=4/3"],
                      ["--sabotage=1/10x"], ["quick"], ["--sabotage="]):
            done = subprocess.run([os.path.join(TOP, "tools", "test"), *words], check=False, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("usage: tools/test", done.stdout)
            self.assertNotIn("build-gcc", done.stdout)

    def test_help_runs_nothing(self):
        done = subprocess.run([os.path.join(TOP, "tools", "test"), "--help"], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
        self.assertEqual(done.returncode, 0)
        for word in ("--quick", "--whole", "--sabotage", "--mutants", "K/N"):
            self.assertIn(word, done.stdout)
        self.assertNotIn("build-gcc", done.stdout)

    def test_quick_starts_no_machine(self):
        self.assertEqual(sorted(self.names("--quick")), sorted(n for n, _, _ in suite.QUICK))
        for _, _, command in suite.QUICK:
            self.assertNotIn("tools/run", command)

    def test_each_step_begins_once_the_long_ones_first(self):
        names = self.names("--sabotage", "--mutants", "--whole")
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(names[:len(suite.LONG)], suite.LONG)
        self.assertEqual(sorted(self.names("--whole")), sorted(n for n, _, _ in suite.FULL))

    def test_what_computes_leaves_room_for_one_step_that_waits(self):
        self.assertEqual(sorted(suite.WAIT), sorted(set(suite.WAIT) & set(self.names())))

    def test_no_step_builds_with_more_jobs_than_its_share_of_the_cores(self):
        for _, _, command in suite.FULL:
            for jobs in re.findall(r"make -s -j(\d+)", command):
                self.assertEqual(int(jobs), max(1, (os.cpu_count() or 1) // suite.WORKERS), command)


class Stopping(unittest.TestCase):
    """Ctrl-C and SIGTERM end the suite at once, with every process it started."""

    # The process of a step is there long before tools/test knows that it is.
    SLOW = ("real = t.suite.subprocess.Popen;"
            "t.suite.subprocess.Popen = lambda *a, **k: (real(*a, **k), t.time.sleep(2))[0];")

    # The last step's worker waits for the lock, the third time that a worker takes it, while all is stopped.
    LATE = """
class Lock:
    lock, taken = t.suite.threading.Lock(), 0
    def __enter__(self):
        if t.suite.threading.current_thread() is not t.suite.threading.main_thread():
            Lock.taken += 1
            if Lock.taken == 3:
                open("MARK", "w").write("0")
                while not t.suite.Step.stopping and t.time.monotonic() < end:
                    t.time.sleep(0.05)
        Lock.lock.acquire()
    def __exit__(self, *_):
        Lock.lock.release()
end = t.time.monotonic() + 3
t.suite.Step.lock = Lock()
"""

    def stop(self, how, before="", first="true"):
        """Send a signal as soon as the last step begins; no process may be there then. before: what changes
        tools/test, with MARK for the file that says so."""
        with tempfile.TemporaryDirectory() as scratch:
            mark = os.path.join(scratch, "pid")
            code = ("import sys; sys.argv=['x']; sys.path.insert(0, %r); import test_test as t;"
                    "t.suite.LOGS=%r; t.suite.FIRST=('a','status',%r);"
                    "t.suite.FULL=[('b','status','echo $$ >%s; sleep 60')]\n%s\nt.suite.main()"
                    % (os.path.dirname(os.path.abspath(__file__)), scratch, first.replace("PID", mark), mark,
                       before.replace("MARK", mark)))
            with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as runner:
                while not (os.path.exists(mark) and os.path.getsize(mark)):
                    self.assertIsNone(runner.poll())
                    time.sleep(0.05)
                runner.send_signal(how)
                try:
                    self.assertNotEqual(runner.wait(10), 0)
                finally:
                    runner.kill()
            with open(mark, encoding="ascii") as file:
                pid = int(file.read())
            if pid:
                with self.assertRaises(ProcessLookupError):
                    os.kill(pid, 0)

    def test_no_process_is_left(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            self.stop(how)

    def test_no_process_is_left_of_a_step_that_begins(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            self.stop(how, self.SLOW)

    def test_a_step_that_comes_while_all_is_stopped_does_not_begin(self):
        self.stop(signal.SIGTERM, self.LATE)

    def test_no_process_is_left_of_the_first_step(self):
        for before in ("", self.SLOW):
            self.stop(signal.SIGINT, before, "echo $$ >PID; sleep 60")


if __name__ == "__main__":
    unittest.main()
