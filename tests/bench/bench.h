/* SPDX-License-Identifier: MIT */
/*
 * Benches: the cost of operations in TSC ticks. Under QEMU's -icount shift=0 and in Bochs a tick
 * is an instruction; on silicon it is a (reference) cycle. `make bench` runs them in several
 * builds and prints the differences; see docs/TESTING.md.
 */
#ifndef KEYWARD_TESTS_BENCH_H
#define KEYWARD_TESTS_BENCH_H

#include "kernel/lib/types.h"

struct bench {
	const char *name;
	/*
	 * Does the operation once and returns the ticks from one rdtsc() before to one after it.
	 * Adds the number of IA32_PKRS writes between the two (bench_writes()) to *writes.
	 */
	u64 (*fn)(u64 *writes);
	bool needs_pks;
	/* NULL, or returns why it cannot be measured on this CPU; NULL: it can. */
	const char *(*missing)(void);
};

#define BENCH_IF(function, pks, missing)                                                          \
	static const struct bench bench_##function __attribute__((                                \
		used, aligned(8), section(".kbenches." #function))) = { #function, function, pks, \
									missing }
#define BENCH(function, pks) BENCH_IF(function, pks, NULL)

/* IA32_PKRS writes on this CPU so far; only a paranoid build counts them. */
#define bench_writes() (this_cpu()->pkrs_writes)

/*
 * Runs the benches that tests= selects, on a CPU of each type of core, and prints KTAP. Thread
 * context.
 */
void bench_run_all(void);

#endif
