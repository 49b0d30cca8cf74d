// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_stack.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/atomic.h"

u32 kmap_stack_find(const struct local *local, const struct page *page, bool ordered)
{
	for (u32 i = local->maps; i-- > local->base;)
		if (local->map[i].what == kmap_what(page, ordered))
			return i;
	return KMAP_NONE;
}

u32 kmap_stack_above(const struct local *local, u32 i)
{
	for (u32 above = local->maps; --above > i;)
		if (local->map[above].what & KMAP_ORDERED)
			return above;
	return KMAP_NONE;
}

/* Returns the rights bits that must be clear for the map's kind of access. */
static u32 opens(const struct local_map *map)
{
	return map->access == PKS_WRITE ? map->mask : map->mask & 0x55555555;
}

/*
 * Map i, and pardons inside it, opened bits that maps above it with the same key found open. The
 * first of those now finds what map i found, so that together they still put back all of it; each
 * bit stays open only from the first map that opens it itself, or inside which it was opened later.
 * Returns the bits that close now, as a mask and in *bits; with no such map, all that map i found.
 *
 * Rights are no access, read (WD) or write, never AD without WD; every map opens AD. So `found`
 * stays one of the three, and what closes is WD or nothing.
 */
static u32 close_above(struct local *local, u32 i, u32 *bits)
{
	const struct local_map *gone = &local->map[i];
	u32 closed = gone->found & gone->mask, mask = gone->mask;

	for (u32 above = i + 1; above < local->maps; above++) {
		struct local_map *map = &local->map[above];
		u32 open = ~map->found; /* bits that the map found open */

		if (map->mask != gone->mask)
			continue;
		map->found |= closed;
		closed &= open & ~opens(map);
		mask = closed;
	}
	*bits = closed;
	return mask;
}

u32 kmap_stack_remove(struct local *local, u32 i, u32 *bits)
{
	u32 mask = local->map[i].mask, last = local->maps - 1;

	*bits = local->map[i].found;
	if (i != last)
		mask = close_above(local, i, bits);
	for (; i < last; i++)
		local->map[i] = local->map[i + 1];
	barrier();
	WRITE_ONCE(local->maps, last);
	return mask;
}
