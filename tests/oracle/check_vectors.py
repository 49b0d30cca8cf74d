#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Check the oracle's test vectors against a second reading of the manual, written apart from the oracle.

    tests/oracle/check_vectors.py [FILE]        (vectors.json beside this file)

Checks each case's outcome; and that the cases are well chosen: each bit of each input decides some
case (two cases differ in nothing else, and in their outcomes), and so does each rule (without it some
case would have another outcome). It needs nothing else of Keyward.
Exit status: 0 all is so, 1 it is not, 2 the file cannot be read.
"""

import json
import os
import sys

SCHEMA, VERSION = "keyward-oracle-vectors", 1
OUTCOMES = ["fault", "error", "unsettled", "accessed", "dirty"]
FLAGS = ["cr4_pks", "cr4_pke", "cr0_wp", "cr4_smep", "cr4_smap", "ac", "user_mode", "implicit", "present",
         "reserved", "writable", "user", "no_execute"]
BITS = {"pkrs": 32, "pkru": 32, "key": 4, **{name: 1 for name in FLAGS}}
KINDS = ["read", "write", "modify", "fetch"]

# The error code ("Page-Fault Exceptions").
P, WR, US, RSVD, ID, PK = (1 << n for n in range(6))

# The rules, with the section of the SDM (Vol. 3A) that has them. RIGHTS: "Determination of Access
# Rights", KEYS: "Protection Keys", ERROR: "Page-Fault Exceptions", FLAG: "Accessed and Dirty Flags".
RULES = """
no_translation          ERROR   P = 0 in an entry: every access faults
reserved_bit            ERROR   a reserved bit in a present entry: every access faults
p_if_present            ERROR   P of the error code: the page was present
w_if_write              ERROR   W/R: the access was a write
u_if_user               ERROR   U/S: it was a user-mode access
rsvd_if_reserved        ERROR   RSVD: a reserved bit in a present entry
id_if_fetch             ERROR   I/D: it was a fetch
pk_if_key               ERROR   PK: the key denies the access, whatever else does
pk_needs_present        ERROR   PK is 0 where there is no translation
pk_open_beside_mode     ERROR   PK is left open where U/S denies user mode too
pk_open_beside_smap     ERROR   PK is left open where SMAP denies too
pk_open_beside_rsvd     ERROR   PK is left open beside RSVD
supervisor_page         RIGHTS  a user-mode access to a supervisor-mode address is denied
implicit_is_supervisor  RIGHTS  the processor's own accesses are supervisor-mode at any CPL
read_only_user          RIGHTS  R/W = 0 denies user-mode writes
read_only_supervisor    RIGHTS  R/W = 0 denies supervisor-mode writes if CR0.WP = 1
wp_0_permits            RIGHTS  R/W = 0 does not deny them if CR0.WP = 0
modify_is_write         RIGHTS  a read-modify-write is a write
execute_disable         RIGHTS  XD = 1 denies fetches
smep                    RIGHTS  SMEP denies a supervisor's fetches from user-mode addresses
smep_only_supervisor    RIGHTS  SMEP does not affect user mode
smap                    RIGHTS  SMAP denies a supervisor's data accesses to user-mode addresses
smap_only_data          RIGHTS  SMAP does not affect fetches
ac_suspends_smap        RIGHTS  EFLAGS.AC = 1 suspends SMAP for explicit accesses
ac_not_for_implicit     RIGHTS  AC = 1 does not suspend SMAP for implicit accesses
fetches_have_no_key     KEYS    keys do not affect fetches
pks_in_force            KEYS    with CR4.PKS = 0 IA32_PKRS does nothing
pke_in_force            KEYS    with CR4.PKE = 0 PKRU does nothing
pkrs_ad                 KEYS    AD in IA32_PKRS denies data accesses to supervisor-mode addresses
pkrs_wd                 KEYS    WD in IA32_PKRS denies writes to them
pkru_ad                 KEYS    AD in PKRU denies data accesses to user-mode addresses
pkru_wd_user            KEYS    WD in PKRU denies user-mode writes to them
pkru_wd_supervisor      KEYS    WD in PKRU denies supervisor-mode writes to them if CR0.WP = 1
wp_0_suspends_wd        KEYS    WD does not affect supervisor-mode writes if CR0.WP = 0
a_if_permitted          FLAG    a permitted access sets A
d_if_written            FLAG    a permitted write sets D
d_only_if_written       FLAG    no other access sets D
"""
NAMES = [line.split()[0] for line in RULES.strip().splitlines()]


class Unreadable(Exception):
    """The file is no set of vectors that this reader knows."""


class Reading:
    """The outcome of one case. `without`: a rule that is left out."""

    def __init__(self, case, without=None):
        self.c, self.without = case, without
        kind = KINDS[case["access"]]
        self.fetch = kind == "fetch"
        self.write = kind == "write" or (kind == "modify" and self.on("modify_is_write"))
        self.user = bool(case["user_mode"]) and not (case["implicit"] and
                                                     self.on("implicit_is_supervisor"))

    def on(self, rule):
        """True if the rule is in force."""
        return rule != self.without

    def right(self, register, bit):
        """A bit of the key's rights: AD (0) or WD (1)."""
        return self.c[register] >> (2 * self.c["key"] + bit) & 1

    def wp_matters(self, rule):
        """True if supervisor-mode writes are protected; `rule` is the one that says otherwise."""
        return bool(self.c["cr0_wp"]) or not self.on(rule)

    def by_key(self):
        """The rules by which the key of a present page denies the access."""
        c = self.c
        if self.fetch and self.on("fetches_have_no_key"):
            return False
        if c["user"]:
            register, enabled = "pkru", c["cr4_pke"] or not self.on("pke_in_force")
            wd = "pkru_wd_user" if self.user else "pkru_wd_supervisor"
        else:
            register, enabled = "pkrs", c["cr4_pks"] or not self.on("pks_in_force")
            wd = "pkrs_wd"
        if not enabled:
            return False
        if self.right(register, 0) and self.on(register + "_ad"):
            return True
        protected = self.user or self.wp_matters("wp_0_suspends_wd")
        return bool(self.right(register, 1) and self.write and protected and self.on(wd))

    def by_mode(self):
        """U/S denies."""
        return self.user and not self.c["user"] and self.on("supervisor_page")

    def by_smap(self):
        """SMAP denies."""
        c = self.c
        if self.user or not c["user"] or not c["cr4_smap"] or not self.on("smap"):
            return False
        if self.fetch and self.on("smap_only_data"):
            return False
        suspended = c["ac"] and self.on("ac_suspends_smap")
        return not (suspended and not (c["implicit"] and self.on("ac_not_for_implicit")))

    def by_fetch(self):
        """XD or SMEP denies."""
        c = self.c
        if not self.fetch:
            return False
        smep = c["cr4_smep"] and c["user"] and self.on("smep") and \
            not (self.user and self.on("smep_only_supervisor"))
        return bool(smep or (c["no_execute"] and self.on("execute_disable")))

    def by_read_only(self):
        """R/W denies."""
        if not self.write or self.c["writable"]:
            return False
        if self.user:
            return self.on("read_only_user")
        return self.on("read_only_supervisor") and self.wp_matters("wp_0_permits")

    def outcome(self):
        """[fault, error, unsettled, accessed, dirty]"""
        c, on = self.c, self.on
        present, reserved = bool(c["present"]), bool(c["present"] and c["reserved"])
        key = self.by_key() and (present or not on("pk_needs_present"))
        mode, smap = self.by_mode(), self.by_smap()
        denied = any([key, mode, smap, self.by_fetch(), self.by_read_only(),
                      not present and on("no_translation"), reserved and on("reserved_bit")])
        if not denied:
            dirty = self.write and on("d_if_written") or not on("d_only_if_written")
            return [0, 0, 0, int(on("a_if_permitted")), int(dirty)]
        bits = (("p_if_present", present, P), ("w_if_write", self.write, WR),
                ("u_if_user", self.user, US), ("rsvd_if_reserved", reserved, RSVD),
                ("id_if_fetch", self.fetch, ID), ("pk_if_key", key, PK))
        error = sum(bit for rule, is_so, bit in bits if is_so and on(rule))
        beside = (("mode", mode), ("smap", smap), ("rsvd", reserved))
        is_open = key and any(is_so and on("pk_open_beside_" + what) for what, is_so in beside)
        return [1, error, PK if is_open else 0, 0, 0]


