// SPDX-License-Identifier: MIT
/*
 * kmap_local_page(): rights that nest, against a model that knows only which maps are open. What
 * this cannot know: the warnings' texts; tests/selftest/run reads them from the console.
 */
#define KTEST_SUITE "kmap_local"

#include "kernel/cpu/local.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_warn.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

static bool page_get(struct prot_page *p)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	kmap_warnings_forget();
	return prot_page_get(p, PKS_KEY_DEVMAP);
}

/* One call site for each kind of access, even if the compiler unrolls loops. */
static __attribute__((noinline)) void *map(struct page *page, enum pks_access access)
{
	return access == PKS_WRITE ? kmap_local_page(page) : kmap_local_page_read(page);
}

static void opens_for_reading_and_writing(void)
{
	struct prot_page p;
	void *va;

	if (!page_get(&p))
		return;
	va = kmap_local_page(p.page);
	EXPECT(va == p.va);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	EXPECT_NO_FAULT(probe_write(p.va, 1), "mapped for writing");
	EXPECT_CLOSED(&p); /* to a new context */
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&p);
	prot_page_put(&p);
}
KTEST(opens_for_reading_and_writing, KT_PKS);

static void a_map_for_reading_refuses_writes(void)
{
	struct prot_page p;
	const char *va;

	if (!page_get(&p))
		return;
	va = kmap_local_page_read(p.page);
	EXPECT(va == (const char *)p.va);
	EXPECT_ACCESSIBLE(&p);
	EXPECT_PAGE_FAULT(probe_write(p.va, 1), PF_P | PF_W | PF_PK, p.va, "mapped for reading");
	kunmap_local(va + PAGE_SIZE - 1); /* any address in the page does */
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&p);
}
KTEST(a_map_for_reading_refuses_writes, KT_PKS);

/* Four maps: two of one page, another with the same key, and one with a key of its own. */
#define MAPS 4

static struct {
	struct prot_page pages[3];
	u32 key;
	struct page *page[MAPS];
	enum pks_access access[MAPS];
} set;

static bool set_get(void)
{
	int key = pks_key_alloc("kmap_local");

	if (!EXPECT(key > 0))
		return false;
	set.key = (u32)key;
	if (!page_get(&set.pages[0]) || !page_get(&set.pages[1]) ||
	    !prot_page_get(&set.pages[2], set.key))
		return false;
	for (u32 i = 0; i < MAPS; i++)
		set.page[i] = set.pages[i > 0 ? i - 1 : 0].page;
	return true;
}

static void set_put(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(set.pages); i++)
		prot_page_put(&set.pages[i]);
	EXPECT_EQ(pks_key_free(set.key), 0);
}

/* The model: the rights while the maps of the mask `open` are open. */
static u32 rights_of(u32 open)
{
	u32 pkrs = PKRS_INIT;

	for (u32 i = 0; i < MAPS; i++)
		if (open & BIT(i))
			pkrs &= ~pkrs_needs_clear(set.page[i]->pkey, set.access[i]);
	return pkrs;
}

/* Maps all in order, then unmaps in the order of `order`, two bits for each map. */
static void map_and_unmap(u32 order)
{
	u64 wrong = kmap_stats.order, expected = 0;
	u32 open = 0;

	for (u32 i = 0; i < MAPS; i++) {
		map(set.page[i], set.access[i]);
		open |= BIT(i);
		EXPECT_RIGHTS(rights_of(open));
	}
	for (u32 n = 0; n < MAPS; n++, order >>= 2) {
		u32 i = order & 3;

		/* maps 0 and 1 have one page: an unmap ends the later one first */
		if (i < 2)
			i = open & BIT(1) ? 1 : 0;
		expected += open >> (i + 1) != 0;
		kunmap_local(page_to_virt(set.page[i]));
		open &= ~BIT(i);
		EXPECT_RIGHTS(rights_of(open));
	}
	EXPECT_EQ(kmap_stats.order - wrong, expected);
	EXPECT_EQ(this_local()->maps, 0);
}

/* Whether `order` has each number from 0 to 3 once. */
static bool is_order(u32 order)
{
	return (BIT(order & 3) | BIT(order >> 2 & 3) | BIT(order >> 4 & 3) | BIT(order >> 6)) == 15;
}

