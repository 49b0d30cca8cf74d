// SPDX-License-Identifier: MIT
#include "kernel/lib/random.h"
#include "kernel/lib/atomic.h"

/* One counter for all contexts; each number takes one atomic addition. */
static u64 state;

void random_seed(u64 seed)
{
	WRITE_ONCE(state, seed);
}

/* A Weyl sequence, hashed by multiply and shift (the SplitMix64 construction). */
#define STEP 0x9e3779b97f4a7c15

static u64 hash(u64 z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static u64 scale(u64 number, u64 n)
{
	return (u64)(((unsigned __int128)number * n) >> 64);
}

u64 random_seed_of(u64 seed, const char *name)
{
	u64 z = hash(seed + STEP); /* consecutive seeds are no consecutive letters */

	for (; *name; name++)
		z = hash(z + (u8)*name);
	return z;
}

u64 random_next(void)
{
	return hash(atomic_add_return(STEP, &state));
}

u64 random_below(u64 n)
{
	return scale(random_next(), n);
}

void random_draw_from(struct random *random, u64 seed)
{
	random->state = hash(seed); /* consecutive seeds give unrelated sequences */
}

u64 random_draw_below(struct random *random, u64 n)
{
	random->state += STEP;
	return scale(hash(random->state), n);
}
