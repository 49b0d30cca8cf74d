/* SPDX-License-Identifier: MIT */
/*
 * Tests in the kernel. A test is a function and one KTEST() line; the linker collects them. Each
 * runs in a thread of its own, under a watchdog. Statuses, from best to worst: pass, skip, fail
 * (the machine's or the design's), error (ours: the test died, hung or checked nothing). XFAIL is
 * the runner's word, for what a machine is known to do wrong.
 */
#ifndef KEYWARD_TESTS_HARNESS_KTEST_H
#define KEYWARD_TESTS_HARNESS_KTEST_H

#include "kernel/lib/types.h"

enum ktest_status { KTEST_PASS, KTEST_SKIP, KTEST_FAIL, KTEST_ERROR };

enum ktest_flags {
	KT_PKS = 1, /* needs a processor with PKS: skipped without */
	KT_STRESS =
		2,  /* run again as NAME+tick: the timer preempts in odd places, on any processor */
	KT_RED = 4, /* goes wrong on purpose: runs only if tests= begins with the suite's name */
	KT_ONE_CPU = 8, /* stays on the boot processor in that run too */
	KT_SMP = 16,    /* needs more than one processor: skipped without */
};

struct ktest {
	const char *suite, *name;
	void (*fn)(void);
	u32 flags;
};

/* gcc may emit variables in any order; tests shall run in the order in which they are written. */
#ifdef __clang__
#define KTEST_IN_ORDER
#else
#define KTEST_IN_ORDER no_reorder,
#endif

/*
 * Registers `function` under its own name. A file defines KTEST_SUITE as the suite's name, a
 * string; the file's own name is t_SUITE.c or t_SUITE_MORE.c. The run takes the folders in the
 * order that linker.ld lists, and the files of a folder by name.
 */
#define KTEST(function, test_flags)                                                               \
	static const struct ktest ktest_##function __attribute__((                                \
		KTEST_IN_ORDER used, aligned(8), section(".ktests"))) = { KTEST_SUITE, #function, \
									  function, (test_flags) }

/*
 * Runs what `options` asks for and prints the totals; true: nothing failed. Can be called again,
 * and counts anew then. The main thread, with its rights as they were at first.
 */
bool ktest_main(void);

/* How often ktest_main() has been called: for what a test keeps until the end of a run. */
u32 ktest_runs(void);

/* Calls `name` with the full name of each test that ktest_main() would run; how many. */
u32 ktest_list(void (*name)(const char *name));

/* Marks the running test; the reason of the first worst one is printed. Any context. */
void ktest_skip(const char *reason);
void ktest_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One check was made; a test without any is an error. Any context. */
void ktest_checked(void);

/* The running test fails; prints the line as a diagnostic. Any context. */
void ktest_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* How often a test should do what races with the tick: more under +tick. */
u32 ktest_rounds(void);

#endif
