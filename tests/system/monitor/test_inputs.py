# SPDX-License-Identifier: MIT
"""Input of the monitor: line editing, keyboard, pipes, a machine without PKS; and every way out."""

import json
import os
import re
import select
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import prompt                           # noqa: E402
from prompt import BUILD, PROMPT, TOP, Prompt, shown    # noqa: E402

import debugging                        # noqa: E402
from emulator import Emulator           # noqa: E402

LEFT, RIGHT, UP, DOWN, HOME, END = ("\x1b[" + x for x in "DCABHF")
DELETE = "\x1b[3~"


class Editing(unittest.TestCase):
    """One machine: the typed line, as a terminal shows it and as the kernel runs it."""

    @classmethod
    def setUpClass(cls):
        cls.m = Prompt("tests=none")

    @classmethod
    def tearDownClass(cls):
        cls.m.close()

    def line(self, keys, want):
        """Assert that these keys make this line; returns the answer to it."""
        answer = self.m.ask(keys)
        self.assertEqual(self.m.echo.rstrip(), want)
        return answer

    def test_editing_keys_change_the_line(self):
        for keys in ("gatx\b", "gatxy\x7f\x7f", "gte" + LEFT + LEFT + "a" + END + "\b",
                     "garbage\x15gat", "at" + HOME + "g" + RIGHT + RIGHT, "at\x01g",
                     "gaxt" + LEFT + "\b", "gaxt" + LEFT + LEFT + DELETE, "gat rest\x02\x02\x02"
                     "\x02\x02\x0b", "gat more words\x17\x17\x7f", "\x1b[1~gat\x1b[4~",
                     "g\x1b[9;9Rat", "g\x00\x1ba\xc3\xa4t"):
            with self.subTest(repr(keys)):
                answer = self.line(keys + "\x05e any", "gate any")
                self.assertEqual(answer, ["gate any"])

    def test_arrow_keys_recall_earlier_lines(self):
        self.m.ask("gate any")
        self.m.ask("seed 1")
        self.assertEqual(self.line(UP, "seed 1"), ["seed 1"])
        self.assertEqual(self.line(UP + UP, "gate any"), ["gate any"])
        self.assertEqual(self.line("draft" + UP + DOWN + "\x15seed 3", "seed 3"), ["seed 3"])
        self.assertEqual(self.line(UP + "4", "seed 34"), ["seed 34"])

    def test_control_c_discards_the_line(self):
        self.m.type("poweroff\x03")
        self.assertEqual([x.rstrip() for x in self.m.wait()], ["poweroff^C"])
        self.assertEqual(self.m.ask("seed 5"), ["seed 5"])

    def test_tab_completes_a_word(self):
        self.assertEqual(self.line("see\t9", "seed 9"), ["seed 9"])
        self.assertEqual(self.line("k\tu\tpage7", "kunmap page7")[0][:21], "page7: no such name; ")
        self.assertIn("no such command", self.line("r\tzz", "rzz")[0])

    def test_an_empty_line_does_nothing(self):
        for keys in ("", "   ", '""'):
            answer = self.m.ask(keys)
            self.assertLessEqual(len(answer), 1)

    def test_a_line_has_a_limit_and_can_still_be_erased(self):
        answer = self.m.ask("seed " + "1" * 400)
        self.assertLess(len(self.m.echo), 79)
        self.assertIn("more than 64 bits", "".join(answer))
        answer = self.line("x" * 300 + "\x15seed 6", "seed 6")
        self.assertEqual(answer, ["seed 6"])

    def test_bytes_of_every_value_leave_the_prompt_usable(self):
        self.m.type(bytes(b for b in range(256) if b not in (3, 10, 13, 0x1d)) * 3)
        self.m.type("\x03")
        self.m.wait()
        self.assertEqual(self.m.ask("seed 8"), ["seed 8"])


