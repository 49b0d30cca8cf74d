// SPDX-License-Identifier: MIT
#include "kernel/watchdog.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/percpu.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"

#define SILENT_NS 10000000000ULL

/*
 * Written in thread context while left_ns is 0, which the tick of any CPU reads first. Then the
 * watched CPU's tick alone counts down and notes the time; the CPU that finds the end takes it by
 * writing 0.
 */
static struct {
	u64 left_ns; /* 0: off */
	u64 seen_ns; /* when the watched CPU handled its last tick */
	u32 cpu;
	const char *what;
} watch;

void watchdog_set(u64 ns, const char *what)
{
	smp_store_release(&watch.left_ns, 0);
	barrier();
	watch.what = what;
	watch.cpu = this_cpu()->id;
	watch.seen_ns = now_ns();
	smp_store_release(&watch.left_ns, ns);
}

/* True if the time of the watched CPU is up. */
static bool count_down(u64 left, u64 armed_ns)
{
	u64 spent = MIN(armed_ns, TICK_DEFAULT_NS);

	WRITE_ONCE(watch.seen_ns, now_ns());
	if (left <= spent)
		return true;
	try_cmpxchg(&watch.left_ns, &left, left - spent);
	return false;
}

static bool is_silent(void)
{
	return (s64)(now_ns() - READ_ONCE(watch.seen_ns)) > (s64)SILENT_NS;
}

void watchdog_tick(const struct regs *regs, u64 armed_ns)
{
	u64 left = smp_load_acquire(&watch.left_ns);
	bool mine = this_cpu()->id == watch.cpu;

	if (!left || !(mine ? count_down(left, armed_ns) : is_silent()) || !xchg(&watch.left_ns, 0))
		return;
	ipi_ask_others_where();
	threads_report();
	panic_regs(regs, 0, "the test %s has not ended", watch.what);
}