static void nests_in_every_order(void)
{
	u64 warned = kmap_stats.warned;

	if (!set_get())
		return;
	for (u32 kinds = 0; kinds < BIT(MAPS); kinds++) {
		for (u32 i = 0; i < MAPS; i++)
			set.access[i] = kinds & BIT(i) ? PKS_WRITE : PKS_READ;
		for (u32 order = 0; order < 256; order++)
			if (is_order(order))
				map_and_unmap(order);
	}
	EXPECT_EQ(kmap_stats.warned - warned, 1); /* one call site, one warning */
	set_put();
}
KTEST(nests_in_every_order, KT_PKS | KT_STRESS);

static void a_map_beyond_the_limit_gets_no_rights(void)
{
	u64 overflows = kmap_stats.overflow, warned = kmap_stats.warned;

	if (!set_get())
		return;
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kmap_local_page(set.page[0]);
	for (u32 i = 0; i < 3; i++) {
		EXPECT(map(set.page[3], PKS_WRITE) == set.pages[2].va);
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
		EXPECT_DENIED(&set.pages[2]);
	}
	EXPECT_EQ(kmap_stats.overflow - overflows, 3);
	EXPECT_EQ(kmap_stats.warned - warned, 1);
	for (u32 i = 0; i < LOCAL_MAPS; i++) {
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
		kunmap_local((const void *)set.pages[0].va);
	}
	EXPECT_RIGHTS(PKRS_INIT);
	set_put();
}
KTEST(a_map_beyond_the_limit_gets_no_rights, KT_PKS);

static void an_unmap_without_a_map_changes_nothing(void)
{
	u64 before = kmap_stats.not_mapped;
	struct prot_page p, other;

	if (!page_get(&p) || !page_get(&other))
		return;
	kunmap_local((const void *)p.va);
	kmap_local_page_read(p.page);
	kunmap_local((const void *)other.va);
	EXPECT_EQ(kmap_stats.not_mapped - before, 2);
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ));
	kunmap_local((const void *)p.va);
	kunmap_local((const void *)p.va);
	kunmap_local(&before); /* not the address of a page */
	EXPECT_EQ(kmap_stats.not_mapped - before, 4);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&other);
	prot_page_put(&p);
}
KTEST(an_unmap_without_a_map_changes_nothing, KT_PKS);

static void an_ordinary_page_is_just_an_address(void)
{
	u64 before = kmap_stats.not_mapped;
	struct page *page = page_alloc(0);
	void *va;

	REQUIRE(page);
	va = kmap_local_page(page);
	EXPECT(va == page_to_virt(page) && kmap_local_page_read(page) == va);
	EXPECT_EQ(this_local()->maps, 0);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	kunmap_local(va);
	kunmap_local(va);
	EXPECT_EQ(kmap_stats.not_mapped - before, 0);
	page_free(page, 0);
}
KTEST(an_ordinary_page_is_just_an_address, 0);

/* Asked in the discussions: docs/EXPERIMENTS.md, "Interleavings". */
static void a_local_map_outlives_a_kmap(void)
{
	struct prot_page p;
	void *va;

	if (!page_get(&p))
		return;
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	kmap(p.page);
	va = kmap_local_page(p.page);
	kunmap(p.page);
	EXPECT_ACCESSIBLE(&p);
	EXPECT_CLOSED(&p);
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&p);
	prot_page_put(&p);
}
KTEST(a_local_map_outlives_a_kmap, KT_PKS);

/* A map never narrows rights that were pardoned or granted before, and its unmap restores them. */
static void an_unmap_keeps_what_was_pardoned_or_granted(void)
{
	struct pks_token token;
	struct prot_page p;
	void *va;

	if (!page_get(&p))
		return;
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	kmap(p.page);
	EXPECT_NO_FAULT(policy_write(p.va), "pardoned");
	va = (void *)kmap_local_page_read(p.page);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	kunmap_local(va);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	pks_set_noaccess(PKS_KEY_DEVMAP);
	token = pks_grant(PKS_KEY_DEVMAP, PKS_READ);
	va = kmap_local_page(p.page);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ));
	pks_revoke(token);
	EXPECT_RIGHTS(PKRS_INIT);
	kunmap(p.page);
	prot_page_put(&p);
}
KTEST(an_unmap_keeps_what_was_pardoned_or_granted, KT_PKS);

/* The page loses its key while it is mapped; the unmap works all the same. */
static void a_map_ends_though_its_page_lost_its_key(void)
{
	struct prot_page p;

	if (!page_get(&p))
		return;
	kmap_local_page(p.page);
	EXPECT_EQ(set_memory_pkey((u64)p.va, 1, PKS_KEY_DEFAULT), 0);
	kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(this_local()->maps, 0);
	prot_page_put(&p);
}
KTEST(a_map_ends_though_its_page_lost_its_key, KT_PKS);
