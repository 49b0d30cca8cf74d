// SPDX-License-Identifier: MIT
/* What the kernel reports when it waits, or when something comes that nobody serves. */
#define KTEST_SUITE "selftest"

#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/watchdog.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define MS          1000000ULL
#define FREE_VECTOR 0x50
#define ODD_RIGHTS  0x88888888 /* each key's differ from its neighbour's */

static struct spinlock taken = SPINLOCK_INIT, damaged = SPINLOCK_INIT;

/* A lock that is taken twice is never released. */
static void waits_for_a_lock_for_ever(void)
{
	EXPECT(true);
	spin_tsc_max = SPIN_TSC_MAX / 32;
	spin_lock_irqsave(&taken);
	spin_lock_irqsave(&taken);
}
KTEST(waits_for_a_lock_for_ever, KT_SELFTEST);

/* A list of locks without an end. */
static void dies_with_a_damaged_list_of_locks(void)
{
	EXPECT(true);
	spin_lock_irqsave(&damaged);
	damaged.outer = &damaged;
	asm volatile("ud2");
}
KTEST(dies_with_a_damaged_list_of_locks, KT_SELFTEST);

static void take_strays(void *arg)
{
	(void)arg;
	for (u32 n = 1; n <= 3; n++) {
		apic_self_ipi(FREE_VECTOR);
		while (trap_strays(FREE_VECTOR) < n)
			cpu_relax();
	}
	EXPECT_EQ(trap_strays(FREE_VECTOR), 3);
}

static void takes_interrupts_that_nobody_serves(void)
{
	percpu_run_on(cpus[cpu_count - 1], take_strays, NULL);
}
KTEST(takes_interrupts_that_nobody_serves, KT_SELFTEST | KT_SMP);

static int do_nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int yield_with_odd_rights(void *arg)
{
	bool *has_them = arg;

	rights_set(ODD_RIGHTS);
	WRITE_ONCE(*has_them, true);
	for (;;)
		thread_yield();
	return 0;
}

/*
 * The watchdog's report has a line for each thread: the longest that fits into 160 bytes is not the
 * longest there is. Ten ticks of this CPU end it; a hundred come before a silent CPU would.
 */
static void hangs_for_a_tenth_of_a_second(void)
{
	bool has_them = false;
	u64 ticks;

	EXPECT(true);
	for (u32 i = 0; i < 1000; i++) /* numbers of four digits */
		thread_join(thread_create("nothing", do_nothing, NULL));
	thread_create("a name of 23 characters", yield_with_odd_rights, &has_them);
	while (!READ_ONCE(has_them)) /* a tick may have come before it set them */
		thread_yield();
	preempt_disable(); /* the other thread does not run */
	watchdog_set(100 * MS, "of a tenth of a second");
	ticks = READ_ONCE(this_cpu()->ticks);
	while (READ_ONCE(this_cpu()->ticks) - ticks < 100)
		cpu_relax();
	ktest_error("the watchdog has not come");
	preempt_enable();
}
KTEST(hangs_for_a_tenth_of_a_second, KT_SELFTEST | KT_PKS);