class Leaving(unittest.TestCase):
    """Each way out of a session, with the verdict of tools/run."""

    def leave(self, *keys):
        """Type these keys; returns the last lines of tools/run and its status."""
        m = Prompt("tests=trace.off*")
        try:
            for part in keys:
                m.type(part)
            return m.end()
        finally:
            m.close()

    def test_poweroff_and_reboot_end_the_run(self):
        for word in ("poweroff", "reboot"):
            lines, status = self.leave(word + "\r")
            self.assertEqual(status, 0, lines)
            self.assertRegex("\n".join(lines), r"(?m)^qemu: 1 pass, .* from launch to totals: ")

    def test_after_halt_the_leave_key_ends_the_run(self):
        lines, status = self.leave("halt\r", "\x1d")
        self.assertEqual(status, 0, lines)
        self.assertRegex("\n".join(lines), r"qemu: 1 pass")

    def test_a_failed_test_is_reported_on_leaving(self):
        m = Prompt("tests=selftest.fails")
        try:
            m.type("poweroff\r")
            lines, status = m.end()
        finally:
            m.close()
        self.assertEqual(status, 1)
        self.assertIn("again: tools/run qemu tests=selftest.fails", "\n".join(lines))

    def test_a_panic_is_a_crash(self):
        lines, status = self.leave("run selftest.panics\r")
        self.assertEqual(status, 3)
        self.assertIn("the kernel panicked", "\n".join(lines))


