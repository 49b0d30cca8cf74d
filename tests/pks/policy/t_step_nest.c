// SPDX-License-Identifier: MIT
/*
 * Events between a pardon for one instruction and its end: NMIs, interrupts, a move to another CPU,
 * pardons nested in these, and a trap flag that the kernel did not set.
 */
#define KTEST_SUITE "step"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/policy/fault.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"
#include "tests/pks/policy/step_check.h"

/* For contexts that run between the pardon and the instruction. */
static struct {
	u32 nmis, interrupts, cpu;
	bool interrupt_too;
} between;

static void expect_between(const struct regs *regs)
{
	EXPECT_EQ(regs->rflags & RFLAGS_TF, RFLAGS_TF);
	EXPECT_EQ(regs_pkrs(regs), WITH_KEY(PKS_KEY_DEVMAP));
	EXPECT_EQ(read_flags() & RFLAGS_TF, 0);
	EXPECT_RIGHTS(PKRS_INIT);
	expect_denied(__FILE__, __LINE__, (volatile u64 *)area.a);
	asm volatile("movq $2, (%0)" : : "r"(area.b) : "memory"); /* a pardon of its own */
	EXPECT_RIGHTS(PKRS_INIT);
}

static bool nmi_between(struct regs *regs)
{
	if (between.nmis++)
		return true;
	expect_between(regs);
	if (between.interrupt_too)
		regs->rflags |= RFLAGS_IF; /* so that the pending interrupt comes next */
	return true;
}

static bool interrupt_between(struct regs *regs)
{
	between.interrupts++;
	expect_between(regs);
	if (cpu_count > 1)
		current_thread()->pinned = cpus[1];
	this_cpu()->need_resched = true;
	return true;
}

/*
 * Stores to a pardoned page. An NMI comes before the store: it is blocked until the next IRET,
 * which is the one to the pardoned instruction. With `interrupt_too` the NMI also lets an interrupt
 * in.
 */
static void store_with_company(bool interrupt_too)
{
	between.nmis = between.interrupts = 0;
	between.interrupt_too = interrupt_too;
	trap_hook_set(VECTOR_TEST, interrupt_between);
	irq_disable();
	if (interrupt_too)
		apic_self_ipi(VECTOR_TEST);
	nmi_at_iret(nmi_between);
	asm volatile("movq $1, (%0)" : : "r"(area.a) : "memory");
	between.cpu = this_cpu()->id;
	irq_enable();
	trap_hook_set(X86_NMI, NULL);
	trap_hook_set(VECTOR_TEST, NULL);
}

static void an_nmi_comes_before_the_instruction(void)
{
	if (!step_area_get())
		return;
	store_with_company(false);
	EXPECT(between.nmis);
	EXPECT_EQ(step_peek(area.a), 1);
	EXPECT_EQ(step_peek(area.b), 2);
	EXPECT_STEPPED(2, 2, 0);
	step_area_put();
}
KTEST(an_nmi_comes_before_the_instruction, KT_PKS);

/* The interrupt ends in a switch, and the thread resumes on another CPU if there is one. */
static void a_switch_comes_before_the_instruction(void)
{
	struct cpu *home = current_thread()->pinned;

	if (!step_area_get())
		return;
	store_with_company(true);
	EXPECT_EQ(between.interrupts, 1);
	EXPECT_EQ(between.cpu, cpu_count > 1 ? 1 : 0);
	EXPECT_EQ(step_peek(area.a), 1);
	EXPECT_STEPPED(3, 3, 0);
	thread_pin(home);
	step_area_put();
}
KTEST(a_switch_comes_before_the_instruction, KT_PKS);

static u32 nested_nmis;

/* Stepping unblocks NMIs: the second comes while the first uses its stack, and has its own. */
static bool nmi_that_steps(struct regs *regs)
{
	u64 mark = 0x1234567890abcdef;
	volatile u64 *copy = &mark;

	(void)regs;
	if (nested_nmis++)
		return true;
	asm volatile("movq $3, (%0)" : : "r"(area.a) : "memory");
	EXPECT_RIGHTS(PKRS_INIT);
	apic_self_nmi();
	for (u32 i = 0; i < 1000; i++)
		cpu_relax();
	EXPECT_EQ(*copy, 0x1234567890abcdef);
	asm volatile("movq $4, (%0)" : : "r"(area.a) : "memory");
	EXPECT_RIGHTS(PKRS_INIT);
	return true;
}

