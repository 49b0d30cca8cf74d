# SPDX-License-Identifier: MIT
"""tools/run as a program, on machines that are shell scripts: statuses, messages, no orphans."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

from test_ktap import FAILING, GOOD     # noqa: E402

# A machine prints the file `text` beside it and leaves its process id in `pid`.
MACHINE = """\
[machine]
limit = %(limit)s
command = sh -c 'echo $$ >%(folder)s/pid; cat %(folder)s/text; %(then)s' {iso}
[icount]
add = extra
[known]
%(known)s
"""


class Case(unittest.TestCase):
    """A folder with one machine called `fake`, and a small ISO to copy."""

    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.iso = os.path.join(cls.keep.name, "small.iso")
        empty = os.path.join(cls.keep.name, "empty")
        os.mkdir(empty)
        # An empty image is enough: xorriso can copy it and replay its boot records.
        subprocess.run(["xorriso", "-outdev", cls.iso, "-map", empty, "/boot", "-commit"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def tearDownClass(cls):
        cls.keep.cleanup()

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        os.mkdir(os.path.join(self.folder, "machines"))

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, name):
        """A file of this case."""
        return os.path.join(self.folder, name)

    def machine(self, text, then=":", limit=10, known="", extra=""):
        """Write the machine and the text that it prints."""
        with open(self.path("text"), "w", encoding="utf-8") as file:
            file.write(text)
        with open(self.path("machines/fake"), "w", encoding="utf-8") as file:
            words = {"folder": self.folder, "then": then, "limit": limit, "known": known}
            file.write((MACHINE % words).replace("[icount]", extra + "\n[icount]"))

    def command(self, *arguments):
        """The command line of tools/run."""
        return [sys.executable, os.path.join(TOP, "tools", "run"), "fake", "--iso", self.iso,
                "--build", self.path("build"), *arguments]

    def run_it(self, *arguments):
        """Run tools/run; returns (exit status, output), without the build that each command names."""
        status, output = self.run_as_it_is(*arguments)
        return status, output.replace(" --build " + self.path("build"), "")

    def run_as_it_is(self, *arguments):
        """Run tools/run; returns (exit status, output)."""
        env = dict(os.environ, KEYWARD_MACHINES=self.path("machines"))
        done = subprocess.run(self.command(*arguments), env=env, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout

    def emulator_gone(self):
        """True if the machine's process has ended; waits up to 5 seconds."""
        with open(self.path("pid"), encoding="ascii") as file:
            pid = int(file.read())
        for _ in range(50):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.1)
        return False


