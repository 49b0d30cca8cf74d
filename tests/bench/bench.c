// SPDX-License-Identifier: MIT
#include "tests/bench/bench.h"
#include "kernel/console/console.h"
#include "kernel/console/results.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/config.h"
#include "kernel/lib/glob.h"
#include "kernel/lib/options.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "pks/pkrs.h"
#include "tests/bench/cores.h"
#include "tests/bench/transient.h"

#define REPEATS 101

extern const struct bench kbenches_start[], kbenches_end[];

static void sort(u64 *v, u32 n)
{
	for (u32 i = 1; i < n; i++) {
		for (u32 j = i; j && v[j - 1] > v[j]; j--) {
			u64 t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
	}
}

/* The least time between two readings of the clock, in ticks. */
static u64 clock_cost(void)
{
	u64 least = ~0ULL;

	for (u32 i = 0; i < REPEATS; i++) {
		u64 start = rdtsc(), ticks = rdtsc() - start;

		least = MIN(least, ticks);
	}
	return least;
}

/* What runs now: the clock's own cost, what is added to names, and the results so far. */
static struct {
	u64 clock;
	char core[CORE_NAME];
	u32 done, passed;
} run;

static void result(const char *name, const char *why_not)
{
	if (why_not) {
		results_pr("# bench %s%s not measured: %s\n", name, run.core, why_not);
		results_keep("skip 1 %s", why_not);
	}
	pr("ok %u %s%s%s%s\n", ++run.done, name, run.core, why_not ? " # SKIP " : "",
	   why_not ? why_not : "");
	run.passed += !why_not;
}

static void bench_run(const struct bench *b)
{
	static u64 ticks[REPEATS];
	u64 writes = 0;

	b->fn(&writes); /* warms caches and keeps a first fault out of the figures */
	writes = 0;
	for (u32 i = 0; i < REPEATS; i++)
		ticks[i] = b->fn(&writes) - run.clock;
	sort(ticks, REPEATS);
	if (CONFIG_PARANOID) /* other builds do not count writes */
		results_pr("# bench %s%s min %lu median %lu writes %lu\n", b->name, run.core,
			   ticks[0], ticks[REPEATS / 2], (writes + REPEATS / 2) / REPEATS);
	else
		results_pr("# bench %s%s min %lu median %lu\n", b->name, run.core, ticks[0],
			   ticks[REPEATS / 2]);
}

/* Prints how often each act's lines were seen; what that means is for the reader. */
static const char *transient(void)
{
	static struct flush_reload r;
	const char *why = transient_run(&r);

	if (r.flushed)
		results_pr("# transient%s clock cached %lu flushed %lu limit %lu\n", run.core,
			   r.cached, r.flushed, r.limit);
	for (u32 act = 0; act < FR_ACTS && r.flushed && !why; act++)
		results_pr("# transient%s %s old %u new %u others %u of %u\n", run.core,
			   fr_act_name((enum fr_act)act), r.hot[act][FR_OLD], r.hot[act][FR_NEW],
			   fr_others(&r, (enum fr_act)act), FR_ROUNDS);
	return why;
}

static bool selected(const struct bench *b)
{
	return glob_list_match(options.tests, b->name) && (pks_on() || !b->needs_pks);
}

static bool transient_selected(void)
{
	return pks_on() && glob_list_match(options.tests, "transient");
}

/* Runs all on this CPU. */
static int run_here(void *arg)
{
	(void)arg;
	run.clock = clock_cost();
	for (const struct bench *b = kbenches_start; b < kbenches_end; b++) {
		const char *why = b->missing ? b->missing() : NULL;

		if (!selected(b))
			continue;
		if (!why)
			bench_run(b);
		result(b->name, why);
	}
	if (transient_selected())
		result("transient", transient());
	return 0;
}

/* Runs all in a thread that stays on the CPU. */
static void run_on(struct cpu *cpu)
{
	struct thread *t = thread_prepare("benches", run_here, NULL);

	if (!t) {
		results_pr("# bench: out of memory\n");
		return; /* the plan is not met: the run fails */
	}
	t->pinned = cpu;
	thread_launch(t);
	thread_join(t);
}

static const struct cpu_type *type_of(u32 i)
{
	return &cpus[i]->type;
}

void bench_run_all(void)
{
	u32 first[CORES_MAX], types = cores_find(type_of, cpu_count, first);
	u32 planned = transient_selected();
	char text[CPU_TYPE_TEXT];

	for (const struct bench *b = kbenches_start; b < kbenches_end; b++)
		planned += selected(b);
	pr("KTAP version 1\n1..%u\n", planned * types);
	results_pr("# bench unit: ticks of the TSC, at %lu kHz\n", time_tsc_khz());
	run.done = run.passed = 0;
	for (u32 i = 0; i < types; i++) {
		core_name(type_of(first[i]), first[i], types, run.core);
		if (types == 1) {
			run_here(NULL);
			break;
		}
		cpu_type_print(type_of(first[i]), text);
		results_pr("# bench core %s: %s\n", run.core + 1, text);
		run_on(cpus[first[i]]);
	}
	results_end("# Totals: pass:%u fail:0 xfail:0 skip:%u error:0\n", run.passed,
		    run.done - run.passed);
}
