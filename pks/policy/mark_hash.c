// SPDX-License-Identifier: MIT
#include "pks/policy/mark_hash.h"
#include "kernel/lib/atomic.h"

#define FRAME(word) ((word) >> 24)
#define COUNT(word) ((word)&MARK_HASH_MAX)

static u32 index_of(u64 pfn, u32 distance)
{
	u64 h = (pfn * 0x9e3779b97f4a7c15) >> 32; /* 2^64 divided by the golden ratio */

	return (u32)((h + distance) % MARK_HASH_SLOTS);
}

static u64 *slot_of(struct mark_hash *hash, u64 pfn, u32 distance)
{
	return &hash->slot[index_of(pfn, distance)];
}

static u32 *passed_of(struct mark_hash *hash, u64 pfn, u32 distance)
{
	return &hash->passed[index_of(pfn, distance)];
}

static u64 load(const u64 *word)
{
	return smp_load_acquire(word);
}

static bool swap(u64 *slot, u64 *word, u64 next)
{
	return try_cmpxchg(slot, word, next);
}

/* Adds one in a slot that is the frame's, or nobody's. */
static bool add_here(u64 *slot, u64 frame)
{
	u64 word = load(slot), next;

	do {
		if (FRAME(word) == frame && COUNT(word) < MARK_HASH_MAX)
			next = word + 1;
		else if (FRAME(word) != frame && COUNT(word) == 0)
			next = frame << 24 | 1;
		else
			return false;
	} while (!swap(slot, &word, next));
	return true;
}

/* Takes back what an add has counted in the first `distance` slots that it passed. */
static void unpass(struct mark_hash *hash, u64 pfn, u32 distance)
{
	for (u32 i = 0; i < distance; i++)
		atomic_dec(passed_of(hash, pfn, i));
}

/* Counts a slot as passed before the mark is behind it, so that no walk stops too early. */
bool mark_hash_add(struct mark_hash *hash, u64 pfn)
{
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++) {
		if (add_here(slot_of(hash, pfn, i), pfn + 1)) {
			atomic_inc(&hash->adds);
			return true;
		}
		atomic_inc(passed_of(hash, pfn, i));
	}
	unpass(hash, pfn, MARK_HASH_SLOTS);
	return false;
}

static bool remove_here(u64 *slot, u64 word)
{
	u64 frame = FRAME(word);

	do {
		if (FRAME(word) != frame || COUNT(word) == 0)
			return false;
	} while (!swap(slot, &word, word - 1));
	return true;
}

/*
 * Walks a frame's slots and returns their sum; with `remove`, returns 1 once it has removed one.
 * Stops at the first slot that no mark has passed; a removed mark is uncounted after it is gone.
 */
static u64 walk(struct mark_hash *hash, u64 pfn, bool remove)
{
	u64 sum = 0, word;

	for (u32 i = 0; i < MARK_HASH_SLOTS; i++) {
		u64 *slot = slot_of(hash, pfn, i);

		word = load(slot);
		if (FRAME(word) == pfn + 1) {
			if (remove && remove_here(slot, word)) {
				unpass(hash, pfn, i);
				return 1;
			}
			sum += remove ? 0 : COUNT(word);
		}
		if (!smp_load_acquire(passed_of(hash, pfn, i)))
			break;
	}
	return sum;
}

/*
 * A walk may find 0 for a frame that always has a mark: somebody adds one in a slot that the walk
 * has passed, then removes the one in the next slot. So a 0 counts only if nobody added meanwhile.
 */
static u64 walk_again(struct mark_hash *hash, u64 pfn, bool remove)
{
	u64 before, found;

	do {
		before = load(&hash->adds);
		found = walk(hash, pfn, remove);
	} while (!found && load(&hash->adds) != before);
	return found;
}

bool mark_hash_remove(struct mark_hash *hash, u64 pfn)
{
	return walk_again(hash, pfn, true);
}

u64 mark_hash_count(struct mark_hash *hash, u64 pfn)
{
	return walk_again(hash, pfn, false);
}
