// SPDX-License-Identifier: MIT
#include "tests/matrix/state.h"

/* CPL 1 and 2 have what needs no privilege and no selectors of theirs. */
bool cpl_1_has_kind(u32 kind)
{
	u32 group = matrix_kinds[kind].group;

	if (matrix_kinds[kind].flags & (KF_ONLY_CPL0 | KF_ONLY_CPL3))
		return false;
	if (group == GROUP_PLAIN || group == GROUP_CODE)
		return true;
	switch (kind) {
	case KIND_PUSH:
	case KIND_POP:
	case KIND_FRAME:
	case KIND_FRAME_IST:
	case KIND_GDT:
	case KIND_GDT_MARK:
	case KIND_IDT:
	case KIND_TSS:
	case KIND_FRAME_DF:
	case KIND_IDT_DF:
		return true;
	}
	return false;
}

u32 us_above(u32 v)
{
	return v == US_UPPER_S ? 1 : v >= US_UPPER2_S ? v - US_UPPER2_S + 2 : 0;
}

u32 rw_above(u32 v)
{
	return v >= RW_UPPER_NO ? v - RW_UPPER_NO + 1 : 0;
}

u32 xd_above(u32 v)
{
	return v >= XD_UPPER ? v - XD_UPPER + 1 : 0;
}

u32 absent_above(u32 v)
{
	return v >= PRESENT_UPPER_NO && v <= PRESENT_UPPER4_NO ? v - PRESENT_UPPER_NO + 1 : 0;
}

/* The entries above the leaf that may differ: 32-bit code needs its PML4E and PML5E for itself. */
static u32 free_above(const struct mcase *c)
{
	u32 top = c->v[AXIS_MODE] == MODE_COMPAT ? 3 : case_levels(c);

	return top - case_leaf_level(c);
}

/* True if each entry that the case singles out exists. */
static bool levels_valid(const struct mcase *c)
{
	u32 free = free_above(c), present = c->v[AXIS_PRESENT];

	if (us_above(c->v[AXIS_US]) > free || rw_above(c->v[AXIS_RW]) > free ||
	    xd_above(c->v[AXIS_XD]) > free || absent_above(present) > free)
		return false;
	if (ps_above(present) && c->v[AXIS_MODE] == MODE_COMPAT)
		return false;
	return present != PRESENT_PML5_PS || c->v[AXIS_LEVELS] == LEVELS_5;
}

/* What is not present is in no TLB, but it may have been. */
static bool tlb_valid(const struct mcase *c)
{
	u32 tlb = c->v[AXIS_TLB], present = c->v[AXIS_PRESENT];

	if (tlb == TLB_ALIAS && c->v[AXIS_MODE] == MODE_COMPAT)
		return false; /* 32-bit code reaches no other half */
	return present == PRESENT_YES || tlb == TLB_COLD || (tlb == TLB_P && present == PRESENT_NO);
}

bool state_valid(const struct mcase *c)
{
	if (c->v[AXIS_HALF] == HALF_HIGH && c->v[AXIS_MODE] == MODE_COMPAT)
		return false; /* 32-bit code has no such addresses */
	return levels_valid(c) && tlb_valid(c);
}
