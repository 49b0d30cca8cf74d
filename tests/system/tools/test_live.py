# SPDX-License-Identifier: MIT
"""What a person sees of a run on a terminal."""

import io
import os
import pty
import re
import subprocess
import sys
import unittest

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))
sys.path.insert(0, os.path.join(TOP, "tests", "system", "tools"))

import ktap                             # noqa: E402
from live import Live                   # noqa: E402
from test_ktap import FAILING, GOOD     # noqa: E402
from test_run import Case               # noqa: E402


def seen(text):
    """The lines that stay on the screen: what a carriage return and a clear leave."""
    return [re.sub(r"\x1b\[[0-9;]*m", "", line.rsplit("\x1b[K", maxsplit=1)[-1]).rstrip()
            for line in text.replace("\r\n", "\n").split("\n")]


class Lines(unittest.TestCase):
    """The lines of the suites, drawn from a log."""

    def draw(self, text, **known):
        """(all that was written, the lines that stay)"""
        out, judge, now = io.StringIO(), ktap.Judge(known=known), iter(range(1000))
        live = Live(out, False, clock=lambda: next(now), title="the run")
        self.assertEqual(out.getvalue(), "")    # a refusal stands on a line of its own
        for _ in range(2):
            live.begin()
        for line in text.split("\n"):
            judge.feed(line)
            live.show(judge, line)
        live.close()
        self.assertTrue(out.getvalue().startswith("the run\n\r"))
        self.assertEqual(out.getvalue().count("the run"), 1)
        return out.getvalue(), seen(out.getvalue())[1:]

    def test_each_suite_leaves_one_line_with_its_counts(self):
        lines = self.draw(GOOD)[1]
        self.assertRegex(lines[0], r"^  harness +2 pass, 1 skip +\d+\.0 s$")
        self.assertRegex(lines[1], r"^  pks +1 pass +\d+\.0 s$")
        self.assertEqual(lines[2:], [""])

    def test_a_failure_that_is_known_is_not_called_one(self):
        self.assertRegex(self.draw(FAILING)[1][0], r"^  harness +1 pass, 1 fail, 1 skip ")
        known = {"harness.null_*": "it is the machine's (1.0)"}
        self.assertRegex(self.draw(FAILING, **known)[1][0], r"^  harness +1 pass, 1 xfail, 1 skip ")
        self.assertRegex(self.draw(GOOD, **known)[1][0], r"^  harness +1 pass, 1 fail, 1 skip ")

    def test_the_bar_grows_with_the_results(self):
        text = self.draw(GOOD)[0]
        for part in ("[.]{20}   0 of 3 ", "#{6}[.]{14}   1 of 3 ", "#{13}[.]{7}   2 of 3 "):
            self.assertRegex(text, part)

    def test_the_answer_about_a_case_stays(self):
        case = "# case kind:add expected=none observed=none agrees"
        lines = self.draw(GOOD.replace("    ok 2", "    %s\n    ok 2" % case))[1]
        self.assertEqual(lines[0], "    " + case)
        self.assertRegex(lines[1], r"^  harness +2 pass, 1 skip ")

    def test_a_suite_that_does_not_end_keeps_its_line(self):
        self.assertRegex(self.draw(GOOD.split("    ok 2")[0])[1][0], r"harness .* 1 of 3 ")

    def test_another_boot_begins_below_the_suite_that_crashed(self):
        out, judge = io.StringIO(), ktap.Judge()
        live = Live(out, False, clock=lambda: 0)
        for text in (GOOD.split("    ok 2")[0], "KTAP version 1\n1..1\n" + GOOD[GOOD.index(
                "    KTAP version 1\n    # Subtest: pks"):].replace("ok 2 pks", "ok 1 pks")):
            for line in text.split("\n"):
                judge.feed(line)
                live.show(judge)
            if "expected_fault" in text:
                judge.next_boot(False, None)
                live.boot_again("pks")
        live.close()
        lines = seen(out.getvalue())
        self.assertIn("booting again from pks", out.getvalue())
        self.assertRegex(lines[0], r"^  harness .* 1 of 3 ")
        self.assertRegex(lines[1], r"^  pks +1 pass ")
        self.assertEqual(lines[2:], [""])


class Terminal(Case):
    """tools/run on a pseudo-terminal."""

    def on_terminal(self, *arguments):
        """The lines that tools/run leaves on a terminal."""
        master, slave = pty.openpty()
        with subprocess.Popen(self.command(*arguments), stdout=slave, stderr=slave, env=dict(
                os.environ, TERM="xterm", KEYWARD_MACHINES=self.path("machines"))) as run:
            os.close(slave)
            text = b""
            try:
                while chunk := os.read(master, 4096):
                    text += chunk
            except OSError:     # the other end is closed
                pass
            run.wait(10)
        os.close(master)
        return seen(text.decode())

    def test_suites_then_what_is_wrong_then_the_verdict(self):
        self.machine(FAILING)
        lines = self.on_terminal()
        self.assertIn("logs/fake.log", lines[0])
        order = [next(i for i, line in enumerate(lines) if re.search(pattern, line))
                 for pattern in ("harness .*1 fail", "pks .*1 pass", "^SKIP 1:",
                                 "^FAILED harness.null_faults", "^fake: 2 pass.* not as expected")]
        self.assertEqual(order, sorted(order))
        self.assertNotIn("KTAP version 1", lines)

    def test_verbose_shows_the_console(self):
        self.machine(GOOD)
        self.assertIn("KTAP version 1", self.on_terminal("-v"))

    def test_the_log_names_the_slowest_tests(self):
        self.machine(GOOD)
        self.on_terminal()
        with open(self.path("build/logs/fake.log"), encoding="utf-8") as log:
            text = log.read()
        self.assertIn("KTAP version 1", text)
        self.assertRegex(text, r"\n# slowest: +\d+\.\d\d s \w+\.\w+\n")
