/* SPDX-License-Identifier: MIT */
/*
 * The kind of the running context: one counter per CPU, as Linux's preempt_count:
 *
 *   bits 7:0 preempt_disable() depth   15:8 softirq   23:16 interrupt   31:24 NMI, #MC, #DF
 *
 * Exceptions are not counted: they belong to the context that raised them, and may schedule. Only
 * the CPU itself changes its counter, and an interrupt takes away again what it adds, so plain
 * additions suffice. Threads switch only while the whole counter is 0.
 */
#ifndef KEYWARD_KERNEL_CPU_CONTEXT_H
#define KEYWARD_KERNEL_CPU_CONTEXT_H

#include "kernel/cpu/percpu.h"
#include "kernel/lib/types.h"

#define CONTEXT_PREEMPT   0x00000001
#define CONTEXT_SOFTIRQ   0x00000100
#define CONTEXT_INTERRUPT 0x00010000
#define CONTEXT_NMI       0x01000000

static inline u32 context_count(void)
{
	u32 n;

	asm volatile("movl %%gs:%c1, %0" : "=r"(n) : "i"(offsetof(struct cpu, context_count)));
	return n;
}

static inline void context_enter(u32 what)
{
	asm volatile("addl %0, %%gs:%c1"
		     :
		     : "ri"(what), "i"(offsetof(struct cpu, context_count))
		     : "memory", "cc");
}

static inline void context_leave(u32 what)
{
	asm volatile("subl %0, %%gs:%c1"
		     :
		     : "ri"(what), "i"(offsetof(struct cpu, context_count))
		     : "memory", "cc");
}

/* True in softirq, interrupt and NMI context, where no thread can be ended or put to sleep. */
static inline bool in_interrupt(void)
{
	return context_count() >= CONTEXT_SOFTIRQ;
}

static inline void preempt_disable(void)
{
	context_enter(CONTEXT_PREEMPT);
}

/* Does not reschedule: the next tick will. */
static inline void preempt_enable(void)
{
	context_leave(CONTEXT_PREEMPT);
}

/* Names the innermost context, for reports: "NMI", "interrupt", "softirq" or "thread". */
static inline const char *context_name_of(u32 n)
{
	return n >= CONTEXT_NMI         ? "NMI"
	       : n >= CONTEXT_INTERRUPT ? "interrupt"
	       : n >= CONTEXT_SOFTIRQ   ? "softirq"
					: "thread";
}

static inline const char *context_name(void)
{
	return context_name_of(context_count());
}

#endif
