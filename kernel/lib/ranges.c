// SPDX-License-Identifier: MIT
#include "kernel/lib/ranges.h"

static void remove_at(struct ranges *set, u32 i)
{
	set->count--;
	for (; i < set->count; i++)
		set->r[i] = set->r[i + 1];
}

static void insert_at(struct ranges *set, u32 i, u64 start, u64 end)
{
	if (set->count == RANGES_MAX) {
		set->dropped++;
		return;
	}
	for (u32 j = set->count++; j > i; j--)
		set->r[j] = set->r[j - 1];
	set->r[i] = (struct range){ start, end };
}

void ranges_add(struct ranges *set, u64 start, u64 end)
{
	u32 i = 0;

	if (start >= end)
		return;
	while (i < set->count && set->r[i].end < start)
		i++;
	while (i < set->count && set->r[i].start <= end) {
		start = MIN(start, set->r[i].start);
		end = MAX(end, set->r[i].end);
		remove_at(set, i);
	}
	insert_at(set, i, start, end);
}

void ranges_subtract(struct ranges *set, u64 start, u64 end)
{
	u32 i = 0;

	if (start >= end)
		return;
	while (i < set->count) {
		struct range old = set->r[i];

		if (old.end <= start || old.start >= end) {
			i++;
			continue;
		}
		remove_at(set, i);
		if (old.start < start)
			insert_at(set, i++, old.start, start);
		if (old.end > end)
			insert_at(set, i++, end, old.end);
	}
}

u64 ranges_total(const struct ranges *set)
{
	u64 total = 0;

	for (u32 i = 0; i < set->count; i++)
		total += set->r[i].end - set->r[i].start;
	return total;
}

void ranges_limit(struct ranges *set, u64 bytes)
{
	for (u32 i = 0; i < set->count; i++) {
		u64 len = set->r[i].end - set->r[i].start;

		if (len > bytes) {
			ranges_subtract(set, set->r[i].start + bytes, ~0ULL);
			return;
		}
		bytes -= len;
	}
}

bool ranges_contain(const struct ranges *set, u64 start, u64 end)
{
	for (u32 i = 0; i < set->count; i++)
		if (set->r[i].start <= start && start <= end && end <= set->r[i].end)
			return true;
	return false;
}

bool ranges_touch(const struct ranges *set, u64 start, u64 end)
{
	for (u32 i = 0; i < set->count; i++)
		if (start < set->r[i].end && set->r[i].start < end)
			return true;
	return false;
}
