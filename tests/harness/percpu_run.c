// SPDX-License-Identifier: MIT
#include "tests/harness/percpu_run.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/ktest.h"

#define SPIN_NS 50000

/* One crew at a time. */
static struct {
	void (*fn)(u32 member, void *arg);
	void *arg;
	u32 size;
	u32 met; /* arrivals at all meetings so far; atomic */
	struct thread *threads[CPUS_MAX];
} crew;

void percpu_meet(void)
{
	u32 arrival = atomic_inc_return(&crew.met);
	u64 since = now_ns();
	u32 all = (arrival + crew.size - 1) / crew.size * crew.size;

	while (smp_load_acquire(&crew.met) < all) {
		/* Where the emulator has more processors than its host, who spins keeps them off.
		 */
		if (now_ns() - since > SPIN_NS && irqs_enabled())
			thread_sleep(SPIN_NS);
		cpu_relax();
	}
}

static int member(void *arg)
{
	u32 number = (u32)(u64)arg;

	percpu_meet();
	crew.fn(number, crew.arg);
	return 0;
}

static void join(struct thread *t)
{
	struct thread_end end = thread_join(t);

	if (end.died)
		ktest_error("a thread died: %s", end.why);
}

bool percpu_run(void (*fn)(u32 member, void *arg), void *arg)
{
	u32 n;

	crew.fn = fn;
	crew.arg = arg;
	crew.size = cpu_count;
	crew.met = 0;
	for (n = 0; n < crew.size; n++) {
		crew.threads[n] = thread_prepare("crew", member, (void *)(u64)n);
		if (!crew.threads[n])
			break;
		crew.threads[n]->pinned = cpus[n];
	}
	if (n < crew.size) {
		ktest_error("no memory for %u threads", crew.size);
		crew.size = n; /* who is there must still meet, run and end */
	}
	for (u32 i = 0; i < n; i++)
		thread_launch(crew.threads[i]);
	for (u32 i = 0; i < n; i++)
		join(crew.threads[i]);
	return n == cpu_count;
}

static void nothing(u32 number, void *arg)
{
	(void)number;
	(void)arg;
}

/* The threads run with interrupts on, so that what is pending comes on top of them at the latest.
 */
void percpu_drain_interrupts(void)
{
	percpu_run(nothing, NULL);
}

struct errand {
	void (*fn)(void *arg);
	void *arg;
};

static int errand(void *arg)
{
	struct errand *e = arg;

	e->fn(e->arg);
	return 0;
}

bool percpu_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg)
{
	struct errand e = { fn, arg };
	struct thread *t = thread_prepare("errand", errand, &e);

	if (!t) {
		ktest_error("no memory for a thread");
		return false;
	}
	t->pinned = cpu;
	thread_launch(t);
	join(t);
	return true;
}
