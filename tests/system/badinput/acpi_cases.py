# SPDX-License-Identifier: MIT
"""The cases about ACPI: bad tables, power-off and reset, and the clocks."""

import re
import struct

from acpi import Tables, mended, spoil, table
from cases import QUICK, add, goes_on

EXIT_PORT = 0x5f4       # of an exit device where the kernel does not look for one
EXIT_DEVICE = ["-device", "isa-debug-exit,iobase=%#x,iosize=2" % EXIT_PORT]
DIAGNOSTIC_PORT = 0x80  # writes there have no effect
MEMORY_END = 256 << 20  # of machines/qemu
# Do not start the CPUs that a changed MADT only pretends to have.
ONE = QUICK + ["cpus=1"]


def goes_on_saying(name, *lines, **how):
    """A case that must reach a good verdict, with these `# ACPI:` lines before it."""
    goes_on("acpi." + name, *("^# ACPI: " + line + "$" for line in lines),
            **{"words": ONE, **how})


# ---- the RSDP ----

def rsdp_spoilt(stub, _):
    """Flip one bit of the RSDP."""
    tables = Tables(stub)
    tables.give_rsdp(tables.rsdp[:10] + bytes([tables.rsdp[10] ^ 1]) + tables.rsdp[11:])


def no_rsdp(stub, _):
    """The boot loader passes no RSDP."""
    Tables(stub).give_rsdp()


def no_rsdp_anywhere(stub, host):
    """There is no RSDP in the BIOS area either."""
    bios = stub.read(0xe0000, 0x20000)
    for found in re.finditer(b"RSD PTR ", bios):
        stub.write(0xe0000 + found.start(), bytes(8))
    no_rsdp(stub, host)


def lists_spoilt(stub, _):
    """The RSDP points to an RSDT and an XSDT that are no tables."""
    first = mended(b"RSD PTR \0KEYWRD\2" + struct.pack("<I", 0x101000), 8)
    Tables(stub).give_rsdp(first + mended(struct.pack("<IQI", 36, 0x102000, 0), 12))


LIST = "FACP APIC HPET WAET"
goes_on_saying("tables_are_listed", LIST)
goes_on_saying("rsdp_checksum", "RSDP: wrong checksum", meddle=rsdp_spoilt)
goes_on_saying("rsdp_from_the_bios", r"no RSDP from the boot loader; there is one at 0xf\w+", LIST,
               meddle=no_rsdp)
goes_on_saying("no_rsdp", "no RSDP from the boot loader", meddle=no_rsdp_anywhere)
goes_on_saying("lists_in_the_kernel", r"\S+ at 0x102000: a length of \d+ bytes is out of range",
               r"\S+ at 0x101000: a length of \d+ bytes is out of range",
               "the RSDP leads to no list of tables", meddle=lists_spoilt)


# ---- the tables ----

def unchanged(_):
    """The tables only move into free RAM."""


def madt(*entries):
    """For meddle=: an MADT with these entries."""
    def change(tables):
        tables.by_name[b"APIC"] = table(b"APIC", struct.pack("<II", 0xfee00000, 1) +
                                        b"".join(entries))
    return spoil(change)


def lapic(apic_id, flags=1):
    """A Processor Local APIC entry."""
    return struct.pack("<BBBBI", 0, 8, apic_id, apic_id, flags)


def x2apic(apic_id, flags=1):
    """A Processor Local x2APIC entry."""
    return struct.pack("<BBHIII", 9, 16, 0, apic_id, flags, apic_id)


def hpet_in_ram(tables):
    """The HPET lies in RAM: enabling it would overwrite memory in use."""
    tables.change(b"HPET", 44, struct.pack("<Q", 0x3000000))


def reset_in_ram(tables):
    """The reset register lies in RAM."""
    tables.change(b"FACP", 112, struct.pack("<I", 1 << 10))
    tables.change(b"FACP", 116, struct.pack("<BBBBQB", 0, 8, 0, 1, 0x3000000, 1))
    tables.change(b"FACP", 8, b"\3")


def madt_past_the_end(stub, _):
    """The MADT begins in the last bytes of RAM and claims 3 MiB; its checksum is good."""
    tables, place = Tables(stub), MEMORY_END - 44
    raw = table(b"APIC", struct.pack("<II", 0xfee00000, 1))
    stub.write(place, mended(raw[:4] + struct.pack("<I", 3 << 20) + raw[8:], 9))
    del tables.by_name[b"APIC"]
    tables.give([place])


