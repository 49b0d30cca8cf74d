/* SPDX-License-Identifier: MIT */
/* What mm/kmap/kmap_local.c does with a context's maps and rights, where there is no register. */
#ifndef KEYWARD_TESTS_HOST_KMAP_PURE_H
#define KEYWARD_TESTS_HOST_KMAP_PURE_H

#include "kernel/cpu/pkrs_bits.h"
#include "mm/kmap/kmap_stack.h"

/* As pks_grant(): returns the rights before. */
static inline u32 pure_grant(u32 *rights, u32 key, enum pks_access access)
{
	u32 found = *rights;

	*rights &= ~pkrs_needs_clear(key, access);
	return found;
}

/* As kmap_open(). */
static inline void pure_open(struct local *local, u32 *rights, struct page *page, u32 key,
			     enum pks_access access, bool ordered)
{
	struct local_map *map = kmap_stack_claim(local);

	*map = (struct local_map){ .what = kmap_what(page, ordered),
				   .mask = pkrs_mask(key),
				   .found = pure_grant(rights, key, access),
				   .access = access };
}

/* As kmap_close(); adds 1 to *order for the wrong order. False: there is no such map. */
static inline bool pure_close(struct local *local, u32 *rights, const struct page *page,
			      bool ordered, u32 *order)
{
	u32 i = kmap_stack_find(local, page, ordered), bits, mask;

	if (i == KMAP_NONE)
		return false;
	if (&local->map[i] == kmap_stack_top(local)) {
		mask = local->map[i].mask;
		bits = local->map[i].found;
		kmap_stack_pop(local);
	} else {
		*order += ordered && kmap_stack_above(local, i) != KMAP_NONE;
		mask = kmap_stack_remove(local, i, &bits);
	}
	*rights ^= (*rights ^ bits) & mask;
	return true;
}

#endif
