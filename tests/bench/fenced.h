/* SPDX-License-Identifier: MIT */
/*
 * The clock for single instructions. RDTSC waits for nothing by itself; between two LFENCEs all
 * earlier instructions have completed and no later one has begun (SDM Vol. 2B, "RDTSC"). What the
 * fences cost is a bench of its own.
 */
#ifndef KEYWARD_TESTS_BENCH_FENCED_H
#define KEYWARD_TESTS_BENCH_FENCED_H

#include "kernel/cpu/insn.h"

static inline void lfence(void)
{
	asm volatile("lfence" : : : "memory");
}

static inline void mfence(void)
{
	asm volatile("mfence" : : : "memory");
}

static inline u64 fenced_tsc(void)
{
	u64 ticks;

	lfence();
	ticks = rdtsc();
	lfence();
	return ticks;
}

#endif
