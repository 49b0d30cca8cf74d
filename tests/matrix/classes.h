/* SPDX-License-Identifier: MIT */
/*
 * Divergence classes. A divergent case is made simpler, axis by axis, as long as it diverges in the
 * same way. The smallest case that is left, and the values of each axis that keep the difference,
 * name the class. Later cases within these values that diverge in the same way only count. A case
 * with a simpler part that diverges (case_parts()) belongs to the part's class. User-mode accesses
 * and those of a supervisor, explicit or implicit, are never in one class: a CPU checks them in
 * different ways, so that a divergence of one must not excuse the other. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_CLASSES_H
#define KEYWARD_TESTS_MATRIX_CLASSES_H

#include "tests/matrix/rules.h"

#define CLASSES_MAX 96

/* A set of an axis's values. */
#define VALUES_MAX 256
struct value_set {
	u64 words[VALUES_MAX / 64];
};

/*
 * A number of divergent cases, and a sum over them: of a hash of the case, what was expected and
 * what was observed. Two runs with the same tally saw the same cases diverge in the same way.
 */
struct tally {
	u64 count, digest;
};

struct divergence {
	enum rule rule;
	struct mcase small, first;
	struct mismatch mismatch;     /* of the smallest case */
	struct value_set needs[AXES]; /* that keep the difference, all other axes as in small */
	struct value_set
		values[AXES];       /* and those of cases that turned out to have this small one */
	struct tally exact, by_tlb; /* by_tlb: of the cases that case_by_tlb() is true for */
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

/* Returns the number of cases in a class. */
u64 class_count(const struct divergence *d);

/*
 * Prints "kind:lock-add|xchg;rights:ad": the axes whose value matters, with the values. Of an
 * unsteady class, "chance;by:user;denial:missing": who accesses, and whether a denial is missing,
 * extra, or other.
 */
#define NEEDS_MAX 2048
void needs_print(const struct divergence *d, char *text, u32 size);

#endif
