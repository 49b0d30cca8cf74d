# SPDX-License-Identifier: MIT
"""Start an emulator, read its console line by line, and make sure that it ends."""

import ctypes
import os
import select
import signal
import subprocess
import tempfile
import time

LONGEST_LINE = 4096     # firmware draws whole screens without a newline
NAP = 0.5   # seconds in select() at most: a signal right before it runs its Python handler only after it


def die_with_parent():
    """Have the host's kernel kill this process when its parent dies, even by SIGKILL."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


class Emulator:
    """A context manager: the process runs in it and is gone after it."""

    def __init__(self, argv, cwd, errors=None, stdin=subprocess.DEVNULL):
        self.errors = errors or tempfile.TemporaryFile()    # takes what it writes to stderr
        # In a new session Ctrl-C reaches the runner alone (Bochs would stop in its debugger),
        # and one id kills the whole group, which is certainly ours.
        self.process = subprocess.Popen(
            argv, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=self.errors,
            start_new_session=True, preexec_fn=die_with_parent)
        self.started = time.monotonic()
        self.rest = b""     # read, but lines() has not yielded it yet

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()

    def elapsed(self):
        """Seconds since launch."""
        return time.monotonic() - self.started

    def said(self):
        """The lines that it has written to stderr, if the caller gave no file for them."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace").splitlines()

    def settle(self):
        """Wait up to a second for the process to end after its console has."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            pass

    def kill(self):
        """Kill the process group by SIGKILL; Bochs may ignore other signals."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def lines(self, deadline):
        """Yield each console line (bytes). `deadline()` returns when to stop waiting (in elapsed
        seconds) and is called before each read; at that time, yield None and end."""
        pipe = self.process.stdout.fileno()
        while True:
            while b"\n" in self.rest:
                line, _, self.rest = self.rest.partition(b"\n")
                yield line
            if len(self.rest) > LONGEST_LINE:
                yield self._take_rest()
            left = deadline() - self.elapsed()
            if left <= 0:
                yield self._take_rest()
                yield None
                return
            if not select.select([pipe], [], [], min(left, NAP))[0]:
                continue
            chunk = os.read(pipe, 65536)
            if not chunk:
                yield self._take_rest()
                return
            self.rest += chunk

    def _take_rest(self):
        rest, self.rest = self.rest, b""
        return rest
