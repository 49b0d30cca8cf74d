# SPDX-License-Identifier: MIT
"""What a run of tools/run leaves besides its report: a record, JUnit XML, plain TAP, as its options ask."""

import junit
import record
from launch import Lacks
from verdicts import print_tap


def absent(opts, why):
    """A machine that cannot be started. True if that is a skip, and has been said."""
    if opts.record:
        record.write(opts.record, record.absent(opts.machine, str(why)))
    if isinstance(why, Lacks) and opts.tap:
        print("ok 1 - %s # SKIP %s\n1..1" % (opts.machine, why))
        return True
    return False


def write(opts, machine, judge, verdict, seconds):
    """A verdict after so many seconds."""
    if opts.record:
        record.write(opts.record, record.of(machine, judge, verdict, opts.iso, opts.arguments, seconds))
    if opts.junit:
        junit.write(opts.junit, opts.machine, verdict, seconds)
    if opts.tap:
        print_tap(machine.name, verdict)
