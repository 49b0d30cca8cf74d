# SPDX-License-Identifier: MIT
"""The command line of tools/run."""

import argparse
import os

import machine
import ownbuild
import testlist
import words
from machine import TOP

BUILD = os.path.join(TOP, "build")

ENDS = "Exit status: 0 all as expected, 1 a test failed, 2 usage or set-up error, 3 crash, 4 time-out."


class Parser(argparse.ArgumentParser):
    """Ends its help with the machines and the kernel's words, which are read for nothing else."""

    def format_help(self):
        self.epilog = ("machines (a file of machines/ each):\n%s\n\n"
                       "words of the kernel's command line (default):\n%s\n\n%s"
                       % (machine.listing(), words.listing(words.read()), ENDS))
        return super().format_help()

    def error(self, message):
        """Say what is wrong, and where help is."""
        raise machine.SetupError(message + "; all options: tools/run --help")

    def parse(self):
        """The options of the command line; one that does not exist is refused with the nearest name."""
        opts, unknown = self.parse_known_intermixed_args()
        if unknown:
            known = [option for action in self._actions for option in action.option_strings]
            self.error("no such option: %s%s" % (unknown[0], words.meant(unknown[0], known)))
        return opts


def narrowing(arguments):
    """What goes with case=, if it names no test: the suite that it is about."""
    case = testlist.value(arguments, "case")
    if not case or testlist.value(arguments, "tests"):
        return []
    return ["tests=" + ("matrix.*" if ":" in case or case == "default" else "interleave.*")]


def options(about):
    """The command line; `about` is the program in a sentence."""
    p = Parser(
        prog="tools/run", description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="tools/run MACHINE [key=value ...] [options]   (machines/ holds the machines)")
    p.add_argument("machine", metavar="MACHINE", nargs="?", help="one of those below")
    p.add_argument("arguments", nargs="*", metavar="key=value",
                   help="kernel command line, such as pks=strict or tests=policy.*,keys.*")
    p.add_argument("--list", nargs="?", const="*", metavar="GLOB,...",
                   help="list the tests that tests=GLOB,... selects, without a boot")
    p.add_argument("--build", default=BUILD, metavar="DIR",
                   help="the build to boot; the default of the next three is in it")
    p.add_argument("--iso", help="the image")
    p.add_argument("--elf", help="the kernel with symbols")
    p.add_argument("--emulator", metavar="PATH", help=ownbuild.HELP)
    p.add_argument("--log", metavar="FILE",
                   help="the file for the console (logs/MACHINE.log of the build)")
    p.add_argument("--timeout", type=float, metavar="SECONDS",
                   help="stop the machine after this time (the limit in its file, longer on a busy host)")
    p.add_argument("--halves", action="store_true",
                   help="boot two machines side by side, each for half of the suites, if this machine's "
                   "file has `second_half` and the words leave all suites")
    p.add_argument("--icount", action="store_true", help="one TSC tick per instruction (QEMU)")
    p.add_argument("--gdb", action="store_true", help="wait for gdb on port 1234 (QEMU)")
    p.add_argument("--pmem", metavar="FILE", help="the image of the machine's persistent memory, kept "
                   "after the run; made if it is not there")
    p.add_argument("-v", "--verbose", action="store_true",
                   help="show the whole console on a terminal too; elsewhere it is always shown")
    p.add_argument("--slowest", type=int, default=0, metavar="N", help="show the N slowest tests")
    p.add_argument("--first", action="store_true", help="stop at the first failure")
    p.add_argument("--quiet", action="store_true", help="show only what went wrong")
    p.add_argument("--tap", action="store_true", help="print the judged results as plain TAP")
    p.add_argument("--junit", metavar="FILE", help="the judged results as JUnit XML")
    p.add_argument("--known", metavar="FILE", help="more [known] divergences, those of a build")
    p.add_argument("--record", metavar="FILE", help="the results of the suite `matrix`, as JSON")
    p.add_argument("--show", action="store_true", help="print the launch command and keep its ISO")
    opts = p.parse()
    if not opts.machine and not opts.list:
        p.error("which machine?")
    opts.arguments += narrowing(opts.arguments)
    opts.iso = opts.iso or os.path.join(opts.build, "keyward.iso")
    opts.elf = opts.elf or os.path.join(opts.build, "keyward.elf")
    opts.log = opts.log or os.path.join(opts.build, "logs", "%s.log" % opts.machine)
    return opts


def build_flag(opts):
    """The words that repeat the choice of a build on a command line."""
    return [] if opts.build == BUILD else ["--build", opts.build]