class Statuses(Case):
    """Each promised exit status, with its message."""

    def test_0_good_run(self):
        self.machine(GOOD)
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertIn("ok 2 pks", output)
        self.assertIn("SKIP 1: no PKS on this CPU\n", output)
        self.assertRegex(output, r"fake: 3 pass, 1 skip, \d+\.\d\d s from launch to totals: "
                         r"all as expected \(skip: does not apply here\)\n$")

    def test_0_whatever_status_the_emulator_ends_with(self):
        self.machine(GOOD, then="exit 1")
        self.assertEqual(self.run_it()[0], 0)

    def test_1_failure_says_how_to_see_it_again(self):
        self.machine(FAILING)
        status, output = self.run_as_it_is("pks=strict", "tests=h*", "seed=7")
        self.assertEqual(status, 1)
        self.assertIn("again: tools/run fake tests=harness.null_faults pks=strict seed=7 --build %s\n"
                      % self.path("build"), output)
        self.assertIn("not as expected, see FAILED above", output.splitlines()[-1])
        self.assertGreater(output.index("FAILED harness.null_faults"), output.index("SKIP 1: "))

    def test_1_first_failure_ends_the_run(self):
        start = FAILING.index("not ok 2 null_faults")
        self.machine(FAILING[:FAILING.index("\n", start) + 1], then="exec sleep 60", limit=8)
        status, output = self.run_it("--first", "--quiet")
        self.assertEqual(status, 1, output)
        self.assertIn("FAILED harness.null_faults", output)
        self.assertIn("stopped at the first failure after", output)
        self.assertNotIn("CRASH", output)       # the rest is missing because nobody waited for it
        self.assertTrue(self.emulator_gone())

    def test_0_first_failure_that_is_known_ends_nothing(self):
        self.machine(FAILING, known="harness.null* = mended one day")
        status, output = self.run_it("--first")
        self.assertEqual(status, 0, output)
        self.assertIn("XFAIL 1: mended one day\n   harness.null_faults\n", output)
        self.assertRegex(output, r"2 pass, 1 xfail, 1 skip, \S+ s from launch to totals")

    def test_1_known_divergence_that_passes(self):
        self.machine(GOOD, known="harness.null* = mended one day")
        self.assertEqual(self.run_it()[0], 1)
        self.machine(FAILING, known="harness.null* = mended one day")
        self.assertEqual(self.run_it()[0], 0)

    def test_0_a_trace_is_said_to_be_in_the_log(self):
        self.machine(GOOD)
        status, output = self.run_it("trace=on")
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"note: the log has the trace; this shows it: tools/trace \S*fake\.log\n")
        self.assertNotIn("tools/trace", self.run_it("trace=off")[1])

    def test_0_known_divergence_of_the_base_machine(self):
        self.machine(FAILING, known="harness.null* = mended one day")
        with open(self.path("machines/heir"), "w", encoding="utf-8") as file:
            file.write("[machine]\nbase = fake\n[known]\n")
        command = [w if w != "fake" else "heir" for w in self.command("--quiet")]
        env = dict(os.environ, KEYWARD_MACHINES=self.path("machines"))
        self.assertEqual(subprocess.run(command, env=env, check=False).returncode, 0)

    def test_2_bad_arguments(self):
        self.machine(GOOD)
        for bad, why in ((["tests=a b"], ""), (["novalue"], ""), (["a=$(x)"], ""), (["a='"], ""),
                         (["--nonsense"], "no such option: --nonsense; all options: tools/run --help"),
                         (["--lsit"], "no such option: --lsit; did you mean --list?"),
                         (["--timeout", "soon"], "--timeout: invalid float value: 'soon'; all options")):
            status, output = self.run_it(*bad)
            self.assertEqual(status, 2, output)
            self.assertIn(why, output)

    def test_2_word_that_the_kernel_does_not_know(self):
        self.machine(GOOD)
        for bad, why in (("pks=strcit", "pks= takes off|strict|relaxed|silent"),
                         ("test=a.*", "did you mean tests=?"), ("repeat=0", "takes 1 to")):
            status, output = self.run_it(bad)
            self.assertEqual(status, 2, output)
            self.assertIn(why, output)
            self.assertFalse(os.path.exists(self.path("pid")), "it was booted")

    def test_2_kernel_that_does_not_understand_its_command_line(self):
        complaint = "# command line: pkx=1: no such word"
        self.machine(complaint + "\n" + GOOD.replace("# Totals", complaint + "\n# Totals"))
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 2, output)
        self.assertEqual(output.count("NOT UNDERSTOOD fake: command line: pkx=1"), 1, output)

    def test_2_missing_iso_and_missing_command(self):
        self.machine(GOOD)
        status, output = self.run_it("--iso", self.path("none.iso"))
        self.assertEqual(status, 2)
        self.assertIn("make iso", output)
        self.machine(GOOD, extra="needs = no-such-emulator")
        status, output = self.run_it()
        self.assertEqual(status, 2)
        self.assertIn("tools/install", output)

    def test_2_known_without_a_reason(self):
        self.machine(GOOD, known="harness.null* =")
        self.assertEqual(self.run_it()[0], 2)

    def test_2_emulator_that_cannot_start(self):
        self.machine("", then="echo bad option >&2; exit 1")
        status, output = self.run_it()
        self.assertEqual(status, 2)
        self.assertIn("bad option", output)

    def test_3_ended_without_totals(self):
        self.machine(GOOD.split("# Totals")[0])
        status, output = self.run_it()
        self.assertEqual(status, 3)
        self.assertIn("no totals line", output)
        self.assertIn("the last lines of fake", output)

    def test_3_silent_machine_that_exits_with_0(self):
        self.machine("")
        self.assertEqual(self.run_it()[0], 3)

    def test_3_panic_even_after_good_totals(self):
        self.machine(GOOD + "# PANIC: late\n")
        self.assertEqual(self.run_it()[0], 3)

    def test_4_hang(self):
        self.machine(GOOD.split("ok 2 pks")[0], then="sleep 60", limit=1)
        status, output = self.run_it()
        self.assertEqual(status, 4, output)
        self.assertIn("TIME-OUT", output)
        self.assertTrue(self.emulator_gone())

    def test_4_output_without_end(self):
        self.machine("", then="while :; do echo \\# again; done", limit=1)
        status, _ = self.run_it("--quiet")
        self.assertEqual(status, 4)
        self.assertTrue(self.emulator_gone())


