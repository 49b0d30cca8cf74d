/* SPDX-License-Identifier: MIT */
/*
 * What a case must lead to, by the oracle, and in what an outcome differs from it. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_JUDGE_H
#define KEYWARD_TESTS_MATRIX_JUDGE_H

#include "tests/matrix/machine.h"
#include "tests/oracle/oracle.h"

/* One outcome that the rules allow. */
struct allowed {
	u32 vector;            /* SHOT_DONE: no fault */
	u32 error, unsettled;  /* unsettled bits are not asserted */
	u64 low, high;         /* CR2 is in [low, high), as offsets from case_address() */
	bool absent;           /* CR2 is VA_ABSENT instead */
	u32 memory;            /* see memory_read() */
	bool reads;            /* into a register, */
	u32 value;             /* which holds this then: what was in memory, or what it had */
	u64 entry, entry_mask; /* accessed and dirty; those in the mask are known */
};

/*
 * Mostly one; two where the processor may choose: which half of a span it reports first, and which
 * key a stale translation has.
 */
struct expectation {
	u32 count;
	struct allowed allowed[2];
	bool key_denies;   /* of the tested page alone: a key denies this access, */
	bool data_denied;  /* ... or would if it were a read or write of data */
	bool other_denies; /* something else than a key does */
};

/* What memory and the entry say after the access. */
struct traces {
	u32 memory;
	u64 entry;
};

enum aspect {
	ASPECT_FAULT = 1, /* whether there is a fault, and its vector */
	ASPECT_ERROR = 2,
	ASPECT_CR2 = 4,
	ASPECT_MEMORY = 8, /* what memory or, for a read, the register holds */
	ASPECT_ACCESSED = 16,
	ASPECT_DIRTY = 32,
	ASPECT_RIP = 64,
	ASPECT_PKRS = 128,
};

/* A denial too few or too many; beside another reason to deny, PK alone tells of it. */
enum denial { DENIAL_OTHER, DENIAL_MISSING, DENIAL_EXTRA };

/* How an outcome differs from what was expected; two that differ alike compare equal. */
struct mismatch {
	u32 aspects; /* enum aspect; 0: none */
	enum denial denial;
	u32 expected_vector, observed_vector;
	u32 expected_error, observed_error;
};

/* Whether this machine can do the case. */
bool case_possible(const struct mcase *c);

void expect_case(const struct mcase *c, struct expectation *e);

/* `s` is what led to the outcome. */
struct mismatch judge(const struct expectation *e, const struct shot *s, const struct outcome *o,
		      const struct traces *t);

/* The same difference: of denials, or the same aspects, direction and bits. */
bool mismatch_same(const struct mismatch *a, const struct mismatch *b);

/* "#PF(P+W+PK)", "none", "none,D=0", ...: both sides of a mismatch. */
#define SIDE_MAX 64
void mismatch_print(const struct mismatch *m, bool observed, char *text, u32 size);

/* Whether the kind writes. */
bool kind_writes(u32 kind);

#endif
