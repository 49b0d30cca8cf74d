// SPDX-License-Identifier: MIT
#include "tests/harness/percpu_run.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "tests/harness/ktest.h"

#define SPIN_NS 50000

/* The running threads: one percpu_run() at a time. */
static struct {
	void (*fn)(u32 member, void *arg);
	void *arg;
	u32 size;
	u32 met; /* arrivals at all barriers so far; atomic */
	struct thread *threads[CPUS_MAX];
} running;

void percpu_meet(void)
{
	u32 arrival = atomic_inc_return(&running.met);
	u64 since = now_ns();
	u32 all = (arrival + running.size - 1) / running.size * running.size;

	while (smp_load_acquire(&running.met) < all) {
		/* If the emulator has more CPUs than its host, a spinning one delays the others. */
		if (now_ns() - since > SPIN_NS && irqs_enabled())
			thread_sleep(SPIN_NS);
		cpu_relax();
	}
}

static int member(void *arg)
{
	u32 number = (u32)(u64)arg;

	percpu_meet();
	running.fn(number, running.arg);
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

	running.fn = fn;
	running.arg = arg;
	running.size = cpu_count;
	running.met = 0;
	for (n = 0; n < running.size; n++) {
		running.threads[n] = thread_prepare("percpu_run", member, (void *)(u64)n);
		if (!running.threads[n])
			break;
		running.threads[n]->pinned = cpus[n];
	}
	if (n < running.size) {
		ktest_error("no memory for %u threads", running.size);
		running.size = n; /* those that exist must still meet, run and end */
	}
	for (u32 i = 0; i < n; i++)
		thread_launch(running.threads[i]);
	for (u32 i = 0; i < n; i++)
		join(running.threads[i]);
	return n == cpu_count;
}

static void nothing(u32 number, void *arg)
{
	(void)number;
	(void)arg;
}

/* The threads run with interrupts on: pending interrupts are delivered before they end. */
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
