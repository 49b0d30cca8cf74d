/* SPDX-License-Identifier: MIT */
/* Sets of physical addresses, as sorted, disjoint, non-adjacent ranges. Pure: host-built too. */
#ifndef KEYWARD_KERNEL_LIB_RANGES_H
#define KEYWARD_KERNEL_LIB_RANGES_H

#include "kernel/lib/types.h"

#define RANGES_MAX 256

struct range {
	u64 start, end; /* bytes; end is the first one beyond */
};

struct ranges {
	u32 count;
	u32 dropped; /* pieces for which there was no room: memory that is lost, and said so */
	struct range r[RANGES_MAX];
};

/* Adds [start, end); overlapping and touching ranges become one. */
void ranges_add(struct ranges *set, u64 start, u64 end);

/* Takes [start, end) out. */
void ranges_subtract(struct ranges *set, u64 start, u64 end);

/* Bytes in all. */
u64 ranges_total(const struct ranges *set);

/* Keeps only the lowest `bytes` bytes. */
void ranges_limit(struct ranges *set, u64 bytes);

/* Whether all of [start, end) lies in the set. */
bool ranges_contain(const struct ranges *set, u64 start, u64 end);

#endif
