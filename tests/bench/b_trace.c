// SPDX-License-Identifier: MIT
/* The cost of an event. The other benches show that sites cost nothing without trace=on. */
#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "tests/bench/bench.h"

static u64 trace_event(u64 *writes)
{
	bool on = trace_on;
	u64 start, ticks;

	(void)writes;
	trace_on = true;
	start = rdtsc();
	trace(TRACE_MARK, 0, 0);
	ticks = rdtsc() - start;
	trace_on = on;
	return ticks;
}
BENCH(trace_event, false);
