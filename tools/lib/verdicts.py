# SPDX-License-Identifier: MIT
"""Print a verdict: for tools/run that of a machine, for tools/results that of a log."""

import textwrap
from collections import Counter

import ktap
from symbols import symbolise

WIDTH = 100         # of a line of tests' names
TAP_WORDS = {"skip": "SKIP", "xfail": "TODO"}   # TAP's word for a failure that is expected

# The command that runs what a skip's reason rules out.
ELSEWHERE = {
    "only one CPU runs": "./keyward run qemu-smp",
    "needs trace=on": "./keyward run qemu trace=on",
    "needs debug_pagealloc=on": "./keyward run qemu-pagealloc",
    "this machine has no persistent memory": "./keyward run qemu-pmem",
    "a brief run plays it only where there is persistent memory": "./keyward run qemu-pmem",
    "this CPU has no PKS": "./keyward run qemu",
    "this CPU has keys": "./keyward run qemu-nopks",
    "this CPU has no PCIDs": "./keyward run bochs",
    "this CPU has no MOVDIRI": "./keyward run bochs",
}


def show_verdict(screen, name, verdict, elf, tail=(), again=None):
    """Print skips and known divergences by reason, failures and problems, what is wrong last. `tail`,
    the last lines of each boot that crashed, is shown then; `again(case)` is the command that
    repeats one case."""
    reasons = Counter(r.reason for r in verdict.results if r.status == "skip")
    for reason, count in reasons.most_common() if not screen.quiet else ():
        where = ELSEWHERE.get(reason)
        screen.say("SKIP %d: %s%s" % (count, reason, " (%s has them)" % where if where else ""))
    divergences = {}
    for r in verdict.results:
        for reason in r.reasons if r.status == "xfail" else ():
            divergences.setdefault(reason, []).append(r.name)
    for reason, names in sorted(divergences.items(), key=lambda d: -len(d[1])) if not screen.quiet else ():
        screen.say("XFAIL %d: %s" % (len(names), reason))
        for line in textwrap.wrap(", ".join(names), WIDTH, break_on_hyphens=False):
            screen.say("   " + line)
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
    for complaint in verdict.complaints:
        screen.bad("NOT UNDERSTOOD %s: %s" % (name, complaint.lstrip("# ")))
    for problem in verdict.problems:
        screen.bad(("TIME-OUT " if verdict.status == ktap.TIMED_OUT else "CRASH ")
                   + "%s: %s" % (name, problem))
    for crash in verdict.crashes if again else ():
        screen.say("   again: " + again(crash))
    if verdict.lost:
        screen.bad("NOT RUN %s: %s" % (name, ", ".join(verdict.lost)))


def in_words(verdict):
    """What the counts mean, for the end of the last line."""
    if verdict.status == ktap.OK:
        notes = [text for status, text in (
            ("xfail", "xfail: this machine is known to differ from the manual there"),
            ("skip", "skip: does not apply here")) if verdict.counts[status]]
        return "all as expected" + (" (%s)" % "; ".join(notes) if notes else "")
    return {ktap.FAILED: "not as expected, see FAILED above",
            ktap.SETUP: "a word of the command line was not understood",
            ktap.CRASHED: "the run is not whole, see CRASH above",
            ktap.TIMED_OUT: "the run did not end in time"}[verdict.status]


def counts(verdict):
    """The counts as words; counts of 0 are left out, except the passes."""
    return ", ".join("%d %s" % (n, s) for s, n in verdict.counts.items() if n or s == "pass")


def print_tap(name, verdict):
    """Print a machine's verdict as plain TAP, for a caller that adds up several runs."""
    wrong = {case for case, _, _ in verdict.failures}
    lines = [("not ok" if r.name in wrong or r.status == "xfail" else "ok", r.name,
              " # %s %s" % (TAP_WORDS[r.status], r.reason) if r.status in TAP_WORDS else "")
             for r in verdict.results]
    lines += [("not ok", what, "") for case, what, _ in verdict.failures if not case]
    lines += [("not ok", c.lstrip("# "), "") for c in verdict.complaints]
    lines += [("not ok", p.replace("#", "no."), "") for p in verdict.problems]
    lines += [("not ok", "%s: the suite did not run" % s, "") for s in verdict.lost]
    for number, (word, what, directive) in enumerate(lines, 1):
        print("%s %d - %s: %s%s" % (word, number, name, what, directive))
    print("1..%d" % len(lines), flush=True)
