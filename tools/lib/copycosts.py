# SPDX-License-Identifier: MIT
"""Two ways to copy a page that may be unmapped: a table of the lines that the suite `snapshot` prints with extent=full."""

import re

REACH = re.compile(r"^# snapshot ([\w-]+) reachable (\d+) of (\d+) steps$", re.M)
COST = re.compile(r"^# snapshot ([\w-]+) (mapped|hidden) ticks (\d+) invlpgs (\d+) ipis (\d+) cpus (\d+)$", re.M)
REFUSED = re.compile(r"^# snapshot ([\w-]+) refused (\S+)$", re.M)
WAYS = ("alias", "direct-map")


class Bad(ValueError):
    """A console without all figures."""


def table(one, many):
    """A row for each way; consoles of one CPU and of four."""
    try:
        reach = {m[1]: m.group(3, 2) for m in REACH.finditer(one)}
        refused = {m[1]: m[2] for m in REFUSED.finditer(one)}
        ticks = {m.group(1, 2): int(m[3]) for m in COST.finditer(one) if m[6] == "1"}
        events = {m[1]: m.group(4, 5) for m in COST.finditer(many) if m.group(2, 6) == ("hidden", "4")}
        rows = [[way.replace("-", " "), ticks[way, "mapped"], ticks[way, "hidden"], *events[way], *reach[way], refused[way]]
                for way in WAYS]
    except KeyError as missing:
        raise Bad("no figures of %s" % (missing.args[0],)) from missing
    return ["way", "mapped: instructions", "hidden: instructions", "hidden: INVLPGs, 4 CPUs", "hidden: IPIs, 4 CPUs",
            "steps", "with the page reachable", "in a large page, no memory"], rows
