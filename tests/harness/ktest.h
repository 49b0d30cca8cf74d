/* SPDX-License-Identifier: MIT */
/*
 * Tests in the kernel. A test is a function and one KTEST() line; the linker collects them. Each
 * runs in its own thread, under a watchdog. Statuses, from best to worst: pass, skip, fail (the
 * machine or the design is wrong), error (the test is wrong: it died, hung or checked nothing).
 * XFAIL is the runner's status for what a machine is known to do wrong.
 */
#ifndef KEYWARD_TESTS_HARNESS_KTEST_H
#define KEYWARD_TESTS_HARNESS_KTEST_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

enum ktest_status { KTEST_PASS, KTEST_SKIP, KTEST_FAIL, KTEST_ERROR };

enum ktest_flags {
	KT_PKS = 1,      /* needs a CPU with PKS, else skipped */
	KT_STRESS = 2,   /* runs again as NAME+tick: a fast timer preempts it, on any CPU */
	KT_SELFTEST = 4, /* goes wrong on purpose: runs only if tests= begins with its suite */
	KT_ONE_CPU = 8,  /* stays on the boot CPU in that run too */
	KT_SMP = 16,     /* needs more than one CPU, else skipped */
	KT_RAM = 32,     /* needs 20 MiB of free RAM, for large pages, else skipped */
	/* Needs keys that deny: where the command line says pks=off, it runs in mode RELAXED. */
	KT_ENFORCED = 64 | KT_PKS,
};

struct ktest {
	const char *suite, *name;
	void (*fn)(void);
	u32 flags;
};

/* gcc may emit variables in any order; tests must run in source order. */
#ifdef __clang__
#define KTEST_IN_ORDER
#else
#define KTEST_IN_ORDER no_reorder,
#endif

/*
 * Registers `function` under its own name. The file defines KTEST_SUITE, a string, and is named
 * t_SUITE.c or t_SUITE_MORE.c. Tests run folder by folder, in the order in linker.ld; the files of
 * a folder run in the order of their names.
 */
#define KTEST(function, test_flags)                                                               \
	static const struct ktest ktest_##function __attribute__((                                \
		KTEST_IN_ORDER used, aligned(8), section(".ktests"))) = { KTEST_SUITE, #function, \
									  function, (test_flags) }

/*
 * Runs the tests or benchmarks that `options` selects and prints the totals, which start at 0 in
 * each call. Calls `before_totals`, unless it is NULL, just above them. True: nothing failed. Main
 * thread only, with the initial rights.
 */
bool ktest_main(void (*before_totals)(void));

/* Returns the number of calls of ktest_main(), for a test to tell if its data is this run's. */
u32 ktest_runs(void);

/* Calls `name` with the full name of each test that ktest_main() would run; returns the count. */
u32 ktest_list(void (*name)(const char *name));

/* Set the running test's status and its reason, unless it is as bad already. Any context. */
void ktest_skip(const char *reason);
void ktest_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Counts one check; a test without any is an error. Any context. */
void ktest_checked(void);

/* Fails the running test and prints a diagnostic line. Any context. */
void ktest_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Returns how often a test should repeat what races with the tick: more under +tick. */
u32 ktest_rounds(void);

/*
 * Returns how many cases a costly test goes on by: 1 if it plays all (extent=), else `n`, which has
 * no divisor in common with the number of things that its cases do by turns. Divides a count too.
 */
static inline u32 ktest_part(u32 n)
{
	return options.extent == EXTENT_BRIEF ? n : 1;
}

#endif