def summary(processors):
    """The kernel's summary line of the tables."""
    return r"%d CPUs, soft-off known, .* HPET yes, .*" % processors


def spcr(kind, port):
    """For meddle=: an SPCR that puts the firmware's console on this port."""
    def change(tables):
        tables.by_name[b"SPCR"] = table(b"SPCR", struct.pack(
            "<B3xBBBBQ", kind, 1, 8, 0, 1, port) + bytes(28), 2)
    return spoil(change)


# An SPCR that names a real port, and some that do not.
goes_on("console.spcr_names_com2", r"^# serial: port at 0x0*2f8, registers of 8 bits 1 bytes apart$",
        words=ONE, meddle=spcr(0, 0x2f8),
        more=["-chardev", "null,id=com2", "-device", "isa-serial,index=1,chardev=com2"])
goes_on("console.spcr_names_nothing", r"^# serial: port at 0x0*2f8, .*; not used: no UART answers$",
        words=ONE, meddle=spcr(0, 0x2f8))
goes_on("console.spcr_names_no_16550",
        r"^# console: the SPCR's port is of type 3, which is not a 16550$",
        words=ONE, meddle=spcr(3, 0x2f8))
goes_on_saying("tables_in_free_ram", LIST, summary(1), meddle=spoil(unchanged))
goes_on_saying("table_beyond_the_processor", "the table at 0xffffffffffff0 cannot be read", LIST,
               meddle=spoil(unchanged, [0xffffffffffff0]))
goes_on_saying("table_wraps", "the table at 0xfffffffffffffff0 cannot be read", LIST,
               meddle=spoil(unchanged, [0xfffffffffffffff0]))
goes_on_saying("table_where_nothing_is", r"\S+ at 0xe0000000: a length of \d+ bytes is out of range",
               LIST, meddle=spoil(unchanged, [0xe0000000]))
goes_on_saying("table_in_the_kernel", r"\S+ at 0x101000: a length of \d+ bytes is out of range",
               LIST, meddle=spoil(unchanged, [0x101000]))
goes_on_saying("table_past_the_end_of_ram", "MADT: the entry at offset 44 says that it has 0 bytes; "
               "ignoring the rest", summary(0), meddle=madt_past_the_end)
goes_on_saying("madt_duplicates", "MADT: 2 CPUs repeat an APIC ID, the first 3; "
               "leaving them out", summary(3),
               meddle=madt(lapic(0), lapic(3), lapic(3), lapic(4, 0), lapic(5, 2), x2apic(3)))
goes_on_saying("madt_too_many", "MADT: leaving out 8 CPUs beyond the first 512", summary(512),
               meddle=madt(*map(x2apic, range(520))))
# These CPUs are started, but do not answer or cannot be addressed.
goes_on("cpus.one_never_answers", "^# CPUs: left out the CPU with APIC ID 7: it does not answer$",
        "^# CPUs: 1 run$", words=QUICK, meddle=madt(lapic(0), lapic(7)))
goes_on("cpus.one_out_of_reach", "^# APIC: x2APIC mode was requested, but this CPU does not have it$",
        "^# CPUs: left out the CPU with APIC ID 300: xAPIC mode cannot address it$", "^# CPUs: 1 run$",
        words=QUICK, meddle=madt(lapic(0), x2apic(300)), cpu="max,+pks,-x2apic")
goes_on_saying("madt_entry_of_length_0", r"MADT: the entry at offset 52 says that it has 0 bytes; "
               "ignoring the rest", summary(1), meddle=madt(lapic(0), bytes(8), lapic(1)))
goes_on_saying("madt_entry_too_long", r"MADT: the entry at offset 52 says that it has 200 bytes; "
               "ignoring the rest", summary(1), meddle=madt(lapic(0), b"\0\xc8", lapic(1)))
goes_on_saying("hpet_in_ram", "the HPET cannot be at 0x3000000; ignoring it",
               r".* reset register no, .* HPET no, .*", meddle=spoil(hpet_in_ram))
goes_on_saying("reset_in_ram", "the reset register cannot be at 0x3000000; ignoring it",
               r".* reset register no, .* HPET yes, .*", meddle=spoil(reset_in_ram))


# ---- how a machine ends ----

