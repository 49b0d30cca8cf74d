/* SPDX-License-Identifier: MIT */
/*
 * What kmap_local_page() and kmap_thread() share. `ordered` is true for the former. The short ways
 * are inline and call nothing, so that those of kmap_local.c need no stack frame.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_INTERNAL_H
#define KEYWARD_MM_KMAP_KMAP_INTERNAL_H

#include "mm/kmap/kmap_stack.h"
#include "mm/page.h"
#include "pks/rights.h"

/* Notes the map and grants its rights. False: the context has LOCAL_MAPS already. Any context. */
static inline bool kmap_open(struct page *page, enum pks_access access, bool ordered, void *site)
{
	struct local_map *map = kmap_stack_claim(this_local());
	struct pks_token token;

	if (unlikely(!map))
		return false;
	token = pks_grant(page->pkey, access);
	*map = (struct local_map){
		.what = kmap_what(page, ordered),
		.mask = token.mask,
		.found = token.rights,
		.site = (u32)(u64)site,
		.access = access,
	};
	return true;
}

/* Ends the running context's topmost map. False: that is another one, or there is none. */
static inline bool kmap_close(const struct page *page, bool ordered)
{
	struct local *local = this_local();
	const struct local_map *top = kmap_stack_top(local);
	struct pks_token token;

	if (unlikely(!top || top->what != kmap_what(page, ordered)))
		return false;
	token = (struct pks_token){ top->mask, top->found };
	kmap_stack_pop(local);
	pks_revoke(token);
	return true;
}

/*
 * The slow way for a map that is not the topmost: warns about a wrong order. False: there is none.
 * Any context.
 */
bool kmap_close_below(const struct page *page, bool ordered, void *site);

#endif
