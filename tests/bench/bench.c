// SPDX-License-Identifier: MIT
#include "tests/bench/bench.h"
#include "kernel/console/console.h"
#include "kernel/console/results.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/config.h"
#include "kernel/lib/glob.h"
#include "kernel/lib/options.h"
#include "pks/pkrs.h"

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

static void bench_run(const struct bench *b, u64 clock)
{
	static u64 ticks[REPEATS];
	u64 writes = 0;

	b->fn(&writes); /* warms caches and keeps a first fault out of the figures */
	writes = 0;
	for (u32 i = 0; i < REPEATS; i++)
		ticks[i] = b->fn(&writes) - clock;
	sort(ticks, REPEATS);
	if (CONFIG_PARANOID) /* other builds do not count writes */
		results_pr("# bench %s min %lu median %lu writes %lu\n", b->name, ticks[0],
			   ticks[REPEATS / 2], (writes + REPEATS / 2) / REPEATS);
	else
		results_pr("# bench %s min %lu median %lu\n", b->name, ticks[0],
			   ticks[REPEATS / 2]);
}

static bool selected(const struct bench *b)
{
	return glob_list_match(options.tests, b->name) && (pks_on() || !b->needs_pks);
}

void bench_run_all(void)
{
	u64 clock = clock_cost();
	u32 planned = 0, done = 0;

	for (const struct bench *b = kbenches_start; b < kbenches_end; b++)
		planned += selected(b);
	pr("KTAP version 1\n1..%u\n", planned);
	for (const struct bench *b = kbenches_start; b < kbenches_end; b++) {
		if (!selected(b))
			continue;
		bench_run(b, clock);
		pr("ok %u %s\n", ++done, b->name);
	}
	results_end("# Totals: pass:%u fail:0 xfail:0 skip:0 error:0\n", done);
}
