// SPDX-License-Identifier: MIT
/*
 * Which key an access obeys: pages of each size, what is not a leaf, what is not present, what is
 * read-only, instruction fetches, accesses over a page's end, and keys that change. What this
 * cannot know: which half the processor checks first if both are denied (it is not asserted).
 */
#define KTEST_SUITE "register"
#define KTEST_ORDER "21"

#include "kernel/cpuid.h"
#include "mm/tlb.h"
#include "pks/fault.h"
#include "pks/keys.h"
#include "tests/access.h"
#include "tests/probe.h"
#include "tests/window.h"

#define KEY   6
#define DECOY 11

/* Gives every non-leaf entry on the way to `va` the key bits of `key`. */
static void set_decoys(u64 va, int leaf_level, u32 key)
{
	for (int level = leaf_level + 1; level <= 4; level++) {
		pte_t *entry = window_entry(va, level);

		*entry = (*entry & ~window_key(15)) | window_key(key);
	}
	tlb_flush_all();
}

/* A leaf of `level` with KEY under tables that carry DECOY: only KEY's rights count. */
static void key_of_leaf(int level)
{
	struct page *page = window_page(0);
	u64 va = page ? window_map_around(page, PTE_RW_DATA | window_key(KEY), level) : 0;
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)(va + 0xff8),
			   .page = { .present = true, .writable = true, .key = KEY },
			   .rule = "the leaf's key counts, the same bits of other entries do not" };

	REQUIRE(page);
	if (va) {
		struct pgwalk walk;

		EXPECT(pgtable_walk(kernel_root, va, &walk) && walk.last == level);
		pks_mode_set(PKS_MODE_STRICT);
		set_decoys(va, level, DECOY);
		t.alias = page_address(page) + 0xff8;
		saved = rights_begin();
		for (u32 rights = 0; rights < 4; rights++) {
			t.pkrs = OF_KEY(KEY, rights, ALL_OPEN);
			trial_data(&t);
			t.pkrs = OF_KEY(KEY, rights, ALL_DENIED);
			trial_data(&t);
			t.pkrs = OF_KEY(KEY, rights, OF_KEY(DECOY, 0, ALL_DENIED));
			trial_data(&t);
		}
		rights_end(saved);
		set_decoys(va, level, 0);
	}
	window_clear();
	page_free(page, 0);
}

static void key_of_4kib_page(void)
{
	key_of_leaf(1);
}
KTEST(key_of_4kib_page, KT_PKS);

static void key_of_2mib_page(void)
{
	key_of_leaf(2);
}
KTEST(key_of_2mib_page, KT_PKS);

static void key_of_1gib_page(void)
{
	SKIP_IF(!cpu_has(FEATURE_PAGE1GB), "this processor has no 1 GiB pages");
	key_of_leaf(3);
}
KTEST(key_of_1gib_page, KT_PKS);

/* PK does not depend on whether R/W denies as well; and is 0 where nothing is present. */
static void other_reasons_to_fault(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)WINDOW, .page = { .present = true, .key = KEY } };

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RO_DATA | window_key(KEY), 1)) {
		for (int present = 1; present >= 0; present--) {
			t.page.present = present;
			t.rule = present ? "PK tells of the key whatever R/W says"
					 : "PK = 0 where the page is not present";
			saved = rights_begin();
			for (u32 rights = 0; rights < 4; rights++) {
				t.pkrs = OF_KEY(KEY, rights, ALL_OPEN);
				trial_data(&t);
			}
			rights_end(saved);
			*window_entry(WINDOW, 1) &= ~PTE_P; /* the key bits stay */
			tlb_flush_page(WINDOW);
		}
	}
	window_clear();
	page_free(page, 0);
}
KTEST(other_reasons_to_fault, KT_PKS);

/* "A read-modify-write is a write": W is set also where it is the read that AD denies. */
static void a_modify_is_reported_as_a_write(void)
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	struct trial t = { .p = (u64 *)WINDOW,
			   .page = { .present = true, .writable = true, .key = KEY },
			   .rule = "a read-modify-write is a write" };

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	t.alias = page_address(page);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA | window_key(KEY), 1)) {
		saved = rights_begin();
		for (u32 rights = 0; rights < 4; rights++) {
			t.pkrs = OF_KEY(KEY, rights, ALL_OPEN);
			trial(&t, ORACLE_MODIFY, ~0u);
		}
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}
KTEST(a_modify_is_reported_as_a_write, KT_PKS);