static void an_nmi_hits_an_nmi_that_steps(void)
{
	if (!step_area_get())
		return;
	trap_hook_set(X86_NMI, nmi_that_steps);
	for (u32 i = 0; i < 5; i++) {
		nested_nmis = 0;
		apic_self_nmi();
		for (u32 spins = 0; smp_load_acquire(&nested_nmis) < 2 && spins < 1000000; spins++)
			cpu_relax();
		EXPECT_EQ(nested_nmis, 2);
		EXPECT_STEPPED(2, 2, 0);
	}
	trap_hook_set(X86_NMI, NULL);
	EXPECT_EQ(step_peek(area.a), 4);
	step_area_put();
}
KTEST(an_nmi_hits_an_nmi_that_steps, KT_PKS);

static struct {
	u64 rip[64];
	u32 n, open; /* steps; those at which the interrupted code had a pardon */
} seen;

static bool on_step(struct regs *regs)
{
	if (seen.n < ARRAY_SIZE(seen.rip))
		seen.rip[seen.n] = regs->rip;
	seen.n++;
	seen.open += regs_pkrs(regs) != PKRS_INIT;
	return true;
}

static void some_stores(void *arg)
{
	u64 to = area.a, count = 5;

	(void)arg;
	asm volatile("movq $1, (%2)\n\t"
		     "movq $2, (%2)\n\t"
		     "rep stosb\n\t"
		     "pushf\n\tpop %%rax"
		     : "+D"(to), "+c"(count)
		     : "r"(area.a), "a"(0)
		     : "memory", "cc");
}

/* A single-stepper sees the same steps, with or without pardons. */
static void a_single_stepper_sees_the_same_steps(void)
{
	static u64 without[ARRAY_SIZE(seen.rip)];
	u32 steps;

	if (!step_area_get())
		return;
	policy_scope_set(PKS_SCOPE_CONTEXT);
	rights_set(WITH_KEY(PKS_KEY_DEVMAP));
	seen.n = 0;
	steps = single_step(some_stores, NULL, on_step);
	rights_set(PKRS_INIT);
	memcpy(without, seen.rip, sizeof(without));
	EXPECT(steps > 10 && steps <= ARRAY_SIZE(without));
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	seen.n = seen.open = 0;
	EXPECT_EQ(single_step(some_stores, NULL, on_step), steps);
	EXPECT_EQ(memcmp(without, seen.rip, steps * sizeof(u64)), 0);
	EXPECT(seen.open >= 4 && seen.open <= 5); /* only between the string's iterations */
	EXPECT_STEPPED(3, 3, 0);
	step_area_put();
}
KTEST(a_single_stepper_sees_the_same_steps, KT_PKS);

static void three_instructions(void *arg)
{
	(void)arg;
	asm volatile("nop\n\tnop\n\tnop");
}

static u32 nested_steps;

/* Single-steps while the divide's step is pending; none of the traps belongs to that step. */
static bool step_nested(struct regs *regs)
{
	nested_steps = single_step(three_instructions, NULL, on_step);
	regs->rdx = 0;
	return true;
}

static void a_single_stepper_works_within_a_step(void)
{
	u64 high = 5, low = 12;
	u32 steps;

	if (!step_area_get())
		return;
	steps = single_step(three_instructions, NULL, on_step);
	step_poke(area.a, 3);
	trap_hook_set(X86_DE, step_nested);
	asm volatile("divq (%2)" : "+d"(high), "+a"(low) : "r"(area.a) : "memory", "cc");
	trap_hook_set(X86_DE, NULL);
	EXPECT_EQ(smp_load_acquire(&nested_steps), steps);
	EXPECT_EQ(low, 4);
	EXPECT_STEPPED(1, 1, 0);
	step_area_put();
}
KTEST(a_single_stepper_works_within_a_step, KT_PKS);

static int store_and_look(void *arg)
{
	volatile u64 *word = arg;

	for (u32 i = 0; i < ktest_rounds(); i++) {
		asm volatile("lock incq (%0)" : : "r"(word) : "memory", "cc");
		if (this_local()->steps || rights_mirror() != PKRS_INIT)
			return 1;
		if (i % 8 == 0)
			thread_yield();
	}
	return 0;
}

/* Threads that step, and are preempted, on any CPU. */
static void many_threads_step_at_once(void)
{
	struct thread *t[6];

	if (!step_area_get())
		return;
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		t[i] = thread_prepare("steps", store_and_look, (void *)area.a);
		REQUIRE(t[i]);
		t[i]->pinned = NULL;
		thread_launch(t[i]);
	}
	for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
		struct thread_end end = thread_join(t[i]);

		EXPECT(!end.died);
		EXPECT_EQ(end.code, 0);
	}
	EXPECT_EQ(step_peek(area.a), ARRAY_SIZE(t) * ktest_rounds());
	EXPECT_STEPPED(ARRAY_SIZE(t) * ktest_rounds(), ARRAY_SIZE(t) * ktest_rounds(), 0);
	step_area_put();
}
KTEST(many_threads_step_at_once, KT_PKS | KT_STRESS);
