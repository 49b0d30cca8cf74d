// SPDX-License-Identifier: MIT
/*
 * Accesses to a guest's private page, for tests/selftest/run: the kernel warns once for each call
 * site and names it.
 */
#define KTEST_SUITE "selftest"

#include "mm/gup/writeback.h"
#include "mm/page_alloc.h"
#include "tests/gup/place.h"
#include "tests/harness/expect.h"

static int refuse(struct guest *guest, struct page *page)
{
	(void)guest;
	(void)page;
	return -EACCES;
}

/* Gets a place whose page is private, and stays so. */
static bool private_get(struct place *p)
{
	if (!place_get(p, GUEST_UNMAP, 1))
		return false;
	p->guest.may_share = refuse;
	return EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
}

static void private_put(struct place *p)
{
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, 1), 0);
	place_put(p);
}

/* Not inlined: one call site, however often it is called. */
__attribute__((noinline)) static int copies(struct page *to, struct page *from)
{
	return page_copy(to, from);
}

__attribute__((noinline)) static int writes_back(struct ramdisk *disk, struct page *page)
{
	return writeback_pages(disk, 0, page, 1);
}

static void copies_a_private_page(void)
{
	u64 before = accessible_stats.unprepared;
	struct page *copy = page_alloc(0);
	struct place p;

	REQUIRE(copy && private_get(&p));
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(copies(copy, p.page), (u64)-EFAULT);
	EXPECT_EQ(accessible_stats.unprepared - before, 3);
	private_put(&p);
	page_free(copy, 0);
}
KTEST(copies_a_private_page, KT_SELFTEST);

static void writes_back_a_private_page(void)
{
	u64 before = accessible_stats.too_late;
	struct ramdisk disk;
	struct place p;

	REQUIRE(ramdisk_create(&disk, 1) == 0 && private_get(&p));
	accessible_hook_set(ACCESSIBLE_GUP);
	for (u32 i = 0; i < 3; i++)
		EXPECT_EQ(writes_back(&disk, p.page), (u64)-EACCES);
	EXPECT_EQ(accessible_stats.too_late - before, 3);
	private_put(&p);
	EXPECT_EQ(ramdisk_destroy(&disk), 0);
}
KTEST(writes_back_a_private_page, KT_SELFTEST);
