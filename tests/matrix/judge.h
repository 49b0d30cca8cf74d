/* SPDX-License-Identifier: MIT */
/*
 * What the oracle expects of a case, and how an outcome differs from that. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_JUDGE_H
#define KEYWARD_TESTS_MATRIX_JUDGE_H

#include "tests/matrix/machine.h"
#include "tests/oracle/oracle.h"

/* One outcome that the rules allow. */
struct allowed {
	u32 vector;           /* SHOT_DONE: no fault */
	u32 error, unsettled; /* unsettled bits are not asserted */
	u64 low, high;        /* CR2 is in [low, high), as offsets from case_address() */
	bool absent;          /* CR2 is VA_ABSENT instead */
	u32 memory;           /* see memory_read() */
	u32 memory_open;      /* bits of it that the manual leaves open */
	bool moves;           /* the stack pointer is asserted: it moved by */
	int moved;
	bool reads;            /* it reads into a register, */
	u32 value;             /* which then holds this: from memory, or its old value */
	u64 entry, entry_mask; /* accessed and dirty; only those in the mask are asserted */
	bool above;            /* A is set in each entry above the leaf */
};

/*
 * One allowed outcome; two where the CPU may choose: which half of a span it reports first, and
 * which key a stale translation has.
 */
struct expectation {
	u32 count;
	struct allowed allowed[2];
	bool key_denies;   /* of the tested page alone: a key denies this access */
	bool data_denied;  /* ... or its rights in force restrict data accesses */
	bool other_denies; /* something other than a key denies it */
};

/* Memory and the entries after the access. */
struct traces {
	u32 memory;
	u64 entry;   /* the leaf */
	u64 above;   /* the AND of all entries above it */
	u64 changed; /* bits of the entries that the access changed, though it must change none of
			them: any but A and D of the leaf and A above it, and A or D where it was
			set */
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
	ASPECT_ABOVE = 256,   /* A of an entry above the leaf */
	ASPECT_ENTRIES = 512, /* what entries hold beside A and D */
};

/* A denial too few or too many. Where something else denies too, only PK shows it. */
enum denial { DENIAL_OTHER, DENIAL_MISSING, DENIAL_EXTRA };

/* How an outcome differs from what was expected; mismatch_same() compares two. */
struct mismatch {
	u32 aspects; /* enum aspect; 0: none */
	enum denial denial;
	u32 expected_vector, observed_vector;
	u32 expected_error, observed_error;
};

void expect_case(const struct mcase *c, struct expectation *e);

/* Returns how the outcome of `s` differs from the expectation; no aspects if it does not. */
struct mismatch judge(const struct expectation *e, const struct shot *s, const struct outcome *o,
		      const struct traces *t);

/* True if both are the same denial, or have the same aspects, direction and bits. */
bool mismatch_same(const struct mismatch *a, const struct mismatch *b);

/* Prints one side of a mismatch: "#PF(P+W+PK)", "none", "none,D=wrong", ... */
#define SIDE_MAX 64
void mismatch_print(const struct mismatch *m, bool observed, char *text, u32 size);

#endif
