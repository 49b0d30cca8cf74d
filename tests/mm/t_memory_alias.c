// SPDX-License-Identifier: MIT
/*
 * One frame at several addresses: each mapping has a key of its own (SDM Vol. 3A, "Protection
 * Keys": the key is the entry's, not the frame's). What this cannot know: mappings of other sizes
 * than 4 KiB.
 */
#define KTEST_SUITE "memory"

#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

static volatile u64 *alias(u32 key)
{
	return (volatile u64 *)(WINDOW + key * PAGE_SIZE);
}

/* Takes all keys that are free, as bits. */
static u32 take_keys(void)
{
	u32 taken = 0;

	for (int key; (key = pks_key_alloc("alias")) > 0;)
		taken |= 1u << key;
	return taken;
}

static void free_keys(u32 taken)
{
	for (u32 key = 0; key < PKS_KEYS; key++)
		if (taken >> key & 1)
			EXPECT_EQ(pks_key_free(key), 0);
}

/* Under these rights, every mapping permits what its own key does. */
static void expect_own_rights(u32 pkrs, u32 present)
{
	u64 value;

	rights_set(pkrs);
	for (u32 key = 0; key < PKS_KEYS; key++) {
		u32 bits = pkrs >> (2 * key) & 3;
		struct fault r = probe_read(alias(key), &value);
		struct fault w = probe_write(alias(key), key);

		if (!(present >> key & 1)) {
			EXPECT_PAGE_FAULT(r, 0, alias(key), "P = 0");
			continue;
		}
		if (bits & 1)
			EXPECT_PAGE_FAULT(r, PF_P | PF_PK, alias(key), "AD = 1 for this key");
		else
			EXPECT_NO_FAULT(r, "AD = 0 for this mapping's key");
		if (bits)
			EXPECT_PAGE_FAULT(w, PF_P | PF_W | PF_PK, alias(key), "AD or WD = 1");
		else
			EXPECT_NO_FAULT(w, "AD = WD = 0 for this mapping's key");
	}
	rights_set(PKRS_INIT);
}

/* For each key: it alone open, it alone for reading, it alone denied. */
static void expect_keys_apart(u32 present)
{
	for (u32 key = 1; key < PKS_KEYS; key++) {
		u32 mask = pkrs_mask(key), none = ~pkrs_mask(0);

		expect_own_rights(none & ~mask, present);
		expect_own_rights(pkrs_with(none, key, PKS_NOWRITE), present);
		expect_own_rights(mask, present);
	}
}

static void use_aliases(struct page *page)
{
	for (u32 key = 0; key < PKS_KEYS; key++) {
		s64 before = pks_key_pages(key);

		EXPECT_EQ(set_memory_pkey((u64)alias(key), 1, key), 0);
		EXPECT_EQ(pks_key_pages(key) - before, key != PKS_KEY_DEFAULT);
	}
	EXPECT_EQ(page->pkey, PKS_KEY_DEFAULT);
	expect_keys_apart(0xffff);
	for (u32 key = 0; key < PKS_KEYS; key++)
		EXPECT_EQ(set_memory_pkey((u64)alias(key), 1, (key + 1) % PKS_KEYS), 0);
	for (u32 key = 0; key < PKS_KEYS; key++)
		EXPECT_EQ(set_memory_pkey((u64)alias(key), 1, key), 0);
	*(u64 *)page_address(page) = 0x1234;
	EXPECT_EQ(*alias(PKS_KEY_DEFAULT), 0x1234);
}

/* Unmaps those of odd keys: the others stay as they are. */
static void unmap_half(void)
{
	for (u32 key = 1; key < PKS_KEYS; key += 2) {
		EXPECT_EQ(set_memory_pkey((u64)alias(key), 1, PKS_KEY_DEFAULT), 0);
		pgtable_unmap(kernel_root, (u64)alias(key), PAGE_SIZE);
	}
	expect_keys_apart(0x5555);
	for (u32 key = 0; key < PKS_KEYS; key += 2)
		EXPECT_EQ(set_memory_pkey((u64)alias(key), 1, PKS_KEY_DEFAULT), 0);
}

static void each_mapping_of_a_frame_has_its_own_key(void)
{
	struct page *page = window_page(0);
	u32 taken = take_keys();
	bool mapped = true;

	REQUIRE(page);
	for (u32 key = 0; key < PKS_KEYS; key++)
		mapped = mapped && window_map(key * PAGE_SIZE, page_to_phys(page), PAGE_SIZE,
					      PTE_RW_DATA | PTE_G, 1);
	if (mapped) {
		use_aliases(page);
		unmap_half();
	}
	window_clear();
	free_keys(taken);
	page_free(page, 0);
}
KTEST(each_mapping_of_a_frame_has_its_own_key, KT_ENFORCED);
