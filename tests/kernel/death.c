// SPDX-License-Identifier: MIT
#include "tests/kernel/death.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/locks.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"

static void page_fault_here(void)
{
	*(volatile u64 *)NOWHERE = 1;
}

static void protection_here(void)
{
	*(volatile u64 *)0x8000000000000000 = 1; /* not canonical */
}

static void opcode_here(void)
{
	asm volatile("ud2");
}

static void divide_here(void)
{
	asm volatile("divl %0" : : "r"(0) : "rax", "rdx", "cc");
}

static void debug_here(void)
{
	asm volatile("pushfq; orq %0, (%%rsp); popfq; nop" : : "i"(RFLAGS_TF) : "memory", "cc");
}

static void overflow_here(void)
{
	asm volatile("int $4" : : : "memory");
}

/* CR0.EM is set. */
static void float_here(void)
{
	asm volatile("fnop");
}

static void breakpoint_here(void)
{
	asm volatile("int3" : : : "memory");
}

const struct killer killers[KILLERS] = {
	{ page_fault_here, X86_PF }, { protection_here, X86_GP }, { opcode_here, X86_UD },
	{ divide_here, X86_DE },     { debug_here, X86_DB },      { overflow_here, X86_OF },
	{ float_here, X86_NM },      { breakpoint_here, X86_BP },
};

const struct killer *killer;

static void count_up(void *arg)
{
	++*(u32 *)arg;
}

void check_cpu(void *cpu)
{
	u32 interrupts = 0;

	EXPECT(this_cpu() == cpu);
	EXPECT_EQ(context_count(), 0);
	EXPECT(irqs_enabled());
	EXPECT(!locks_held());
	EXPECT(this_local() == &current_thread()->local);
	run_in(IN_INTERRUPT, count_up, &interrupts);
	EXPECT_EQ(interrupts, 1);
}

struct thread *doomed(struct cpu *cpu, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare("doomed", fn, arg);

	if (EXPECT(t)) {
		t->pinned = cpu;
		t->expects_death = true;
	}
	return t;
}
