/* SPDX-License-Identifier: MIT */
/*
 * Cases of nested grants: each is a list of steps that runs with every arm of tests/nesting/arms.h.
 * A step MUST says what the running context must be able to do at that point, whatever the arm;
 * real accesses check it. The case predicts the outcome of each arm.
 */
#ifndef KEYWARD_TESTS_NESTING_NESTING_H
#define KEYWARD_TESTS_NESTING_NESTING_H

#include "tests/harness/ktest.h"
#include "tests/nesting/arms.h"

/* The outcome of a case with an arm: RIGHT, or one or more of the others. */
enum {
	RIGHT = 0,
	TOO_NARROW = 1, /* a context lacks a right that it must have */
	TOO_WIDE = 2,   /* a context has a right that it must not have */
	CAUGHT = 4,     /* the arm refused a revoke */
	OUTCOMES = 8,
};

enum { NOTHING, READS, WRITES }; /* what a context can do with a page */
enum { PAGE_1, PAGE_2, PAGES };  /* each with a key of its own */
enum { A, B, HOLDERS };          /* holders; each keeps one hold */

enum step_what {
	STEP_END,
	STEP_GRANT,
	STEP_REVOKE,
	STEP_MUST,
	STEP_PARDON,
	STEP_CALLER,
	STEP_EXCEPTION,
	STEP_INTERRUPT,
	STEP_THREAD,
};

struct step {
	enum step_what what;
	u32 who, page, degree;
	const struct step *steps;
};

#define GRANT(who, page, access)                          \
	{                                                 \
		STEP_GRANT, who, page, PKS_##access, NULL \
	}
#define REVOKE(who)                          \
	{                                    \
		STEP_REVOKE, who, 0, 0, NULL \
	}
#define MUST(page, degree)                       \
	{                                        \
		STEP_MUST, 0, page, degree, NULL \
	}
/* A store that the fault policy pardons. */
#define PARDON(page)                          \
	{                                     \
		STEP_PARDON, 0, page, 0, NULL \
	}
/* A store under mode STRICT by a caller that holds the right. */
#define CALLER_STORES(page)                   \
	{                                     \
		STEP_CALLER, 0, page, 0, NULL \
	}
/* Steps in an exception, an interrupt or another thread; a case has one other thread. */
#define IN(where, ...)                                       \
	{                                                    \
		STEP_##where, 0, 0, 0, (const struct step[]) \
		{                                            \
			__VA_ARGS__,                         \
			{                                    \
				.what = STEP_END             \
			}                                    \
		}                                            \
	}

struct nesting {
	const char *name, *rule;
	u32 predicted[ARMS];
	const struct step *steps;
};

/* Defines the test: its name, the rule, the outcomes predicted for each arm, the steps. */
#define NESTING(function, why, plain, count, counts, token, ...)           \
	static const struct nesting function##_case = {                    \
		#function,                                                 \
		why,                                                       \
		{ plain, count, counts, token },                           \
		(const struct step[]){ __VA_ARGS__, { .what = STEP_END } } \
	};                                                                 \
	static void function(void)                                         \
	{                                                                  \
		nesting_run(&function##_case);                             \
	}                                                                  \
	KTEST(function, KT_PKS)

/* Runs the case with every arm, compares with the prediction, prints its line. Thread context. */
void nesting_run(const struct nesting *n);

#endif