def piped(*arguments, typed="", machine="qemu"):
    """tools/run with its input from a pipe; status and output."""
    done = subprocess.run([os.path.join(TOP, "tools", "run"), "--build", BUILD, machine,
                           "exit=monitor", *arguments], input=typed, cwd=TOP, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.returncode, done.stdout


class Pipes(unittest.TestCase):
    """Input from a pipe instead of a terminal."""

    def test_an_empty_pipe_powers_off(self):
        status, output = piped("tests=trace.off*")
        self.assertEqual(status, 0, output)
        self.assertIn(PROMPT + "poweroff\n", output)

    def test_the_last_command_needs_no_newline(self):
        status, output = piped("tests=none", typed="page\nread as thread page0\nseed 77")
        self.assertEqual(status, 0, output)
        self.assertIn("#PF page fault, error code 0x21", output)
        self.assertIn("\nseed 77\n", output)

    def test_no_line_of_200_is_lost(self):
        status, output = piped("tests=none", typed="".join("seed %d\n" % n for n in range(200)))
        self.assertEqual(status, 0)
        for n in range(200):
            self.assertIn("\nseed %d\n" % n, output)

    def test_quiet_hides_the_session(self):
        status, output = piped("tests=none", "--quiet", typed="seed 77\n")
        self.assertEqual(status, 0, output)
        self.assertNotIn("seed 77", output)

    def test_a_machine_without_serial_input_is_refused(self):
        status, output = piped(machine="bochs")
        self.assertEqual(status, 2)
        self.assertIn("nothing can be typed to bochs", output)

    def test_commands_say_that_pks_is_missing(self):
        status, output = piped("tests=none", machine="qemu-nopks", typed="\n".join([
            "keys", "page", "read as thread page0", "grant 1 rw", "revoke 1", "pks strict",
            "read as rights=0 page0", "read as nmi 0x8000000000000000", "write page0 5",
            "read page0", "run trace.*", ""]))
        self.assertEqual(status, 0, output)
        for text in ("this CPU has no PKS", "nothing to grant or revoke",
                     "pks strict; but keys deny nothing here", "no IA32_PKRS here",
                     "the address is not canonical", ": 0000000000000005\n"):
            self.assertIn(text, output)
        self.assertNotIn("#PF", output)
        passed, failed, _, skipped, errors = prompt.totals(output.split("\n"))
        self.assertGreater(passed, 4)
        self.assertGreater(skipped, 1)
        self.assertEqual((failed, errors), (0, 0))


class NoKeyboard(unittest.TestCase):
    """A board without a keyboard controller: the kernel reports it and does not wait."""

    def test_a_missing_keyboard_controller_is_reported(self):
        with debugging.folder() as where:
            command = debugging.launch("qemu", BUILD, ["exit=monitor", "tests=none"], where)
            command[command.index("-machine") + 1] += ",i8042=off"
            with Emulator(command, TOP, subprocess.DEVNULL, stdin=subprocess.PIPE) as emulator:
                lines = []
                for line in emulator.lines(lambda: 20):
                    lines.append((line or b"").decode("utf-8", "replace").strip())
                    if "# monitor:" in lines[-1]:
                        break
                self.assertIn("as there is no keyboard controller", lines[-1])
                emulator.process.stdin.write(b"poweroff\r")
                emulator.process.stdin.flush()
                self.assertEqual(emulator.process.wait(20), 0x10 << 1 | 1)


class Keyboard(unittest.TestCase):
    """Keys pressed on QEMU's PS/2 keyboard, by QMP; the serial port only listens."""

    KEYS = {" ": "spc", "-": "minus", "*": "shift-8", ".": "dot", "=": "equal", "\n": "ret"}

    def setUp(self):
        self.folder = debugging.folder()
        where = self.folder.__enter__()
        self.addCleanup(self.folder.__exit__, None, None, None)
        path = os.path.join(where, "qmp")
        command = debugging.launch("qemu", BUILD, ["exit=monitor", "tests=none"], where)
        command += ["-qmp", "unix:%s,server=on,wait=off" % path]
        self.emulator = Emulator(command, TOP, subprocess.DEVNULL)
        self.addCleanup(self.emulator.__exit__)
        self.output = b""
        self.until(PROMPT)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.qmp.close)
        self.qmp.connect(path)
        self.answers = self.qmp.makefile()
        self.answers.readline()
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        """Run one QMP command; skips events."""
        self.qmp.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.answers.readline())
            if "event" not in answer:
                self.assertIn("return", answer)
                return

    def press(self, *keys):
        """Press keys one by one, by QEMU's names; a-b are held together."""
        for key in keys:
            self.execute("send-key", **{"hold-time": 20, "keys": [
                {"type": "qcode", "data": part} for part in key.split("-")]})
            time.sleep(0.05)

    def type(self, *keys):
        """Press keys that the prompt answers, each behind the last answer: a keyboard keeps 16 bytes for
        a guest that the host does not run."""
        for key in keys:
            seen = len(self.output)
            self.press(key)
            self.read(lambda: len(self.output) > seen)

    def enter(self, text):
        """Type a line; returns what the console shows up to the next prompt."""
        self.output = b""
        self.type(*[self.KEYS.get(c) or ("shift-" + c.lower() if c.isupper() else c)
                    for c in text + "\n"])
        return shown(self.until(PROMPT))

    def until(self, text):
        """Read the console until its output ends with this text."""
        self.read(lambda: self.output.endswith(text.encode()))
        return self.output

    def read(self, done, limit=60):
        """Read the console until this holds."""
        pipe, end = self.emulator.process.stdout.fileno(), time.monotonic() + limit
        while not done():
            self.assertTrue(select.select([pipe], [], [], max(0, end - time.monotonic()))[0],
                            self.output[-500:])
            chunk = os.read(pipe, 65536)
            self.assertTrue(chunk, self.output[-500:])
            self.output += chunk

    def test_keys_reach_the_prompt(self):
        self.assertEqual(self.enter("seed 0x1f")[:-1], ["seed 0x1f", "seed 31"])
        self.assertEqual(self.enter("list trace.off*")[1], "trace.off_keeps_nothing")
        self.assertRegex(self.enter("Help")[1], "^Help: no such command")
        self.output = b""
        self.type("up", "ctrl-u", "s", "e", "d", "left", "e", "end", "spc", "x", "backspace", "7",
                  "home", "x", "home", "delete", "ret")
        self.assertEqual(shown(self.until(PROMPT))[1], "seed 7")
        self.output = b""
        self.press("caps_lock")
        self.type("s")
        self.press("caps_lock")
        self.type("e")
        self.press("tab", "ret")
        self.assertRegex(shown(self.until(PROMPT))[1], "^Se: no such command")
        self.press("pause", "f1", "alt", "shift", "ctrl", "num_lock", "pgup")
        self.assertEqual(self.enter("seed 9")[1], "seed 9")

    def test_poweroff_from_the_keyboard_ends_the_machine(self):
        self.type(*"poweroff")
        self.press("ret")
        self.assertEqual(self.emulator.process.wait(20), 0x10 << 1 | 1)


if __name__ == "__main__":
    unittest.main()
