// SPDX-License-Identifier: MIT
/*
 * What others find at each instruction of a change of a key. A fault that finds the new key must
 * find the change counted, or it kills for a key that the page no longer had; and a key whose last
 * page is uncounted gets another owner, so no page may say that it has it. What this cannot know:
 * the order in which another CPU sees the writes.
 */
#define KTEST_SUITE "memory"

#include "kernel/exception.h"
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
