# SPDX-License-Identifier: MIT
"""Invented results in the form of tools/matrix: 8 machines, 41 rules, every kind of cell.

python3 tests/system/report/sample.py DIR   writes DIR/matrix/*.json and DIR/experiments/*.csv, for
                                            tools/report --build DIR
"""

import csv
import json
import os
import sys

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tools", "lib"))

import tables       # noqa: E402

RULES = """
access_disable_denies_data|Protection Keys|AD = 1: every data access with that key is denied
write_disable_denies_writes|Protection Keys|WD = 1: a write is denied while CR0.WP = 1
write_disable_needs_wp|Protection Keys|CR0.WP = 0: WD does not hold back the supervisor
open_key_denies_nothing|Protection Keys|AD = WD = 0: the key denies nothing
other_keys_do_not_matter|Protection Keys|only the rights of the page's own key count
fetches_are_free|Protection Keys|an instruction fetch is never denied by a key
modify_is_a_write|Page-Fault Exceptions|a read-modify-write is a write
cmpxchg_is_a_write|Page-Fault Exceptions|a CMPXCHG is a write even when it stores nothing new
string_read|Protection Keys|LODS reads under the key of its source
string_write|Protection Keys|STOS writes under the key of its target
rep_string_stops_at_the_fault|Page-Fault Exceptions|REP STOS stops at the byte that is denied
push_and_pop|Protection Keys|the stack obeys its page's key
key_of_4k_page|4-Level Paging and 5-Level Paging|the key is in the PTE
key_of_2m_page|4-Level Paging and 5-Level Paging|the key is in the PDE that maps the page
key_of_1g_page|4-Level Paging and 5-Level Paging|the key is in the PDPTE that maps the page
decoy_keys_are_ignored|4-Level Paging and 5-Level Paging|keys in entries that map no page do nothing
user_address_needs_every_level|Determination of Access Rights|U/S = 1 on each level makes a user-mode address
upper_supervisor_level|Determination of Access Rights|one upper entry with U/S = 0 suffices
leaf_supervisor_level|Determination of Access Rights|the last entry with U/S = 0 suffices
user_pages_obey_pkru|Protection Keys|a user-mode address obeys PKRU, not IA32_PKRS
pkru_off|Protection Keys|CR4.PKE = 0: PKRU denies nothing
user_mode_gets_no_supervisor_page|Determination of Access Rights|CPL 3 never reaches a supervisor-mode address
compatibility_mode|Protection Keys|the rules hold in compatibility mode too
smap_comes_first|Determination of Access Rights|SMAP denies before any key is asked
smap_and_ac|Determination of Access Rights|EFLAGS.AC lifts SMAP, and PKRU still rules
read_only_pages|Page-Fault Exceptions|W and PK are both set where both deny
execute_disable|Page-Fault Exceptions|a denied fetch has I/D and never PK
not_present_has_no_pk|Page-Fault Exceptions|PK = 0 where there is no translation
reserved_bits|Page-Fault Exceptions|RSVD is reported for a reserved bit
pks_off|Protection Keys|CR4.PKS = 0: IA32_PKRS denies nothing
five_levels|4-Level Paging and 5-Level Paging|a fifth level changes nothing
two_pages_low|Protection Keys|an access over two pages obeys the lower one's key
two_pages_high|Protection Keys|an access over two pages obeys the upper one's key
cold_translation|Caching Translation Information|the key holds on the first access
holds_after_wrmsr|Protection Keys|new rights hold from the next instruction on
holds_after_cr4|Caching Translation Information|CR4.PKS holds from the next instruction on
holds_after_wp|Caching Translation Information|CR0.WP holds from the next instruction on
a_new_key_after_invlpg|Caching Translation Information|a new key holds once its translation is flushed
descriptor_tables|Access Rights|reading GDT, IDT and TSS obeys keys
frame_push|Access Rights|pushing an exception's frame obeys keys
frame_of_a_page_fault|Page-Fault Exceptions|a frame that cannot be pushed ends in a double fault
""".strip().splitlines()

# name: (about, emulator, slice)
MACHINES = {
    "bochs": ("Bochs, CPU sapphire_rapids", "Bochs x86 Emulator 3.0", "whole"),
    "bochs-newest": ("Bochs of after 3.0", "Bochs x86 Emulator 3.0.devel", "whole"),
    "qemu": ("QEMU TCG, CPU max", "QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7)", "full"),
    "qemu-10.0": ("QEMU TCG, CPU max", "QEMU emulator version 10.0.2 (Debian 1:10.0.2)", "full"),
    "qemu-10.0-spr": ("QEMU, CPU SapphireRapids", "QEMU emulator version 10.0.2 (Debian 1:10.0.2)", "full"),
    "qemu-newest": ("QEMU TCG, of today", "QEMU emulator version 10.1.50", "full"),
    "qemu-nopks": ("QEMU, CPU without PKS", "QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7)", "full"),
    "qemu-uefi": ("QEMU by UEFI", "QEMU emulator version 7.2.17 (Debian 1:7.2+dfsg-7)", "full"),
}
TCG = ("qemu", "qemu-10.0", "qemu-10.0-spr", "qemu-newest", "qemu-uefi")
IMAGE = "4f1c27d9a35e80b6174ad2cc90f3e85b6d21a7704c8e93f5b02d61e7a8c4f913"