def ends(name, status, **how):
    """A case that must reach one good verdict and then end QEMU's process with this status.

    QEMU's status is 0 when the machine powers off, and an odd number after a write to the exit
    device. A reset restarts the machine, so that the process does not end.
    """
    def case(host):
        boot = host.boot(**{"words": ONE, "vga": False, "resets": True, **how})
        problems = []
        if not boot.rested or boot.status != status:
            problems.append("it did not end with status %s: %s" % (status, boot.end()))
        return boot, problems + list(boot.on_every_console(r"^# Totals: pass:[1-9]\d* fail:0"))
    add("end." + name, case)


def written(value):
    """QEMU's status after this write to the exit device."""
    return value << 1 | 1


def register(port):
    """An 8-bit I/O port as a Generic Address Structure."""
    return struct.pack("<BBBBQ", 1, 8, 0, 1, port)


def s5_is(typ, tables):
    """Set SLP_TYPa in the DSDT, where QEMU has 0."""
    place, = struct.unpack_from("<I", tables.by_name[b"FACP"], 40)
    dsdt = tables.read(place)
    at = dsdt.index(b"\x08_S5_\x12\x06\x04\0\0") + 8
    tables.stub.write(place, mended(dsdt[:at] + bytes([0x0a, typ]) + dsdt[at + 2:], 9))


def reset_register(tables):
    """The reset register is the exit device; its value is 0x21."""
    tables.change(b"FACP", 116, register(EXIT_PORT) + b"\x21")


def sleep_control(tables):
    """Hardware-reduced ACPI, whose sleep control register is the exit device."""
    s5_is(5, tables)
    tables.change(b"FACP", 112, struct.pack("<I", 1 << 20))
    tables.change(b"FACP", 244, register(EXIT_PORT))
    tables.change(b"FACP", 8, b"\6")


def smi_command(port):
    """For meddle=: SMI_CMD is this port, ACPI_ENABLE is 0x2b."""
    return spoil(lambda tables: tables.change(b"FACP", 48, struct.pack("<IB", port, 0x2b)))


def pm1b(tables):
    """PM1b_CNT_BLK is the exit device."""
    tables.change(b"FACP", 68, struct.pack("<I", EXIT_PORT))


ends("power_off_pc", 0)
ends("power_off_q35", 0, board="q35")
ends("reset_register", written(0x21), board="q35", words=ONE + ["exit=reboot"], more=EXIT_DEVICE,
     meddle=spoil(reset_register))
ends("sleep_control", written(5 << 2 | 1 << 5), board="q35", more=EXIT_DEVICE,
     meddle=spoil(sleep_control))
ends("acpi_mode_is_enabled", written(0x2b), more=EXIT_DEVICE, meddle=smi_command(EXIT_PORT))
ends("acpi_mode_never_comes", 0, meddle=smi_command(DIAGNOSTIC_PORT))
# QEMU's board powers off at SLP_TYP 0 (soft-off) and 2 (suspend to disk), and ignores 5.
ends("power_off_type_2", 0, meddle=spoil(lambda tables: s5_is(2, tables)))
ends("power_off_type_5", None, meddle=spoil(lambda tables: s5_is(5, tables)))
ends("pm1b_is_written_too", written(0), more=EXIT_DEVICE, meddle=spoil(pm1b))
ends("reboot_q35", 0, board="q35", words=ONE + ["exit=reboot"], resets=False)
ends("reboot_without_acpi", 0, words=ONE + ["exit=reboot"], resets=False, meddle=no_rsdp_anywhere)


# ---- what time it is ----

def clock(name, reference, board, more=()):
    """A case in which each instruction takes 1 ns, so that TSC and APIC timer have exact rates."""
    def case(host):
        boot = host.boot(words=ONE, vga=False, ending=True, board=board,
                         more=["-icount", "shift=0", *more])
        problems = list(boot.passed({}))
        found = re.search(r"^# clock: TSC (\d+) kHz, APIC timer (\d+) kHz, by (.*)$",
                          boot.consoles["serial"], re.MULTILINE)
        if not found or found[3] != reference:
            problems.append("the clock was not calibrated by " + reference)
        else:
            for what, is_khz, khz in (("TSC", int(found[1]), 1000000),
                                      ("APIC timer", int(found[2]), 62500)):
                if not 0.999 < is_khz / khz < 1.001:
                    problems.append("%s: %d kHz, not %d" % (what, is_khz, khz))
        return boot, problems
    add("clock." + name, case)


clock("pit", "the PIT", "pc")
clock("hpet", "the HPET", "pc,pit=off")
clock("pm_timer", "the ACPI PM timer", "pc,pit=off,hpet=off")
clock("pm_timer_q35", "the ACPI PM timer", "q35,pit=off,hpet=off")
