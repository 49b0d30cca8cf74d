# SPDX-License-Identifier: MIT
"""A user at the monitor, on a pseudo-terminal: types, and reads what a terminal would show."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

from emulator import die_with_parent    # noqa: E402

BUILD = os.environ.get("KEYWARD_BUILD") or os.path.join(TOP, "build")
PROMPT = "keyward> "


def shown(data):
    """The lines that a terminal shows: \\b moves back, \\r to the start, text overwrites."""
    lines, column = [""], 0
    for char in data.decode("utf-8", "replace"):
        if char == "\n":
            lines.append("")
            column = 0
        elif char == "\r":
            column = 0
        elif char == "\b":
            column = max(0, column - 1)
        else:
            lines[-1] = lines[-1][:column].ljust(column) + char + lines[-1][column + 1:]
            column += 1
    return lines


class Gone(Exception):
    """The console has ended, or no prompt came; carries the last output."""


class Prompt:
    """tools/run on a pseudo-terminal, up to its prompt."""

    def __init__(self, *arguments, machine="qemu"):
        ours, theirs = pty.openpty()
        self.console = ours
        self.process = subprocess.Popen(
            [os.path.join(TOP, "tools", "run"), "--build", BUILD, machine, "exit=monitor",
             *arguments], cwd=TOP, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=die_with_parent,
            env=dict(os.environ, NO_COLOR="1"))
        os.close(theirs)
        self.output = b""
        self.boot = self.wait()

    def close(self):
        """Stop tools/run if it still runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)
        os.close(self.console)

    def _more(self, limit):
        try:
            if select.select([self.console], [], [], limit)[0]:
                return os.read(self.console, 65536)
        except OSError:     # the other end has been closed
            pass
        return b""

    def wait(self, limit=60):
        """The lines up to the next prompt that nothing follows, without that prompt."""
        data, until = b"", time.monotonic() + limit
        while not data.endswith(PROMPT.encode()):
            chunk = self._more(max(0, until - time.monotonic()))
            if not chunk:
                raise Gone("no prompt:\n" + "\n".join(shown(data)[-30:]))
            data += chunk
        self.output += data
        return shown(data)[:-1]

    def type(self, keys):
        """Send keys, without Enter. Wait for their echo before more: pasted bytes can get lost."""
        os.write(self.console, keys if isinstance(keys, bytes) else keys.encode())

    def ask(self, text, limit=20):
        """Type a line; returns the answer. `self.echo` is the typed line as it was shown."""
        self.type(text + "\r")
        echo, *answer = self.wait(limit)
        self.echo = echo
        return answer

    def end(self, limit=20):
        """The lines until tools/run has ended, and its exit status."""
        data, until = b"", time.monotonic() + limit
        while self.process.poll() is None and time.monotonic() < until:
            data += self._more(0.2)
        while True:
            chunk = self._more(0.2)
            if not chunk:
                break
            data += chunk
        return shown(data), self.process.poll()


def totals(lines):
    """The numbers of the totals line: pass, fail, xfail, skip, error."""
    found = [x for x in lines if x.startswith("# Totals: ")]
    return [int(n) for n in re.findall(r":(\d+)", found[-1])] if found else None


class OneMonitor(unittest.TestCase):
    """One machine for all tests of a class; each test sets the state it depends on."""

    @classmethod
    def setUpClass(cls):
        cls.m = Prompt("tests=trace.*")
        cls.m.ask("pks relaxed")
        made = cls.m.ask("page")
        cls.page = int(re.match(r"page0 is at ([0-9a-f]{16}): device memory, key 1 \(devmap\)$",
                                made[0])[1], 16)
        cls.m.ask("page")   # page1: another one of the same key

    @classmethod
    def tearDownClass(cls):
        cls.m.close()

    def ask(self, text, limit=20):
        """The answer to one command."""
        return self.m.ask(text, limit)

    def one(self, text, pattern):
        """Assert that the answer to a command is one line that matches."""
        answer = self.ask(text)
        self.assertEqual(len(answer), 1, answer)
        self.assertRegex(answer[0], pattern)

    def fresh(self, mode, gate="kmapped"):
        """Set the mode and the gate, and take back the monitor's own rights."""
        for command in ("pks " + mode, "gate " + gate, "revoke 1"):
            self.ask(command)
