/* SPDX-License-Identifier: MIT */
/* A write whose page fault is interrupted, for tests of interrupts in a page fault. */
#ifndef KEYWARD_TESTS_HARNESS_STI_SHADOW_H
#define KEYWARD_TESTS_HARNESS_STI_SHADOW_H

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/probe.h"

/*
 * Writes to `p` in the shadow of STI, with an interrupt pending. The CPU delivers the interrupt
 * after the write has been tried: in the page fault, when its handler enables interrupts. That is
 * on the long way only, which faults of code beside probes take. Thread context.
 */
PROBE struct fault write_in_shadow(volatile void *p, u64 value)
{
	struct fault f = { .vector = FAULT_NONE };

	irq_disable();
	apic_self_ipi(VECTOR_TEST);
	for (u32 i = 0; i < 100; i++)
		barrier(); /* the APIC may need time */
	asm volatile("sti\n\t"
		     "1: movq %[v], (%[p])\n2:\n" EXTABLE("1b", "2b", KIND_DIE)
		     : FAULT_OPERANDS(f), [v] "+r"(value)
		     : [p] "r"(p)
		     : "memory", "cc");
	return f;
}

#endif
