// SPDX-License-Identifier: MIT
#include "tests/stray/range.h"
#include "kernel/ipi.h"
#include "kernel/lib/string.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/memremap.h"
#include "mm/page_alloc.h"
#include "mm/pmem/pmem.h"
#include "mm/pmem/wb_cache.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "tests/arms/write_arm.h"
#include "tests/harness/fixture.h"
#include "tests/store/crc32c.h"
#include "tests/store/device_test.h"

#define SHADOW_ORDER 8
_Static_assert(STRAY_PAGES == 1 << SHADOW_ORDER, "the shadow is one block");

/* Written by the test's thread, before and after the campaign. */
static struct {
	const struct stray_arm *arm;
	const struct write_arm *guard; /* NULL: GUARD_KMAP */
	struct page *first;
	u32 key;
	struct dev_pagemap ram; /* where there is no persistent device */
	struct page *shadow;
} range;

static const struct write_arm *guard_of(enum stray_guard guard)
{
	static const enum write_arm_id ids[STRAY_GUARDS] = {
		[GUARD_GRANT] = ARM_GRANT,
		[GUARD_UNMAP] = ARM_UNMAP,
		[GUARD_UNMAP_ALL] = ARM_UNMAP_ALL,
		[GUARD_CR0_WP] = ARM_CR0_WP,
	};

	return guard == GUARD_KMAP ? NULL : &write_arms[ids[guard]];
}

/* The runs of pages that are protected: all but the two buffers. */
static const struct {
	u32 first, pages;
} protected[] = {
	{ STRAY_STORE, STRAY_STORE_PAGES },
	{ STRAY_OWN, STRAY_PAGES - STRAY_OWN },
};

/* The device that may be written over; NULL: there is none, or somebody's data may be there. */
static struct pmem *device(void)
{
	u32 first_one = 0;

	return options.format ? device_next(&first_one, STRAY_PAGES * PAGE_SIZE) : NULL;
}

bool stray_range_is_persistent(void)
{
	return device() != NULL;
}

/* Device pages of the key that all devices share, or RAM with a key of its own. */
static bool find_pages(void)
{
	struct pmem *pmem = device();
	int key;

	if (pmem) {
		range.first = pmem->pgmap.first;
		range.key = PKS_KEY_DEVMAP;
		return true;
	}
	key = pks_key_alloc("stray writes");
	if (!EXPECT(key > 0))
		return false;
	range.key = (u32)key;
	range.ram = (struct dev_pagemap){
		.pages = STRAY_PAGES,
		.flags = PGMAP_PROTECTION,
		.key = range.key,
		.owner = "stray writes",
	};
	if (!EXPECT_EQ(memremap_pages(&range.ram), 0)) {
		pks_key_free(range.key);
		return false;
	}
	range.first = range.ram.first;
	return true;
}

static void give_pages(void)
{
	if (!stray_range_is_persistent()) {
		EXPECT_EQ(memunmap_pages(&range.ram), 0);
		EXPECT_EQ(pks_key_free(range.key), 0);
	}
	page_free(range.shadow, SHADOW_ORDER);
}

static void flush(void *arg)
{
	(void)arg;
	tlb_flush_all();
}

static bool is_keyed(void)
{
	return !range.guard || range.guard->keyed;
}

/* The buffers lose their key; with a guard that knows no keys, all pages do. */
static bool protect(void)
{
	bool ok = EXPECT_EQ(devmap_unprotect(range.first + STRAY_BUFFER, 1), 0) &&
		  EXPECT_EQ(devmap_unprotect(range.first + STRAY_OWN_BUFFER, 1), 0);

	for (u32 i = 0; ok && i < ARRAY_SIZE(protected); i++) {
		struct page *first = range.first + protected[i].first;

		if (!is_keyed())
			ok = EXPECT_EQ(devmap_unprotect(first, protected[i].pages), 0);
		if (ok && range.guard && range.guard->protect)
			ok = EXPECT_EQ(range.guard->protect(first, protected[i].pages), 0);
	}
	return ok;
}

bool stray_range_get(const struct stray_arm *arm)
{
	range.arm = arm;
	range.guard = guard_of(arm->guard);
	range.shadow = page_alloc(SHADOW_ORDER);
	if (!EXPECT(range.shadow))
		return false;
	memset(page_to_virt(range.shadow), 0, STRAY_PAGES * PAGE_SIZE);
	if (!find_pages()) {
		page_free(range.shadow, SHADOW_ORDER);
		return false;
	}
	/* QEMU's TLB keeps what pages were open in mode OFF: machines/qemu. */
	ipi_run_on_all(flush, NULL);
	if (protect())
		return true;
	stray_range_put();
	return false;
}

