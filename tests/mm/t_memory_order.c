// SPDX-License-Identifier: MIT
/*
 * What others find at each instruction of a change of a key. A fault that finds the new key must
 * find the change counted, or it kills for a key that the page no longer had; and a key whose last
 * page is uncounted gets another owner, so no page may say that it has it. What this cannot know:
 * the order in which another CPU sees the writes.
 */
#define KTEST_SUITE "memory"

#include "kernel/exception.h"
#include "kernel/lib/options.h"
#include "kernel/locks.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/window.h"

/* The change under way. The test's thread writes it, and the #DBs that it raises. */
static struct {
	struct page *page;
	u32 from, to, changes;
	u32 counted, uncounted; /* instructions at which the key still had a page, and no more */
	u32 old_seen, new_seen; /* at which the entry had this key */
} now;

static bool look(struct regs *regs)
{
	struct pgwalk walk;

	(void)regs;
	if (!EXPECT(pgtable_walk(kernel_root, (u64)page_to_virt(now.page), &walk)))
		return true;
	if (walk.key == now.to) {
		now.new_seen++;
		EXPECT(pks_changes() != now.changes);
	} else {
		now.old_seen++;
		EXPECT_EQ(walk.key, now.from);
	}
	if (pks_key_pages(now.from)) {
		now.counted++;
	} else {
		now.uncounted++;
		EXPECT_EQ(now.page->pkey, now.to);
	}
	return true;
}

static void change(void *arg)
{
	(void)arg;
	EXPECT_EQ(set_memory_pkey((u64)page_to_virt(now.page), 1, now.to), 0);
}

static void change_from_to(u32 from, u32 to)
{
	now.from = from;
	now.to = to;
	now.changes = pks_changes();
	now.counted = now.uncounted = now.old_seen = now.new_seen = 0;
	single_step(change, NULL, look);
	EXPECT(now.old_seen > 10 && now.new_seen > 10);
	EXPECT(now.counted > 10 && now.uncounted > 10);
}

static void a_key_changes_in_the_right_order(void)
{
	int first = pks_key_alloc("first"), second = pks_key_alloc("second");

	now.page = window_page(0);
	REQUIRE(now.page && first > 0 && second > 0);
	EXPECT_EQ(set_memory_pkey((u64)page_to_virt(now.page), 1, (u32)first), 0);
	change_from_to((u32)first, (u32)second);
	change_from_to((u32)second, (u32)first);
	change_from_to((u32)first, PKS_KEY_DEFAULT);
	page_free(now.page, 0);
	EXPECT_EQ(pks_key_free((u32)first), 0);
	EXPECT_EQ(pks_key_free((u32)second), 0);
}
KTEST(a_key_changes_in_the_right_order, KT_PKS | KT_ONE_CPU);

static u32 split_seen; /* instructions at which the page is split, and not yet changed */

/* No other CPU may merge what was split for this change. */
static bool look_at_the_split(struct regs *regs)
{
	struct pgwalk walk;

	(void)regs;
	if (!EXPECT(pgtable_walk(kernel_root, (u64)page_to_virt(now.page), &walk)))
		return true;
	if (walk.last == 1 && walk.key != now.to) {
		split_seen++;
		EXPECT(locks_held());
	}
	return true;
}

static void a_page_is_split_and_changed_under_one_lock(void)
{
	struct pgwalk walk;

	SKIP_IF(options.debug_pagealloc, "debug_pagealloc=on: no large page needs a table");
	now.page = window_page(9);
	REQUIRE(now.page && pgtable_walk(kernel_root, (u64)page_to_virt(now.page), &walk));
	now.to = PKS_KEY_DEVMAP;
	split_seen = 0;
	if (walk.last > 1) {
		single_step(change, NULL, look_at_the_split);
		EXPECT(split_seen > 10);
		EXPECT_EQ(set_memory_pkey((u64)page_to_virt(now.page), 1, PKS_KEY_DEFAULT), 0);
	} else {
		ktest_skip("no free large page");
	}
	page_free(now.page, 9);
}
KTEST(a_page_is_split_and_changed_under_one_lock, KT_PKS | KT_ONE_CPU);
