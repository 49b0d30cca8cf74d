# SPDX-License-Identifier: MIT
"""The cases: name -> function(host) that returns the boot and a list of problems."""

import re

import words
from links import CR4, EAX, EBX, ECX, EFER
from machine import Machine
from mbi import poke, spoil
from picture import Frame

QUICK = ["tests=harness.*"]     # enough tests to show that the boot reached its verdict
MEMORY_TESTS = ["tests=memory.*,machine.*"]
LEAST_KIB = 12 << 10             # mm/init.h, RAM_LEAST
SMALL, LEAST = "12M", "13M"       # QEMU machines with slightly less than that, and slightly more
LINE = re.escape("# command line: ")
KEYS = "the words are " + ", ".join(word.name for word in words.read())

CASES = {}


def add(name, case):
    """Add one case."""
    assert name not in CASES, name
    CASES[name] = case


def refuses(name, message, **how):
    """A case that must end in this one panic and a halt."""
    def case(host):
        boot = host.boot(**how)
        return boot, list(boot.refused(message))
    add(name, case)


def goes_on(name, *lines, cannot=None, times=1, **how):
    """A case that must reach a good verdict, with these lines before it, so many times each.

    `cannot` is part of the names of known divergences that this CPU lacks the features for.
    """
    def case(host):
        boot = host.boot(ending=True, **how)
        known = {key: why for key, why in Machine("qemu").known.items()
                 if not cannot or cannot not in key}
        problems = list(boot.passed(known))
        for line in lines:
            problems += boot.on_every_console(line, times)
        return boot, problems
    add(name, case)


# ---- the CPU ----

NO_LONG_MODE = "this CPU has no long mode; Keyward needs x86-64$"

refuses("cpu.no_long_mode", NO_LONG_MODE, cpu="qemu32")
refuses("cpu.no_extended_leaf", NO_LONG_MODE, cpu="pentium")
# QEMU's edu needs an APIC.
refuses("cpu.oldest", NO_LONG_MODE, cpu="486,-tsc", without=["edu"])
refuses("cpu.no_nx", "this CPU has no execute-disable (NX), or the firmware turned it off$"
        .replace("(", r"\(").replace(")", r"\)"), cpu="max,-nx")
refuses("cpu.no_apic", "this CPU has no local APIC$", cpu="max,-apic", without=["edu"])


def without_cpuid(stub, host):
    """Pretend that EFLAGS.ID cannot be changed: the second read equals the first."""
    stub.run_to(host.symbol("cpuid_flag"))
    stub.write_reg(EAX, stub.read_reg(ECX))


refuses("cpu.no_cpuid", "this CPU has no CPUID instruction; Keyward needs x86-64$",
        meddle=without_cpuid)

# No SMEP, SMAP, UMIP, 1 GiB pages, x2APIC, LA57: all tests.
goes_on("cpu.few_features", "^# CPU: .* pks pku$", cannot="smap:",
        cpu="qemu64,+pks,+pku,-x2apic")



def leftovers(stub, _):
    """Set CR4 and EFER as firmware and GRUB may leave them: multiboot2 defines neither."""
    stub.write_reg(CR4, 1 << 12 | 1 << 7 | 1 << 6 | 1 << 5 | 1 << 4)    # LA57 PGE MCE PAE PSE
    stub.write_reg(EFER, 1 << 8 | 1 << 0)                               # LME SCE


goes_on("cpu.leftovers_for_4_levels", "^# paging: 4 levels of 5, as paging= says$",
        meddle=leftovers, words=QUICK + ["paging=4"])
goes_on("cpu.leftovers_for_5_levels", "^# paging: 5 levels$", meddle=leftovers, words=QUICK)
goes_on("cpu.no_fifth_level", "^# paging: this CPU has 4 levels, not 5; using 4$",
        "^# paging: 4 levels$", words=QUICK + ["paging=5"], cpu="max,+pks,-la57")


# ---- what the boot loader hands over ----

def register(number, value):
    """For meddle=: enter the kernel with another value in a register."""
    return lambda stub, _: stub.write_reg(number, value)


