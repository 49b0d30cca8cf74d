// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_internal.h"
#include "mm/kmap/kmap_warn.h"

bool kmap_close_below(const struct page *page, bool ordered, void *site)
{
	struct local *local = this_local();
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
