/* SPDX-License-Identifier: MIT */
/* Corners that the rules leave open: there the matrix judges nothing, it counts what it sees. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_CORNERS_H
#define KEYWARD_TESTS_MATRIX_CORNERS_H

#include "tests/matrix/judge.h"

enum corner {
	CORNER_USER_AT_SUPERVISOR, /* PK, where U/S denies user mode and the key does as well */
	CORNER_SMAP,               /* PK, where SMAP denies and PKRU does as well */
	CORNER_RESERVED,           /* PK, beside RSVD */
	CORNER_STALE,              /* the old key was obeyed: yes, no */
	CORNER_SPAN_FIRST,         /* both halves denied: the upper one was reported, the lower */
	CORNER_ACCESSED,           /* A, after a fault */
	CORNER_CR2,                /* of a large operand: CR2 is behind its first denied byte */
	CORNERS
};

/* How often the answer was no, yes. */
typedef u64 corner_counts[CORNERS][2];

const char *corner_name(enum corner c);

/* Counts the corners that a fault shows. `entry`: the leaf after it. */
void corners_count(corner_counts count, const struct mcase *c, const struct expectation *e,
		   const struct shot *s, const struct outcome *o, u64 entry);

/* If the old and the new key lead to different outcomes, counts which one was obeyed. */
void corners_count_stale(corner_counts count, const struct expectation *e, const struct outcome *o);

#endif