# (rule, machines, case, needs, expected, observed, first, why it is known: "" if it is new)
DIVERGENCES = [
    ("modify_is_a_write", TCG, "kind:lock-add,rights:ad", "kind:lock-add|xchg|cmpxchg;rights:ad|ad+wd",
     "#PF(P+W+PK)", "#PF(P+PK)", "kind:lock-add,key:3,rights:ad,size:2m",
     "with one CPU TCG turns a locked read-modify-write into a load and a store"),
    ("modify_is_a_write", ("qemu",), "kind:xchg,rw:ro", "kind:xchg;rw:ro", "#PF(P+W)", "#PF(P)",
     "kind:xchg,key:9,rw:ro,size:4k,tlb:wrmsr",
     "TCG reports the load of a read-modify-write on a read-only page"),
    ("holds_after_cr4", TCG, "rights:ad,tlb:pks", "rights:ad|ad+wd;tlb:pks", "#PF(P+PK)", "done",
     "key:2,rights:ad,tlb:pks", "TCG does not flush its TLB when CR4.PKS is set"),
    ("user_pages_obey_pkru", ("bochs",), "us:u,smap:off,pku:deny", "us:u;smap:off|ac;pku:deny|opposite",
     "#PF(P+PK)", "done", "kind:read,key:1,us:u,pku:deny",
     "Bochs takes PKRU or IA32_PKRS by the privilege of the access (Bochs 3.0)"),
    ("descriptor_tables", ("qemu-10.0", "qemu-newest"), "kind:gdt-mark,rights:wd",
     "kind:gdt-mark|tss;rights:wd", "#PF(P+W+PK)", "done", "kind:gdt-mark,key:4,rights:wd,levels:5", ""),
    ("user_mode_gets_no_supervisor_page", ("bochs", "bochs-newest"), "mode:user,rights:ad",
     "mode:user|compat;rights:ad|ad+wd", "#PF(P+U)", "#PF(P+U+PK)", "mode:user,key:5,rights:ad", ""),
]
SKIPS = {"five_levels": "no 5-level paging on this CPU", "compatibility_mode": "no 32-bit user code here"}


def _classes(machine, rule, number):
    for place, (name, who, case, needs, expected, observed, first, known) in enumerate(DIVERGENCES):
        if name == rule and machine in who:
            yield {"case": case, "needs": needs, "expected": expected, "observed": observed,
                   "count": 4711 + 97 * place + 13 * number + len(machine), "first": first, "known": known,
                   "command": "tools/run %s tests=matrix.* case=%s" % (machine, case)}


def _rule(machine, number, line):
    name, section, says = line.split("|")
    classes = list(_classes(machine, name, number))
    status, reason = "pass", ""
    if classes:
        status = "xfail" if all(c["known"] for c in classes) else "fail"
    elif machine == "qemu-nopks" and name != "pkru_off":
        status, reason = "skip", "no PKS on this CPU"
    elif machine.startswith("bochs") and name in SKIPS:
        status, reason = "skip", SKIPS[name]
    if status == "skip":
        says = section = ""     # a skipped rule prints no rule line
    return {"name": name, "says": says, "section": section, "status": status, "reason": reason,
            "cases": 0 if status == "skip" else 12000 * (number % 7 + 1) + 31 * number,
            "divergent": sum(c["count"] for c in classes), "classes": classes}


def _machine(name):
    about, emulator, part = MACHINES[name]
    rules = [_rule(name, number, line) for number, line in enumerate(RULES)]
    problems, status = [], "ok"
    if any(r["status"] == "fail" for r in rules):
        status = "failed"
        problems = ["matrix.%s: new divergence %s" % (r["name"], c["case"])
                    for r in rules for c in r["classes"] if not c["known"]]
    if name == "bochs-newest":
        status, rules = "crash", rules[:30]
        problems.append("the run planned 41 results and gave 30; no totals line")
    counts = {"bochs": 40, "qemu": 1024, "qemu-10.0": 1024}.get(name)
    observed = ["user_at_supervisor_page PK=1:%d PK=0:%d" % (counts, 1024 - counts),
                "both_pages_denied low:%d high:0" % (counts * 2)] if counts else []
    return {"machine": name, "about": about, "emulator": emulator, "date": "2026-11-21", "image": IMAGE,
            "kernel": "version 1.0, commit 0123456789ab, hash 00112233445566ff",
            "command": "tools/run %s tests=matrix.* extent=%s" % (name, part), "slice": part,
            "levels": "4" if name.startswith("bochs") else "4,5",
            "cases": sum(r["cases"] for r in rules), "seconds": 1.9 if part == "whole" else 71.3,
            "divergent": sum(r["divergent"] for r in rules), "status": status, "problems": problems,
            "rules": rules, "observed": observed}


def machines():
    """The results of all machines, sorted by name."""
    return [_machine(name) for name in sorted(MACHINES)]


def many(count):
    """The results of so many machines: those above, as often as it takes, with the largest figures."""
    found = []
    for number in range(count):
        data = _machine(sorted(MACHINES)[number % len(MACHINES)])
        data["machine"] = "%s-%d" % (data["machine"], number)
        for rule in data["rules"]:
            rule["cases"] *= 9
            rule["divergent"] *= 999
        found.append(data)
    return found


def write(build, results):
    """Write them as tools/matrix does."""
    os.makedirs(os.path.join(build, "matrix"), exist_ok=True)
    for data in results:
        with open(os.path.join(build, "matrix", data["machine"] + ".json"), "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)


def pictures(build):
    """Write the tables of the documents as the tools do, for the report's pictures."""
    folder = os.path.join(build, "experiments")
    os.makedirs(folder, exist_ok=True)
    for name in ("EXPERIMENTS", "HARDWARE"):
        with open(os.path.join(TOP, "docs", name + ".md"), encoding="utf-8") as file:
            found = tables.parse(file.read())
        for table, rows in found.items():
            with open(os.path.join(folder, table + ".csv"), "w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows(rows)


if __name__ == "__main__":
    write(sys.argv[1], machines())
    pictures(sys.argv[1])
