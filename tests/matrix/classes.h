/* SPDX-License-Identifier: MIT */
/*
 * Divergence classes. A case that differs is made simpler, axis by axis, as long as it differs in
 * the same way; what is left names the class: the smallest case, and of each axis the values that
 * make the difference. Later cases within these values that differ in the same way only count.
 * A case made of simpler ones that differ already is one of theirs. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_CLASSES_H
#define KEYWARD_TESTS_MATRIX_CLASSES_H

#include "tests/matrix/rules.h"

#define CLASSES_MAX 96

struct divergence {
	enum rule rule;
	struct mcase small, first;
	struct mismatch mismatch; /* of the smallest case */
	u32 values[AXES];         /* with which the difference stays, all other axes as in small */
	u64 count;
	bool unsteady; /* the first case did not differ again when it was repeated */
};

struct classes {
	u32 count;
	u64 lost; /* differing cases that found no room */
	struct divergence list[CLASSES_MAX];
};

/* Runs one case again; a mismatch without aspects if it is as expected or impossible here. */
typedef struct mismatch (*case_runner)(const struct mcase *c);

/* Sorts a differing case into its class, which may be a new one. */
void classes_add(struct classes *l, const struct mcase *c, const struct mismatch *m,
		 case_runner again);

/* How many cases a rule's classes hold. */
u64 classes_count(const struct classes *l, enum rule r);

/* "kind:lock-add|xchg;rights:ad": the axes whose value matters, with the values. */
#define NEEDS_MAX 512
void needs_print(const struct divergence *d, char *text, u32 size);

#endif