def damaged(name, message, change=None, meddle=None):
    """A case with a structure that must be refused with this message."""
    refuses("mbi." + name, "the boot loader's information is damaged: multiboot2: " + message + "$",
            meddle=meddle or spoil(change))


def cut_in_memory_map(mbi):
    """The structure's size ends in the middle of the memory map tag."""
    return poke(mbi.pack(), 0, mbi.offset(6) + 24)


def without(kind):
    """For spoil(): the structure without the tags of a kind."""
    def change(mbi):
        mbi.tags = [tag for tag in mbi.tags if tag[0] != kind]
        return mbi.pack()
    return change


def memory(change):
    """For meddle=: change(entries) changes the memory map in place."""
    def spoilt(mbi):
        entries = mbi.memory()
        change(entries)
        mbi.set_memory(entries)
        return mbi.pack()
    return spoil(spoilt)


def entry_size_zero(mbi):
    """A walk with an entry size of 0 would never end."""
    mbi.set_memory(mbi.memory(), entry_size=0)
    return mbi.pack()


def screen_in_kernel(mbi):
    """Printing there would overwrite the kernel's text."""
    content = mbi.tag(8)[1]
    mbi.tag(8)[1] = (0x101000).to_bytes(8, "little") + content[8:]
    return mbi.pack()


def kernel_reserved(entries):
    """One page in the middle of the kernel is reserved."""
    entries.append([0x108000, 0x1000, 2])


def unmentioned(entries):
    """The map has enough RAM, but none where the kernel lies."""
    entries[:] = [[0x1000000, 0x4000000, 1]]


def odd_entries(entries):
    """Entries that are empty, wrap, lie at the very top (rounding up wraps), overlap, or have an
    unknown type."""
    entries += [[0x2000000, 0, 1], [0xfffffffffffff000, 0x2000, 1], [0xfffffffffffff800, 0x100, 1],
                entries[0][:], [0x1800000, 0x800000, 1], [0x3000000, 0x1001, 0xdeadbeef]]


def contradictions(entries):
    """One page of RAM is also PMEM, and 1 MiB of RAM is also bad RAM."""
    entries += [[0x2000800, 0x800, 7], [0x3000000, 0x100000, 5]]


def hundreds(entries):
    """A page in every 256 KiB is reserved: more entries than the kernel has room for."""
    entries += [[0x1000000 + i * 0x40000, 0x1000, 2] for i in range(400)]


def scattered(entries):
    """Below 4 GiB, RAM is the kernel's own memory and 200 pieces of two pages; 1 GiB lies above."""
    entries[:] = [[0, 0x9f000, 1], [0x100000, 0x300000, 1], [1 << 32, 1 << 30, 1]] + \
        [[0x1000000 + i * 0x10000, 0x2000, 1] for i in range(200)]


def image_and_high(stub, host):
    """Below 4 GiB, RAM is the kernel's image and not a page more."""
    size = host.symbol("image_end") - host.symbol("image_start") + 0x1000
    memory(lambda entries: entries.__setitem__(slice(None), [
        [0x100000, size, 1], [1 << 32, 1 << 30, 1]]))(stub, host)


refuses("mbi.wrong_magic", r"not started by a multiboot2 boot loader \(wrong magic in EAX\)$",
        meddle=register(EAX, 0x2badb002))
damaged("total_too_small", "the total size is too small for an end tag",
        lambda mbi: poke(mbi.pack(), 0, 8))
damaged("total_cuts_a_tag", r"tag 6 \(memory map\) at offset \d+: goes beyond the end of the structure",
        cut_in_memory_map)
damaged("total_too_large", "the total size goes beyond the memory that can be read",
        lambda mbi: poke(mbi.pack(), 0, 0xffffffff))
damaged("tag_of_size_0", r"tag \d+ \(.*\) at offset 8: size is less than a tag's header",
        lambda mbi: poke(mbi.pack(), 12, 0))
damaged("tag_past_the_end", r"tag \d+ \(.*\) at offset 8: goes beyond the end of the structure",
        lambda mbi: poke(mbi.pack(), 12, 0x7fffffff))
damaged("no_end_tag", "the end tag is missing", without(0))
damaged("map_entry_size_0",
        r"tag 6 \(memory map\) at offset \d+: entry size is not a multiple of 8 of at least 24",
        entry_size_zero)
