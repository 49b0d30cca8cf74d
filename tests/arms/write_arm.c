// SPDX-License-Identifier: MIT
#include "tests/arms/write_arm.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/direct_map.h"
#include "mm/kmap/kmap_local.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"

static void nothing(struct write_window *w)
{
	(void)w;
}

static void grant_open(struct write_window *w)
{
	w->token = pks_grant(w->first->pkey, PKS_WRITE);
}

static void grant_close(struct write_window *w)
{
	pks_revoke(w->token);
}

static void readwrite_open(struct write_window *w)
{
	pks_set_readwrite(w->first->pkey);
}

static void readwrite_close(struct write_window *w)
{
	pks_set_noaccess(w->first->pkey);
}

static void kmap_open_one(struct write_window *w)
{
	kmap_local_page(w->first);
}

static void kmap_close_one(struct write_window *w)
{
	kunmap_local(page_to_virt(w->first));
}

/* Pages that were taken away can always be made present again. */
static void unmap_open(struct write_window *w)
{
	BUG_ON(set_direct_map_default_noflush(w->first, w->pages));
}

/*
 * Needs no table, unless a neighbour's change has merged the pages while the window was open. If
 * there is no memory for it then, the arm cannot keep its promise: the pages are open to all. That
 * is a price of the arm (docs/EXPERIMENTS.md).
 */
static void take_away(const struct write_window *w)
{
	BUG_ON(set_direct_map_invalid_noflush(w->first, w->pages));
}

static void unmap_close(struct write_window *w)
{
	take_away(w);
	tlb_flush_range((u64)page_to_virt(w->first), w->pages);
}

static void unmap_all_close(struct write_window *w)
{
	take_away(w);
	tlb_shootdown((u64)page_to_virt(w->first), w->pages);
}

static int unmap_protect(struct page *first, u64 pages)
{
	int err = set_direct_map_invalid_noflush(first, pages);

	if (!err)
		tlb_shootdown((u64)page_to_virt(first), pages);
	return err;
}

static int unmap_unprotect(struct page *first, u64 pages)
{
	return set_direct_map_default_noflush(first, pages);
}

static int wp_protect(struct page *first, u64 pages)
{
	return set_memory_ro((u64)page_to_virt(first), pages);
}

static int wp_unprotect(struct page *first, u64 pages)
{
	return set_memory_rw((u64)page_to_virt(first), pages);
}

/* Preemption is off first: the thread must end the window on the CPU whose CR0 it has changed. */
static void wp_open(struct write_window *w)
{
	preempt_disable();
	w->cr0 = read_cr0();
	write_cr0(w->cr0 & ~(u64)CR0_WP);
}

static void wp_close(struct write_window *w)
{
	write_cr0(w->cr0);
	preempt_enable();
}

// clang-format off
const struct write_arm write_arms[WRITE_ARMS] = {
	[ARM_NONE]       = { "none",       false, 0, NULL, NULL, nothing, nothing },
	[ARM_GRANT]      = { "grant",      true,  0, NULL, NULL, grant_open, grant_close },
	[ARM_READWRITE]  = { "readwrite",  true,  0, NULL, NULL, readwrite_open, readwrite_close },
	[ARM_KMAP_LOCAL] = { "kmap_local", true,  1, NULL, NULL, kmap_open_one, kmap_close_one },
	[ARM_UNMAP]      = { "unmap",      false, 0, unmap_protect, unmap_unprotect, unmap_open, unmap_close },
	[ARM_UNMAP_ALL]  = { "unmap_all",  false, 0, unmap_protect, unmap_unprotect, unmap_open, unmap_all_close },
	[ARM_CR0_WP]     = { "cr0_wp",     false, 0, wp_protect, wp_unprotect, wp_open, wp_close },
};
// clang-format on

void write_arm_copy(const struct write_arm *arm, struct page *first, u64 at, const void *from,
		    u64 size)
{
	while (size) {
		struct write_window w = { .first = first + (at >> PAGE_SHIFT) };
		u64 in_page = at & (PAGE_SIZE - 1), now = size;

		if (arm->pages_most)
			now = MIN(now, (arm->pages_most << PAGE_SHIFT) - in_page);
		w.pages = (in_page + now + PAGE_SIZE - 1) >> PAGE_SHIFT;
		arm->open(&w);
		memcpy((char *)page_to_virt(w.first) + in_page, from, now);
		arm->close(&w);
		from = (const char *)from + now;
		at += now;
		size -= now;
	}
}
