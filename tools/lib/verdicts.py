# SPDX-License-Identifier: MIT
"""Print a verdict: for tools/run that of a machine, for tools/results that of a log."""

import ktap
from symbols import symbolise


def show_verdict(screen, name, verdict, elf, tail=(), again=None):
    """Print failures, known divergences and problems. `tail` is shown after a crash; `again(case)`
    is the command that repeats one case."""
    if verdict.problems:
        screen.say("\n-- the last lines of %s --" % name)
        for line in symbolise(list(tail), elf):
            screen.say("   " + line)
    for case, what, notes in verdict.failures:
        for note in symbolise(notes, elf):
            screen.say("   " + note)
        screen.bad("FAILED %s: %s" % (case or name, what))
        if case and again and not any(n.startswith("  again ") for n in notes):
            screen.say("   again: " + again(case))
    for r in verdict.results:
        if r.status == "xfail":
            screen.say("XFAIL %s: %s" % (r.name, r.reason))
    for problem in verdict.problems:
        screen.bad(("TIME-OUT " if verdict.status == ktap.TIMED_OUT else "CRASH ")
                   + "%s: %s" % (name, problem))


def counts(verdict):
    """The counts as words; counts of 0 are left out, except the passes."""
    return ", ".join("%d %s" % (n, s) for s, n in verdict.counts.items() if n or s == "pass")
