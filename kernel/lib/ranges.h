/* SPDX-License-Identifier: MIT */
/* Sets of physical addresses, as sorted, disjoint, non-adjacent ranges. Pure; host-built too. */
#ifndef KEYWARD_KERNEL_LIB_RANGES_H
#define KEYWARD_KERNEL_LIB_RANGES_H

#include "kernel/lib/types.h"

#define RANGES_MAX 256

struct range {
	u64 start, end; /* bytes; end is exclusive */
};

struct ranges {
	u32 count;
	u32 dropped; /* pieces lost for lack of room, which the caller reports */
	struct range r[RANGES_MAX];
};

/* Adds [start, end); overlapping and touching ranges become one. */
void ranges_add(struct ranges *set, u64 start, u64 end);

/* Removes [start, end). */
void ranges_subtract(struct ranges *set, u64 start, u64 end);

/* Returns the total size in bytes. */
u64 ranges_total(const struct ranges *set);

/* Keeps only the lowest `bytes` bytes. */
void ranges_limit(struct ranges *set, u64 bytes);

/* True if all of [start, end) lies in the set. */
bool ranges_contain(const struct ranges *set, u64 start, u64 end);

/* True if a byte of [start, end), which is not empty, lies in the set. */
bool ranges_touch(const struct ranges *set, u64 start, u64 end);

#endif
