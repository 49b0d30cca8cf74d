/* SPDX-License-Identifier: MIT */
/*
 * The nested maps of one context, as data: which are open, and which bits of the rights end with
 * each. Pure, also built on the host. An exception on the same struct local may come between any
 * two instructions; it adds maps on top, and removes them again.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_STACK_H
#define KEYWARD_MM_KMAP_KMAP_STACK_H

#include "kernel/cpu/local.h"
#include "kernel/lib/atomic.h"

struct page;

#define KMAP_NONE    LOCAL_MAPS /* the index of no map */
#define KMAP_ORDERED 1UL        /* in local_map.what: must be unmapped in reverse order */

/* Returns what a map of the page is known by: two maps that differ in page or kind differ here. */
static inline u64 kmap_what(const struct page *page, bool ordered)
{
	return (u64)page + (ordered ? KMAP_ORDERED : 0); /* a struct page is at an even address */
}

static inline struct page *kmap_page(const struct local_map *map)
{
	return (struct page *)(READ_ONCE(map->what) & ~KMAP_ORDERED);
}

/*
 * Adds an entry on top, for the caller to fill in. NULL: there are LOCAL_MAPS already. Claims the
 * entry before it is filled in: an exception in between must not take the same one.
 */
static inline struct local_map *kmap_stack_claim(struct local *local)
{
	u32 n = local->maps;

	if (unlikely(n >= LOCAL_MAPS))
		return NULL;
	WRITE_ONCE(local->maps, n + 1);
	barrier();
	return &local->map[n];
}

/* Returns the context's last map, or NULL. */
static inline const struct local_map *kmap_stack_top(const struct local *local)
{
	u32 n = local->maps;

	return likely(n > local->base) ? &local->map[n - 1] : NULL;
}

/* Removes the context's last map, after the caller has read all of it. */
static inline void kmap_stack_pop(struct local *local)
{
	u32 n = local->maps;

	barrier();
	WRITE_ONCE(local->maps, n - 1);
}

/* Returns the context's topmost map of the page of this kind, or KMAP_NONE. */
u32 kmap_stack_find(const struct local *local, const struct page *page, bool ordered);

/* Returns the topmost map above number i that must be unmapped before it, or KMAP_NONE. */
u32 kmap_stack_above(const struct local *local, u32 i);

/*
 * Removes map number i, wherever it is. Returns a mask; the caller must then set the rights under
 * this mask to *bits. These are what the map found, if it is the last of its key; else they close
 * what it had opened and no later map keeps open. A pardon ends with the last map of its key that
 * was open when it came, in any order of unmapping, and lasts as long as its context if there was
 * none. Grants must nest: pks/rights.h.
 */
u32 kmap_stack_remove(struct local *local, u32 i, u32 *bits);

#endif
