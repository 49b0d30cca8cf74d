# SPDX-License-Identifier: MIT
"""Which layer may include which: the table that tools/lint keeps. Edit it here.

A file stands on the layer of the first pattern that fits it, and includes only from its own
layer and those below. The lowest layer is headers of bits, addresses and one-liners: they
have no code of their own to depend on anything.
"""

import fnmatch

LAYERS = [
    ("processor and address headers", """
        kernel/lib/types.h kernel/lib/config.h kernel/cpu/x86.h kernel/cpu/msr.h kernel/cpu/insn.h kernel/cpu/cpuid.h
        kernel/cpu/regs.h kernel/lib/list.h kernel/cpu/spinlock.h kernel/cpu/local.h kernel/cpu/percpu.h kernel/cpu/context.h
        kernel/lib/string.h kernel/lib/options.h kernel/cpu/layout.h kernel/cpu/pte.h kernel/cpu/pkrs_bits.h pks/pkrs.inc pks/saved.inc
        kernel/cpu/saved.h
        pks/policy/policy.h kernel/cpu/patch.h"""),
    # A broken promise can be found on any layer, and has to be told from there.
    ("reporting", "kernel/lib/printf.h kernel/console/console.h kernel/console/panic.h"),
    ("rights register and keys", "pks/pkrs.* pks/keys.*"),
    ("kernel", "kernel/* boot/*"),
    ("memory", "mm/*"),
    ("protection policy", "pks/*"),
    ("tests", "tests/*"),
    # It runs tests, and makes its accesses with what they have for that.
    ("monitor", "monitor/*"),
]

# (including file, included file): the reason why this one may look upwards.
EXCEPTIONS = {
    ("boot/main.c", "*"): "the boot order names every part once",
    ("boot/smp.c", "mm/*"): "a processor's first instructions need memory below 1 MiB and tables",
    ("pks/policy/page_fault.c", "pks/policy/fault.h"): "the way of a fault: what is a key's matter goes to the policy",
    ("tests/host/*", "monitor/*"): "the host's programs test what is pure on every layer",
    ("mm/page_alloc.c", "pks/policy/marks.h"): "a page that is given back must have no users",
    ("mm/kmap/memremap.c", "pks/policy/marks.h"): "nor may one of a device range that goes",
    ("mm/kmap/report_page.c", "pks/policy/marks.h"): "what a page's state is",
    ("mm/kmap*.c", "pks/*"): "a kernel mapping is what unprotects a page, or grants rights to it",
    ("mm/set_memory.c", "pks/policy/global.h"): "marks of kmap() go with the page to its new key",
}


def layer_of(path):
    """The number of a file's layer, or None if it has none (host tools)."""
    for number, (_, patterns) in enumerate(LAYERS):
        if any(fnmatch.fnmatchcase(path, p) for p in patterns.split()):
            return number
    return None


def wrong(path, included):
    """Why `path` may not include `included`, or None."""
    here, there = layer_of(path), layer_of(included)
    if here is None or there is None or there <= here:
        return None
    if any(fnmatch.fnmatchcase(path, p) and fnmatch.fnmatchcase(included, i)
           for p, i in EXCEPTIONS):
        return None
    return "%s (layer %s) includes %s (layer %s, above it)" % (
        path, LAYERS[here][0], included, LAYERS[there][0])
