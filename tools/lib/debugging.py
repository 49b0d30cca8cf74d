# SPDX-License-Identifier: MIT
"""Shared by both debuggers: arguments, a scratch folder, the launch command, symbols, exit."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import ownbuild
from emulator import die_with_parent
from launch import prepare
from machine import TOP, Machine, SetupError


def parser(name, description, usage):
    """The arguments that both debuggers share."""
    p = argparse.ArgumentParser(prog=name, description=description, usage=usage)
    p.add_argument("arguments", nargs="*", metavar="key=value",
                   help="kernel command line, such as pks=silent or tests=policy.*")
    p.add_argument("--build", default=os.path.join(TOP, "build"), metavar="DIR",
                   help="which build to debug")
    p.add_argument("--emulator", metavar="PATH", help=ownbuild.HELP)
    return p


@contextlib.contextmanager
def folder():
    """A folder for one session. Its path is short: a socket's may have at most 107 characters."""
    path = tempfile.mkdtemp(prefix="keyward.")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def launch(name, build, arguments, where, own=None):
    """The launch command of machine `name` with its ISO in `where`; all faults reach pks_fault().
    `own`: the emulator to start in place of the machine's."""
    if not any(word.startswith("magic=") for word in arguments):
        arguments = [*arguments, "magic=long"]
    machine = Machine(name)
    ownbuild.use(machine, own)
    return prepare(machine, os.path.join(build, "keyward.iso"), arguments, where)


def symbols(build):
    """(address, name) of every function and variable of the kernel, ascending."""
    elf = os.path.join(build, "keyward.elf")
    tool = next((t for t in ("nm", "llvm-nm") if shutil.which(t)), None)
    if not tool or not os.path.exists(elf):
        raise SetupError("%s, or nm to read it, is not there" % elf)
    lines = subprocess.run([tool, "-n", elf], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.splitlines()
    for address, kind, name in (line.split() for line in lines if line[0] != " "):
        # A symbol of the linker script would hide the function at the same address.
        if kind in "tTdDbBrR" and not name.endswith(("_start", "_end")) or name == "thread_start":
            yield int(address, 16), name


def run_in_front(command, errors=None):
    """Run a debugger in the foreground; Ctrl-C reaches it and not us."""
    signal.signal(signal.SIGINT, lambda *_: None)     # not SIG_IGN: the child would inherit it
    with subprocess.Popen(command, cwd=TOP, stderr=errors,
                          preexec_fn=die_with_parent) as child:
        try:
            return child.wait()
        finally:
            if child.poll() is None:
                child.kill()


def main(run):
    """Exit with the status of run(), or with 2 and a message on SetupError."""
    for number in (signal.SIGTERM, signal.SIGHUP):      # so that `finally` runs
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        sys.exit(run())
    except SetupError as problem:
        print("%s: %s" % (os.path.basename(sys.argv[0]), problem), file=sys.stderr)
        sys.exit(2)
