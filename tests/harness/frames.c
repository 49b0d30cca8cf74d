// SPDX-License-Identifier: MIT
#include "tests/harness/frames.h"
#include "kernel/sched.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/stack.h"

#define LATE_NS  1000000 /* between two looks for what comes late */
#define LATE_MAX 100

/* Adds the tables below one, and the frames that its entries map into stacks. */
static u64 frames_below(const pte_t *table, int level, u64 va)
{
	u64 n = 0;

	for (u64 i = level == pgtable_top() ? 256 : 0; i < 512; i++) {
		u64 at = va + (i << (12 + 9 * (level - 1)));

		if (!(table[i] & PTE_P))
			continue;
		if (!pte_is_leaf(table[i], level))
			n += 1 + frames_below(table_of(table[i]), level - 1, at);
		else if (level == 1 && at >= VMAP_BASE && at < STACKS_END)
			n++;
	}
	return n;
}

u64 frames_kept(void)
{
	u64 sign = ~0ULL << (12 + 9 * pgtable_top());

	return pages_free() + frames_below(phys_to_virt(kernel_root), pgtable_top(), sign);
}

static u64 free, kept; /* at the last mark; the thread that runs the tests writes them */

void frames_mark(void)
{
	if (pages_free() == free)
		return;
	kept = frames_kept();
	free = pages_free();
}

s64 frames_lost(void)
{
	for (u32 n = 0;; n++) {
		s64 lost = pages_free() == free ? 0 : (s64)(kept - frames_kept());

		if (!lost || n == LATE_MAX)
			return lost;
		thread_sleep(LATE_NS);
	}
}
