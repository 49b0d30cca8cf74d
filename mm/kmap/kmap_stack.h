/* SPDX-License-Identifier: MIT */
/*
 * The nested maps of one context, as data: which are open, and which bits of the rights end with
 * one of them. Pure, built on the host too. An exception on the same struct local may come between
 * any two instructions; it adds above what is open, and takes that away again.
 */
#ifndef KEYWARD_MM_KMAP_KMAP_STACK_H
#define KEYWARD_MM_KMAP_KMAP_STACK_H

#include "kernel/cpu/local.h"
#include "kernel/lib/atomic.h"

#define KMAP_NONE LOCAL_MAPS /* the index of no map */

/* A new entry on top, to be filled in afterwards; NULL: there are LOCAL_MAPS already. */
struct local_map *kmap_stack_claim(struct local *local);

/* The context's last map; NULL: it has none. */
static inline const struct local_map *kmap_stack_top(const struct local *local)
{
	return local->maps > local->base ? &local->map[local->maps - 1] : NULL;
}

/* Takes it out, once all of it has been read. */
static inline void kmap_stack_pop(struct local *local)
{
	barrier();
	WRITE_ONCE(local->maps, local->maps - 1);
}

/* The topmost map of the page that the context has made in this way; KMAP_NONE: none. */
u32 kmap_stack_find(const struct local *local, const struct page *page, bool ordered);

/* The topmost map above number i that wants to be unmapped before it; KMAP_NONE: none. */
u32 kmap_stack_above(const struct local *local, u32 i);

/*
 * Takes map number i out, wherever it stands. The rights must then get *bits in place of those of
 * the mask that is returned: what the map found, if it is the topmost; else all bits that it had
 * opened and that no later map keeps open.
 */
u32 kmap_stack_remove(struct local *local, u32 i, u32 *bits);

#endif
