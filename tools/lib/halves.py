# SPDX-License-Identifier: MIT
"""Two machines side by side, each for half of the suites: a verdict in little more than half the time.

One guest with one processor leaves a host's second processor idle. A machine's file names the suite
that begins the second half, so that both halves take as long.
"""

import os
import queue
import random
import threading
import time

import testlist
from emulator import Emulator

# Words after which the run has no two halves, or needs its machine for itself.
_WHOLE = ("tests=", "from=", "until=", "bench=", "boots=", "exit=", "trace=")
FOREVER = 1e6   # seconds


def of(words, settings):
    """The words of each half, or of the one run if it cannot be halved. Both draw from one seed."""
    middle = settings.get("second_half")
    shares = settings.get("pmem") or settings.get("medium", "iso") != "iso"    # an image, a server's port
    if not middle or shares or settings.get("cpus") != "1" or \
            any(w.startswith(_WHOLE) for w in words) or len(os.sched_getaffinity(0)) < 2:
        return [words]
    seed = [] if testlist.value(words, "seed") else ["seed=%d" % random.randrange(1, 1 << 32)]
    return [words + [part + middle] + seed for part in ("until=", "from=")]


class Ahead(Emulator):
    """An emulator that runs before somebody reads its lines. A thread takes them off the pipe, and they
    wait in a queue, each with its time; elapsed() is the time of the one that was read last.

    The thread alone uses `rest`, until a time-out: then the rest is shown, and nobody reads on.
    """

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.now, self.waiting = 0.0, queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def __exit__(self, *_):
        self.kill()             # ends the reader too
        self.reader.join()
        self.process.stdout.close()

    def _read(self):
        for line in super().lines(lambda: FOREVER):
            self.waiting.put((super().elapsed(), line))
        self.waiting.put((super().elapsed(), None))

    def elapsed(self):
        """Seconds from the launch to the line that was read last."""
        return self.now

    def lines(self, deadline):
        """As Emulator.lines(). A line that came after its deadline is late, whenever it is read."""
        while True:
            left = deadline() - (time.monotonic() - self.started)
            try:
                at, line = self.waiting.get(timeout=max(left, 0))
            except queue.Empty:
                at, line = FOREVER, self._take_rest()
            if at > deadline():
                self.now = deadline()
                yield line
                yield None
                return
            self.now = at
            if line is None:
                return
            yield line
