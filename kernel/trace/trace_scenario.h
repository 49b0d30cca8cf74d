/* SPDX-License-Identifier: MIT */
/* Parts of the trace that tools/trace judges one by one. */
#ifndef KEYWARD_KERNEL_TRACE_TRACE_SCENARIO_H
#define KEYWARD_KERNEL_TRACE_TRACE_SCENARIO_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

/* A part of the trace that tools/trace judges by itself. */
struct trace_scenario {
	u32 id;           /* below TRACE_SCENARIOS */
	const char *name; /* static text */
	struct pks_policy policy;
	u8 key;    /* of the pages whose exposure is measured */
	u32 pages; /* how many carry it; less than 2^24 */
};

/* Thread context; one scenario at a time. */
void trace_scenario_begin(const struct trace_scenario *scenario);
void trace_scenario_end(const struct trace_scenario *scenario);

/* Returns the name of the last scenario begun with this id; NULL: none. */
const char *trace_scenario_name(u32 id);

#endif
