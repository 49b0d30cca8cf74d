// SPDX-License-Identifier: MIT
/*
 * Owners of keys: the static keys, and allocating and freeing the others. What this cannot know:
 * whether a context was granted a key that is freed and has not revoked it; that is the owner's
 * duty, as with memory.
 */
#define KTEST_SUITE "keys"

#include "kernel/lib/string.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/contexts.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define KEYS 16

static const char test_owner[] = "test of keys";

static void static_keys_keep_their_owners(void)
{
	static const char *const owners[] = { "all memory", "devmap", "read-only data" };

	for (u32 key = 0; key < ARRAY_SIZE(owners); key++) {
		const char *owner = pks_key_owner(key);

		EXPECT(owner && !strcmp(owner, owners[key]));
		EXPECT_EQ(pks_key_free(key), -EINVAL);
		EXPECT(pks_key_owner(key) == owner);
	}
	EXPECT(!pks_key_owner(KEYS));
	EXPECT(!pks_key_owner(KEYS));
	EXPECT(!pks_key_owner(~0u));
	EXPECT_EQ(pks_key_pages(KEYS), 0);
}
KTEST(static_keys_keep_their_owners, 0);

static void no_keys_without_pks(void)
{
	SKIP_IF(pks_on(), "this CPU has keys");
	EXPECT_EQ(pks_key_alloc(test_owner), -ENODEV);
	EXPECT_EQ(pks_key_alloc(NULL), -ENODEV);
}
KTEST(no_keys_without_pks, 0);

/* Allocates all free keys; returns them as a mask. */
static u32 take_all(void)
{
	u32 taken = 0;
	int key;

	while ((key = pks_key_alloc(test_owner)) >= 0) {
		if (!EXPECT(key < KEYS && !(taken & 1u << key)))
			break;
		taken |= 1u << key;
	}
	EXPECT_EQ(key, -ENOSPC);
	return taken;
}

static void free_all(u32 taken)
{
	for (u32 key = 0; key < KEYS; key++)
		if (taken & 1u << key)
			EXPECT_EQ(pks_key_free(key), 0);
}

static void every_free_key_can_be_allocated(void)
{
	u32 unowned = 0, taken;

	for (u32 key = 0; key < KEYS; key++)
		unowned |= pks_key_owner(key) ? 0 : 1u << key;
	EXPECT_EQ(unowned, 0xfff8); /* all but the static keys */
	taken = take_all();
	EXPECT_EQ(taken, unowned);
	EXPECT_EQ(pks_key_alloc(test_owner), -ENOSPC);
	for (u32 key = 3; key < KEYS; key++)
		EXPECT(pks_key_owner(key) == test_owner);
	free_all(taken);
	for (u32 key = 3; key < KEYS; key++)
		EXPECT(!pks_key_owner(key));
}
KTEST(every_free_key_can_be_allocated, KT_PKS);

/* If only one key is free, the next allocation returns it. */
static void a_freed_key_can_be_allocated_again(void)
{
	u32 taken = take_all();

	for (u32 key = 3; key < KEYS; key++) {
		EXPECT_EQ(pks_key_free(key), 0);
		EXPECT_EQ(pks_key_alloc("again"), key);
		EXPECT(!strcmp(pks_key_owner(key), "again"));
	}
	free_all(taken);
}
KTEST(a_freed_key_can_be_allocated_again, KT_PKS);

static void bad_requests_are_refused(void)
{
	int key = pks_key_alloc(test_owner);

	REQUIRE(key > 0);
	EXPECT_EQ(pks_key_alloc(NULL), -EINVAL);
	EXPECT_EQ(pks_key_free((u32)key), 0);
	EXPECT_EQ(pks_key_free((u32)key), -EINVAL);
	EXPECT_EQ(pks_key_free(KEYS), -EINVAL);
	EXPECT_EQ(pks_key_free(KEYS + (u32)key), -EINVAL);
	EXPECT_EQ(pks_key_free(~0u), -EINVAL);
}
KTEST(bad_requests_are_refused, KT_PKS);

/* A key is busy while any page carries it, whatever the sizes of the leaves. */
static void a_key_is_busy_while_pages_carry_it(void)
{
	struct page *page = window_page(9);
	int key = pks_key_alloc(test_owner);

	REQUIRE(page && key > 0);
	if (window_map(0, page_to_phys(page), level_size(2), PTE_RW_DATA, 2)) {
		EXPECT_EQ(set_memory_pkey(WINDOW, 512, (u32)key), 0);
		EXPECT_EQ(pks_key_free((u32)key), -EBUSY);
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(pks_key_free((u32)key), -EBUSY);
		EXPECT_EQ(set_memory_pkey(WINDOW, 511, PKS_KEY_DEFAULT), 0);
		EXPECT_EQ(pks_key_free((u32)key), -EBUSY);
		EXPECT(pks_key_owner((u32)key) == test_owner);
		EXPECT_EQ(set_memory_pkey(WINDOW, 512, PKS_KEY_DEFAULT), 0);
	}
	EXPECT_EQ(pks_key_free((u32)key), 0);
	window_clear();
	page_free(page, 9);
}
KTEST(a_key_is_busy_while_pages_carry_it, KT_PKS);

/* Freeing a key ends its owner's rights: the next owner starts without. */
static void rights_end_with_the_key(void)
{
	u32 before = rights_now();
	int key = pks_key_alloc(test_owner);

	REQUIRE(key > 0);
	EXPECT_EQ(rights_now(), before); /* allocation changes no rights */
	pks_set_readwrite((u32)key);
	EXPECT_EQ(rights_now() & (AD(key) | WD(key)), 0);
	EXPECT_EQ(pks_key_free((u32)key), 0);
	EXPECT_EQ(rights_now(), before);
}
KTEST(rights_end_with_the_key, KT_PKS | KT_STRESS);

static void read_window(void *arg)
{
	u64 value;

	*(struct fault *)arg = probe_read((void *)WINDOW, &value);
}

static void in_every_context(void)
{
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		struct fault f = { 0 };

		run_in(c, read_window, &f);
		EXPECT_PAGE_FAULT(f, PF_P | PF_PK, WINDOW, test_context_name(c));
	}
}

/* A fresh key is denied to all contexts; a thread's own rights open it for no other context. */
static void a_fresh_key_is_denied(void)
{
	struct page *page = window_page(0);
	int key = pks_key_alloc(test_owner);
	struct fault f;

	REQUIRE(page && key > 0);
	policy_mode_set(PKS_MODE_STRICT);
	if (window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA, 1)) {
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, (u32)key), 0);
		read_window(&f);
		EXPECT_PAGE_FAULT(f, PF_P | PF_PK, WINDOW, "a fresh key is denied");
		in_every_context();
		pks_set_readwrite((u32)key);
		read_window(&f);
		EXPECT_NO_FAULT(f, "the thread's own rights");
		in_every_context();
		EXPECT_EQ(set_memory_pkey(WINDOW, 1, PKS_KEY_DEFAULT), 0);
	}
	EXPECT_EQ(pks_key_free((u32)key), 0);
	window_clear();
	page_free(page, 0);
}
KTEST(a_fresh_key_is_denied, KT_PKS | KT_STRESS);
