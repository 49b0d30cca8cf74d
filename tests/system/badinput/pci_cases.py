# SPDX-License-Identifier: MIT
"""The cases about PCI: a device whose registers cannot be where its BAR says, or that is elsewhere.

QEMU's snapshot does not keep the configuration space of edu, so behind one its BAR is 0 until a case
writes it, by QEMU's monitor.
"""

from cases import QUICK, goes_on

DMA = ["tests=dma.*"]
ENGINE = "^# DMA: no device; an engine copies in its place$"
FOUND = r"^# DMA: edu at %s, which reaches 256 MiB$"
PLACE = "00:03.0"           # of -device edu on the board pc
SECOND = 5                  # the slot of another; the CD-ROM is between them
SECOND_PLACE = "00:05.0"
BAR0, BUSES = 0x10, 0x18    # registers
HPET = 0xfed00000
OWN = 0xe0000000            # addresses that this board gives to PCI, and no device has


def refused(why, base, size=1 << 20, place=PLACE):
    """The line about a device that is not used."""
    return "^# DMA: edu at %s is not used: BAR 0, 0x0*%x%s0x%x: %s$" % (place, base, r"\+", size, why)


def write(device, register, value):
    """For asks=: write a register of a device's configuration space, on bus 0."""
    return ["o /w 0xcf8 %#x" % (1 << 31 | device << 11 | register), "o /w 0xcfc %#x" % value]


def nothing(_stub, _host):
    """For meddle=: start from the snapshot."""


def bar(name, why, base):
    """A case with edu's BAR at an address where its registers cannot be."""
    goes_on("pci." + name, refused(why, base), ENGINE, words=QUICK, meddle=nothing,
            asks=write(3, BAR0, base) if base else ())


MEMORY, OTHERS = "the memory map has memory there", \
    "another device's registers or a framebuffer are there"

bar("bar_0", "it has no address", 0)
bar("bar_over_ram", MEMORY, 0x8000000)
bar("bar_over_the_kernel", "the kernel is there, and memory for real mode", 0x100000)
bar("bar_over_the_ends_of_ram", MEMORY, 0xff00000)
bar("bar_over_the_local_apic", OTHERS, 0xfee00000)
bar("bar_over_an_io_apic", OTHERS, 0xfec00000)
# Without ACPI the kernel does not know of the HPET, whose registers answer in edu's place.
FOREIGN = "the registers there are not its own"
goes_on("pci.bars_over_unknown_registers", refused(FOREIGN, HPET), refused(FOREIGN, HPET, place=SECOND_PLACE),
        ENGINE, words=QUICK, more=["-device", "edu"], board="pc,acpi=off,hpet=on", meddle=nothing,
        asks=write(3, BAR0, HPET) + write(SECOND, BAR0, HPET))
goes_on("pci.bar_is_elsewhere", FOUND % PLACE, words=DMA, meddle=nothing, asks=write(3, BAR0, OWN))
goes_on("pci.two_devices", FOUND % PLACE, words=QUICK, more=["-device", "edu"])
goes_on("pci.second_device_is_used", refused("it has no address", 0), FOUND % SECOND_PLACE, words=DMA,
        more=["-device", "edu"], meddle=nothing, asks=write(SECOND, BAR0, OWN))
goes_on("pci.device_behind_bridges", FOUND % "02:01.0", words=DMA, without=["edu"],
        more=["-device", "pci-bridge,id=a,chassis_nr=1", "-device", "pci-bridge,id=b,bus=a,chassis_nr=2",
              "-device", "edu,bus=b,addr=1"])
goes_on("pci.bridge_to_itself", ENGINE, words=QUICK, without=["edu"], meddle=nothing,
        more=["-device", "pci-bridge,id=a,chassis_nr=1,addr=5", "-device", "edu,bus=a,addr=1"],
        asks=write(5, BUSES, 0))
# One line about DMA: the screen has edu's vendor, and the kernel says nothing about it.
goes_on("pci.no_device", ENGINE, "^# DMA: ", words=DMA, without=["edu"])
goes_on("pci.no_pci", ENGINE, words=DMA, without=["edu", "ahci,id=sata", "ide-cd,bus=sata.0,drive=cd"],
        more=["-device", "ide-cd,bus=ide.0,drive=cd"], board="isapc")
