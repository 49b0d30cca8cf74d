// SPDX-License-Identifier: MIT
#include "tests/direct_map/span.h"
#include "kernel/lib/string.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/set_memory.h"
#include "mm/split.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "pks/pkrs.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define SPAN_ORDER  11   /* the span's three large pages and a fourth */
#define GUARD       2047 /* a page of the fourth, not writable, so that no 1 GiB page is made */
#define WINDOW_PHYS 0x40000000 /* never accessed, so it need not be RAM */

static bool get_pages(struct span *span, u64 count)
{
	u32 order = 0;

	while ((u64)PAGE_SIZE << order < count * sizeof(struct map_page))
		order++;
	span->model.count = count;
	span->block = page_alloc(order);
	span->model.pages = span->block ? page_to_virt(span->block) : NULL;
	span->order = order;
	return span->block;
}

static void begin(struct span *span)
{
	map_model_init(&span->model);
	span->splits = pgtable_splits();
	span->frames = pages_free();
}

/*
 * Whether the direct map has the block in large pages; splits the 1 GiB page around it if any, and
 * merges what others have left split, as who shows frames without a flush does.
 */
static bool is_large(const struct span *span)
{
	int level;

	if (set_memory_ro((u64)page_to_virt(span->first + GUARD), 1) ||
	    set_memory_p(span->va, SPAN_PAGES))
		return false;
	for (u64 i = 0; i < SPAN_PAGES; i += 512)
		if (!pgtable_leaf(kernel_root, span->va + (i << PAGE_SHIFT), &level) || level != 2)
			return false;
	return true;
}

bool span_of_direct_map(struct span *span)
{
	*span = (struct span){ .model.born = 2, .more = PTE_G };
	span->first = page_alloc(SPAN_ORDER);
	if (span->first && get_pages(span, SPAN_PAGES)) {
		span->phys = page_to_phys(span->first);
		span->va = (u64)page_to_virt(span->first);
		if (is_large(span)) {
			for (u64 i = 0; i < SPAN_PAGES; i++)
				*(u64 *)page_to_virt(span->first + i) = i;
			begin(span);
			return true;
		}
		set_memory_rw((u64)page_to_virt(span->first + GUARD), 1);
		page_free(span->block, span->order);
	}
	if (span->first)
		page_free(span->first, SPAN_ORDER);
	ktest_skip(options.debug_pagealloc ? "debug_pagealloc=on: all RAM is mapped in 4 KiB pages"
					   : "no 8 MiB of RAM in large pages are free");
	return false;
}

bool span_of_window(struct span *span, int born, u64 leaves, pte_t more)
{
	u64 len = leaves * level_size(born);
	pte_t prot = PTE_RW_DATA | (more & ~PTE_PAT) | (more & PTE_PAT ? PTE_PAT_LARGE : 0);

	*span = (struct span){
		.model.born = born, .va = WINDOW, .phys = WINDOW_PHYS, .more = more
	};
	if (!get_pages(span, len >> PAGE_SHIFT)) {
		ktest_error("no memory for the model");
		return false;
	}
	if (window_map(0, WINDOW_PHYS, len, prot, born)) {
		begin(span);
		return true;
	}
	page_free(span->block, span->order);
	return false;
}

void span_end(struct span *span)
{
	span_restore(span, 0, span->model.count);
	span_expect(span);
	span_expect_frames(span);
	page_free(span->block, span->order);
	if (!span->first) {
		window_clear();
		return;
	}
	EXPECT_EQ(set_memory_rw((u64)page_to_virt(span->first + GUARD), 1), 0);
	page_free(span->first, SPAN_ORDER);
}

/* What mm/direct_map.c does to frames that have struct pages, on the window's that have none. */
static int change_window(enum map_op op, u64 va, u64 n)
{
	static const struct leaf_change hide = { .clear = PTE_P, .max_level = 1 };
	static const struct leaf_change show = { .set = PTE_DIRECT, .max_level = 3 };

	return change_memory_noflush(va, n, op == MAP_INVALID ? &hide : &show);
}

static int do_noflush(const struct span *span, enum map_op op, u64 from, u64 n)
{
	u64 va = span->va + (from << PAGE_SHIFT);
	int err;

	if (!span->first)
		err = change_window(op, va, n);
	else if (op == MAP_INVALID)
		err = set_direct_map_invalid_noflush(span->first + from, n);
	else
		err = set_direct_map_default_noflush(span->first + from, n);
	if (!err)
		tlb_shootdown(va, n);
	return err;
}

int span_do(const struct span *span, enum map_op op, u8 key, u64 from, u64 n)
{
	static int (*const set[MAP_FLUSHING])(u64 va, u64 pages) = {
		[MAP_NP] = set_memory_np, [MAP_P] = set_memory_p,   [MAP_RO] = set_memory_ro,
		[MAP_RW] = set_memory_rw, [MAP_NX] = set_memory_nx, [MAP_X] = set_memory_x,
	};
	u64 va = span->va + (from << PAGE_SHIFT);

	if (op == MAP_PKEY)
		return set_memory_pkey(va, n, key);
	return op < MAP_FLUSHING ? set[op](va, n) : do_noflush(span, op, from, n);
}

