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
