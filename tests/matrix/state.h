/* SPDX-License-Identifier: MIT */
/*
 * What the values of a case say of the state that the access meets: the CPL, the entries of each
 * level, what a TLB was filled with. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_STATE_H
#define KEYWARD_TESTS_MATRIX_STATE_H

#include "tests/matrix/space.h"

/* The CPL of a mode; accesses at CPL 0, 1 and 2 are a supervisor's. */
static inline u32 mode_cpl(u32 mode)
{
	return mode == MODE_KERNEL ? 0 : mode == MODE_CPL1 ? 1 : mode == MODE_CPL2 ? 2 : 3;
}

static inline bool mode_is_user(u32 mode)
{
	return mode_cpl(mode) == 3;
}

/*
 * The entry that the value of AXIS_US, AXIS_RW, AXIS_XD or AXIS_PRESENT singles out: so many levels
 * above the leaf; 0: none above it. An entry that does not exist has no case.
 */
u32 us_above(u32 v);
u32 rw_above(u32 v);
u32 xd_above(u32 v);
u32 absent_above(u32 v);

/* The level of the leaf: 1 for a PTE, 2 for a PDE, 3 for a PDPTE; the levels of paging. */
static inline u32 case_leaf_level(const struct mcase *c)
{
	return c->v[AXIS_SIZE] + 1u;
}

static inline u32 case_levels(const struct mcase *c)
{
	return c->v[AXIS_LEVELS] == LEVELS_5 ? 5 : 4;
}

/* True if PS, which is reserved there, is 1 in a PML4E or PML5E. */
static inline bool ps_above(u32 present)
{
	return present == PRESENT_PML4_PS || present == PRESENT_PML5_PS;
}

/* P = 1 in each entry of the translation; a reserved bit is 1 in one of them. */
static inline bool case_present(const struct mcase *c)
{
	return c->v[AXIS_PRESENT] != PRESENT_NO && !absent_above(c->v[AXIS_PRESENT]);
}

static inline bool case_reserved(const struct mcase *c)
{
	return c->v[AXIS_PRESENT] >= PRESENT_PML4_PS;
}

/* True if the TLB was filled by another kind of access; one that a key or CPL may have denied. */
static inline bool tlb_is_fill(u32 tlb)
{
	return tlb >= TLB_READ_0 && tlb <= TLB_FETCH_3;
}

/* True if a bit of an entry, or its key, was another at the access before. */
static inline bool tlb_is_entry(u32 tlb)
{
	return tlb >= TLB_REKEY && tlb <= TLB_UPPER_US;
}

/* True if code at CPL 1 and 2 has the kind. */
bool cpl_1_has_kind(u32 kind);

/* True if the entries that the case singles out exist, and its code reaches its half. */
bool state_valid(const struct mcase *c);

#endif
