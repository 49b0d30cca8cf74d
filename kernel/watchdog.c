// SPDX-License-Identifier: MIT
#include "kernel/watchdog.h"
#include "kernel/backtrace.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"

#define FAULT_TICKS 100 /* that long only one page has faulted: the faults explain the hang */

u64 watchdog_silent_ns = WATCHDOG_SILENT_NS;

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

/*
 * Faults of protection keys during the watch. Written where `watch` is; read by the CPU that finds
 * the end. An NMI does not touch it.
 */
static struct {
	u64 first, last; /* pks_fault_count() at the start, and at the last tick */
	u64 addr;        /* CR2 at that tick */
	u32 ticks;       /* with new faults, the last at `addr`; one without takes back half */
} faults;

void watchdog_set(u64 ns, const char *what)
{
	smp_store_release(&watch.left_ns, 0);
	barrier();
	watch.what = what;
	watch.cpu = this_cpu()->id;
	watch.seen_ns = now_ns();
	faults.first = faults.last = pks_fault_count();
	faults.ticks = 0;
	smp_store_release(&watch.left_ns, ns);
}

/*
 * Notes at a tick of the watched CPU whether it faults, and where. A late tick may come right
 * behind another, with no fault in between: that takes back half.
 */
static void faults_note(void)
{
	u64 count = pks_fault_count(), addr = read_cr2();

	faults.ticks = count != faults.last ? faults.ticks + 1 : faults.ticks / 2;
	if (addr != faults.addr)
		faults.ticks = 0;
	faults.last = count;
	faults.addr = addr;
}

/* Reports the faults if they explain why the test has not ended. */
static void faults_report(const struct regs *regs)
{
	const struct regs *trap = backtrace_trap(regs->rbp);
	u64 rip = trap && trap->vector == X86_PF ? trap->rip : regs->rip;

	if (faults.ticks >= FAULT_TICKS)
		pr("# %lu protection-key faults since the test began, for %u ticks at %016lx\n"
		   "#   now by RIP %016lx %p"
		   "S\n",
		   faults.last - faults.first, faults.ticks, faults.addr, rip, (void *)rip);
}

/* True if the time of the watched CPU is up. */
static bool count_down(u64 left, u64 armed_ns)
{
	u64 spent = MIN(armed_ns, TICK_DEFAULT_NS);

	WRITE_ONCE(watch.seen_ns, now_ns());
	faults_note();
	if (left <= spent)
		return true;
	try_cmpxchg(&watch.left_ns, &left, left - spent);
	return false;
}

static bool is_silent(void)
{
	return (s64)(now_ns() - READ_ONCE(watch.seen_ns)) > (s64)watchdog_silent_ns;
}

void watchdog_tick(const struct regs *regs, u64 armed_ns)
{
	u64 left = smp_load_acquire(&watch.left_ns);
	bool mine = this_cpu()->id == watch.cpu;

	if (!left || !(mine ? count_down(left, armed_ns) : is_silent()) || !xchg(&watch.left_ns, 0))
		return;
	ipi_ask_others_where();
	threads_report();
	if (mine)
		faults_report(regs);
	panic_regs(regs, 0, "the test %s has not ended", watch.what);
}
