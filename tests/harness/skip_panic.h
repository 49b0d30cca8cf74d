/* SPDX-License-Identifier: MIT */
/* Shows that the kernel would panic, and goes on. */
#ifndef KEYWARD_TESTS_HARNESS_SKIP_PANIC_H
#define KEYWARD_TESTS_HARNESS_SKIP_PANIC_H

#include "kernel/lib/types.h"

/* Panics that were skipped so far. The #DBs write it that skip_panics() asks for. */
extern u32 panics_skipped;

/*
 * Runs fn() with interrupts off and a breakpoint at panic(), where the function that panics returns
 * at once. It does not restore registers, so fn() calls it by call_that_may_panic(). Thread
 * context, on one CPU at a time; only where breakpoints_allowed().
 */
void skip_panics(void (*fn)(void));

/* Calls the function at `fn`, which may panic, with one argument. */
static inline void call_that_may_panic(u64 fn, u64 arg)
{
	asm volatile("call *%%rax"
		     : "+a"(fn), "+D"(arg)
		     :
		     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "memory", "cc");
}

#endif
