// SPDX-License-Identifier: MIT
/*
 * A thread goes on at another CPU from any instruction of what the kernel does for it: whoever
 * looks at the CPU before it turns preemption off then works with the other one's state. What this
 * cannot know: tests/harness/int_at.h.
 */
#define KTEST_SUITE "smp"

#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_local.h"
#include "tests/harness/fixture.h"
#include "tests/harness/int_at.h"

static struct {
	u32 calls[CPUS_MAX]; /* on each CPU, by itself */
	u32 softirqs;
	struct prot_page page;
	struct rights_seen {
		u32 mapped, unmapped;
	} rights;
	bool failed; /* one message is enough */
} run;

static bool to_next_cpu(struct regs *regs)
{
	(void)regs;
	current_thread()->pinned = cpus[(this_cpu()->id + 1) % cpu_count];
	this_cpu()->need_resched = true;
	return true;
}

static void expect(bool holds, const char *rule)
{
	ktest_checked();
	if (holds || run.failed)
		return;
	run.failed = true;
	ktest_fail(__FILE__, __LINE__,
		   "with a migration at %p"
		   "S to CPU %u: expected that %s",
		   (void *)int_at_last(), this_cpu()->id, rule);
}

/* An event that came with preemption off has not moved the thread yet. */
static void settle(void)
{
	thread_pin(current_thread()->pinned);
}

static void slept_there(void)
{
	expect(this_cpu() == current_thread()->pinned, "the thread sleeps where it has gone");
	settle();
}

static void count_call(void *arg)
{
	(void)arg;
	run.calls[this_cpu()->id]++;
}

static void call_all(void *arg)
{
	for (u32 i = 0; i < cpu_count; i++)
		run.calls[i] = 0;
	ipi_run_on_all(count_call, arg);
}

static void each_was_called(void)
{
	for (u32 i = 0; i < cpu_count; i++)
		expect(run.calls[i] == 1, "each CPU is called once");
	settle();
}

static void sleep_shortly(void *arg)
{
	(void)arg;
	thread_sleep(1);
}

static void count_softirq(void)
{
	run.softirqs++;
}

static void raise(void *arg)
{
	(void)arg;
	run.softirqs = 0;
	softirq_raise(SOFTIRQ_TEST);
}

static void softirq_ran(void)
{
	expect(run.softirqs == 1, "a softirq has run when its raise returns");
	settle();
}

static void map_and_unmap(void *arg)
{
	void *va = kmap_local_page(run.page.page);

	(void)arg;
	run.rights.mapped = pkrs_register();
	kunmap_local(va);
	run.rights.unmapped = pkrs_register();
}

static void rights_followed(void)
{
	expect(run.rights.mapped == WITH_KEY(PKS_KEY_DEVMAP),
	       "a map opens the key where the thread is");
	expect(run.rights.unmapped == PKRS_INIT, "its end closes the key there");
	settle();
}

static const struct {
	void (*fn)(void *arg);
	void (*after)(void);
	u32 least; /* events */
} acts[] = {
	{ call_all, each_was_called, 30 },
	{ sleep_shortly, slept_there, 5 },
	{ raise, softirq_ran, 5 },
	{ map_and_unmap, rights_followed, 30 },
};

static void a_thread_may_migrate_at_any_instruction(void)
{
	struct cpu *before = current_thread()->pinned;

	if (!int_at_possible())
		return;
	REQUIRE(prot_page_get(&run.page, PKS_KEY_DEVMAP));
	softirq_register(SOFTIRQ_TEST, count_softirq);
	run.failed = false;
	for (u32 i = 0; i < ARRAY_SIZE(acts); i++) {
		u32 events = int_at_each(acts[i].fn, NULL, VECTOR_TEST, to_next_cpu, acts[i].after);

		EXPECT(run.failed || events >= acts[i].least / ktest_part(2 * INT_AT_PART));
	}
	prot_page_put(&run.page);
	thread_pin(before);
}
KTEST(a_thread_may_migrate_at_any_instruction, KT_PKS | KT_SMP);