void stray_range_put(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(protected); i++) {
		struct page *first = range.first + protected[i].first;

		if (range.guard && range.guard->unprotect)
			EXPECT_EQ(range.guard->unprotect(first, protected[i].pages), 0);
	}
	EXPECT_EQ(devmap_protect(range.first, STRAY_PAGES, range.key), 0);
	if (device()) /* stray writes that landed are in caches, which a reset loses */
		dax_flush(&device()->dax, stray_range_at(0), STRAY_PAGES * PAGE_SIZE);
	give_pages();
}

void *stray_range_at(u64 at)
{
	return (char *)page_to_virt(range.first) + at;
}

static void *shadow_at(u64 at)
{
	return (char *)page_to_virt(range.shadow) + at;
}

static struct write_window window_of(u64 at, u64 n)
{
	u64 first = at >> PAGE_SHIFT, last = (at + n - 1) >> PAGE_SHIFT;

	return (struct write_window){ .first = range.first + first, .pages = last - first + 1 };
}

static void open(struct write_window *w)
{
	if (range.guard)
		range.guard->open(w);
	for (u64 i = 0; !range.guard && i < w->pages; i++)
		kmap(w->first + i);
}

static void close(struct write_window *w)
{
	if (range.guard)
		range.guard->close(w);
	for (u64 i = 0; !range.guard && i < w->pages; i++)
		kunmap(w->first + i);
}

void stray_range_write(u64 at, const void *from, u64 n, stray_in_window_t in_window)
{
	struct write_window w = window_of(at, n);
	u32 first = (u32)(w.first - range.first);

	if (!n)
		return;
	open(&w);
	if (in_window)
		in_window(false, first, (u32)w.pages);
	memcpy(stray_range_at(at), from, n);
	arch_wb_cache_pmem(stray_range_at(at), n); /* a reset loses what is in caches */
	memcpy(shadow_at(at), from, n);
	if (in_window)
		in_window(true, first, (u32)w.pages);
	close(&w);
}

/* Under a grant of the key; a guard that knows no keys needs its window. */
static void write_plainly(u64 at, const void *from, u64 n)
{
	if (is_keyed()) {
		memcpy(stray_range_at(at), from, n);
		memcpy(shadow_at(at), from, n);
	} else {
		stray_range_write(at, from, n, NULL);
	}
}

void stray_range_write_log(const void *from)
{
	struct write_window w = { .first = range.first + STRAY_LOG, .pages = 1 };

	open(&w);
	memcpy(page_to_virt(w.first), from, PAGE_SIZE);
	close(&w);
}

void stray_range_read(u64 at, void *to, u64 n)
{
	struct write_window w = window_of(at, n);
	struct pks_token token;

	if (!n)
		return;
	if (is_keyed()) {
		token = pks_grant(range.key, PKS_READ);
		memcpy(to, stray_range_at(at), n);
		pks_revoke(token);
		return;
	}
	range.guard->open(&w);
	memcpy(to, stray_range_at(at), n);
	range.guard->close(&w);
}

/* A grant, as a guard's own way may have to be pardoned for each byte. */
void stray_range_clear(void)
{
	static const u8 zeros[PAGE_SIZE];
	struct pks_token token = pks_grant(range.key, PKS_WRITE);

	for (u32 i = 0; i < STRAY_PAGES; i++)
		if (stray_range_judges(i))
			write_plainly((u64)i << PAGE_SHIFT, zeros, PAGE_SIZE);
	pks_revoke(token);
}

void *stray_range_use(u32 page)
{
	struct page *p = range.first + page;
	struct write_window w = { .first = p, .pages = 1 };
	volatile u8 *va = page_to_virt(p);

	if (range.guard && range.guard->keyed) {
		kmap_local_page(p);
		*va;
		kunmap_local((void *)va);
	} else {
		open(&w);
		*va;
		close(&w);
	}
	return (void *)va;
}

void stray_range_expect(u64 at, const void *from, u64 n)
{
	memcpy(shadow_at(at), from, n);
}

/* Returns a copy of a page that is valid until the next call. */
static const void *copy_of(u32 page)
{
	static u8 bytes[PAGE_SIZE];

	stray_range_read((u64)page << PAGE_SHIFT, bytes, sizeof(bytes));
	return bytes;
}

u32 stray_range_crc(u32 page, bool shadow)
{
	return crc32c(0, shadow ? shadow_at((u64)page << PAGE_SHIFT) : copy_of(page), PAGE_SIZE);
}

u32 stray_range_damaged(void)
{
	u32 damaged = 0;

	for (u32 i = 0; i < STRAY_PAGES; i++)
		damaged += stray_range_judges(i) &&
			   memcmp(copy_of(i), shadow_at((u64)i << PAGE_SHIFT), PAGE_SIZE);
	return damaged;
}
