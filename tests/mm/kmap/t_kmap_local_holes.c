// SPDX-License-Identifier: MIT
/*
 * kunmap_local() of addresses in the direct map where no RAM is. What this cannot know: holes of
 * other shapes than this machine's.
 */
#define KTEST_SUITE "kmap_local"

#include "mm/init.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_warn.h"
#include "tests/harness/fixture.h"

static void unmap(void *arg)
{
	kunmap_local(arg);
}

static void unmap_atomic(void *arg)
{
	preempt_disable(); /* kmap_atomic()'s */
	kunmap_atomic(arg);
}

/* In each context, which has no map, so that the struct page of the address is looked at. */
static void expect_warnings(u64 phys, u32 each)
{
	void *va = phys_to_virt(phys);
	u64 before = kmap_stats.not_mapped;

	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, unmap, va);
		run_in(c, unmap_atomic, va);
	}
	unmap(va);
	EXPECT_EQ(kmap_stats.not_mapped - before, (2 * TEST_CONTEXTS + 1) * each);
}

/*
 * All addresses around RAM and persistent memory: frames that share a page of the vmemmap with
 * theirs, and others.
 */
static void an_address_without_ram_is_warned_about(void)
{
	static const u64 far[] = { VGA_START, BOOT_MAPPED - 1, DIRECT_SIZE / 2, DIRECT_SIZE - 1 };

	kmap_warnings_forget();
	for (u32 i = 0; i < ram.count; i++) {
		const struct range *r = &ram.r[i];

		expect_warnings(r->start, 0);
		expect_warnings(r->end - 1, 0);
	}
	for (u32 i = 0; i < page_ranges.count; i++) {
		const struct range *r = &page_ranges.r[i];

		if (r->start && !phys_to_page(r->start - 1))
			expect_warnings(r->start - 1, 1);
		if (r->end < DIRECT_SIZE && !phys_to_page(r->end))
			expect_warnings(r->end, 1);
		if (r->end + (512 << 10) < DIRECT_SIZE && !phys_to_page(r->end + (512 << 10)))
			expect_warnings(r->end + (512 << 10), 1);
	}
	for (u32 i = 0; i < ARRAY_SIZE(far); i++)
		if (!phys_to_page(far[i]))
			expect_warnings(far[i], 1);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}
KTEST(an_address_without_ram_is_warned_about, 0);

/* With a map open, the address is searched among the context's maps. */
static void such_an_address_ends_no_map(void)
{
	u64 before = kmap_stats.not_mapped;
	struct prot_page p;
	void *va;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	va = kmap_local_page(p.page);
	unmap(phys_to_virt(DIRECT_SIZE - 1));
	unmap(phys_to_virt(VGA_START));
	EXPECT_EQ(kmap_stats.not_mapped - before, 2);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&p);
}
KTEST(such_an_address_ends_no_map, KT_PKS);
