// SPDX-License-Identifier: MIT
#include "tests/bench/bench.h"
#include "kernel/config.h"
#include "kernel/console.h"
#include "kernel/glob.h"
#include "kernel/insn.h"
#include "kernel/options.h"
#include "kernel/percpu.h"

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

static void bench_run(const struct bench *b)
{
	static u64 ticks[REPEATS];
	u64 writes;

	b->fn(); /* warms caches, and takes a first fault's warning out of the figures */
	writes = this_cpu()->pkrs_writes;
	for (u32 i = 0; i < REPEATS; i++)
		ticks[i] = b->fn();
	writes = this_cpu()->pkrs_writes - writes;
	sort(ticks, REPEATS);
	pr("# bench %s min %lu median %lu", b->name, ticks[0], ticks[REPEATS / 2]);
	if (CONFIG_PARANOID)
		pr(" writes %lu/%u", writes, REPEATS);
	pr("\n");
}

void bench_run_all(void)
{
	for (const struct bench *b = kbenches_start; b < kbenches_end; b++)
		if (glob_list_match(options.tests, b->name))
			bench_run(b);
	pr("# benches done\n");
}
