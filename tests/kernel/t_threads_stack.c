// SPDX-License-Identifier: MIT
/*
 * Where user mode enters the kernel. What this cannot know: that the CPU uses RSP0; the suite
 * `user` shows that for threads that run programs.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "mm/stack.h"
#include "tests/harness/expect.h"
#include "tests/harness/percpu_run.h"

/* Whether t would enter the kernel elsewhere than on its own stack, aligned as the CPU would. */
static bool enters_elsewhere(const struct thread *t, void *seen)
{
	++*(u32 *)seen;
	return t->kstack % 16 || t->kstack - (u64)t->stack > STACK_SIZE ||
	       t->kstack - (u64)t->stack < STACK_SIZE / 2 || !stack_contains(t->kstack - 8, 8);
}

/* The main thread too, whose struct does not lie on its stack. */
static void every_thread_enters_the_kernel_on_its_own_stack(void)
{
	u32 seen = 0;

	EXPECT(!threads_any(enters_elsewhere, &seen));
	EXPECT(seen >= 2 + smp_load_acquire(&cpu_count)); /* main, this one, idle ones */
}
KTEST(every_thread_enters_the_kernel_on_its_own_stack, KT_STRESS);

static void look_at_tss(void *arg)
{
	u64 flags = irq_save();

	EXPECT_EQ(this_cpu()->tss.rsp[0], current_thread()->kstack);
	EXPECT_EQ(this_cpu()->kstack, current_thread()->kstack);
	irq_restore(flags);
	(void)arg;
}

static void the_tss_has_the_running_threads_stack(void)
{
	u32 count = smp_load_acquire(&cpu_count);

	for (u32 cpu = 0; cpu < count; cpu++)
		REQUIRE(percpu_run_on(cpus[cpu], look_at_tss, NULL));
}
KTEST(the_tss_has_the_running_threads_stack, KT_STRESS);
