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
	EX_KEEP,  /* likewise; keeps all registers and does not return the fault */
};

/* For asm: if `insn` faults, continue at `fixup` as `kind` says, registers as below. */
#define EXTABLE(insn, fixup, kind)                \
	".pushsection .extable, \"a\"\n\t"        \
	".quad " insn ", " fixup ", " kind "\n\t" \
	".popsection\n\t"

/* The registers that hold a struct fault at the fixup, as asm operands of the faulting code. */
#define FAULT_OPERANDS(f) "+a"((f).vector), "+d"((f).error), "+c"((f).addr), "+S"((f).pkrs)

/*
 * If the faulting instruction is listed under `kind`, directs the frame to its fixup and returns
 * true. Reads the whole table. Any context.
 */
bool extable_search(struct regs *regs, enum extable_kind kind, u64 addr);

/*
 * True if the faulting instruction may be listed under EX_PROBE: all code that is stands in the
 * section .text.probe, so that other faults cost one comparison.
 */
static inline bool extable_may_probe(const struct regs *regs)
{
	extern const char probe_start[], probe_size[]; /* probe_size is a number: linker.ld */

	return unlikely(regs->rip - (u64)probe_start < (u64)probe_size);
}

/* If the faulting instruction is a probe's, directs the frame to its fixup and returns true. */
static inline bool extable_probe(struct regs *regs, u64 addr)
{
	return extable_may_probe(regs) && extable_search(regs, EX_PROBE, addr);
}

#endif
