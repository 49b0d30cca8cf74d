// SPDX-License-Identifier: MIT
/*
 * The paranoid build notices a mirror that differs from the register, at each place that looks.
 * Each has a lie of its own: the #DB at a breakpoint in pkrs_mirror_lies() shows that it was
 * called, and writes both anew. NMI-like entries and exits write both and have nothing to compare.
 * What this cannot know: a register that loses bits where nobody looks, as in user mode.
 */
#define KTEST_SUITE "register"

#include "tests/harness/fixture.h"

#if CONFIG_PARANOID

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/skip_panic.h"

#define RFLAGS_RF 0x10000 /* the next instruction ignores DR7 */

void pkrs_mirror_lies(void);

/* Written by the test's thread, and by the #DB that it raises. */
static u32 calls; /* of pkrs_mirror_lies() since the last lie */
static bool lying;

static bool count_call(struct regs *regs)
{
	write_dr6(DR6_INIT);
	regs->rflags |= RFLAGS_RF;
	calls++;
	return true;
}

/* Makes mirror and register differ, if the round is one with lies: the register has one key more.
 */
static void lie(void)
{
	calls = 0;
	if (lying)
		wrmsr(MSR_IA32_PKRS, rights_mirror() & ~pkrs_mask(KEY_A));
}

#define EXPECT_NOTICED() EXPECT_EQ(calls, lying)

static bool lie_inside(struct regs *regs)
{
	(void)regs;
	EXPECT_NOTICED();
	lie();
	return true;
}

static void in_a_trap(void)
{
	lie();
	asm volatile("int3" : : : "memory");
	EXPECT_NOTICED();
	lie();
	asm volatile("int %0" : : "i"(VECTOR_TEST) : "memory");
	EXPECT_NOTICED();
}

static void in_a_nested_context(void)
{
	u32 outer;

	lie();
	outer = pkrs_enter();
	EXPECT_NOTICED();
	lie();
	pkrs_exit(outer);
	EXPECT_NOTICED();
}

static volatile bool ready; /* the other thread's interrupts are off */

static int switch_back(void *arg)
{
	(void)arg;
	irq_disable();
	ready = true;
	thread_yield();
	EXPECT_NOTICED(); /* as the first thread was left */
	lie();
	thread_yield();
	irq_enable();
	return 0;
}

static void at_a_switch(void)
{
	struct thread *t = thread_prepare("other", switch_back, NULL);

	REQUIRE(t);
	t->pinned = this_cpu();
	ready = false;
	thread_launch(t);
	while (!ready)
		thread_yield();
	lie();
	thread_yield();
	EXPECT_NOTICED();
	irq_enable();
	thread_join(t);
	irq_disable();
}

static void lie_everywhere(void *arg)
{
	u64 flags = irq_save();

	(void)arg;
	write_dr0((u64)pkrs_mirror_lies);
	write_dr7(DR7_INIT | DR7_G0);
	for (u32 i = 0; i < 4; i++) {
		lying = i & 1;
		rights_set(i & 2 ? WITH_KEY(KEY_B) : PKRS_INIT);
		in_a_trap();
		in_a_nested_context();
		at_a_switch();
		rights_set(PKRS_INIT);
	}
	write_dr7(DR7_INIT);
	irq_restore(flags);
}

static void a_lying_mirror_is_noticed(void)
{
	if (!breakpoints_allowed())
		return;
	trap_hook_set(X86_BP, lie_inside);
	trap_hook_set(VECTOR_TEST, lie_inside);
	trap_hook_set(X86_DB, count_call);
	percpu_run_on(cpus[0], lie_everywhere, NULL);
	percpu_run_on(cpus[cpu_count - 1], lie_everywhere, NULL);
	trap_hook_set(X86_DB, NULL);
	trap_hook_set(VECTOR_TEST, NULL);
	trap_hook_set(X86_BP, NULL);
	EXPECT_RIGHTS(PKRS_INIT);
}
KTEST(a_lying_mirror_is_noticed, KT_PKS);

/* Whether the kernel would panic at this difference. Sets both to the mirror's value. */
static bool panics(u32 mirror, u32 reg)
{
	u32 before = panics_skipped;

	this_cpu()->pkrs = mirror;
	wrmsr(MSR_IA32_PKRS, reg);
	call_that_may_panic((u64)pkrs_mirror_lies, 0);
	pkrs_write(PKRS_INIT);
	return panics_skipped != before;
}

/* What is lent may be open in the register or not; nothing else may differ. */
static void judge_all_keys(void)
{
	for (u32 key = 1; key < PKS_KEYS; key++) {
		u32 other = key % 15 + 1, closed = PKRS_INIT | pkrs_mask(key) | pkrs_mask(other);
		u32 open = closed & ~pkrs_mask(key);

		EXPECT(!panics(closed, closed));
		EXPECT(panics(closed, open));
		EXPECT(panics(open, closed));
		pkrs_lend(PKRS_INIT, pkrs_mask(key));
		EXPECT(!panics(closed, closed));
		EXPECT(!panics(closed, open));
		EXPECT(panics(open, closed));
		EXPECT(panics(closed, open & ~pkrs_mask(other)));
		EXPECT(panics(closed, closed & ~(1u << (2 * other))));
		pkrs_recall();
	}
}

static void only_a_loan_may_differ_from_the_mirror(void)
{
	if (!breakpoints_allowed())
		return;
	skip_panics(judge_all_keys);
	EXPECT_RIGHTS(PKRS_INIT);
}
KTEST(only_a_loan_may_differ_from_the_mirror, KT_PKS | KT_ONE_CPU);

/* A count that is only half as wide as the word would begin again at 0. */
static void count_writes(void *arg)
{
	u64 flags = irq_save(), counted = this_cpu()->pkrs_writes, first = 0xffffffff;

	(void)arg;
	this_cpu()->pkrs_writes = first;
	pkrs_write(PKRS_INIT);
	EXPECT_EQ(this_cpu()->pkrs_writes, first + 1);
	this_cpu()->pkrs_writes = first;
	asm volatile("int %0" : : "i"(X86_NMI) : "memory"); /* entry and exit each write */
	EXPECT_EQ(this_cpu()->pkrs_writes, first + 2);
	this_cpu()->pkrs_writes = first;
	pkrs_lend(PKRS_INIT, pkrs_mask(KEY_A));
	EXPECT_EQ(this_cpu()->pkrs_writes, first + 1);
	pkrs_recall();
	EXPECT_EQ(this_cpu()->pkrs_writes, first + 2);
	pkrs_recall(); /* nothing is lent */
	EXPECT_EQ(this_cpu()->pkrs_writes, first + 2);
	this_cpu()->pkrs_writes = counted;
	irq_restore(flags);
}

static void each_write_is_counted(void)
{
	percpu_run_on(cpus[0], count_writes, NULL);
	percpu_run_on(cpus[cpu_count - 1], count_writes, NULL);
}
KTEST(each_write_is_counted, KT_PKS);

#endif
