/* SPDX-License-Identifier: MIT */
/*
 * Divergence classes. A divergent case is made simpler, axis by axis, as long as it diverges in the
 * same way. The smallest case that is left, and the values of each axis that keep the difference,
 * name the class. Later cases within these values that diverge in the same way only count. A case
 * with a simpler part that diverges (case_parts()) belongs to the part's class. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_CLASSES_H
#define KEYWARD_TESTS_MATRIX_CLASSES_H

#include "tests/matrix/rules.h"

#define CLASSES_MAX 96

/* A set of an axis's values. */
#define VALUES_MAX 192
struct value_set {
	u64 words[VALUES_MAX / 64];
};

struct divergence {
	enum rule rule;
	struct mcase small, first;
	struct mismatch mismatch;      /* of the smallest case */
	struct value_set values[AXES]; /* that keep the difference, all other axes as in small */
	u64 count;
	bool unsteady; /* the first case did not diverge again, or does by a stale translation */
};

struct classes {
	u32 count;
	u64 lost; /* divergent cases for which there was no room */
	struct divergence list[CLASSES_MAX];
};

/* Runs one case again; returns no aspects if it is as expected or impossible here. */
typedef struct mismatch (*case_runner)(const struct mcase *c);

/* Counts a divergent case in its class, which may be a new one. */
void classes_add(struct classes *l, const struct mcase *c, const struct mismatch *m,
		 case_runner again);

/* Returns the number of cases in a rule's classes. */
u64 classes_count(const struct classes *l, enum rule r);

/*
 * Prints "kind:lock-add|xchg;rights:ad": the axes whose value matters, with the values. Three or
 * more that follow each other are "first..last"; a long list may be "!" and the values that lack.
 */
#define NEEDS_MAX 2048
void needs_print(const struct divergence *d, char *text, u32 size);

#endif
