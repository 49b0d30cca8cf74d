// SPDX-License-Identifier: MIT
/*
 * The watchdog measures what the machine has done. What this cannot know: whether a test that hangs
 * is noticed; tests/selftest/run reads that from the console.
 */
#define KTEST_SUITE "watchdog"

#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "kernel/watchdog.h"
#include "tests/harness/expect.h"

#define MS           1000000ULL
#define OF_EACH_TEST (8000 * MS)

/* Lets no tick come for `ns`, as a host does that runs something else. */
static void without_ticks(u64 ns)
{
	u64 flags = irq_save(), end = now_ns() + ns;

	while (now_ns() < end)
		cpu_relax();
	irq_restore(flags);
}

static void a_late_tick_counts_no_more_than_one_in_time(void)
{
	u64 limit = 100 * MS / ktest_part(8);

	watchdog_set(limit, "watchdog");
	for (u32 i = 0; i < 3; i++) /* three late ticks, of 2 ms each */
		without_ticks(limit + limit / 2);
	watchdog_set(OF_EACH_TEST, "watchdog");
	EXPECT(true);
}
KTEST(a_late_tick_counts_no_more_than_one_in_time, 0);

static void wait_for_a_tick(void)
{
	u64 before = READ_ONCE(this_cpu()->ticks);

	while (READ_ONCE(this_cpu()->ticks) == before)
		cpu_relax();
}

/* Too fast a tick gets slower. One of another period begins at its own: else it came every 512 ms.
 */
static void a_new_tick_forgets_that_the_old_one_was_late(void)
{
	u64 armed = 0;

	tick_set(40000, false);
	wait_for_a_tick();
	/* A tick that comes in time makes it faster again: on a busy host some do. */
	for (u32 i = 0; i < 1000 && armed < MS; i++) {
		without_ticks(3 * this_cpu()->tick_armed);
		armed = READ_ONCE(this_cpu()->tick_armed);
	}
	EXPECT(armed >= MS);
	tick_set(TICK_DEFAULT_NS, false);
	without_ticks(3 * this_cpu()->tick_armed); /* then one comes at once, and is late */
	EXPECT(this_cpu()->tick_armed <= 4 * TICK_DEFAULT_NS); /* on a busy host another one too */
}
KTEST(a_new_tick_forgets_that_the_old_one_was_late, KT_ONE_CPU);

static void a_watchdog_that_is_off_counts_nothing(void)
{
	watchdog_set(2 * MS, "watchdog");
	watchdog_set(0, NULL);
	thread_sleep(60 * MS / ktest_part(4));
	watchdog_set(OF_EACH_TEST, "watchdog");
	EXPECT(true);
}
KTEST(a_watchdog_that_is_off_counts_nothing, 0);
