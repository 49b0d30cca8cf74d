// SPDX-License-Identifier: MIT
#include "kernel/trace/trace_scenario.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/trace.h"

static const char *names[TRACE_SCENARIOS]; /* written in thread context, one scenario at a time */

static void mark(enum trace_type type, const struct trace_scenario *s)
{
	struct pks_policy policy = s->policy;

	trace(type, s->id | (u64)s->key << 32 | (u64)s->pages << 40,
	      (u64)policy.mode << 16 | (u64)policy.gate << 8 | policy.scope);
}

/* Records the rights right after it, so that a reader knows them from the start. */
void trace_scenario_begin(const struct trace_scenario *scenario)
{
	if (scenario->id < TRACE_SCENARIOS)
		names[scenario->id] = scenario->name;
	mark(TRACE_SCENARIO_BEGIN, scenario);
	trace(TRACE_RIGHTS, (u32)this_cpu()->pkrs, (u64)__builtin_return_address(0));
}

void trace_scenario_end(const struct trace_scenario *scenario)
{
	mark(TRACE_SCENARIO_END, scenario);
}

const char *trace_scenario_name(u32 id)
{
	return id < TRACE_SCENARIOS ? names[id] : NULL;
}
