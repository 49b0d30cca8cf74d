// SPDX-License-Identifier: MIT
#include "tests/harness/refuse.h"
#include "kernel/console/console.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/stack.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"

#define TRIES_MAX 64 /* then the operation never ends; that is a failure */

/* What an operation that fails must leave as it was. */
struct state {
	u64 frames; /* free ones, page tables, and those of stacks */
	s64 key_pages[PKS_KEYS];
	u64 threads;
	u32 rights;
};

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

/*
 * Kernel page tables and the frames of stacks stay for the next try (mm/stack.c, mm/pgtable.c),
 * so what counts is their sum with the free frames.
 */
static struct state state_now(void)
{
	struct state s = { .rights = rights_mirror() };
	u64 sign = ~0ULL << (12 + 9 * pgtable_top());

	s.frames = pages_free() + frames_below(phys_to_virt(kernel_root), pgtable_top(), sign);
	for (u32 key = 0; key < PKS_KEYS; key++)
		s.key_pages[key] = pks_key_pages(key);
	list_for_each(node, &all_threads) s.threads++;
	return s;
}

static bool expect_state(const struct state *want, const char *when, u32 n)
{
	struct state now = state_now();
	u32 wrong = 0;

	wrong += !EXPECT_EQ(now.frames, want->frames);
	wrong += !EXPECT_EQ(now.threads, want->threads);
	wrong += !EXPECT_EQ(now.rights, want->rights);
	for (u32 key = 0; key < PKS_KEYS; key++)
		wrong += !EXPECT_EQ(now.key_pages[key], want->key_pages[key]);
	if (wrong)
		ktest_fail(__FILE__, __LINE__, "%s %u", when, n);
	return !wrong;
}

u32 refuse_each_allocation(int (*op)(void *), void (*undo)(void *), void *arg, u64 count)
{
	struct state before = state_now();

	for (u32 n = 0; n < TRIES_MAX; n++) {
		int err;

		page_alloc_refuse(n, count);
		err = op(arg);
		if (!page_alloc_refuse(0, 0)) {
			if (EXPECT_EQ(err, 0))
				undo(arg);
			expect_state(&before, "without a refusal, allocations", n);
			if (options.extent >= EXTENT_FULL) /* tools/arms reads it */
				pr("# refused %u allocations\n", n);
			return n;
		}
		if (!EXPECT_EQ(err, (u64)-ENOMEM) && !err)
			undo(arg);
		if (!expect_state(&before, "after the refusal of allocation", n + 1))
			return n;
	}
	EXPECT(!"an operation that needs so many allocations");
	return TRIES_MAX;
}
