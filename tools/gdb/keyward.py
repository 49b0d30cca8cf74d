# SPDX-License-Identifier: MIT
"""gdb commands for Keyward: pkrs, walk, threads, frame-pkrs. `help COMMAND` explains each.

The commands read everything through the kernel's debug information, except the address map: it
comes from kernel/cpu/layout.h, because debug information has no macros.
"""

import os
import re

import gdb

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
M64 = (1 << 64) - 1
ADDRESS = 0x000ffffffffff000        # of a paging-structure entry
P, W, U, PS, XD = 1, 2, 4, 1 << 7, 1 << 63
LEVELS = ("", "PTE", "PDE", "PDPTE", "PML4E", "PML5E")
FAULT_WORDS = ((1, "protection", "not-present"), (2, "write", ""), (16, "fetch", ""),
               (4, "user", "supervisor"), (8, "reserved-bit", ""), (32, "pkey", ""),
               (64, "shadow-stack", ""))


def address_map():
    """{name: address} of the address map."""
    with open(os.path.join(TOP, "kernel", "cpu", "layout.h"), encoding="utf-8") as file:
        return {name: int(number, 16) for name, number in
                re.findall(r"#define (\w+)\s+AC\((0x[0-9a-f]+)\)", file.read())}


LAYOUT = address_map()


def number(what):
    """An expression or a value as an unsigned 64-bit number."""
    value = gdb.parse_and_eval(what) if isinstance(what, str) else what
    if value.type.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY):
        value = value.address
    return int(value) & M64


def word(address):
    """Eight bytes of memory as a number."""
    return int.from_bytes(gdb.selected_inferior().read_memory(address, 8).tobytes(), "little")


def pointer(address, kind):
    """A typed pointer."""
    return gdb.Value(address).cast(gdb.lookup_type(kind).pointer())


def symbol(address):
    """function+0xoffset, for functions in assembly too."""
    text = gdb.execute("info symbol %#x" % address, to_string=True)
    found = re.match(r"(\S+)(?: \+ (\d+))? in section", text)
    return "%s+0x%x" % (found[1], int(found[2] or 0)) if found else "0x%016x" % address


def owner(key):
    """The owner of a key, or None."""
    try:
        name = gdb.parse_and_eval("'pks/keys.c'::owners[%d]" % key)
        return name.string() if int(name) else None
    except gdb.error:       # before paging
        return None


def this_cpu():
    """The struct cpu of the selected CPU."""
    for name in ("$gs_base", "$k_gs_base"):         # the second in user mode
        base = number(name)
        if base >> 63:
            return pointer(base, "struct cpu")
    raise gdb.GdbError("this CPU has no struct cpu yet (percpu_init() sets it up)")


def has_pks():
    """True if the kernel was built with PKS."""
    return any(f.name == "pkrs" for f in gdb.lookup_type("struct regs").fields())


def rights(pkrs, key):
    """One key's rights; AD (bit 2k) denies all, whatever WD (bit 2k + 1) says."""
    return ("rw", "--", "r-", "--")[pkrs >> 2 * key & 3]


def runs(same):
    """(first, last) of each run of keys with equal same(key)."""
    first = 0
    for key in range(16):
        if key == 15 or same(key) != same(key + 1):
            yield first, key
            first = key + 1


def decode(pkrs):
    """A PKRS as the kernel prints it: 0xffffffec {0:rw 1:-- 2:r- 3-15:--}."""
    return "0x%08x {%s}" % (pkrs, " ".join(
        "%s:%s" % (a if a == b else "%d-%d" % (a, b), rights(pkrs, a))
        for a, b in runs(lambda key: rights(pkrs, key))))


