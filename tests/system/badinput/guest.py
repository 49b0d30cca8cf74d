# SPDX-License-Identifier: MIT
"""Boot one QEMU, record every console, and report how the guest came to rest.

A guest rests when its process has ended, or when its CPU halts with interrupts off, so that nothing
can wake it. A reset ends the process with status 0 (-no-reboot), so a triple fault cannot pass for
anything else.
"""

import contextlib
import os
import re
import struct
import subprocess
import tempfile
import time

import ktap
import runiso
from emulator import Emulator
from divergence import LISTED
from links import LIMIT, Monitor, Stub
from machine import TOP, Machine, SetupError

DRAWN = 60      # seconds that a screen may take
PASSED, FAILED = 0x10 << 1 | 1, 0x11 << 1 | 1   # isa-debug-exit for panic.h's codes
VGA, VGA_COLUMNS, VGA_ROWS = 0xb8000, 80, 25


class Boot:
    """The result of one boot. `consoles` maps serial, e9 and vga, where they exist, to text.
    `picture` is the screen as a PPM and `frame` a part of memory, where boot() asked for them."""

    def __init__(self):
        self.status, self.rested, self.consoles = None, False, {}
        self.picture = self.frame = None

    def on_every_console(self, pattern, times=1):
        """Yields a problem for each console that does not have the pattern this often."""
        for name, text in self.consoles.items():
            count = len(re.findall(pattern, text, re.MULTILINE))
            if count != times:
                yield "%d times on %s, not %d: %s" % (count, name, times, pattern)

    def refused(self, message):
        """Yields problems unless every console has this one panic and the guest halted."""
        if not self.rested or self.status is not None:
            yield "did not halt, " + self.end()
        yield from self.on_every_console("# PANIC: (?:%s)" % message)
        for name, text in self.consoles.items():
            if text.count("# PANIC") != 1:
                yield "%d panics on %s" % (text.count("# PANIC"), name)

    def passed(self, known):
        """Yields problems unless the tests ran and passed, by the text of the best console."""
        text = self.consoles.get("serial", self.consoles.get("e9"))
        good = (None, PASSED)
        if text is not None:
            good = (None, PASSED, FAILED)       # the kernel does not know the list of divergences
            judge = ktap.Judge(known=known, complete=False)
            for line in text.split("\n"):
                judge.feed(line)
            verdict = judge.verdict()
            yield from verdict.problems
            # The list is that of a CPU with all features and of more cases: what is gone here says nothing.
            yield from ("%s: %s" % (name, what) for name, what, _ in verdict.failures
                        if not what.startswith(LISTED))
        if self.rested and self.status not in good:
            yield "the verdict is not good, " + self.end()
        if not self.rested:
            yield "did not end, " + self.end()

    def end(self):
        """How the guest ended, in words."""
        if not self.rested:
            return "it was still running after %d s" % LIMIT
        return {None: "it halted", 0: "it was reset (a triple fault?), or switched off"}.get(
            self.status, "exit status %s" % self.status)

    def tail(self):
        """The last lines of each console, shown after a failure."""
        for name, text in self.consoles.items():
            lines = [ktap.clean(line) for line in text.split("\n")]
            yield from ("%s: %s" % (name, line) for line in [x for x in lines if x][-12:])