damaged("pointer_at_the_top", "no room for a boot information structure",
        meddle=register(EBX, 0xfffffff8))
damaged("pointer_at_nothing", "the total size .*", meddle=register(EBX, 0xd0000000))
damaged("pointer_at_0", ".*", meddle=register(EBX, 0))
damaged("pointer_at_code", ".*", meddle=register(EBX, 0x101003))
refuses("map.none", "the boot loader gave no memory map$", meddle=spoil(without(6)))
refuses("map.empty", "the boot loader gave no memory map$",
        meddle=memory(lambda entries: entries.clear()))
refuses("map.kernel_reserved", "the memory map does not have the kernel's own memory "
        r"\(0x[0-9a-f]+ to 0x[0-9a-f]+\) as RAM$", meddle=memory(kernel_reserved))
refuses("map.kernel_unmentioned", "the memory map does not have the kernel's own memory "
        r"\(0x[0-9a-f]+ to 0x[0-9a-f]+\) as RAM$", meddle=memory(unmentioned))
goes_on("map.ram_where_nothing_is", "^# RAM: 0x0*100000000 to 0x[0-9a-f]+ does not keep data: left out$",
        "^# RAM: 15732736 MiB from 1024 GiB on are left out: the CPU's physical addresses end "
        "there$", words=QUICK, memory="32M",
        meddle=memory(lambda entries: entries.append([1 << 32, 1 << 44, 1])))
refuses("map.low_ram_where_nothing_is", r"the memory map has RAM at 0x\w+ that does not keep data$",
        meddle=memory(lambda entries: entries.append([0x1000, 3 << 30, 1])), memory="32M",
        words=["reserve=8M+24M"])
goes_on("map.contradicts_itself", "^# RAM: 1028 KiB that the memory map also lists with another "
        "type are left out$", words=QUICK, meddle=memory(contradictions))
goes_on("map.hundreds_of_ranges", r"^# RAM: 25\d MiB in \d+ ranges$",
        r"^# RAM: \d+ entries of the memory map are left out$", words=MEMORY_TESTS,
        meddle=memory(hundreds))
goes_on("map.little_and_scattered_below_4g", r"^# RAM: 102\d MiB in 203 ranges$", words=MEMORY_TESTS,
        memory="4G", meddle=memory(scattered))
refuses("map.nothing_below_4g", "no memory below 4 GiB is left for page tables$", memory="4G",
        meddle=image_and_high)
goes_on("map.odd_entries", "^# RAM: 1 entries of the memory map are left out$", words=QUICK,
        meddle=memory(odd_entries))
goes_on("map.screen_in_the_kernel", "^# screen: none; not used: type 2 at 0x.*101000, 80 x 25, "
        "16 bits, 160 bytes a row: it is not the text screen of a PC$", words=QUICK,
        meddle=spoil(screen_in_kernel))


# ---- framebuffers ----

def no_screen(name, why, cut=None, **how):
    """A case with a framebuffer that must not be used; the other consoles must still work."""
    frame = Frame(**{**dict(addr=0xe0000000, width=1024, height=768, bpp=32), **how})

    def change(mbi):
        mbi.tag(8)[1] = frame.tag()[:cut]
        return mbi.pack()
    goes_on("screen." + name, "^# screen: none; not used: type %d at .* %s$" % (frame.kind, why),
            words=QUICK, meddle=spoil(change))


no_screen("pitch_0", "its rows overlap", pitch=0)
no_screen("pitch_too_small", "its rows overlap", pitch=4095)
no_screen("no_pixels", "it has no pixels", width=0, pitch=4096)
no_screen("huge", "it is larger than 512 MiB", width=0x3fffffff, height=0xffffffff,
          pitch=0xffffffff)
