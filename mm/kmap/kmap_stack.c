// SPDX-License-Identifier: MIT
#include "mm/kmap/kmap_stack.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/atomic.h"

/* Claims the entry before it is filled in: an exception in between must not take the same one. */
struct local_map *kmap_stack_claim(struct local *local)
{
	u32 n = local->maps;

	if (n >= LOCAL_MAPS)
		return NULL;
	WRITE_ONCE(local->maps, n + 1);
	barrier();
	return &local->map[n];
}

u32 kmap_stack_find(const struct local *local, const struct page *page, bool ordered)
{
	for (u32 i = local->maps; i-- > local->base;)
		if (local->map[i].page == page && local->map[i].ordered == ordered)
			return i;
	return KMAP_NONE;
}

u32 kmap_stack_above(const struct local *local, u32 i)
{
	for (u32 above = local->maps; --above > i;)
		if (local->map[above].ordered)
			return above;
	return KMAP_NONE;
}

/* Returns the rights bits that must be clear for the map's kind of access. */
static u32 opens(const struct local_map *map)
{
	return map->access == PKS_WRITE ? map->mask : map->mask & 0x55555555;
}

/*
 * Maps above i with the same key found open what map i opened. Corrects what they found to closed,
 * up to the first that opens it itself. Returns the bits that none of them opens.
 */
static u32 close_above(struct local *local, u32 i)
{
	const struct local_map *gone = &local->map[i];
	u32 closed = gone->found & opens(gone);

	for (u32 above = i + 1; above < local->maps; above++) {
		struct local_map *map = &local->map[above];

		if (map->mask != gone->mask)
			continue;
		map->found |= closed;
		closed &= ~opens(map);
	}
	return closed;
}

u32 kmap_stack_remove(struct local *local, u32 i, u32 *bits)
{
	u32 mask = local->map[i].mask, last = local->maps - 1;

	*bits = local->map[i].found;
	if (i != last)
		mask = *bits = close_above(local, i);
	for (; i < last; i++)
		local->map[i] = local->map[i + 1];
	local->map[last] = (struct local_map){ 0 };
	barrier();
	WRITE_ONCE(local->maps, last);
	return mask;
}
