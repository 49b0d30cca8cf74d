# SPDX-License-Identifier: MIT
"""Private pages: tables of the lines that the suite `inaccessible` prints with extent=full."""

import re

PATH = re.compile(r"^# path (\w+) (4K|2M) (\w+) hook (\w+) arm (\w+) owner (\w+): (\w+)$", re.M)
USE = re.compile(r"^# private (unmap|key) (\w+) (\w+)$", re.M)
COST = re.compile(r"^# guest (\w+) (private|shared) (\d+) (\w+) ticks (\d+) invlpgs (\d+) flushes (\d+) ipis (\d+)"
                  r" splits (-?\d+)$", re.M)
HOOKS = {"never": "nowhere", "gup": "in gup and writeback", "pte": "in vm_normal_page()"}
SIZES = {"4K": "4 KiB", "2M": "2 MiB"}
MOMENTS = {"before": "", "between": ", page taken before", "taken_back": ", taken back"}
ARMS = ("unmap", "key")
OWNERS = ("shares", "refuses")
# The access of a kernel that nobody has prepared, or has been told about when it was too late.
FATAL = ("unprepared", "too_late")


class Bad(ValueError):
    """A console without all lines."""


def paths(console):
    """{(path, moment, hook, owner): {(size, arm): what became of it}}."""
    found = {}
    for path, size, moment, hook, arm, owner, reach in PATH.findall(console):
        found.setdefault((path, moment, hook, owner), {})[size, arm] = reach
    tried = {key[:2] for key in found}
    for key in [(*t, hook, owner) for t in tried for hook in HOOKS for owner in OWNERS]:
        if len(found.get(key, {})) != len(SIZES) * len(ARMS):
            raise Bad("not all of path %s %s, hook %s, owner %s" % key)
    if not tried:
        raise Bad("no paths")
    return found


def _name(path, moment):
    return path.replace("_", " ") + MOMENTS[moment]


def _tried(found):
    return list(dict.fromkeys(key[:2] for key in found))


def outcomes(found):
    """One row for each path; one column for each place of the hook and answer of the owner."""
    head = ["path"] + ["%s, owner %s" % (where, owner) for where in HOOKS.values() for owner in OWNERS]
    rows = []
    for path, moment in _tried(found):
        cells = []
        for key in [(path, moment, hook, owner) for hook in HOOKS for owner in OWNERS]:
            of = dict.fromkeys(found[key].values())     # one, if sizes and arms do not matter
            cells.append(" or ".join(of).replace("_", " "))
        rows.append([_name(path, moment), *cells])
    return head, rows


def counts(found):
    """By path, page size and place of the hook: trials that would have been fatal; last, how many there are in each."""
    columns = [(hook, size) for hook in HOOKS for size in SIZES]
    rows = [[_name(*tried)] + [sum(found[(*tried, hook, owner)][size, arm] in FATAL for owner in OWNERS for arm in ARMS)
                               for hook, size in columns] + [len(OWNERS) * len(ARMS)] for tried in _tried(found)]
    rows.append(["**all**", *(sum(row[n] for row in rows) for n in range(1, len(columns) + 2))])
    return ["path"] + ["%s, %s" % (HOOKS[hook], SIZES[size]) for hook, size in columns] + ["trials"], rows


def uses(console):
    """One row for each kind of access, one column for each way to keep pages from the kernel."""
    found = {(arm, use): outcome for arm, use, outcome in USE.findall(console)}
    kinds = list(dict.fromkeys(use for _, use in found))
    if not kinds or len(found) != len(kinds) * len(ARMS):
        raise Bad("not all accesses to private pages")
    return ["access", "not in the direct map", "under a denied key"], [
        [use.replace("_", " "), *(found[arm, use].replace("_", " ") for arm in ARMS)] for use in kinds]


def costs(one, many):
    """Instructions on one CPU, events of one and of several CPUs; a row for each number and layout of frames."""
    figures = [{(m[0], m[1], int(m[2]), m[3]): [int(n) for n in m[4:]] for m in COST.findall(console)}
               for console in (one, many)]
    layouts = list(dict.fromkeys(key[2:] for key in figures[0]))
    wanted = {(arm, what, *layout) for arm in ARMS for what in ("private", "shared") for layout in layouts}
    if not layouts or any(set(of) != wanted for of in figures):
        raise Bad("not all costs of private pages")
    head, rows = ["frames made"] + ["%s: %s" % (arm, what) for arm in ARMS for what in (
        "instructions", "INVLPGs", "flushes, 4 CPUs", "INVLPGs, 4 CPUs", "IPIs, 4 CPUs", "large pages lost")], []
    for frames, layout in layouts:
        for what in ("private", "shared"):
            row = ["%s: %d%s" % (what, frames, " scattered" if layout == "scattered" else "")]
            for arm in ARMS:
                ticks, invlpgs, _, _, splits = figures[0][arm, what, frames, layout]
                _, more, flushes, ipis, _ = figures[1][arm, what, frames, layout]
                row += [ticks, invlpgs, flushes, more, ipis, splits]
            rows.append(row)
    return head, rows
