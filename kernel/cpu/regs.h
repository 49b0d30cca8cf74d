/* SPDX-License-Identifier: MIT */
/*
 * The saved frame of an interrupted context, as kernel/entry.S lays it out on the stack. It
 * includes the context's protection-key rights, so that nesting, preemption and scheduling within a
 * fault need no other place for them.
 */
#ifndef KEYWARD_KERNEL_CPU_REGS_H
#define KEYWARD_KERNEL_CPU_REGS_H

#include "kernel/lib/config.h"

/* Offsets for the exit path, which has popped the pkrs slot. */
#define REGS_VECTOR 120
#define REGS_RIP    136
#define REGS_CS     144
#define REGS_RFLAGS 152
#define REGS_RSP    160

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

struct regs {
#if CONFIG_PKS
	u64 pkrs; /* what the return loads into IA32_PKRS; the upper half is 0 */
#endif
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rdx, rcx, rbx, rax;
	u64 vector;
	u64 error;
	u64 rip, cs, rflags, rsp, ss;
};

#define REGS_PKRS_SIZE (CONFIG_PKS ? 8 : 0)
_Static_assert(offsetof(struct regs, vector) == REGS_VECTOR + REGS_PKRS_SIZE, "entry.S");
_Static_assert(offsetof(struct regs, rip) == REGS_RIP + REGS_PKRS_SIZE, "entry.S");
_Static_assert(offsetof(struct regs, cs) == REGS_CS + REGS_PKRS_SIZE, "entry.S");
_Static_assert(offsetof(struct regs, rflags) == REGS_RFLAGS + REGS_PKRS_SIZE, "entry.S");
_Static_assert(offsetof(struct regs, rsp) == REGS_RSP + REGS_PKRS_SIZE, "entry.S");

static inline bool regs_user(const struct regs *regs)
{
	return regs->cs & 3;
}

/*
 * Returns the rights of the context that `regs` interrupted, as its return will load them; 0 with
 * PKS=0. Callable from any context that may read the frame.
 */
static inline u64 regs_pkrs(const struct regs *regs)
{
#if CONFIG_PKS
	return regs->pkrs;
#else
	(void)regs;
	return 0;
#endif
}

/* Sets them; does nothing with PKS=0. Callable from any context that may write the frame. */
static inline void regs_pkrs_set(struct regs *regs, u32 pkrs)
{
#if CONFIG_PKS
	regs->pkrs = pkrs;
#else
	(void)regs;
	(void)pkrs;
#endif
}

#endif
#endif
