// SPDX-License-Identifier: MIT
#include "kernel/locks.h"
#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/atomic.h"
#include "mm/pgtable_internal.h"

#define LOCKS_MAX 8 /* in a report: a damaged list may have no end */

static bool is_mine(const struct spinlock *lock)
{
	u64 flags = irq_save(); /* this_cpu() stays the same */
	bool mine = READ_ONCE(lock->holder) == this_cpu();

	irq_restore(flags);
	return mine;
}

/* Returns the CPU whose run queue this CPU has locked, or NULL. */
static struct cpu *locked_queue(void)
{
	u32 count = smp_load_acquire(&cpu_count);

	for (u32 i = 0; i < count; i++)
		if (is_mine(&cpus[i]->rq.lock))
			return cpus[i];
	return NULL;
}

bool locks_held(void)
{
	return spin_innermost() || is_mine(&pgtable_lock) || locked_queue();
}

void locks_report(void)
{
	struct spinlock *lock = spin_innermost();
	const struct cpu *queue = locked_queue();

	for (u32 i = 0; lock && i < LOCKS_MAX; i++, lock = lock->outer)
		pr("# holding the spinlock %p, taken by %p"
		   "S\n",
		   (void *)lock, lock->site);
	if (is_mine(&pgtable_lock))
		pr("# holding the lock of the page tables\n");
	if (queue)
		pr("# holding the lock of CPU %u's run queue\n", queue->id);
}