/* Keys rule data accesses only: what cannot be read can be run. */
static void fetches_are_free(void)
{
	struct page *page = window_page(0);
	u64 value;

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	*(u8 *)page_address(page) = 0xc3; /* RET */
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_TEXT | window_key(KEY), 1)) {
		EXPECT_PAGE_FAULT(probe_read((void *)WINDOW, &value), PF_P | PF_PK, WINDOW,
				  "no thread has rights to a key that nobody owns");
		EXPECT_NO_FAULT(probe_fetch(0, (void *)WINDOW), "keys do not rule fetches");
		*window_entry(WINDOW, 1) |= PTE_NX;
		tlb_flush_page(WINDOW);
		EXPECT_PAGE_FAULT(probe_fetch(0, (void *)WINDOW), PF_P | PF_I, WINDOW,
				  "XD denies the fetch, and PK is not set");
	}
	window_clear();
	page_free(page, 0);
}
KTEST(fetches_are_free, KT_PKS);

/* Eight bytes, four on either side of a page's end. */
static void crossing(struct page *const page[2], enum oracle_access kind, const u32 rights[2])
{
	volatile u64 *p = (u64 *)(WINDOW + PAGE_SIZE - 4);
	volatile u32 *low = page_address(page[0]) + PAGE_SIZE - 4, *high = page_address(page[1]);
	u32 pkrs = OF_KEY(KEY, rights[0], OF_KEY(DECOY, rights[1], ALL_DENIED));
	struct oracle_page here = { .present = true, .writable = true, .key = KEY }, there = here;
	struct oracle_verdict first, second;
	u64 value = 0x5555555566666666;
	bool stored;
	struct fault f;

	there.key = DECOY;
	*low = 0x11111111;
	*high = 0x22222222;
	first = oracle(oracle_cpu_now(pkrs), here, kind);
	second = oracle(oracle_cpu_now(pkrs), there, kind);
	f = access_after_wrmsr(pkrs, kind, p, &value);
	EXPECT_EQ(f.vector == X86_PF, first.fault || second.fault);
	if (f.vector == X86_PF) {
		bool in_second = f.addr >= WINDOW + PAGE_SIZE;

		EXPECT(f.addr >= (u64)p && f.addr < (u64)p + 8);
		EXPECT(in_second ? second.fault : first.fault);
		EXPECT_EQ(f.error, in_second ? second.error : first.error);
	} else if (kind == ORACLE_READ) {
		EXPECT_EQ(value, 0x2222222211111111);
	}
	stored = kind == ORACLE_WRITE && f.vector == FAULT_NONE;
	EXPECT_EQ(*low, stored ? 0x66666666 : 0x11111111);
	EXPECT_EQ(*high, stored ? 0x55555555 : 0x22222222);
}

static void crossing_pages(void)
{
	struct page *const page[2] = { window_page(0), window_page(0) };
	struct rights_saved saved;

	REQUIRE(page[0] && page[1]);
	pks_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page[0]), PAGE_SIZE, PTE_RW_DATA | window_key(KEY), 1) &&
	    window_map(PAGE_SIZE, page_to_phys(page[1]), PAGE_SIZE, PTE_RW_DATA | window_key(DECOY),
		       1)) {
		saved = rights_begin();
		for (u32 i = 0; i < 16; i++) {
			const u32 rights[2] = { i & 3, i >> 2 };

			crossing(page, ORACLE_READ, rights);
			crossing(page, ORACLE_WRITE, rights);
		}
		rights_end(saved);
	}
	window_clear();
	page_free(page[0], 0);
	page_free(page[1], 0);
}
KTEST(crossing_pages, KT_PKS);

/* Reads every page's first word; the number of reads that `key`'s denial stops. */
static u32 denied_reads(u64 pages)
{
	u32 denied = 0;
	u64 value;

	for (u64 i = 0; i < pages; i++) {
		struct fault f = probe_read((void *)(WINDOW + (i << PAGE_SHIFT)), &value);

		denied += f.vector == X86_PF && f.error == (PF_P | PF_PK);
	}
	return denied;
}

/* The TLB holds the old key; set_memory_pkey() must have dropped it, of each page. */
static void change_keys(struct page *page, u64 pages, int level)
{
	if (window_map(0, page_to_phys(page), pages << PAGE_SHIFT, PTE_RW_DATA, level)) {
		EXPECT_EQ(denied_reads(pages), 0);
		EXPECT_EQ(set_memory_pkey(WINDOW, pages, PKS_KEY_DEVMAP), 0);
		EXPECT_EQ(denied_reads(pages), pages);
		EXPECT_EQ(set_memory_pkey(WINDOW, pages, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(denied_reads(pages), 0);
	}
	window_clear();
}

static void a_new_key_holds_at_once(void)
{
	static const u64 counts[] = { 1, 2, TLB_FLUSH_ALL, TLB_FLUSH_ALL + 1, 200, 512 };
	struct page *page = window_page(9);

	REQUIRE(page);
	pks_mode_set(PKS_MODE_STRICT);
	for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
		change_keys(page, counts[i], 1);
		change_keys(page, counts[i], 2);
	}
	page_free(page, 9);
}
KTEST(a_new_key_holds_at_once, KT_PKS);
