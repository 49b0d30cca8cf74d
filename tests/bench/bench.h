/* SPDX-License-Identifier: MIT */
/*
 * Benches: what an operation costs in TSC ticks. Under QEMU's -icount shift=0 and in Bochs a tick
 * is an instruction; on silicon it is a (reference) cycle. See docs/TESTING.md.
 */
#ifndef KEYWARD_TESTS_BENCH_H
#define KEYWARD_TESTS_BENCH_H

#include "kernel/types.h"

struct bench {
	const char *name;
	u64 (*fn)(void); /* does it once; returns the ticks that it took, the harness's own taken
			    off */
};

#define BENCH(function)                                                                           \
	static const struct bench bench_##function                                                \
		__attribute__((used, aligned(8), section(".kbenches." #function))) = { #function, \
										       function }

/* Runs the benches that tests= names and prints a line each. */
void bench_run_all(void);

#endif
