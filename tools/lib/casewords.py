# SPDX-License-Identifier: MIT
"""What a case of the matrix and its outcome say, in words, for a reader who has the SDM at hand."""

import re

# The page fault's error code (SDM Vol. 3A, "Page-Fault Exceptions"): the matrix's name, the bit, the
# manual's name, and what 1 and 0 mean.
ERROR = [
    ("P", 1, "P", "the page was present", "the page was not present"),
    ("W", 2, "W/R", "the access was a write", "the access was a read"),
    ("U", 4, "U/S", "a user-mode access", "a supervisor-mode access"),
    ("RSVD", 8, "RSVD", "a reserved bit was set in an entry", "no reserved bit was set"),
    ("I", 16, "I/D", "an instruction fetch", "not an instruction fetch"),
    ("PK", 32, "PK", "a protection-key violation", "no protection-key violation"),
    ("SS", 64, "SS", "a shadow-stack access", "not a shadow-stack access"),
]
# What else an outcome can be wrong in, by the matrix's name.
ASPECTS = {
    "CR2": {"right": "CR2 in the denied page", "elsewhere": "CR2 elsewhere"},
    "memory": {"right": "memory as the access must leave it", "wrong": "other contents of memory"},
    "A": {"1": "the accessed flag set", "0": "the accessed flag clear"},
    "D": {"right": "the dirty flag as it must be", "wrong": "the wrong dirty flag"},
    "RIP": {"right": "the saved RIP of the instruction", "wrong": "another saved RIP"},
    "PKRS": {"kept": "IA32_PKRS kept", "changed": "IA32_PKRS changed"},
}
# What happened between an access that was made before and the one that is judged (AXIS_TLB).
CHANGES = {
    "wrmsr": "WRMSR to IA32_PKRS changed the key's rights", "pks": "MOV to CR4 set or cleared CR4.PKS",
    "wp": "MOV to CR0 set or cleared CR0.WP", "wrpkru": "WRPKRU changed the key's rights",
    "rekey": "the entry's key was changed, and INVLPG executed",
    "stale": "the entry's key was changed, without INVLPG",
}
# What the processor accesses by itself (AXIS_KIND), beside the instruction that makes it do so.
OWN = {
    "frame": "delivers the INT, and pushes its exception frame at RSP",
    "frame-ist": "delivers the INT, and pushes its exception frame at RDI, the stack that the IST names",
    "gdt": "reads the descriptor at offset 100H of the GDT, whose base is RDI",
    "gdt-mark": "reads the descriptor at offset 100H of the GDT, whose base is RDI, and marks it accessed",
    "idt": "reads gate 40H of the IDT, whose base is RDI",
    "tss": "reads RSP0 from the TSS, whose base is RDI",
    "frame-df": "delivers the page fault of that access, and pushes its frame in the tested page",
    "idt-df": "delivers the page fault of that access, and reads its gate of the IDT in the tested page",
}
CR0, CR4 = [(16, "WP")], [(12, "LA57"), (20, "SMEP"), (21, "SMAP"), (22, "PKE"), (24, "PKS")]
EFER = [(10, "LMA"), (11, "NXE")]
ENTRY = [(0, "P"), (1, "R/W"), (2, "U/S"), (5, "A"), (6, "D"), (63, "XD")]
_SIDE = re.compile(r"(none|#PF\(([^)]*)\)|#DF|vector-(\d+)\(([0-9a-f]+)\))((?:,\w+=\w+)*)$")


def _bits(names):
    """The error code of names such as P+W."""
    return sum(bit for name, bit, *_ in ERROR if name in names.split("+"))


def fault(side):
    """The error code of a #PF, or None."""
    found = _SIDE.match(side)
    return _bits(found[2]) if found and found[2] is not None else None


def side(text):
    """One side of a mismatch, such as #PF(P+W),CR2=elsewhere or none|#PF(P), in words."""
    return " or ".join(_one(part) for part in text.split("|"))


def _one(text):
    found = _SIDE.match(text)
    if not found:
        return text
    what, names, vector, error, rest = found.groups()
    if names is not None:
        bits = [(long, one) for name, bit, long, one, _ in ERROR if bit & _bits(names)]
        words = "a page fault with error code %02XH (%s)" % (
            _bits(names), "; ".join("%s: %s" % pair for pair in bits) or "no bit set")
    elif vector:
        words = "exception %s with error code %XH" % (vector, int(error, 16))
    else:
        words = {"none": "no fault", "#DF": "a double fault"}[what]
    for name, value in (a.split("=") for a in rest.strip(",").split(",") if a):
        words += ", with " + ASPECTS.get(name, {}).get(value, "%s %s" % (name, value))
    return words


def difference(expected, observed):
    """What is wrong with the error code, as lines; none unless both are a #PF."""
    want, got = fault(expected), fault(observed)
    if want is None or got is None:
        return []
    return ["%s (bit %d) is %d (%s); it must be %d (%s)" % (
        long, bit.bit_length() - 1, bool(got & bit), one if got & bit else zero,
        bool(want & bit), one if want & bit else zero)
            for _, bit, long, one, zero in ERROR if (want ^ got) & bit]


def own(case):
    """What the processor does by itself in a case, as a sentence; "" if nothing that is known here."""
    kind = next((part[5:] for part in case.split(",") if part.startswith("kind:")), "")
    return "The processor %s: that is the access." % OWN[kind] if kind in OWN else ""


def flags(value, names):
    """ "WP = 1": the named bits of a control register."""
    return ", ".join("%s = %d" % (name, value >> bit & 1) for bit, name in names)


def rights(value):
    """The rights of a register by key: "key 1: AD; keys 2, 3: AD+WD"."""
    kinds = {}
    for key in range(16):
        both = value >> 2 * key & 3
        if both:
            kinds.setdefault({1: "AD", 2: "WD", 3: "AD+WD"}[both], []).append(key)
    return "; ".join("key%s %s: %s" % ("s" if len(keys) > 1 else "", _ranges(keys), kind)
                     for kind, keys in kinds.items()) or "no key is restricted"


def _ranges(keys):
    """ "1, 3-15"."""
    parts = []
    for key in keys:
        if parts and parts[-1][1] == key - 1:
            parts[-1][1] = key
        else:
            parts.append([key, key])
    return ", ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in parts)


def entry(name, value):
    """An entry's flags and key: "P, R/W, key 1"."""
    found = [flag for bit, flag in ENTRY if value >> bit & 1]
    if name in ("PDE", "PDPTE") and value >> 7 & 1:
        found.append("PS")
    key = value >> 59 & 15
    leaf = name == "PTE" or "PS" in found
    if leaf or key:
        found.append("key %d%s" % (key, "" if leaf else " (ignored here)"))
    if "PS" in found and value >> 13 & 1:
        found.append("bit 13, which is reserved")
    return ", ".join(found) or "0"
