// SPDX-License-Identifier: MIT
/* What goes wrong on one of several CPUs, or between them. */
#define KTEST_SUITE "selftest"

#include "kernel/cpu/insn.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/watchdog.h"
#include "tests/harness/expect.h"

#define SECOND 1000000000ULL

static void hangs_with_interrupts_off(void)
{
	EXPECT(true);
	watchdog_silent_ns = SECOND;
	irq_disable();
	for (;;)
		cpu_relax();
}
KTEST(hangs_with_interrupts_off, KT_SELFTEST | KT_SMP);

static void deaf(void *arg)
{
	(void)arg;
	irq_disable();
	for (;;)
		cpu_relax();
}

/* The call on the other CPU never returns. */
static void a_cpu_never_answers(void)
{
	EXPECT(true);
	ipi_timeout_ns = 100000000;
	ipi_run_on(cpus[1], deaf, NULL);
}
KTEST(a_cpu_never_answers, KT_SELFTEST | KT_SMP);

static int deaf_thread(void *arg)
{
	irq_disable();
	smp_store_release((bool *)arg, true);
	while (smp_load_acquire((bool *)arg))
		cpu_relax();
	return 0;
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static int call_the_deaf(void *arg)
{
	(void)arg;
	ipi_run_on(cpus[1], do_nothing, NULL);
	return 0;
}

static struct thread *start_on(u32 cpu, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare("on a CPU", fn, arg);

	if (t) {
		t->pinned = cpus[cpu];
		thread_launch(t);
	}
	return t;
}

/* CPU 2's call waits in CPU 1's slot, and CPU 0 waits for the slot. */
static void a_cpu_takes_no_call(void)
{
	bool is_deaf = false;

	ipi_timeout_ns = 100000000;
	REQUIRE(start_on(1, deaf_thread, &is_deaf));
	while (!smp_load_acquire(&is_deaf))
		cpu_relax();
	REQUIRE(start_on(2, call_the_deaf, NULL));
	while (!smp_load_acquire(&cpus[1]->call))
		cpu_relax();
	call_the_deaf(NULL);
}
KTEST(a_cpu_takes_no_call, KT_SELFTEST | KT_SMP);

static int fail_here(void *arg)
{
	u32 last = 6;

	(void)arg;
	EXPECT_EQ(last, 7);
	return 0;
}

static void fails_on_the_last_cpu(void)
{
	struct thread *t = start_on(cpu_count - 1, fail_here, NULL);

	REQUIRE(t);
	thread_join(t);
}
KTEST(fails_on_the_last_cpu, KT_SELFTEST | KT_SMP);