def explain(pkrs):
    """One line for each key, or for a run of keys without an owner."""
    words = {"rw": "read, write", "r-": "read only", "--": "no access"}
    yield "key    rights       AD WD  owner"
    for a, b in runs(lambda key: (pkrs >> 2 * key & 3, owner(key))):
        bits = pkrs >> 2 * a & 3
        yield "%-5s  %-11s   %d  %d  %s" % (a if a == b else "%d-%d" % (a, b),
                                           words[rights(pkrs, a)], bits & 1, bits >> 1,
                                           owner(a) or "nobody")


class Command(gdb.Command):
    """A command; its errors are messages, not tracebacks."""
    NAME = ""

    def __init__(self):
        super().__init__(self.NAME, gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def lines(self, argument):
        """The lines to print."""
        raise NotImplementedError

    def invoke(self, argument, from_tty):
        """Called by gdb."""
        try:
            for line in self.lines(argument.strip()):
                print(line)
        except gdb.error as error:      # a bad expression, or memory that is not there
            raise gdb.GdbError("%s: %s" % (self.NAME, error)) from error


class Pkrs(Command):
    """Decode protection-key rights by key and owner: pkrs [VALUE]

Without a VALUE: the rights of the running context, from the selected CPU's mirror (cpu->pkrs).
QEMU does not expose the register to gdb. The two differ between the store to the mirror and the
WRMSR after it (pks/pkrs.inc)."""
    NAME = "pkrs"

    def lines(self, argument):
        if argument:
            value = number(argument)
            if value >> 32:
                raise gdb.GdbError("pkrs: IA32_PKRS has 32 bits, this is %#x" % value)
        else:
            cpu = this_cpu()
            value = number(cpu["pkrs"])
            yield "CPU %d, thread %s" % (int(cpu["id"]), thread_name(cpu["current"]))
        yield decode(value)
        yield from explain(value)


class Walk(Command):
    """Walk the current page tables: walk ADDRESS

Prints the entry of each level, the key and its owner, and the state of the mapped page. The command
reads the tables through the direct map, from CR3."""
    NAME = "walk"

    def lines(self, argument):
        if not argument:
            raise gdb.GdbError("walk: which address?")
        address = number(argument)
        table = number("$cr3") & ADDRESS
        level = 5 if number("$cr4") & 1 << 12 else 4
        yield "walk of %016x:" % address
        while True:
            shift = 12 + 9 * (level - 1)
            at = LAYOUT["DIRECT_BASE"] + table + 8 * (address >> shift & 511)
            entry = word(at)
            yield "  " + self.entry(entry, level) + "  [%d] at %016x" % (
                address >> shift & 511, at)
            if not entry & P:
                return
            if level == 1 or (level < 4 and entry & PS):
                break
            table, level = entry & ADDRESS, level - 1
        offset = (1 << shift) - 1
        yield from self.page((entry & ADDRESS & ~offset) | (address & offset), entry >> 59 & 15)

    @staticmethod
    def entry(entry, level):
        """The entry of one level, as the kernel prints it."""
        present = ("P W" if entry & W else "P R") if entry & P else "not present"
        return "%-5s %016x %s%s%s%s" % (
            LEVELS[level], entry, present, " U" if entry & U else "", " XD" if entry & XD else "",
            " PS" if level > 1 and entry & PS else "")

    @staticmethod
    def page(physical, key):
        """The lines about the mapped page."""
        size = gdb.lookup_type("struct page").sizeof
        page = pointer(LAYOUT["VMEMMAP_BASE"] + (physical >> 12) * size, "struct page")
        text = "  physical %016x, key %d (%s)" % (physical, key, owner(key) or "nobody")
        try:
            flags = int(page["flags"])
        except gdb.MemoryError:         # a device, or before mm_init()
            yield text + ", no struct page"
            return
        yield text
        devmap = number("(unsigned long)PG_DEVMAP")
        in_hash = str(gdb.parse_and_eval("options.marks")) == "PKS_MARKS_HASH"
        yield "  page: %sdirect map's key %d, marks: %s" % (
            "device range, " if flags & devmap else "", int(page["pkey"]),
            "in the hash" if in_hash else int(page["marks"]))
        site, by = int(page["kmap_site"]), int(page["kmap_thread"])
        if by:
            yield "  last kmap by %s in thread %d" % (symbol(LAYOUT["KERNEL_BASE"] | site), by - 1)


def thread_name(thread):
    """"3 (main)", for a struct thread *."""
    return "%d (%s)" % (int(thread["id"]), thread["name"].string()) if int(thread) else "none"


class Threads(Command):
    """List all threads: id, name, state, rights, and place.

A running thread (*) shows its CPU's mirror. The others show the rights that kernel/switch.S saved
on their stack, and the callers of switch_to()."""
    NAME = "threads"
    DEPTH = 5

    def lines(self, argument):
        head = gdb.parse_and_eval("&all_threads")
        kind = gdb.lookup_type("struct thread")
        offset = next(f.bitpos // 8 for f in kind.fields() if f.name == "all_node")
        node = head["next"]
        while node != head:
            yield self.line(pointer(int(node) - offset, "struct thread"))
            node = node["next"]

    def line(self, thread):
        """The line of one thread."""
        cpu = thread["cpu"]
        running = int(cpu) and cpu["current"] == thread
        state = str(thread["state"]).replace("THREAD_", "").lower()
        top, pks = number(thread["rsp"]), has_pks()
        if running:
            saved, where = number(cpu["pkrs"]), "running on CPU %d" % int(cpu["id"])
        else:
            saved = word(top) & 0xffffffff if pks else None
            where = " < ".join(self.callers(top + 8 * pks))
        return "%s thread %d %s %s%s  %s" % (
            "*" if running else " ", int(thread["id"]), thread["name"].string(), state,
            " PKRS " + decode(saved) if pks else "", where)

    def callers(self, frame):
        """The callers of switch_to(); R15, R14, R13, R12, RBX, RBP, RIP lie at `frame`."""
        base, rip = word(frame + 40), word(frame + 48)
        if symbol(rip).startswith("thread_start+"):
            return ["not started: " + symbol(word(frame + 24))]
        names = []
        while len(names) < self.DEPTH:
            names.append(symbol(rip))
            if not base >> 63:
                break
            try:
                base, rip = word(base), word(base + 8)
            except gdb.MemoryError:
                break
            if not rip >> 63:
                break
        return names


class FramePkrs(Command):
    """Decode a saved frame (struct regs): frame-pkrs [REGS]

Shows the interrupted context and the rights that its return will load into IA32_PKRS; a pardon
changes these. REGS is an address; the default is `regs` of the selected function."""
    NAME = "frame-pkrs"

    def lines(self, argument):
        if not argument:
            try:
                argument = "(unsigned long)regs"
                number(argument)
            except gdb.error:
                raise gdb.GdbError("frame-pkrs: no variable `regs` here; which address?") from None
        regs = pointer(number(argument), "struct regs")
        vector, error = number(regs["vector"]), number(regs["error"])
        yield "struct regs at %016x: vector %d%s" % (
            number(regs), vector, ", " + self.fault(error) if vector == 14 else "")
        yield "interrupted at %s, %s mode, RSP %016x" % (
            symbol(number(regs["rip"])), "user" if number(regs["cs"]) & 3 else "kernel",
            number(regs["rsp"]))
        if not has_pks():
            yield "no rights in it: PKS is compiled out"
            return
        yield decode(number(regs["pkrs"]))
        yield from explain(number(regs["pkrs"]))

    @staticmethod
    def fault(error):
        """A page fault's error code in words."""
        words = [set_ if error & bit else clear for bit, set_, clear in FAULT_WORDS]
        if not error & (2 | 16):
            words[1] = "read"
        return "0x%x [%s]" % (error, " ".join(w for w in words if w))


for command in (Pkrs, Walk, Threads, FramePkrs):
    command()
