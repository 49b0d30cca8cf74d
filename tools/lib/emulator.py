# SPDX-License-Identifier: MIT
"""Start an emulator, read its console line by line, and see to it that it always ends."""

import ctypes
import os
import select
import signal
import subprocess
import time

LONGEST_LINE = 4096     # firmware draws screens without a single newline


def die_with_parent():
    """Should we be killed outright, the kernel kills the emulator as well."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)      # PR_SET_PDEATHSIG


class Emulator:
    """A context: the process runs inside it and is gone after it."""

    def __init__(self, argv, cwd, errors, stdin=subprocess.DEVNULL):
        # A session of its own: Ctrl-C reaches the runner alone (Bochs would stop in its
        # debugger), and the whole group can be killed by one id that is ours for certain.
        self.process = subprocess.Popen(
            argv, cwd=cwd, stdin=stdin, stdout=subprocess.PIPE, stderr=errors,
            start_new_session=True, preexec_fn=die_with_parent)
        self.started = time.monotonic()
        self.rest = b""     # read, but not yet yielded by lines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()

    def elapsed(self):
        """Seconds since launch."""
        return time.monotonic() - self.started

    def settle(self):
        """The console has ended; the process may need a moment more to do so."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            pass

    def kill(self):
        """SIGKILL, because Bochs may ignore anything milder."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def lines(self, deadline):
        """Yield each console line (bytes). `deadline()` says until when (elapsed seconds) to
        wait and is asked again each time; None is yielded once if that moment passes."""
        pipe = self.process.stdout.fileno()
        while True:
            while b"\n" in self.rest:
                line, _, self.rest = self.rest.partition(b"\n")
                yield line
            if len(self.rest) > LONGEST_LINE:
                yield self._take_rest()
            left = deadline() - self.elapsed()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                yield self._take_rest()
                yield None
                return
            chunk = os.read(pipe, 65536)
            if not chunk:
                yield self._take_rest()
                return
            self.rest += chunk

    def _take_rest(self):
        rest, self.rest = self.rest, b""
        return rest
