// SPDX-License-Identifier: MIT
/* Planted errors: caches beside the TLB, which a processor must not have, or not keep. */
#include "tests/host/soft.h"

/* Pages without a translation. */
#define PAGES 64
static u64 absent[PAGES];
static u32 absent_count;

/* The AND of the entries above a table of leaves. */
static struct {
	u64 va, size, entries;
} above;

bool soft_absent_before(u64 va, enum walk walk)
{
	if (!BROKEN(absent_is_cached))
		return false;
	for (u32 i = 0; i < absent_count; i++)
		if (absent[i] == va >> 12)
			return true;
	if (walk == WALK_ABSENT && absent_count < PAGES)
		absent[absent_count++] = va >> 12;
	return false;
}

u64 soft_above_before(u64 va, u64 size, u64 entries)
{
	u64 table = va & ~(512 * size - 1);

	if (!BROKEN(invlpg_keeps_entries_above))
		return entries;
	if (above.size != size || above.va != table) {
		above.va = table;
		above.size = size;
		above.entries = entries;
	}
	return above.entries;
}

void soft_caches_drop(u64 va)
{
	for (u32 i = 0; i < absent_count; i++)
		if (absent[i] == va >> 12)
			absent[i] = 0;
}

void soft_caches_flush(void)
{
	absent_count = 0;
	above.size = 0;
}
