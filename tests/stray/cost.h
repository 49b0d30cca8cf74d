/* SPDX-License-Identifier: MIT */
/* What one write of 4 KiB costs through a window. */
#ifndef KEYWARD_TESTS_STRAY_COST_H
#define KEYWARD_TESTS_STRAY_COST_H

#include "kernel/lib/types.h"

struct stray_cost {
	u64 ticks;   /* of the TSC, the least of some writes, copy included */
	u64 writes;  /* of IA32_PKRS; only a paranoid build counts them */
	u64 invlpgs; /* on all CPUs together, as are the next two */
	u64 flushes; /* of everything */
	u64 ipis;
};

/* Counts it in the range as it is protected. Thread context, pinned, as stray_range_write(). */
struct stray_cost stray_cost(void);

#endif
