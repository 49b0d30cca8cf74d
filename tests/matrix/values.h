/* SPDX-License-Identifier: MIT */
/* What classes.c and needs.c share: sets of values, and questions about a case. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_VALUES_H
#define KEYWARD_TESTS_MATRIX_VALUES_H

#include "tests/matrix/classes.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/state.h"

static inline bool has(const struct value_set *set, u32 v)
{
	return set->words[v / 64] >> (v % 64) & 1;
}

static inline void add(struct value_set *set, u32 v)
{
	set->words[v / 64] |= 1ull << (v % 64);
}

static inline bool there_is(const struct mcase *c)
{
	return case_valid(c) && case_possible(c);
}

/*
 * True if CR4.PKS was set right before the access: what diverges then may depend on what an
 * emulator's TLB, whose size can vary, has kept from before, and so on the addresses in a build.
 */
static inline bool case_late(const struct mcase *c)
{
	return c->v[AXIS_TLB] == TLB_PKS && c->v[AXIS_PKS] == PKS_ON;
}

/*
 * True if what the TLB has kept may decide how the case ends: a late one, and one whose entry got
 * another key without INVLPG, which obeys the old key or the new one.
 */
static inline bool case_by_tlb(const struct mcase *c)
{
	return case_late(c) || c->v[AXIS_TLB] == TLB_STALE;
}

/* True for a user-mode access; all others are a supervisor's. */
static inline bool by_user(const struct mcase *c)
{
	return mode_is_user(c->v[AXIS_MODE]) && !kind_is_implicit(c->v[AXIS_KIND]);
}

#endif