void span_play(struct span *span, enum map_op op, u8 key, u64 from, u64 n)
{
	EXPECT_EQ(span_do(span, op, key, from, n), 0);
	map_model_play(&span->model, op, key, from, n);
}

/* What brings the page nearer to what it was at first; MAP_OPS: nothing. */
static enum map_op remedy(const struct map_page *page)
{
	if (page->key)
		return MAP_PKEY;
	if (!page->writable)
		return MAP_RW;
	if (page->executable)
		return MAP_NX;
	return page->present ? MAP_OPS : MAP_P;
}

void span_restore(struct span *span, u64 from, u64 n)
{
	for (u64 i = from; i < from + n; i++)
		for (enum map_op op; (op = remedy(&span->model.pages[i])) != MAP_OPS;)
			span_play(span, op, 0, from, n);
	if (span->model.tables)
		span_play(span, MAP_P, 0, from, n); /* merges */
}

static pte_t entry_for(const struct span *span, u64 i)
{
	const struct map_page *page = &span->model.pages[i];
	pte_t e = (span->phys + (i << PAGE_SHIFT)) | span->more | (u64)page->key << PTE_KEY_SHIFT;

	if (page->level > 1) {
		e |= e & PTE_PAT ? PTE_PAT_LARGE : 0;
		e |= PTE_PS;
	}
	e |= page->present ? PTE_P : 0;
	e |= page->writable ? PTE_W : 0;
	return e | (page->executable ? 0 : PTE_NX);
}

static bool fail_at(const struct span *span, u64 i, pte_t entry, int level)
{
	ktest_fail(__FILE__, __LINE__, "page %lu: expected %016lx at level %u, saw %016lx at %d", i,
		   entry_for(span, i), span->model.pages[i].level, entry, level);
	return false;
}

/* Compares the leaf of page i, and the small pages behind it. *i: the next page. */
static bool expect_leaves(const struct span *span, u64 *i)
{
	int level;
	const pte_t *entry = pgtable_leaf(kernel_root, span->va + (*i << PAGE_SHIFT), &level);

	if (!entry || level != span->model.pages[*i].level)
		return fail_at(span, *i, entry ? *entry : 0, level);
	do {
		if ((*entry ^ entry_for(span, *i)) & ~(PTE_A | PTE_D))
			return fail_at(span, *i, *entry, level);
		if (span->first && span->first[*i].pkey != span->model.pages[*i].key)
			return fail_at(span, *i, *entry, level);
		entry++;
		*i += level_size(level) >> PAGE_SHIFT;
	} while (level == 1 && *i % 512 && span->model.pages[*i].level == 1);
	return true;
}

bool span_expect(const struct span *span)
{
	ktest_checked();
	for (u64 i = 0; i < span->model.count;)
		if (!expect_leaves(span, &i))
			return false;
	return EXPECT_EQ(pgtable_splits() - span->splits, span->model.tables);
}

bool span_expect_frames(const struct span *span)
{
	return EXPECT_EQ(span->frames - pages_free(), span->model.tables);
}

bool span_expect_page(const struct span *span, u64 i)
{
	int level;
	u64 va = span->va + (i << PAGE_SHIFT);
	const pte_t *entry = pgtable_leaf(kernel_root, va, &level);
	pte_t part = entry ? *entry : 0;

	ktest_checked();
	if (level > 1)
		part = (part & ~PTE_PS) + (va & (level_size(level) - 1));
	if (!((part ^ entry_for(span, i)) & ~(PTE_A | PTE_D)) &&
	    span->first[i].pkey == span->model.pages[i].key)
		return true;
	return fail_at(span, i, part, level);
}

/* The error code of a read or write; ~0: no fault. */
static u64 error_for(const struct map_page *page, bool write)
{
	u32 denied = pkrs_enforced() ? (u32)pkrs_read() >> 2 * page->key & (write ? 3 : 1) : 0;
	u64 error = write ? PF_W : 0;

	if (!page->present)
		return error;
	if (!denied && (!write || page->writable))
		return ~0ULL;
	return error | PF_P | (denied ? PF_PK : 0);
}

bool span_expect_access(const struct span *span, u64 i)
{
	const struct map_page *page = &span->model.pages[i];
	u64 *word = page_to_virt(span->first + i), value = i;
	struct fault f = probe_read(word, &value), g = probe_write(word, i);
	u64 read = f.vector == FAULT_NONE ? ~0ULL : f.error;
	u64 written = g.vector == FAULT_NONE ? ~0ULL : g.error;

	ktest_checked();
	if (read == error_for(page, false) && written == error_for(page, true) &&
	    (read != ~0ULL || value == i))
		return true;
	ktest_fail(__FILE__, __LINE__,
		   "page %lu, %s, %s, key %u: read %lx (expected %lx), value %lx, write %lx (%lx)",
		   i, page->present ? "present" : "away", page->writable ? "rw" : "ro", page->key,
		   read, error_for(page, false), value, written, error_for(page, true));
	return false;
}
