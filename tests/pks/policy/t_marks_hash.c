// SPDX-License-Identifier: MIT
/* Tests of the hash alone; t_marks.c runs with both ways to count. */
#define KTEST_SUITE "marks"

#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "pks/policy/global.h"
#include "pks/policy/mark_hash.h"
#include "pks/policy/marks.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"

#define STEPS_MAX 200

/* Marks one page more than the hash has slots. */
static void a_full_hash_leaves_the_page_protected(void)
{
	enum pks_marks was = options.marks;
	struct page *block = page_alloc(10);
	u64 full = pks_mark_stats.full, underflows = pks_mark_stats.underflows;
	struct prot_page p;

	REQUIRE(block);
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	pks_marks_set(PKS_MARKS_HASH);
	EXPECT_EQ(devmap_protect(block, 1024, PKS_KEY_DEVMAP), 0);
	for (u32 i = 0; i <= MARK_HASH_SLOTS; i++)
		kmap(block + i);
	EXPECT_EQ(pks_mark_stats.full - full, 1);
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		EXPECT_EQ(page_marks(block + i), 1);
	p = (struct prot_page){ block + MARK_HASH_SLOTS, page_to_virt(block + MARK_HASH_SLOTS) };
	EXPECT_CLOSED(&p);
	kunmap(block); /* frees a slot for the page that had none */
	kmap(p.page);
	EXPECT_OPEN(&p);
	for (u32 i = 1; i <= MARK_HASH_SLOTS; i++)
		kunmap(block + i);
	EXPECT_CLOSED(&p);
	EXPECT_EQ(pks_mark_stats.underflows - underflows, 0);
	EXPECT_EQ(pks_global_marks(PKS_KEY_DEVMAP), 0); /* the key does not stay open */
	devmap_unprotect(block, 1024);
	page_free(block, 10);
	pks_marks_set(was);
}
KTEST(a_full_hash_leaves_the_page_protected, KT_PKS);

static void unmap(void *arg)
{
	kunmap(arg);
}

/* The most instructions that kunmap() takes for one of eight pages that are not marked. */
static u32 kunmap_steps(struct page *ordinary)
{
	u32 most = 0;

	for (u32 i = 0; i < 8; i++) {
		u32 steps = single_step(unmap, ordinary + i, NULL);

		most = MAX(most, steps);
	}
	return most;
}

/* One of each two neighbours: as the hash spreads neighbours well, others meet in a slot. */
static struct page *one_of_two(struct page *block, u32 i)
{
	return block + 2 * i + (i * i / 7 + i / 3) % 2;
}

/* Fills the hash, finds it full, and empties it. */
static void fill_and_empty(struct page *block, struct page *one_more)
{
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		kmap(one_of_two(block, i));
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		EXPECT_EQ(page_marks(one_of_two(block, i)), 1);
	kmap(one_more);
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		kunmap(one_of_two(block, i));
}

/*
 * A walk of one slot is some 50 instructions long; one of all slots, some thousands. The ordinary
 * pages had a key once, or kunmap() would look for no mark of theirs.
 */
static void a_kunmap_stays_as_fast_as_at_first(void)
{
	struct page *block = page_alloc(10), *ordinary = page_alloc(3), *one_more = page_alloc(0);
	u64 underflows = pks_mark_stats.underflows;
	enum pks_marks was = options.marks;

	REQUIRE(block && ordinary && one_more);
	EXPECT_EQ(devmap_protect(ordinary, 8, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(devmap_unprotect(ordinary, 8), 0);
	pks_marks_set(PKS_MARKS_HASH);
	EXPECT(kunmap_steps(ordinary) < STEPS_MAX); /* whatever the tests before have marked */
	EXPECT_EQ(devmap_protect(block, 1024, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(devmap_protect(one_more, 1, PKS_KEY_DEVMAP), 0);
	for (u32 i = 0; i < 1024; i++) {
		kmap(block + i);
		kunmap(block + i);
	}
	EXPECT(kunmap_steps(ordinary) < STEPS_MAX);
	fill_and_empty(block, one_more);
	EXPECT(kunmap_steps(ordinary) < STEPS_MAX);
	EXPECT_EQ(pks_global_marks(PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(pks_mark_stats.underflows - underflows, 0);
	devmap_unprotect(one_more, 1);
	devmap_unprotect(block, 1024);
	page_free(one_more, 0);
	page_free(ordinary, 3);
	page_free(block, 10);
	pks_marks_set(was);
}
KTEST(a_kunmap_stays_as_fast_as_at_first, KT_PKS);
