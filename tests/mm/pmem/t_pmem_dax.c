// SPDX-License-Identifier: MIT
/*
 * dax: what is where, copies of any shape, and rights that are open only around them. On a machine
 * without persistent memory the range is RAM set aside. What this cannot know: what is durable.
 */
#define KTEST_SUITE "pmem"

#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_local.h"
#include "mm/pmem/dax.h"
#include "pks/rights.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"
#include "tests/mm/pmem/pmem_test.h"

#define PAGES 4
#define BYTES (PAGES * PAGE_SIZE)

/* The last pages of a device: what a copy does beyond its end shows there. */
static struct kept_page kept[PAGES];
static struct dev_pagemap range;
static struct dax_device dax = { &range };
static u8 *start;
static u8 want[BYTES], got[BYTES], buffer[BYTES];

static u8 *fill(u8 *bytes)
{
	for (u32 i = 0; i < BYTES; i += 8)
		*(u64 *)(bytes + i) = random_next();
	return bytes;
}

static bool range_get(void)
{
	u64 wanted = pmem_count ? PAGES : 0;
	struct pmem *pmem = wanted ? pmem_of(PAGES) : NULL;

	if (wanted && !pmem)
		return false;
	range = (struct dev_pagemap){ .pages = PAGES, .flags = PGMAP_PROTECTION, .owner = "dax" };
	if (pmem) {
		range.first = pmem->pgmap.first + pmem->pgmap.pages - PAGES;
	} else if (!EXPECT_EQ(memremap_pages(&range), 0)) {
		return false;
	}
	start = page_to_virt(range.first);
	for (u32 i = 0; i < PAGES; i++)
		keep_page(&kept[i], range.first + i);
	return true;
}

static void range_put(void)
{
	for (u32 i = 0; i < PAGES; i++)
		put_back(&kept[i]);
	if (!pmem_count)
		EXPECT_EQ(memunmap_pages(&range), 0);
}

/* The range's content, by the key itself. */
static const u8 *peek(void)
{
	struct pks_token token = pks_grant(range.first->pkey, PKS_READ);

	memcpy(got, start, BYTES);
	pks_revoke(token);
	return got;
}

static void direct_access_finds_the_pages_that_are_there(void)
{
	struct dax_device none = { &(struct dev_pagemap){ .pages = PAGES } };
	void *at;

	if (!range_get())
		return;
	for (u64 off = 0; off < PAGES; off++) {
		for (long n = 1; n <= PAGES + 1; n++) {
			at = NULL;
			EXPECT_EQ(dax_direct_access(&dax, off, n, &at), MIN(n, PAGES - (long)off));
			EXPECT(at == start + off * PAGE_SIZE);
		}
		EXPECT_EQ(dax_direct_access(&dax, off, 1L << 62, NULL), PAGES - off);
		EXPECT_EQ(dax_direct_access(&dax, off, 0, &at), (u64)-EINVAL);
		EXPECT_EQ(dax_direct_access(&dax, off, -1, &at), (u64)-EINVAL);
		EXPECT_EQ(dax_direct_access(&dax, off, (long)(1UL << 63), &at), (u64)-EINVAL);
	}
	EXPECT_EQ(dax_direct_access(&dax, PAGES, 1, &at), (u64)-EINVAL);
	EXPECT_EQ(dax_direct_access(&dax, ~0ULL, 2, &at), (u64)-EINVAL);
	EXPECT_EQ(dax_direct_access(&dax, 1ULL << 52, 1, &at), (u64)-EINVAL);
	EXPECT_EQ(dax_direct_access(&none, 0, 1, &at), (u64)-ENODEV);
	range_put();
}
KTEST(direct_access_finds_the_pages_that_are_there, 0);

static void an_address_gives_no_right(void)
{
	struct prot_page p;
	void *at;

	if (!range_get())
		return;
	EXPECT_EQ(dax_direct_access(&dax, PAGES - 1, 1, &at), 1);
	p = (struct prot_page){ range.first + PAGES - 1, at };
	EXPECT_DENIED(&p);
	dax_set_readwrite(&dax);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	EXPECT_NO_FAULT(probe_write(p.va, 1), "dax_set_readwrite() opens the range");
	dax_set_noaccess(&dax);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_DENIED(&p);
	range_put();
}
KTEST(an_address_gives_no_right, KT_ENFORCED);

