// SPDX-License-Identifier: MIT
#include "tests/stray/cost.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/x86.h"
#include "kernel/thread.h"
#include "tests/harness/expect.h"
#include "tests/stray/range.h"

#define ROUNDS 3 /* one in a brief run */

/* The counts of all CPUs so far; `ticks` is the time. */
static struct stray_cost count(void)
{
	struct stray_cost now = { 0 };

	for (u32 i = 0; i < cpu_count; i++) {
		now.writes += cpus[i]->pkrs_writes;
		now.invlpgs += cpus[i]->invlpgs;
		now.flushes += cpus[i]->flushes;
		now.ipis += cpus[i]->ipis;
	}
	now.ticks = rdtsc();
	return now;
}

static int write_once(void *arg)
{
	static const u8 bytes[PAGE_SIZE];
	struct stray_cost *cost = arg, before = count(), after;
	u64 ticks;

	stray_range_write_log(bytes);
	ticks = rdtsc() - before.ticks;
	after = count();
	*cost = (struct stray_cost){
		.ticks = ticks,
		.writes = after.writes - before.writes,
		.invlpgs = after.invlpgs - before.invlpgs,
		.flushes = after.flushes - before.flushes,
		.ipis = after.ipis - before.ipis,
	};
	return 0;
}

/* Each write is a thread's only one: a pardon for the rest of a context is paid for each time. */
struct stray_cost stray_cost(void)
{
	struct stray_cost least = { .ticks = ~0ULL };

	for (u32 i = 0; i < ROUNDS / ktest_part(3); i++) {
		struct stray_cost cost = { 0 };
		struct thread *t = thread_create("cost", write_once, &cost);

		if (!EXPECT(t))
			break;
		EXPECT(!thread_join(t).died);
		if (cost.ticks < least.ticks)
			least = cost;
	}
	return least;
}
