# SPDX-License-Identifier: MIT
"""Read what the suite `stray` prints, and make rows of a table of it."""

import re

OUTCOME = re.compile(r"# stray (\w+) boot=(\d) ((?:\w+=\S+ ?)+)$")
COST = re.compile(r"# stray (\w+) cost ((?:\w+=\d+ ?)+)$")
# The store's pages in the range: enum stray_layout, tests/stray/wild.h.
PAGE, STORE, STORE_PAGES = 4096, 1, 190

HEAD = ["protection", "stray writes", "refused", "landed", "of these by a stale TLB", "landed in the own window",
        "pages damaged after the reboot", "records lost", "the store says", "tools/pmem-check says",
        "instructions per 4 KiB write", "IA32_PKRS writes", "INVLPGs", "IPIs"]


class Bad(ValueError):
    """The console does not have what a table needs; the message says why."""


def _fields(text):
    return {k: int(v) if v.isdigit() else v for k, v in (word.split("=") for word in text.split())}


def arms(tests):
    """The arms, by the names of all tests: those before the first test that is none."""
    mine = [name.partition(".")[2] for name in tests if name.startswith("stray.")]
    return mine[:mine.index("keys_need_no_flush")] if "keys_need_no_flush" in mine else []


def outcome(lines, arm):
    """What the second boot has found, which must be of the campaign that the first one played."""
    found = {int(m[2]): _fields(m[3]) for m in map(OUTCOME.match, lines) if m and m[1] == arm}
    if sorted(found) != [1, 2]:
        raise Bad("%s: the console has no outcome of two boots" % arm)
    for key in ("seed", "attempted", "refused", "landed", "own"):
        if found[1][key] != found[2][key]:
            raise Bad("%s: the boots tell of two campaigns: %s=%s, %s" % (arm, key, found[1][key], found[2][key]))
    return found[2]


def costs(lines):
    """{arm: {"ticks": ..., "writes": ..., ...}}."""
    found = {m[1]: _fields(m[2]) for m in map(COST.search, lines) if m}
    if not found:
        raise Bad("the console has no costs")
    return found


def cut_store(image, out):
    """Copy the store's bytes out of an image of the persistent memory."""
    with open(image, "rb") as whole, open(out, "wb") as part:
        whole.seek(STORE * PAGE)
        part.write(whole.read(STORE_PAGES * PAGE))


def row(arm, found, cost):
    """An arm's row, as HEAD."""
    return [arm.replace("_", " "), found["attempted"], found["refused"], found["landed"], found["stale"], found["own"], found["damaged"],
            found["records"], found["store"], found["outside"], cost["ticks"], cost["writes"], cost["invlpgs"],
            cost["ipis"]]
