// SPDX-License-Identifier: MIT
#include "tests/matrix/entries.h"
#include "tests/matrix/sdm.h"

void entries_find(struct entries *e, const struct mcase *c)
{
	const volatile u64 *entry;

	e->count = 0;
	while ((entry = case_entry_above(c, e->count + 1)))
		e->above[e->count++] = entry;
}

void entries_before(struct entries *e, const volatile u64 *leaf)
{
	e->leaf = leaf;
	e->leaf_was = *leaf;
	for (u32 i = 0; i < e->count; i++)
		e->above_was[i] = *e->above[i];
}

/* Returns what changed though only the bits in `may_set` may, from 0 to 1. */
static u64 changed(u64 was, u64 now, u64 may_set)
{
	return ((was ^ now) & ~may_set) | (was & ~now);
}

void entries_after(const struct entries *e, struct traces *t)
{
	t->entry = *e->leaf;
	t->changed = changed(e->leaf_was, t->entry, ACCESSED | DIRTY);
	t->above = ~0ull;
	for (u32 i = 0; i < e->count; i++) {
		u64 now = *e->above[i];

		t->changed |= changed(e->above_was[i], now, ACCESSED);
		t->above &= now;
	}
}
