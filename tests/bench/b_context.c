// SPDX-License-Identifier: MIT
/*
 * The cost of a thread switch and of an exception. The difference between builds with PKS and
 * without is what protection keys add.
 */
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/rights.h"
#include "tests/bench/bench.h"

/* A switch ends in another thread: the partner reads the clock the second time. */
static struct {
	u64 start, ticks, writes;
	bool other_rights;
} sw;

static int partner(void *arg)
{
	(void)arg;
	irq_disable();
	if (sw.other_rights)
		pks_set_readwrite(PKS_KEY_DEVMAP);
	thread_yield(); /* the creator starts the clock, and yields back */
	sw.ticks = rdtsc() - sw.start;
	sw.writes = bench_writes() - sw.writes;
	return 0;
}

static u64 one_switch(bool other_rights, u64 *writes)
{
	struct thread *t;

	irq_disable();
	sw.other_rights = other_rights;
	t = thread_create("partner", partner, NULL);
	if (!t)
		return 0;
	thread_yield(); /* it sets its rights and yields back */
	sw.writes = bench_writes();
	sw.start = rdtsc();
	thread_yield(); /* it stops the clock and ends */
	*writes += sw.writes;
	irq_enable();
	thread_join(t);
	return sw.ticks;
}

static u64 context_switch_equal(u64 *writes)
{
	return one_switch(false, writes);
}
BENCH(context_switch_equal, false);

static u64 context_switch_different(u64 *writes)
{
	return one_switch(true, writes);
}
BENCH(context_switch_different, false);

static bool do_nothing(struct regs *regs)
{
	(void)regs;
	return true;
}

static u64 one_exception(bool held, u64 *writes)
{
	trap_hook_t hook = trap_hook_set(X86_BP, do_nothing);
	u64 before, start, ticks;

	if (held)
		pks_set_readwrite(PKS_KEY_DEVMAP);
	before = bench_writes();
	start = rdtsc();
	asm volatile("int3" : : : "memory");
	ticks = rdtsc() - start;
	*writes += bench_writes() - before;
	pks_set_noaccess(PKS_KEY_DEVMAP);
	trap_hook_set(X86_BP, hook);
	return ticks;
}

static u64 context_exception_initial(u64 *writes)
{
	return one_exception(false, writes);
}
BENCH(context_exception_initial, false);

static u64 context_exception_granted(u64 *writes)
{
	return one_exception(true, writes);
}
BENCH(context_exception_granted, false);
