/* SPDX-License-Identifier: MIT */
/* Orders that look like chance and are the same in each run. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_ORDER_H
#define KEYWARD_TESTS_MATRIX_ORDER_H

#include "kernel/lib/types.h"

/* Returns a number that looks like chance, the same for the same `n`. */
static inline u64 scatter(u64 n)
{
	n *= 0xd6e8feb86659fd93ull;
	n ^= n >> 32;
	n *= 0xd6e8feb86659fd93ull;
	return n >> 32;
}

/*
 * Returns the place of number `n` of 0 to count - 1 in an order of them that looks like chance: a
 * Feistel network over as many bits as they need, again and again until the number is one of them.
 * A regular order would always meet the same values of two axes.
 */
static inline u64 permute(u64 n, u64 count)
{
	u32 half = 1;

	while (1ull << (2 * half) < count)
		half++;
	do {
		u64 left = n >> half, right = n & ((1ull << half) - 1);

		for (u32 round = 1; round <= 4; round++) {
			u64 mixed =
				left ^ (scatter(right + round * 0x10001) & ((1ull << half) - 1));

			left = right;
			right = mixed;
		}
		n = left << half | right;
	} while (n >= count);
	return n;
}

#endif