no_screen("indexed_colours", "it has no direct colours", kind=0, bpp=8)
no_screen("unknown_type", "it has no direct colours", kind=77)
no_screen("depth_0", "a pixel has neither 15, 16, 24 nor 32 bits", bpp=0, pitch=4096)
no_screen("colours_overlap", "the colours' bits overlap", colours=(8, 8, 8, 8, 0, 8))
no_screen("colours_cut_off", "a colour's bits lie outside the pixel", cut=24)
no_screen("address_wraps", "its end is beyond the last address", addr=0xffffffffffff0000)
no_screen("address_too_large", "it is beyond the CPU's physical address bits", addr=1 << 45)
no_screen("address_0", "it is at address 0", addr=0)
no_screen("over_the_kernel", "it overlaps the kernel", addr=0x100000)
no_screen("over_ram", "it is in RAM", addr=0x8000000)


# ---- too little memory ----

def too_little(have, why=""):
    """The message for too little RAM."""
    return r"%s KiB of RAM%s are too little: Keyward needs %d KiB$" % (have, why, LEAST_KIB)


BY_MEM = r" \(the command line has mem=\)"

refuses("memory.machine_too_small", too_little(r"11\d\d\d"), memory=SMALL)
refuses("memory.mem_too_small", too_little(LEAST_KIB - 4, BY_MEM),
        words=["mem=%dK" % (LEAST_KIB - 4)])
refuses("memory.mem_tiny", too_little(0, BY_MEM), words=["mem=1"])
goes_on("memory.least_machine", words=QUICK, memory=LEAST)
goes_on("memory.least_all_tests", words=["mem=%dK" % LEAST_KIB])


# ---- the command line ----

def says(name, raw, *messages):
    """A command line that gets exactly these messages, at the start and again above the totals, and a
    good verdict."""
    goes_on("line." + name, *("^" + LINE + re.escape(m) + "$" for m in messages),
            times=2, raw=raw + b" 'tests=harness.*'")


says("unknown_key", b"nonsense=1", "nonsense=1: no such word; " + KEYS + "; ignoring it")
says("no_value", b"pks", "pks: no value; pks= takes one of off, strict, relaxed, silent; ignoring it")
says("malformed_words", b"= ==x '\"'", "=: no such word; " + KEYS + "; ignoring it",
     "==x: no such word; " + KEYS + "; ignoring it")
says("bad_values", b"pks=loud seed=-1 mem=12Q exit=never cpus=0",
     "pks=loud: not one of off, strict, relaxed, silent; using relaxed",
     "seed=-1: not a number of at most 64 bits; using 0",
     "mem=12Q: not a size N[K|M|G|T] below 16 EiB, 0 for all; using 64G",
     "exit=never: not one of poweroff, reboot, halt, monitor; using poweroff",
     "cpus=0: not max or a number from 1 to 4096; using max")
says("binary", b"'pks=\x01\x7f\x80\xff\x1b[2J'",
     "pks=????" + "?[2J: not one of off, strict, relaxed, silent; using relaxed")
says("word_too_long", b"seed=" + b"1" * 330,
     "seed=" + "1" * 55 + "...: longer than 319 bytes; ignoring it")
# The last word is cut in the middle; the rest of it would mean another size of memory.
goes_on("line.too_long", "^# command line: longer than 511 characters; ignoring the rest$",
        times=2, raw=b"'tests=harness.*' seed=%0300d repeat=%0175d mem=4096M" % (1, 1))


# ---- consoles ----

def verdict_on(name, console, **how):
    """The kernel detects its consoles; the verdict must reach all of them."""
    def case(host):
        boot = host.boot(words=QUICK + ["exit=halt"], **how)
        problems = list(boot.passed({}))
        if console and list(boot.consoles) != [console]:
            problems.append("these consoles, not %s: %s" % (console, list(boot.consoles)))
        return boot, problems + list(boot.on_every_console(r"# Totals: pass:[1-9]\d* fail:0"))
    add("console." + name, case)


verdict_on("serial_alone", "serial", e9=False, vga=False)
verdict_on("port_e9_alone", "e9", serial=False, vga=False)
verdict_on("vga_alone", "vga", serial=False, e9=False)
verdict_on("all", None)
refuses("console.refusal_without_serial", NO_LONG_MODE, cpu="qemu32", serial=False)
refuses("console.refusal_on_serial_alone", NO_LONG_MODE, cpu="qemu32", e9=False, vga=False)
goes_on("console.none", words=QUICK, serial=False, e9=False, vga=False)
