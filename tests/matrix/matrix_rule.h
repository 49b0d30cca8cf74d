/* SPDX-License-Identifier: MIT */
/*
 * A rule of the SDM as the suite `matrix` tests it: many cases, one verdict, and one line for the
 * host's tools. Of the cases that diverge only the first few are printed.
 */
#ifndef KEYWARD_TESTS_MATRIX_MATRIX_RULE_H
#define KEYWARD_TESTS_MATRIX_MATRIX_RULE_H

#include "kernel/cpu/x86.h"
#include "tests/harness/expect.h"

struct rule_tally {
	const char *name; /* the test's */
	const char *sdm;  /* the title of the section */
	const char *says; /* the rule in one sentence; sdm and says contain no double quote */
	u64 cases, divergent;
	u32 turn; /* calls of rule_turn() */
};

/* The rule that the function around it tests. */
#define RULE(section, sentence)                                        \
	{                                                              \
		.name = __func__, .sdm = (section), .says = (sentence) \
	}

#define NO_FAULT ((struct fault){ .vector = FAULT_NONE })
#define FAULT_UD ((struct fault){ .vector = X86_UD })
#define FAULT_GP ((struct fault){ .vector = X86_GP }) /* #GP(0) */

/* Counts one case; `ok`: it obeyed the rule. The rest describes what was done and its result. */
#define RULE_CASE(rule, ok, ...) rule_case(__FILE__, __LINE__, (rule), (ok), __VA_ARGS__)

/* Counts one case, which obeyed the rule if `got` is `want` and the register is right (`kept`). */
#define RULE_FAULT(rule, got, want, kept, ...) \
	rule_fault(__FILE__, __LINE__, (rule), (got), (want), (kept), __VA_ARGS__)

/*
 * True if a costly test should play the case that it has come to: each, or one of `n` in a brief
 * run. `n` is a prime, so that all things that the cases do by turns still come.
 */
static inline bool rule_turn(struct rule_tally *r, u32 n)
{
	return r->turn++ % ktest_part(n) == 0;
}

bool rule_case(const char *file, int line, struct rule_tally *r, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
bool rule_fault(const char *file, int line, struct rule_tally *r, struct fault got,
		struct fault want, bool kept, const char *fmt, ...)
	__attribute__((format(printf, 7, 8)));

/*
 * Calls try(rule, value) with a sample of the values of a register with two bits per key. All 2^32
 * are too many; a bit that is lost, stuck or tied to another shows in fewer:
 *   2^16: every value of keys 8 to 15, the others open
 *   2^14: every value of keys 1 to 7, the upper half all ones
 *   2^16: the boot's random numbers, for bits that tie the two halves together
 *   2^12: the same, but with every value of key 0, which is open in all the others
 * So each key's AD and WD take every combination with those of the neighbouring keys. Key 0 is the
 * kernel's own: denying it costs a second write each time, and in an emulator a flush of the TLB. A
 * brief run tries every 13th of them.
 */
void rule_patterns(struct rule_tally *r, void (*try)(struct rule_tally *r, u32 value));

/* Print a rule's line. Call them last: the test's result must follow directly. */
void rule_line(const char *name, u64 cases, u64 divergent, const char *sdm, const char *says);
void rule_report(const struct rule_tally *r);

/*
 * Prints how often a machine did what the manual leaves open (`yes`) and how often not, if that was
 * seen at all; nothing is judged. `what` is one word, "subject:what_it_did". Before rule_report().
 */
void rule_observed(const char *what, u64 yes, u64 no);

#endif
