// SPDX-License-Identifier: MIT
#include "tests/matrix/choice.h"

/* Kinds that most modes do not have would come too seldom: they have strata of their own. */
static enum choice choice_of_mode(u32 flags)
{
	if (flags & KF_ONLY_CPL0)
		return KERNELS;
	return flags & KF_ONLY_32 ? COMPATS : EXPLICIT;
}

static bool explicit_is_chosen(const struct kind_row *k, enum choice choice)
{
	if (choice == SPANNING || choice == PUSHING)
		return choice_of_mode(k->flags) != COMPATS && k->flags & KF_SPAN &&
		       !(k->flags & KF_PUSHES) == (choice == SPANNING);
	if (choice == DATA || choice == FETCHES)
		return choice_of_mode(k->flags) == EXPLICIT &&
		       (k->group == GROUP_CODE) == (choice == FETCHES);
	return choice == choice_of_mode(k->flags);
}

/* The CPU's own accesses to tables: those of one mode alone have strata of their own. */
static enum choice choice_of_table(u32 flags)
{
	if (flags & KF_ONLY_CPL0)
		return KERNELS_OWN;
	if (flags & (KF_ONLY_CPL3 | KF_ONLY_32))
		return USERS_OWN;
	/* What writes to the page beside, too, needs upper entries that permit it. */
	return flags & KF_BESIDE ? BESIDE : TABLES_OWN;
}

bool kind_is_chosen(u32 kind, enum choice choice)
{
	const struct kind_row *k = &matrix_kinds[kind];

	if (choice <= COMPATS)
		return !(k->flags & KF_OWN) && explicit_is_chosen(k, choice);
	if (choice == IN_FAULTS || k->flags & KF_IN_FAULT)
		return choice == IN_FAULTS && k->flags & KF_IN_FAULT;
	if (!(k->flags & KF_OWN))
		return false;
	if (k->group == GROUP_TABLE)
		return choice == choice_of_table(k->flags);
	return choice == (k->flags & KF_ONLY_CPL0 ? KERNELS_OWN : FRAMES);
}
