/* SPDX-License-Identifier: MIT */
/* A write whose page fault is interrupted, for tests of what happens inside a page fault. */
#ifndef KEYWARD_TESTS_HARNESS_STI_SHADOW_H
#define KEYWARD_TESTS_HARNESS_STI_SHADOW_H

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/probe.h"

/*
 * Writes to `p`, with an interrupt pending that is not delivered before the instruction after STI
 * has been tried: so it comes inside the page fault, where its handler switches interrupts on.
 * Thread context.
 */
PROBE struct fault write_in_shadow(volatile void *p, u64 value)
{
	struct fault f = { .vector = FAULT_NONE };

	irq_disable();
	apic_self_ipi(VECTOR_TEST);
	for (u32 i = 0; i < 100; i++)
		barrier(); /* an APIC may take its time */
	asm volatile("sti\n\t"
		     "1: movq %[v], (%[p])\n2:\n" EXTABLE("1b", "2b", KIND_DIE)
		     : FAULT_OPERANDS(f), [v] "+r"(value)
		     : [p] "r"(p)
		     : "memory", "cc");
	return f;
}

#endif