/* An iterator over the buffer, cut into random pieces, some of them empty. */
static struct iov_iter pieces(struct kvec *vec, u32 n, size_t bytes)
{
	struct iov_iter i;
	size_t at = 0;

	for (u32 k = 0; k < n; k++) {
		size_t len =
			k == n - 1 ? bytes - at : random_below(2) * random_below(bytes - at + 1);

		vec[k] = (struct kvec){ buffer + at, len };
		at += len;
	}
	iov_iter_kvec(&i, vec, n, bytes);
	return i;
}

/* One copy there and one back, at any offset, of any length, over the ends of pages and range. */
static void copy_once(void)
{
	u64 at = random_below(BYTES), size = 1 + random_below(BYTES), left = BYTES - at;
	u64 copied = MIN(size, left);
	struct kvec vec[5];
	struct iov_iter i = pieces(vec, 5, size);

	memcpy(want + at, fill(buffer), copied);
	EXPECT_EQ(dax_copy_from_iter(&dax, at / PAGE_SIZE, start + at, size, &i), copied);
	EXPECT_EQ(i.count, size - copied);
	EXPECT_EQ(memcmp(peek(), want, BYTES), 0);
	memset(buffer, 0, BYTES);
	i = pieces(vec, 5, size);
	EXPECT_EQ(dax_copy_to_iter(&dax, at / PAGE_SIZE, start + at, size, &i), copied);
	EXPECT_EQ(memcmp(buffer, want + at, copied), 0);
	for (u64 k = copied; k < size; k++)
		if (buffer[k] && !EXPECT_EQ(buffer[k], 0))
			break;
	EXPECT_EQ(memcmp(peek(), want, BYTES), 0);
}

static void copies_of_any_shape_come_back(void)
{
	if (!range_get())
		return;
	memcpy(want, peek(), BYTES);
	for (u32 n = 0; n < 100 / ktest_part(7); n++)
		copy_once();
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	range_put();
}
KTEST(copies_of_any_shape_come_back, 0);

/* The iterator ends first; the address is in another page, or in none. */
static void a_copy_of_what_is_not_there_changes_nothing(void)
{
	struct kvec vec = { buffer, 100 };
	struct iov_iter i;

	if (!range_get())
		return;
	memcpy(want, peek(), BYTES);
	iov_iter_kvec(&i, &vec, 1, ~0UL);
	EXPECT_EQ(dax_copy_from_iter(&dax, 0, start + PAGE_SIZE, 8, &i), 0);
	EXPECT_EQ(dax_copy_from_iter(&dax, 1, start + PAGE_SIZE - 1, 8, &i), 0);
	EXPECT_EQ(dax_copy_from_iter(&dax, PAGES, start + BYTES, 8, &i), 0);
	EXPECT_EQ(dax_copy_from_iter(&dax, ~0ULL, start - PAGE_SIZE, 8, &i), 0);
	EXPECT_EQ(dax_copy_to_iter(&dax, PAGES, start + BYTES, 8, &i), 0);
	EXPECT_EQ(dax_copy_from_iter(&dax, 0, start, 0, &i), 0);
	EXPECT(i.kvec == &vec && !i.iov_offset);
	EXPECT_EQ(memcmp(peek(), want, BYTES), 0);
	memcpy(want + BYTES - 200, fill(buffer), 100);
	EXPECT_EQ(dax_copy_from_iter(&dax, PAGES - 1, start + BYTES - 200, 200, &i), 100);
	EXPECT_EQ(memcmp(peek(), want, BYTES), 0);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	range_put();
}
KTEST(a_copy_of_what_is_not_there_changes_nothing, 0);

