/* SPDX-License-Identifier: MIT */
/* Reproducible pseudo-random numbers, from the command line's seed. Not for secrets. */
#ifndef KEYWARD_KERNEL_LIB_RANDOM_H
#define KEYWARD_KERNEL_LIB_RANDOM_H

#include "kernel/lib/types.h"

/* Starts the sequence. Thread context; numbers drawn meanwhile may be of either sequence. */
void random_seed(u64 seed);

/* Returns the seed of a sequence that only `seed` and the name decide. Pure; any context. */
u64 random_seed_of(u64 seed, const char *name);

/* Returns the next number; random_below(n): one below n, which must not be 0. Any context. */
u64 random_next(void);
u64 random_below(u64 n);

/* A private sequence, for its owner's context only. */
struct random {
	u64 state;
};

void random_draw_from(struct random *random, u64 seed);
u64 random_draw_below(struct random *random, u64 n);

#endif
