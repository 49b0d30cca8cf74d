/* SPDX-License-Identifier: MIT */
/*
 * Faults as values. A fault of an instruction that the exception table (extable) lists does not
 * kill its context: execution continues at the fixup address, with the fault in registers. So this
 * works in every context, and nests.
 */
#ifndef KEYWARD_KERNEL_CPU_EXTABLE_H
#define KEYWARD_KERNEL_CPU_EXTABLE_H

#include "kernel/cpu/regs.h"
#include "kernel/lib/types.h"

#define FAULT_NONE (~0ULL)

struct fault {
	u64 vector; /* FAULT_NONE: no fault */
	u64 error;
	u64 addr; /* CR2, for a page fault */
	u64 pkrs; /* the rights of the faulting context */
};

/* When an entry of the exception table takes effect. */
enum extable_kind {
	EX_PROBE, /* at once: no other handler sees the fault */
	EX_DIE,   /* only where the context would otherwise die: the fault policy comes first */
	EX_KEEP,  /* likewise, in any section; keeps all registers and does not return the fault */
};

/* For asm: if `insn` faults, continue at `fixup` as `kind` says, registers as below. */
#define EXTABLE(insn, fixup, kind)                \
	".pushsection .extable, \"a\"\n\t"        \
	".quad " insn ", " fixup ", " kind "\n\t" \
	".popsection\n\t"

/* The registers that hold a struct fault at the fixup, as asm operands of the faulting code. */
#define FAULT_OPERANDS(f) "+a"((f).vector), "+d"((f).error), "+c"((f).addr), "+S"((f).pkrs)

bool extable_search(struct regs *regs, enum extable_kind kind, u64 addr);

/*
 * If the faulting instruction is listed under `kind`, directs the frame to its fixup and returns
 * true. All code listed under EX_PROBE and EX_DIE is in the section .text.probe, so that other
 * faults cost one comparison.
 */
static inline bool extable_fixup(struct regs *regs, enum extable_kind kind, u64 addr)
{
	extern const char probe_start[], probe_size[]; /* probe_size is a number: linker.ld */

	if (likely(regs->rip - (u64)probe_start >= (u64)probe_size))
		return false;
	return extable_search(regs, kind, addr);
}

#endif
