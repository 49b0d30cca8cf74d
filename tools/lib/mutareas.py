# SPDX-License-Identifier: MIT
"""What is mutated, in which areas, and which mutants are chosen: by a rule that other code does not
change.

Each candidate has a hash. It is chosen if the hash, as a fraction, is below its area's share, times
the weight of its operator. So a change of one function only touches the choice among its mutants.
"""

import fnmatch
import glob
import os
from collections import namedtuple

import mutants

# share: of the candidates, in thousandths; files, but: globs; suites: those that see it first, on
# `machine`; bochs: it sees more than QEMU; selftest, badinput: globs of the cases of
# tests/selftest/run and tests/system/badinput/run that see it.
Area = namedtuple("Area", "name share files but suites bochs selftest machine badinput",
                  defaults=("", "qemu", ""))

_KMAP = "kmap_local.*,kmap_thread.*,kmap_check.*,marks.*"
AREAS = [
    Area("rights", 760, "pks/*.[ch] pks/pkrs.inc", "",
         "register.*,writes.*,rights.*,keys.*,pardon.*,global.*,policy.*,contexts.*,nmi.*,once.*", True,
         "finds_no_key,loses_a_bit*"),
    Area("policy", 290, "pks/policy/*.[ch] kernel/cpu/pkrs_bits.h", "pks/policy/step*",
         "short.*,policy.*,marks.*,global.*,pardon.*,infault.*,once.*", False,
         "is_warned_about*,dies_of_a_key*,dies_in_a_device_range,faults_for_ever*,overflows*,uses_freed*"),
    Area("steps", 340, "pks/policy/step*", "", "step.*,infault.*,nmi.*,kmap_thread.*", False),
    Area("kmap", 610, "mm/kmap/*.[ch] kernel/cpu/local.h",
         "mm/kmap/memremap.* mm/kmap/devmap.* mm/kmap/report_page.c", _KMAP + ",interleave.*,once.*", False,
         "unmaps_*,maps_too_many,leaves_maps_open,takes_an_address_early,finds_no_key"),
    Area("faultway", 230, "kernel/exception.[ch] kernel/syscall.[ch] kernel/nmi_stack.[ch] kernel/ctx.h"
         " kernel/cpu/extable.[ch] kernel/cpu/debug.[ch] kernel/cpu/context.h kernel/cpu/regs.h", "",
         "contexts.*,threads.*,nmi.*,step.*,infault.*,user.*,smp.*", True,
         "dies_*,takes_*,loses_*,the_*"),
    Area("assembly", 280, "kernel/entry.S kernel/switch.S", "",
         "contexts.*,register.*,nmi.*,step.*,threads.*,user.*,rights.*,pardon.*", True),
    Area("memory", 92, "mm/*.[ch] kernel/ipi.[ch]", "mm/init.* mm/vmemmap.* mm/debug_pagealloc.* mm/snapshot.*",
         "memory.*,direct_map.*,keys.*,memremap.*,policy.*,machine.*", False,
         "a_cpu_*,hangs_with*,panics,frees_a_page*,loses_its_stack"),
    Area("hidden", 130, "mm/debug_pagealloc.[ch] mm/snapshot.[ch]", "", "pagealloc.*,snapshot.*", False, "*free*",
         "qemu-pagealloc"),
    Area("gup", 55, "mm/gup/*.[ch]", "", "gup.*,inaccessible.*", False, "*_a_private_page"),
    Area("devices", 90, "kernel/dma/*.[ch] kernel/pci/*.[ch] kernel/mutex.[ch]", "",
         "dma.*,gup.*,inaccessible.*,threads.*", True, "dies_with_a_mutex,exits_with_a_mutex",
         badinput="pci.*"),
    Area("threads", 122, "kernel/thread.[ch] kernel/sched.[ch] kernel/wait.[ch] kernel/softirq.[ch]"
         " kernel/work.[ch] kernel/locks.[ch] kernel/cpu/spinlock.h kernel/watchdog.[ch]"
         " kernel/lib/list.h", "", "threads.*,sched.*,contexts.*,watchdog.*,writes.*,scenario.*,once.*", False,
         "hangs*,faults_*,*_lock*,the_*_dies,dies_of_a_key,dies_while_printing,dies_with_*,leaves_a_thread"),
    Area("memremap", 800, "mm/kmap/memremap.[ch] mm/kmap/devmap.[ch]", "",
         "memremap.*,pmem.*,memory.*,policy.*,machine.*", False, machine="qemu-pmem"),
    Area("parsers", 62, "boot/acpi/*.[ch] boot/multiboot2.[ch] boot/cmdline.[ch] kernel/lib/option*.c"
         " kernel/lib/glob.c kernel/lib/value.c kernel/lib/ranges.c", "boot/acpi/acpi_registers.*",
         "acpi.*,machine.*,harness.*", False),
]
NAMES = [area.name for area in AREAS]
# Files whose mistakes show on several CPUs, and the suites that see them there.
SMP_FILES = "kernel/ipi.[ch] mm/tlb.[ch]"
SMP_SUITES = "smp.*,memory.*reach*"
# Seldom ones twice as often, so that the choice is spread over the operators.
WEIGHTS = {op: 2 for op in ("atomic", "barrier", "cpu", "undo", "logic", "boundary", "return")}


def files(top, area):
    """The files of an area."""
    found = {os.path.relpath(path, top) for pattern in area.files.split()
             for path in glob.glob(os.path.join(top, pattern))}
    return sorted(f for f in found if not any(fnmatch.fnmatch(f, b) for b in area.but.split()))


def chosen(area, mutant):
    """Whether the rule takes this mutant."""
    return int(mutant.hash[:8], 16) * 1000 < area.share * WEIGHTS.get(mutant.op, 1) << 32


def asked(area, file):
    """The area, with the suites and the machine that see mutants of this file first."""
    if any(fnmatch.fnmatch(file, pattern) for pattern in SMP_FILES.split()):
        return area._replace(suites=SMP_SUITES, machine="qemu-smp")
    return area


def mutants_of(top, area, pattern="*", everything=False):
    """The chosen mutants of an area, by their hash."""
    found = [m for f in files(top, area) if fnmatch.fnmatch(f, pattern)
             for m in mutants.of_file(top, f) if everything or chosen(area, m)]
    return sorted(found, key=lambda m: m.hash)
