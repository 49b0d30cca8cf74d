// SPDX-License-Identifier: MIT
#include "tests/matrix/space_run.h"

struct mcase case_first(const struct mcase *c)
{
	struct mcase first = *c;
	bool stack = matrix_kinds[c->v[AXIS_KIND]].group == GROUP_STACK;

	if (c->v[AXIS_TLB] == TLB_RUN_READ)
		first.v[AXIS_KIND] = stack ? KIND_POP : KIND_READ;
	if (c->v[AXIS_TLB] == TLB_RUN_WRITE)
		first.v[AXIS_KIND] = stack ? KIND_PUSH : KIND_WRITE;
	first.v[AXIS_SPAN] = SPAN_NONE;
	first.v[AXIS_TLB] = TLB_COLD;
	return first;
}

/* True if the instruction goes to another mode, from which a run cannot go on. */
static bool leaves_mode(u32 kind)
{
	return kind == KIND_RET_OUTER || kind == KIND_IRET_OUTER || kind == KIND_IRET_COMPAT;
}

bool run_valid(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND], mode = c->v[AXIS_MODE];
	u32 first = case_first(c).v[AXIS_KIND];
	bool kernel = mode == MODE_KERNEL, user_address = c->v[AXIS_US] == US_U;

	if (mode == MODE_CPL1 || mode == MODE_CPL2)
		return false; /* they cannot write IA32_PKRS, so half of the runs would not exist */
	if (matrix_kinds[kind].flags & (KF_STRING | KF_VECTOR | KF_AT_RSI | KF_FROM_RSI) ||
	    kind == KIND_FLD || kind == KIND_FSTP)
		return false; /* a run loads their registers once, and has one scratch operand */
	if (kind_is_implicit(kind) || matrix_kinds[kind].group == GROUP_CODE || leaves_mode(kind))
		return false;
	if (c->v[AXIS_PRESENT] != PRESENT_YES)
		return false;
	if (kind_writes(first) && c->v[AXIS_RW] != RW_YES && !(kernel && c->v[AXIS_WP] != WP_ON))
		return false;
	if (kernel)
		return !user_address || c->v[AXIS_SMAP] != SMAP_ON;
	return user_address;
}

u32 run_rights_before(const struct mcase *c, u32 r)
{
	bool reads = !kind_writes(case_first(c).v[AXIS_KIND]);

	if (!reads || (c->v[AXIS_TLB] == TLB_RUN && r))
		return RIGHTS_OPEN;
	return r == RIGHTS_AD ? RIGHTS_OPEN : RIGHTS_WD;
}

u32 run_before(const struct mcase *c, u32 value, bool pkru)
{
	u32 shift = 2 * case_key(c);

	if (!case_is_run(c) || (c->v[AXIS_US] == US_U) != pkru)
		return value;
	return (value & ~(3u << shift)) | run_rights_before(c, value >> shift & 3) << shift;
}