class Host:
    """Boots guests of one build, with a scratch folder."""

    def __init__(self, build, folder):
        missing = Machine("qemu").missing()
        if missing:
            raise SetupError("QEMU needs %s; this installs it: tools/install run"
                             % ", ".join(missing))
        if not os.path.exists(os.path.join(build, "keyward.iso")):
            raise SetupError("there is no keyward.iso in %s; this builds it: make iso" % build)
        self.build, self.folder = build, folder
        self.elf = os.path.join(build, "keyward.elf")
        with open(self.elf, "rb") as file:
            self.entry, = struct.unpack_from("<Q", file.read(64), 24)   # e_entry
        self.isos, self.snapshots, self.first = {}, {}, None

    def symbol(self, name):
        """The address of a symbol of the kernel."""
        lines = subprocess.run(["nm", self.elf], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.splitlines()
        return next(int(x.split()[0], 16) for x in lines if x.split()[-1] == name)

    def _iso(self, script):
        """A copy of the ISO that boots by this GRUB script; one copy for each script."""
        if script not in self.isos:
            self.isos[script] = os.path.join(self.folder, "iso%d" % len(self.isos))
            runiso.make_script(os.path.join(self.build, "keyward.iso"), self.isos[script], script)
        return self.isos[script]

    def _snapshot(self, command):
        """A snapshot of this machine at the kernel's first instruction; firmware and GRUB run once.

        QEMU cannot load a snapshot of a machine that a breakpoint has stopped. So a jump to itself
        replaces the first instruction, whose bytes are in self.first.
        """
        key = tuple(command)
        if key not in self.snapshots:
            path = os.path.join(self.folder, "snapshot%d" % len(self.snapshots))
            with _started(command, stub=True) as (_, monitor, folder):
                stub = Stub(os.path.join(folder, "gdb"))
                stub.run_to_kernel(self.entry)
                self.first = stub.read(self.entry, 2)
                stub.write(self.entry, b"\xeb\xfe")
                stub.leave()
                monitor.ask("stop")
                monitor.ask('migrate "exec:cat >%s"' % path)
            self.snapshots[key] = path
        return self.snapshots[key]

    @contextlib.contextmanager
    def running(self, words, mode=None, machine="qemu-uefi", serial=False):
        """Boot a guest without waiting for its end; yields it, Running. mode: GRUB's, as 800x600."""
        script = ("set gfxpayload=%sx32\n" % mode if mode else "") + runiso.config(words)
        machine = Machine(machine)
        command = machine.command([], iso=self._iso(script.encode()))
        set_option(command, "-serial", "chardev:serial" if serial else "none")
        set_option(command, "-device", None)
        command += ["-device", "isa-debugcon,chardev=e9"]
        with _started(command, stub=False) as (_, monitor, folder):
            yield Running(monitor, folder)

    def boot(self, words=(), raw=None, cpu=None, memory=None, board=None, serial=True, e9=True,
             vga=True, ending=False, meddle=None, more=(), resets=False, machine="qemu",
             picture=False, frame=None, without=(), asks=()):
        """Boot a guest and wait until it rests; returns the Boot.

        words, raw: the command line, as arguments of tools/run or as bytes of a GRUB script.
        ending: add the exit device; without it the guest can be examined after it halts.
        meddle: called with the stub and this object at the kernel's first instruction.
        more: further words for QEMU.
        resets: a reset restarts the guest instead of ending the process.
        machine: a name in machines/. picture: take the screen as pixels, not as text.
        frame: (address, size) of memory to read at the end.
        without: devices of the machine to leave out. asks: with meddle, commands for QEMU's monitor at
        the kernel's first instruction.
        """
        script = runiso.config(words).encode() if raw is None else \
            b"multiboot2 /boot/keyward.bin " + raw + b"\nboot\n"
        machine = Machine(machine)
        machine.settings.update({k: v for k, v in (("cpu", cpu), ("memory", memory),
                                                     ("board", board)) if v})
        command = machine.command([], iso=self._iso(script))
        set_option(command, "-serial", "chardev:serial" if serial else "none")
        set_option(command, "-vga", "std" if vga else "none")
        for device in without:
            at = command.index(device)
            del command[at - 1:at + 1]
        if not ending:
            set_option(command, "-device", None)
        if resets:
            command.remove("-no-reboot")
        command += more
        if e9:
            command += ["-device", "isa-debugcon,chardev=e9"]
        snapshot = meddle and ["-incoming", "exec:cat " + self._snapshot(command)]
        with _started(command + (snapshot or []), stub=meddle) as (emulator, monitor, folder):
            if meddle:
                while "inmigrate" in monitor.ask("info status"):
                    time.sleep(0.02)
                stub = Stub(os.path.join(folder, "gdb"))
                stub.write(self.entry, self.first)
                meddle(stub, self)
                for question in asks:
                    monitor.ask(question)
                stub.leave()
            boot = _watch(emulator, monitor, folder,
                          (serial, e9, vga and not picture and not frame))
            if picture:
                boot.picture = _file(monitor, folder, 'screendump "%s"')
            if frame:
                boot.frame = _file(monitor, folder, 'pmemsave %#x %d "%%s"' % frame)
            return boot


class Running:
    """A guest that shows its results and does not rest, with its monitor."""

    def __init__(self, monitor, folder):
        self.monitor, self.folder = monitor, folder

    def text(self, console="e9"):
        """What a console has printed so far."""
        with open(os.path.join(self.folder, console), "rb") as file:
            return file.read().decode("latin-1").replace("\r", "")

    def wait(self, pattern):
        """Wait until the text has the pattern; returns the text."""
        end = time.monotonic() + LIMIT
        while not re.search(pattern, self.text(), re.MULTILINE):
            if time.monotonic() > end:
                raise OSError("no %s in %d s:\n%s" % (pattern, LIMIT, self.text()[-2000:]))
            time.sleep(0.05)
        return self.text()

    def key(self, name):
        """Press a key, by QEMU's name."""
        self.monitor.ask("sendkey " + name)

    def picture(self, until):
        """The screen as a PPM: once until(it) holds and it is the same twice."""
        end, last = time.monotonic() + DRAWN, None
        while time.monotonic() < end:
            now = _file(self.monitor, self.folder, 'screendump "%s"')
            if now == last and until(now):
                return now
            last = now
            time.sleep(0.1)
        raise OSError("the screen does not become what it should be")


@contextlib.contextmanager
def _started(command, stub):
    """A running machine, its monitor, and the folder of its consoles."""
    # The path is short: a socket's may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="keyward.") as folder:
        errors = os.path.join(folder, "errors")
        with open(errors, "wb") as file, \
                Emulator(command + _wires(folder, stub), TOP, file) as emulator:
            try:
                yield emulator, Monitor(os.path.join(folder, "monitor")), folder
            except OSError as problem:
                with open(errors, encoding="utf-8", errors="replace") as text:
                    raise OSError("%s; it says: %s" % (problem, text.read().strip())) from problem


def _wires(folder, stub):
    """QEMU's words for consoles and monitor; with a stub, the machine starts stopped."""
    place = lambda name: os.path.join(folder, name)     # noqa: E731
    words = ["-chardev", "file,id=serial,path=" + place("serial"),
             "-chardev", "file,id=e9,path=" + place("e9"),
             "-monitor", "unix:%s,server=on,wait=off" % place("monitor")]
    if stub:
        words += ["-S", "-gdb", "chardev:gdb",
                  "-chardev", "socket,id=gdb,server=on,wait=off,path=" + place("gdb")]
    return words


def set_option(command, option, value):
    """Change the word after an option; without a value, remove both."""
    at = command.index(option)
    command[at:at + 2] = [option, value] if value else []


def _watch(emulator, monitor, folder, consoles):
    """Wait until the guest rests, then collect its consoles."""
    boot = Boot()
    while emulator.elapsed() < LIMIT and not boot.rested:
        time.sleep(0.05)
        try:
            boot.rested = monitor.halted()
        except OSError:
            boot.status = emulator.process.wait(5)
            boot.rested = True
    for name, there in zip(("serial", "e9"), consoles):
        if there:
            with open(os.path.join(folder, name), "rb") as file:
                boot.consoles[name] = file.read().decode("latin-1").replace("\r", "")
    if consoles[2] and boot.status is None:
        cells = _file(monitor, folder,
                      'pmemsave %#x %d "%%s"' % (VGA, VGA_COLUMNS * VGA_ROWS * 2))
        boot.consoles["vga"] = _screen_lines(cells[::2].decode("latin-1"))
    return boot


def _file(monitor, folder, command):
    """Run a monitor command that writes a file (%s: its name); returns the content."""
    path = os.path.join(folder, "answer")
    monitor.ask(command % path)
    with open(path, "rb") as file:
        return file.read()


def _screen_lines(cells):
    """A text screen as lines; a row that is full but for one blank continues in the next."""
    rows = [cells[i:i + VGA_COLUMNS].replace("\0", " ")
            for i in range(0, len(cells), VGA_COLUMNS)]
    return "".join(row.rstrip() + "\n" if row.endswith("  ") else row for row in rows)
