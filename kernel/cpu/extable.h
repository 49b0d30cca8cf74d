/* SPDX-License-Identifier: MIT */
/*
 * A fault as a value. An instruction listed in the exception table (extable) does not kill its
 * context: it is left for the fixup address, and what happened is in the registers, so that
 * this works in every context and nests by itself.
 */
#ifndef KEYWARD_KERNEL_CPU_EXTABLE_H
#define KEYWARD_KERNEL_CPU_EXTABLE_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/types.h"

#define FAULT_NONE (~0ULL)

struct fault {
	u64 vector; /* FAULT_NONE: there was none */
	u64 error;
	u64 addr; /* CR2, for a page fault */
	u64 pkrs; /* the rights that the faulting context had */
};

/* When an entry of the exception table takes effect. */
enum extable_kind {
	EX_PROBE, /* at once: nobody else hears of the fault */
	EX_DIE,   /* only where the context would otherwise die: the fault policy comes first */
};

/* For asm: `insn` may fault in the manner of `kind`; go on at `fixup`, registers as below. */
#define EXTABLE(insn, fixup, kind)                \
	".pushsection .extable, \"a\"\n\t"        \
	".quad " insn ", " fixup ", " kind "\n\t" \
	".popsection\n\t"

/* The registers that a fixup finds a struct fault in, as asm operands of the faulting code. */
#define FAULT_OPERANDS(f) "+a"((f).vector), "+d"((f).error), "+c"((f).addr), "+S"((f).pkrs)

bool extable_search(struct regs *regs, enum extable_kind kind, u64 addr);

/*
 * If the faulting instruction is listed under `kind`, edits the frame to land and returns true.
 * Listed code stands in the section .text.probe, and other faults shall not pay for it.
 */
static inline bool extable_fixup(struct regs *regs, enum extable_kind kind, u64 addr)
{
	extern const char probe_start[], probe_size[]; /* the second is a number: linker.ld */

	if (likely(regs->rip - (u64)probe_start >= (u64)probe_size))
		return false;
	return extable_search(regs, kind, addr);
}

#endif
