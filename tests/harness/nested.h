/* SPDX-License-Identifier: MIT */
/* Exceptions inside one another, of one thread and of several, each running a function. */
#ifndef KEYWARD_TESTS_HARNESS_NESTED_H
#define KEYWARD_TESTS_HARNESS_NESTED_H

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "tests/harness/fixture.h"

/* The hook of #BP. */
static inline bool nested_run(struct regs *regs)
{
	((void (*)(struct regs *))regs->rbx)(regs);
	irq_disable();
	return true;
}

/* From here to nested_end() #BP is ours; give that what this returns. Thread context. */
static inline trap_hook_t nested_begin(void)
{
	return trap_hook_set(X86_BP, nested_run);
}

static inline void nested_end(trap_hook_t before)
{
	trap_hook_set(X86_BP, before);
}

/* Runs fn(its frame) in an exception of the running context. Any context. */
static inline void inside(void (*fn)(struct regs *))
{
	asm volatile("int3" : : "b"(fn) : "memory");
}

/* For inside(): takes all rights, and ends with them. */
static inline void nested_meddle(struct regs *regs)
{
	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(0);
}

#endif
