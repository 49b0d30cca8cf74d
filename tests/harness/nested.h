/* SPDX-License-Identifier: MIT */
/* Nested exceptions, of one thread or of several; each runs a function. */
#ifndef KEYWARD_TESTS_HARNESS_NESTED_H
#define KEYWARD_TESTS_HARNESS_NESTED_H

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "tests/harness/fixture.h"

/* The #BP hook: calls the function in RBX. */
static inline bool nested_run(struct regs *regs)
{
	((void (*)(struct regs *))regs->rbx)(regs);
	irq_disable();
	return true;
}

/* Takes #BP until nested_end(), which needs the returned hook. Thread context. */
static inline trap_hook_t nested_begin(void)
{
	return trap_hook_set(X86_BP, nested_run);
}

static inline void nested_end(trap_hook_t before)
{
	trap_hook_set(X86_BP, before);
}

/* Calls fn(frame) in an exception of the running context. Any context. */
static inline void inside(void (*fn)(struct regs *))
{
	asm volatile("int3" : : "b"(fn) : "memory");
}

/* For inside(): opens all keys and returns with them open. */
static inline void nested_meddle(struct regs *regs)
{
	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(0);
}

#endif
