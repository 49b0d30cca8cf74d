/* SPDX-License-Identifier: MIT */
/* Sorts the kinds into groups that a part of the space draws from (strata.h). Pure. */
#ifndef KEYWARD_TESTS_MATRIX_CHOICE_H
#define KEYWARD_TESTS_MATRIX_CHOICE_H

#include "tests/matrix/space.h"

/* Which kinds a stratum draws from: first the instructions' own accesses, then the CPU's. */
enum choice {
	EXPLICIT,    /* instructions that most modes have: */
	DATA,        /* those that do not fetch from the tested page, */
	FETCHES,     /* those that do */
	SPANNING,    /* instructions with an operand that can lie in two pages, */
	PUSHING,     /* those that push several words */
	KERNELS,     /* of CPL 0 alone */
	COMPATS,     /* of 32-bit code alone */
	FRAMES,      /* exception frames, and what else the CPU accesses beside tables */
	BESIDE,      /* tables, with a write to the page beside, */
	TABLES_OWN,  /* without */
	KERNELS_OWN, /* the CPU's accesses that come at CPL 0 alone, */
	USERS_OWN,   /* at CPL 3 or in 32-bit code alone */
	IN_FAULTS    /* during the delivery of another exception */
};

/* True if the choice has the kind. */
bool kind_is_chosen(u32 kind, enum choice choice);

#endif
