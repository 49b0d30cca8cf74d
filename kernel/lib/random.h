/* SPDX-License-Identifier: MIT */
/* Reproducible pseudo-random numbers, from the command line's seed. Not for secrets. */
#ifndef KEYWARD_KERNEL_LIB_RANDOM_H
#define KEYWARD_KERNEL_LIB_RANDOM_H

#include "kernel/lib/types.h"

/* Starts the sequence. Thread context. */
void random_seed(u64 seed);

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