def load(path):
    """(names of the inputs, [(inputs, outcome)]), both lists of numbers."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        if (data["schema"], data["version"]) != (SCHEMA, VERSION):
            raise Unreadable("%s version %s, not %s version %d"
                             % (data["schema"], data["version"], SCHEMA, VERSION))
        names = [field["name"] for field in data["inputs"]]
        if sorted(names) != sorted([*BITS, "access"]):
            raise Unreadable("the inputs differ from those that are known here: %s"
                             % " ".join(sorted(set(names) ^ {*BITS, "access"})))
        if [field["name"] for field in data["outcomes"]] != OUTCOMES:
            raise Unreadable("the outcomes are not %s" % " ".join(OUTCOMES))
        width = len(names) + len(OUTCOMES)
        for number, case in enumerate(data["cases"]):
            if len(case) != width or any(type(n) is not int or n < 0 for n in case):
                raise Unreadable("case %d is not a list of %d numbers" % (number, width))
        return names, [(case[:len(names)], case[len(names):]) for case in data["cases"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable("%s: %s" % (type(error).__name__, error)) from error


def neighbours(names, inputs):
    """Yield (what differs, the inputs of a case that differs in this alone)."""
    for at, name in enumerate(names):
        others = [(name + "." + KINDS[v], v) for v in range(4)] if name == "access" else \
            [("%s bit %d" % (name, b), inputs[at] ^ 1 << b) for b in range(BITS[name])]
        for what, value in others:
            if value != inputs[at]:
                yield what, tuple(inputs[:at] + [value] + inputs[at + 1:])


def check(names, cases):
    """The findings as lines, none if all is as it should be."""
    found = []
    known = {tuple(inputs): outcome for inputs, outcome in cases}
    if len(known) != len(cases):
        found.append("%d cases are there twice" % (len(cases) - len(known)))
    idle = {what for what, _ in neighbours(names, [0] * len(names))} | {"access.read"}
    rules = set(NAMES)
    for inputs, outcome in cases:
        case = dict(zip(names, inputs))
        mine = Reading(case).outcome()
        if mine != outcome:
            found.append("%s: the file says %s, the rules say %s" % (
                " ".join("%s=%x" % pair for pair in case.items()),
                dict(zip(OUTCOMES, outcome)), dict(zip(OUTCOMES, mine))))
        rules -= {rule for rule in rules if Reading(case, rule).outcome() != mine}
        idle -= {what for what, other in neighbours(names, inputs) if known.get(other, outcome) != outcome}
    found += ["no case is decided by %s" % what for what in sorted(idle)]
    found += ["no case is decided by the rule %s" % rule for rule in sorted(rules)]
    return found


def main():
    """Check one file."""
    path = sys.argv[1] if len(sys.argv) > 1 else \
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.json")
    try:
        names, cases = load(path)
    except Unreadable as why:
        print("check_vectors: %s: %s" % (path, why), file=sys.stderr)
        return 2
    found = check(names, cases)
    for line in found[:20]:
        print(line)
    print("%s: %d cases, %d findings; %d rules and %d bits of input each decide some case" % (
        os.path.basename(path), len(cases), len(found), len(NAMES), sum(BITS.values()))
          if not found else "%s: %d cases, %d findings" % (os.path.basename(path), len(cases), len(found)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
