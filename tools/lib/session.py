# SPDX-License-Identifier: MIT
"""exit=monitor: the console after the totals, when the kernel's monitor takes commands.

From a terminal each key goes to the serial port. Without a terminal the input is passed on as it
comes, with `poweroff` after its end.
"""

import contextlib
import os
import select
import sys
import termios
import time
import tty

LEAVE = b"\x1d"     # Ctrl-]
HINT = "-- the monitor: help lists its commands; poweroff, or Ctrl-], leaves --"
_CHUNK = 4096


def wanted(arguments):
    """True if the kernel's command line has exit=monitor; the last exit= counts."""
    return [a for a in arguments if a.startswith("exit=")][-1:] == ["exit=monitor"]


@contextlib.contextmanager
def _raw(terminal):
    """Have the terminal pass on each key, Ctrl-C too, without echo."""
    before = termios.tcgetattr(terminal)
    try:
        tty.setraw(terminal)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class Session:
    """One session. With `listen` it passes our input on; else it sends only `poweroff`."""

    def __init__(self, emulator, log, listen, show):
        self.emulator, self.log, self.show = emulator, log, show
        self.source = sys.stdin.fileno() if listen else None
        self.terminal = listen and sys.stdin.isatty()
        self.unsent = b"" if listen else b"poweroff\n"
        self.open = False   # our input so far ends in the middle of a line
        self.line = b""     # the console's last line, as far as it has come
        self.panic = None

    def hold(self, seconds):
        """Run until the machine ends or the user leaves (True), or the time is up (False)."""
        if not self.terminal:
            return self._pump(seconds)
        print(HINT, flush=True)
        with _raw(self.source):
            self._pump(None)
        print(flush=True)
        return True

    def _pump(self, seconds):
        until = None if seconds is None else time.monotonic() + seconds
        self._output(self.emulator.rest)
        while True:
            left = None if until is None else max(0, until - time.monotonic())
            console, sink = self.emulator.process.stdout, self.emulator.process.stdin
            sources = [console] + ([self.source] if self.source is not None and not self.unsent
                                   else [])
            ready, free, _ = select.select(sources, [sink] if self.unsent else [], [], left)
            if not ready and not free:
                return False
            if console in ready:
                chunk = os.read(console.fileno(), 65536)
                if not chunk:
                    return True
                self._output(chunk)
            if self.source in ready and not self._take():
                return True
            if free and not self._send(sink):
                self.unsent, self.source = b"", None    # it reads no more; its end will come

    def _take(self):
        """Read our input; returns False if the user leaves."""
        chunk = os.read(self.source, _CHUNK)
        if self.terminal and (LEAVE in chunk or not chunk):
            return False
        if not chunk:
            self.source, chunk = None, b"\npoweroff\n" if self.open else b"poweroff\n"
        self.open = chunk[-1:] not in (b"\r", b"\n")
        self.unsent += chunk
        return True

    def _send(self, sink):
        try:
            self.unsent = self.unsent[os.write(sink.fileno(), self.unsent[:_CHUNK]):]
        except BrokenPipeError:
            return False
        return True

    def _output(self, chunk):
        """Log and show console output, and watch for a panic."""
        self.log.write(chunk)
        self.log.flush()
        if self.show:
            out = chunk if self.terminal else chunk.replace(b"\r", b"")
            sys.stdout.buffer.write(out)
            sys.stdout.buffer.flush()
        *lines, self.line = (self.line + chunk).split(b"\n")
        for line in lines:
            if b"# PANIC: " in line and not self.panic:
                self.panic = line.split(b"# PANIC: ", 1)[1].decode("utf-8", "replace").strip()
