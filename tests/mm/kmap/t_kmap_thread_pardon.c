// SPDX-License-Identifier: MIT
/*
 * Pardons inside maps that end out of order. What this cannot know: all other orders, which
 * tests/host/t_kmap_sequences.c enumerates without a CPU.
 */
#define KTEST_SUITE "kmap_thread"

#include "kernel/cpu/local.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define READABLE(key) (PKRS_INIT & ~pkrs_needs_clear((key), PKS_READ))

/* A map for reading, and a write in it that the policy pardons. */
static void *map_and_pardon(const struct prot_page *p)
{
	void *va = kmap_local_page_read(p->page);

	EXPECT_NO_FAULT(policy_write(p->va), "pardoned");
	EXPECT_EQ(pkrs_rights(rights_mirror(), p->page->pkey), PKS_READWRITE);
	return va;
}

static void expect_reads_only(const struct prot_page *p)
{
	void *va = kmap_local_page_read(p->page);

	EXPECT_RIGHTS(READABLE(p->page->pkey));
	EXPECT_PAGE_FAULT(probe_write(p->va, 1), PF_P | PF_W | PF_PK, p->va, "mapped for reading");
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Ends first what was mapped first; `last` is a page of the same key, or of another. */
static void end_out_of_order(const struct prot_page *p, const struct prot_page *last)
{
	void *va = map_and_pardon(p);

	kmap_thread(last->page);
	kunmap_local(va);
	EXPECT_RIGHTS(WITH_KEY(last->page->pkey));
	kunmap_thread(last->page);
	EXPECT_RIGHTS(PKRS_INIT);
	expect_reads_only(p);
	expect_reads_only(last);
}

/* A map for reading stays, and with it no right to write. */
static void leave_a_reader(const struct prot_page *p, const struct prot_page *reader)
{
	u64 order = kmap_stats.order;
	void *va = map_and_pardon(p), *other = kmap_local_page_read(reader->page);

	kunmap_local(va); /* warns, as both are local maps */
	EXPECT_EQ(kmap_stats.order - order, 1);
	EXPECT_RIGHTS(READABLE(reader->page->pkey));
	kunmap_local(other);
	EXPECT_RIGHTS(PKRS_INIT);
}

/* The pardon came inside the later map: it stays until that one ends. */
static void keep_the_later_pardon(const struct prot_page *p, const struct prot_page *later)
{
	void *va = kmap_local_page_read(p->page), *other = map_and_pardon(later);

	kunmap_local(va);
	EXPECT_RIGHTS(WITH_KEY(later->page->pkey));
	kunmap_local(other);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void with_key(u32 key, const struct prot_page *foreign)
{
	struct prot_page a, b;

	if (!marked_page(&a, key) || !marked_page(&b, key))
		return;
	end_out_of_order(&a, &b);
	end_out_of_order(&b, &a);
	end_out_of_order(&a, &a);
	leave_a_reader(&a, &b);
	leave_a_reader(&b, &a);
	keep_the_later_pardon(&a, &b);
	if (key != foreign->page->pkey) {
		end_out_of_order(&a, foreign);
		end_out_of_order(foreign, &a);
		leave_a_reader(&a, foreign);
		keep_the_later_pardon(&a, foreign);
	}
	EXPECT_EQ(this_local()->maps, 0);
	marked_page_put(&b);
	marked_page_put(&a);
}

static void a_pardon_ends_with_the_map_it_came_in(void)
{
	struct prot_page foreign;
	u32 taken = 0;
	int key;

	kmap_warnings_forget();
	if (!marked_page(&foreign, PKS_KEY_DEVMAP))
		return;
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	with_key(PKS_KEY_DEVMAP, &foreign);
	while ((key = pks_key_alloc("pardoned")) >= 0) {
		taken |= BIT(key);
		with_key((u32)key, &foreign);
	}
	EXPECT(taken);
	for (u32 k = PKS_KEY_FIRST_DYNAMIC; k < PKS_KEYS; k++)
		if (taken & BIT(k))
			EXPECT_EQ(pks_key_free(k), 0);
	marked_page_put(&foreign);
}
KTEST(a_pardon_ends_with_the_map_it_came_in, KT_PKS | KT_STRESS);
