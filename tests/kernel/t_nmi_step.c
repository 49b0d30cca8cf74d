// SPDX-License-Identifier: MIT
/*
 * Single-stepping in NMIs and machine checks, without pardons. A trap's return to a handler with
 * TF = 1 is an IRET, which unblocks NMIs: the next one must not find the stack in use. What this
 * cannot know: machine checks of a real machine.
 */
#define KTEST_SUITE "nmi"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

#define MARK 0x1234567890abcdef

static bool handled(struct regs *regs)
{
	(void)regs;
	return true;
}

static void some_instructions(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < 20; i++)
		cpu_relax();
}

static struct {
	void (*fn)(void);
	u32 nmis;           /* how many are to come, each sent by the one before it */
	u32 runs, done;     /* how many began and ended */
	u32 depth, deepest; /* how many run at a time */
	u32 steps;
} nest;

/* Sends the next NMI, which stays pending, and runs what lets it in if it comes too early. */
static bool nmi_with_next(struct regs *regs)
{
	u32 run = nest.runs++;
	u64 mark[8];
	volatile u64 *copy = mark;

	(void)regs;
	nest.depth++;
	nest.deepest = MAX(nest.deepest, nest.depth);
	for (u32 i = 0; i < ARRAY_SIZE(mark); i++)
		copy[i] = MARK + run;
	if (run + 1 < nest.nmis)
		apic_self_nmi();
	nest.fn();
	for (u32 i = 0; i < ARRAY_SIZE(mark); i++)
		EXPECT_EQ(copy[i], MARK + run);
	nest.depth--;
	nest.done++;
	return true;
}

/* Runs `nmis` NMIs with `fn` in each; `deepest` of them may run at a time. */
static void run_nmis(void (*fn)(void), u32 nmis, u32 deepest)
{
	for (u32 i = 0; i < 5; i++) { /* on each of their two stacks */
		nest.fn = fn;
		nest.nmis = nmis;
		nest.runs = nest.done = nest.depth = nest.deepest = 0;
		apic_self_nmi();
		for (u32 spins = 0; smp_load_acquire(&nest.done) < nmis && spins < 1000000; spins++)
			cpu_relax();
		EXPECT_EQ(nest.done, nmis);
		EXPECT_EQ(nest.deepest, deepest);
	}
}

static void step_here(void)
{
	nest.steps = single_step(some_instructions, NULL, handled);
}

static void step_in_machine_check(void)
{
	asm volatile("int $18" : : : "memory");
}

static bool machine_check_steps(struct regs *regs)
{
	(void)regs;
	step_here();
	return true;
}

/* A #BP sets TF in the frame of code that ran without it. */
static bool set_trap_flag(struct regs *regs)
{
	regs->rflags |= RFLAGS_TF;
	return true;
}

static bool clear_trap_flag(struct regs *regs)
{
	if (++nest.steps == 3)
		regs->rflags &= ~(u64)RFLAGS_TF;
	return true;
}

static void step_by_frame(void)
{
	trap_hook_t before = trap_hook_set(X86_DB, clear_trap_flag);

	nest.steps = 0;
	asm volatile("int3\n\tnop\n\tnop\n\tnop\n\tnop" : : : "memory");
	trap_hook_set(X86_DB, before);
}

/* The NMI ends with TF set, so that its own end is stepped. */
static void step_to_the_end(void)
{
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(RFLAGS_TF) : "memory", "cc");
}

static void on_first_and_last_cpu(void (*fn)(void *))
{
	trap_hook_set(X86_NMI, nmi_with_next);
	trap_hook_set(X86_MC, machine_check_steps);
	trap_hook_set(X86_BP, set_trap_flag);
	percpu_run_on(cpus[cpu_count - 1], fn, NULL);
	percpu_run_on(cpus[0], fn, NULL);
	trap_hook_set(X86_BP, NULL);
	trap_hook_set(X86_MC, NULL);
	trap_hook_set(X86_NMI, NULL);
}

static void hit_stepped_nmis(void *arg)
{
	(void)arg;
	run_nmis(step_here, 2, 2);
	run_nmis(step_by_frame, 2, 2);
	EXPECT_EQ(nest.steps, 3); /* the first, within which the second ran unstepped */
	trap_hook_set(X86_DB, handled);
	run_nmis(step_to_the_end, 2, 2);
	trap_hook_set(X86_DB, NULL);
}

static void an_nmi_hits_a_single_stepped_nmi(void)
{
	on_first_and_last_cpu(hit_stepped_nmis);
}
KTEST(an_nmi_hits_a_single_stepped_nmi, 0);

/* Both stacks are in use when the second one steps, so the third waits for its end. */
static void hit_stepped_pairs(void *arg)
{
	(void)arg;
	run_nmis(step_here, 3, 2);
	run_nmis(step_here, 7, 2);
	run_nmis(step_by_frame, 7, 2);
}

static void a_third_nmi_waits_for_a_stack(void)
{
	on_first_and_last_cpu(hit_stepped_pairs);
}
KTEST(a_third_nmi_waits_for_a_stack, 0);

static void hit_machine_checks(void *arg)
{
	(void)arg;
	run_nmis(step_in_machine_check, 2, 1);
	EXPECT_EQ(nest.steps, 1);
	run_nmis(step_in_machine_check, 4, 1);
}

/* A machine check in an NMI ends without an IRET, even if somebody steps it. */
static void a_stepped_machine_check_does_not_unblock_nmis(void)
{
	on_first_and_last_cpu(hit_machine_checks);
}
KTEST(a_stepped_machine_check_does_not_unblock_nmis, 0);

static void count_steps(void *arg)
{
	u32 in_thread;

	(void)arg;
	step_here();
	in_thread = nest.steps;
	EXPECT(in_thread > 40);
	run_nmis(step_here, 1, 1);
	EXPECT_EQ(nest.steps, in_thread);
	step_in_machine_check(); /* the return of the first step's #DB ends the stepping */
	EXPECT_EQ(nest.steps, 1);
}

static void an_nmi_is_stepped_to_its_end(void)
{
	on_first_and_last_cpu(count_steps);
}
KTEST(an_nmi_is_stepped_to_its_end, 0);
