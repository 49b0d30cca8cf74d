// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_local.h"
#include "kernel/cpu/trace.h"
#include "mm/kmap/kmap_internal.h"
#include "mm/kmap/kmap_stack.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/rights.h"

void kmap_open(struct page *page, enum pks_access access, bool ordered, void *site)
{
	struct local_map *map = kmap_stack_claim(this_local());
	struct pks_token token;

	if (!map) {
		kmap_warn_overflow(page, site);
		return;
	}
	token = pks_grant(page->pkey, access);
	*map = (struct local_map){
		.page = page,
		.mask = token.mask,
		.found = token.rights & token.mask,
		.site = (u32)(u64)site,
		.access = (u8)access,
		.ordered = ordered,
	};
}

/* Unmaps a map that is not the topmost; false: there is none. */
static __attribute__((noinline)) bool close_below(struct local *local, struct page *page,
						  bool ordered, void *site)
{
	u32 i = kmap_stack_find(local, page, ordered), above;
	struct pks_token token;

	if (i == KMAP_NONE)
		return false;
	above = ordered ? kmap_stack_above(local, i) : KMAP_NONE;
	if (above != KMAP_NONE)
		kmap_warn_order(&local->map[i], &local->map[above], site);
	token.mask = kmap_stack_remove(local, i, &token.rights);
	pks_revoke(token);
	return true;
}

bool kmap_close(struct page *page, bool ordered, void *site)
{
	struct local *local = this_local();
	const struct local_map *top = kmap_stack_top(local);
	struct pks_token token;

	if (unlikely(!top || top->page != page || top->ordered != ordered))
		return close_below(local, page, ordered, site);
	token = (struct pks_token){ top->mask, top->found };
	kmap_stack_pop(local);
	pks_revoke(token);
	return true;
}

void kmap_local_protected(struct page *page, enum pks_access access)
{
	void *site = __builtin_return_address(0);

	kmap_open(page, access, true, site);
	trace(TRACE_KMAP_LOCAL, page_to_pfn(page), (u64)site);
}

void kunmap_local_protected(const void *addr)
{
	void *site = __builtin_return_address(0);
	struct page *page =
		is_direct_map((u64)addr) ? pfn_to_page(virt_to_phys(addr) >> PAGE_SHIFT) : NULL;

	if (page && kmap_close(page, true, site)) { /* only compares the pointer: it may be none */
		trace(TRACE_KUNMAP_LOCAL, page_to_pfn(page), (u64)site);
		return;
	}
	page = virt_to_page(addr);
	if (!page || page->pkey) /* a page without a key was not noted */
		kmap_warn_not_mapped(page, "kunmap_local", site);
}