class Monitor(Case):
    """exit=monitor without a terminal: what the machine is sent, and that it must end."""

    ENDS = "read line; echo got $line"

    def test_the_machine_is_powered_off_after_the_totals(self):
        self.machine(GOOD, then=self.ENDS, extra="input = serial")
        status, output = self.run_it("exit=monitor")
        self.assertEqual(status, 0, output)
        self.assertIn("got poweroff", output)

    def test_the_last_exit_counts(self):
        self.machine(GOOD)
        self.assertEqual(self.run_it("exit=monitor", "exit=halt")[0], 0)
        self.assertEqual(self.run_it("exit=halt", "exit=monitor")[0], 2)

    def test_a_machine_without_serial_input_is_refused(self):
        self.machine(GOOD)
        status, output = self.run_it("exit=monitor")
        self.assertEqual(status, 2)
        self.assertIn("nothing can be typed to fake", output)

    def test_a_monitor_that_does_not_end_is_a_crash(self):
        self.machine(GOOD, then="sleep 60", limit=1, extra="input = serial")
        status, output = self.run_it("exit=monitor")
        self.assertEqual(status, 3, output)
        self.assertIn("the monitor did not end", output)
        self.assertTrue(self.emulator_gone())

    def test_a_panic_is_a_crash(self):
        self.machine(GOOD, then="read line; echo \\# PANIC: late", extra="input = serial")
        status, output = self.run_it("exit=monitor", "--quiet")
        self.assertEqual(status, 3)
        self.assertIn("the kernel panicked: late", output)

    def test_without_totals_nothing_is_typed(self):
        self.machine(GOOD.split("# Totals")[0], then=self.ENDS, limit=2, extra="input = serial")
        status, output = self.run_it("exit=monitor")
        self.assertEqual(status, 4, output)
        self.assertNotIn("got poweroff", output)

    def test_a_run_without_tests_passes_with_the_monitor_only(self):
        empty = "KTAP version 1\n1..0\n# Totals: pass:0 fail:0 xfail:0 skip:0 error:0\n"
        self.machine(empty, then=self.ENDS, extra="input = serial")
        self.assertEqual(self.run_it("exit=monitor", "tests=none")[0], 0)
        self.assertEqual(self.run_it()[0], 1)


class Manners(Case):
    """What users and calling programs rely on."""

    def test_machine_that_does_not_end_is_only_noted(self):
        self.machine(GOOD, then="sleep 60")
        started = time.monotonic()
        status, output = self.run_it()
        self.assertEqual(status, 0, output)
        self.assertIn("did not end by itself", output)
        self.assertLess(time.monotonic() - started, 8)
        self.assertTrue(self.emulator_gone())

    def test_no_orphan_when_the_runner_is_stopped(self):
        for how in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            self.machine("# here\n", then="sleep 60", limit=60)
            env = dict(os.environ, KEYWARD_MACHINES=self.path("machines"))
            with subprocess.Popen(self.command(), env=env, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL) as runner:
                runner.stdout.readline()
                runner.send_signal(how)
                self.assertNotEqual(runner.wait(10), 0)
            self.assertTrue(self.emulator_gone(), how)
            if how != signal.SIGKILL:
                self.assertEqual(os.listdir(self.path("build/run")), [], how)

    def test_output_without_a_terminal_has_no_escapes(self):
        self.machine(b"\x1b[2J".decode() + FAILING)
        self.assertNotIn("\x1b", self.run_it()[1])

    def test_quiet_prints_only_what_is_wrong(self):
        self.machine(FAILING)
        status, output = self.run_it("--quiet")
        self.assertEqual(status, 1)
        self.assertNotIn("expected_fault", output)
        self.assertIn("FAILED harness.null_faults", output)

    def test_tap_carries_the_verdict(self):
        self.machine(FAILING, known="pks.strict = one day")
        output = self.run_it("--tap")[1]
        self.assertIn("not ok 2 - fake: harness.null_faults", output)
        self.assertIn("not ok 4 - fake: pks.strict", output)
        self.assertIn("1..4", output)
        self.machine(FAILING, known="harness.null* = one day")
        output = self.run_it("--tap")[1]
        self.assertIn("not ok 2 - fake: harness.null_faults # TODO one day", output)
        self.assertIn("\nok 3 - fake: harness.bar # SKIP no PKS on this CPU", output)
        self.machine(GOOD.split("# Totals")[0])
        self.assertIn("not ok 5 - fake: no totals line", self.run_it("--tap")[1])

    def test_addresses_in_the_last_lines_get_a_source_line(self):
        source, elf = self.path("a.c"), self.path("a.elf")
        with open(source, "w", encoding="utf-8") as file:
            file.write("void _start(void)\n{\n\tfor (;;)\n\t\t;\n}\n")
        subprocess.run(["gcc", "-g", "-ffreestanding", "-nostdlib", "-static", "-no-pie",
                        "-fno-pic", "-mcmodel=kernel", "-fno-asynchronous-unwind-tables",
                        "-Wl,-Ttext=0xffffffff80100000", "-Wl,--build-id=none",
                        "-o", elf, source], check=True)
        self.machine(GOOD.split("# Totals")[0] + "# PANIC: here\n"
                     "# RIP ffffffff80100000 _start+0x0/0x2  RFLAGS 00000002\n"
                     "# RAX ffffffff80100000 RBX 0000000000000000\n"
                     "#   ffffffff80100000 _start+0x0/0x2\n")
        output = self.run_it("--elf", elf)[1]
        self.assertRegex(output, r"# RIP ffffffff80100000 .*<- _start .*a\.c:2")
        self.assertRegex(output, r"#   ffffffff80100000 .*<- _start .*a\.c:2")
        self.assertNotRegex(output, r"RAX .*<-")      # a general register holds no code address


if __name__ == "__main__":
    unittest.main()