static void only_whole_ranges_are_zeroed(void)
{
	if (!range_get())
		return;
	for (u64 off = 0; off < PAGES; off++) {
		for (u64 n = 1; n <= PAGES; n++) {
			struct kvec vec = { fill(want), BYTES };
			bool there = off + n <= PAGES;
			struct iov_iter i;

			iov_iter_kvec(&i, &vec, 1, BYTES);
			EXPECT_EQ(dax_copy_from_iter(&dax, 0, start, BYTES, &i), BYTES);
			if (there)
				memset(want + off * PAGE_SIZE, 0, n * PAGE_SIZE);
			EXPECT_EQ(dax_zero_page_range(&dax, off, n), there ? 0 : (u64)-EINVAL);
			EXPECT_EQ(memcmp(peek(), want, BYTES), 0);
		}
	}
	EXPECT_EQ(dax_zero_page_range(&dax, 0, 0), (u64)-EINVAL);
	EXPECT_EQ(dax_zero_page_range(&dax, 0, ~0ULL), (u64)-EINVAL);
	EXPECT_EQ(dax_zero_page_range(&dax, ~0ULL, 1), (u64)-EINVAL);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	range_put();
}
KTEST(only_whole_ranges_are_zeroed, 0);

/* What a copy does to the rights, step by step. */
static u32 writes, opened, wrong, allowed;
static u64 last;

static bool look(struct regs *regs)
{
	struct prot_page p = { range.first, (u64 *)start };
	u32 rights = (u32)regs_pkrs(regs);
	u64 value;

	writes += at_wrmsr(regs->rip);
	opened += rights != PKRS_INIT && regs->rip != last; /* a string instruction counts once */
	last = regs->rip;
	wrong += rights != PKRS_INIT && rights != allowed;
	wrong += probe_read(p.va, &value).vector == FAULT_NONE; /* another context */
	return true;
}

static void copy_in(void *arg)
{
	struct kvec vec = { buffer, 64 };
	struct iov_iter i;

	(void)arg;
	iov_iter_kvec(&i, &vec, 1, 64);
	dax_copy_from_iter(&dax, 0, start, 64, &i);
}

static void copy_out(void *arg)
{
	struct kvec vec = { buffer, 64 };
	struct iov_iter i;

	(void)arg;
	iov_iter_kvec(&i, &vec, 1, 64);
	dax_copy_to_iter(&dax, 0, start, 64, &i);
}

static void zero_page(void *arg)
{
	(void)arg;
	dax_zero_page_range(&dax, 0, 1);
}

#define READS (PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ))

static void step_through(void (*fn)(void *), u32 rights)
{
	writes = opened = wrong = 0;
	allowed = rights;
	single_step(fn, NULL, look);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(writes, 2);
	/* Little runs beside the copy itself, but for the events of trace=on. */
	EXPECT(opened > 2 && opened < (options.trace ? 1000 : 100));
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Reading opens the key for reading only; other contexts are denied throughout. */
static void a_copy_opens_the_key_for_itself_only(void)
{
	if (!range_get())
		return;
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	step_through(copy_in, WITH_KEY(PKS_KEY_DEVMAP));
	step_through(copy_out, READS);
	step_through(zero_page, WITH_KEY(PKS_KEY_DEVMAP));
	range_put();
}
KTEST(a_copy_opens_the_key_for_itself_only, KT_PKS);

static bool count_writes(struct regs *regs)
{
	writes += at_wrmsr(regs->rip);
	return true;
}

static void copy_ten_times(void *arg)
{
	for (u32 i = 0; i < 10; i++)
		copy_in(arg);
}

/* Inside dax_set_readwrite(), a map or a grant, a copy writes no register and closes nothing. */
static void copies_compose_with_what_is_open(void)
{
	struct pks_token token;
	void *va;

	if (!range_get())
		return;
	writes = 0;
	dax_set_readwrite(&dax);
	single_step(copy_ten_times, NULL, count_writes);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	dax_set_noaccess(&dax);
	va = kmap_local_page(range.first + 1);
	single_step(copy_ten_times, NULL, count_writes);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	kunmap_local(va);
	EXPECT_EQ(writes, 0);
	token = pks_grant(PKS_KEY_DEVMAP, PKS_READ);
	copy_ten_times(NULL);
	EXPECT_RIGHTS(READS);
	copy_out(NULL);
	EXPECT_RIGHTS(READS);
	pks_revoke(token);
	EXPECT_RIGHTS(PKRS_INIT);
	range_put();
}
KTEST(copies_compose_with_what_is_open, KT_PKS);
