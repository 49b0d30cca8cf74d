// SPDX-License-Identifier: MIT
#include "tests/harness/events.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"

static struct events count(void)
{
	struct events e = { .pkrs_writes = this_cpu()->pkrs_writes, .ipis = this_cpu()->calls };

	for (u32 i = 0; i < cpu_count; i++) {
		e.invlpgs += cpus[i]->invlpgs;
		e.flushes += cpus[i]->flushes;
	}
	return e;
}

struct events events_now(void)
{
	struct events e = count();

	e.ticks = rdtsc();
	return e;
}

struct events events_since(struct events before)
{
	u64 ticks = rdtsc() - before.ticks;
	struct events now = count();

	return (struct events){
		.ticks = ticks,
		.pkrs_writes = now.pkrs_writes - before.pkrs_writes,
		.invlpgs = now.invlpgs - before.invlpgs,
		.flushes = now.flushes - before.flushes,
		.ipis = now.ipis - before.ipis,
	};
}
