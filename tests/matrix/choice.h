/* SPDX-License-Identifier: MIT */
/* Sorts the kinds into groups that a part of the space draws from (strata.h). Pure. */
#ifndef KEYWARD_TESTS_MATRIX_CHOICE_H
#define KEYWARD_TESTS_MATRIX_CHOICE_H

#include "tests/matrix/space.h"

/* Which kinds a stratum draws from. */
enum choice {
	EXPLICIT,
	DATA,
	FETCHES,
	SPANNING,
	PUSHING,
	KERNELS,
	COMPATS,
	FRAMES,
	BESIDE,
	TABLES_OWN,
	KERNELS_OWN,
	USERS_OWN,
	IN_FAULTS
};

bool kind_is_chosen(u32 kind, enum choice choice);

#endif
