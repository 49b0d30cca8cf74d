// SPDX-License-Identifier: MIT
#include "kernel/random.h"

/* One counter for all; contexts race for its steps, and each step is one atomic addition. */
static u64 state;

void random_seed(u64 seed)
{
	__atomic_store_n(&state, seed, __ATOMIC_RELAXED);
}

/* A Weyl sequence, its steps hashed by multiply and shift (the SplitMix64 construction). */
u64 random_next(void)
{
	u64 z = __atomic_add_fetch(&state, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

u64 random_below(u64 n)
{
	return (u64)(((unsigned __int128)random_next() * n) >> 64);
}
