// SPDX-License-Identifier: MIT
#include "tests/matrix/possible.h"
#include "tests/matrix/machine.h"

/*
 * User mode at user addresses, with what mprotect and pkey_mprotect can do, under the control
 * registers as a kernel without PKS has them. SMAP, SMEP and CR0.WP say nothing about user mode.
 */
bool process_values(u32 only[AXES])
{
	static const u32 values[AXES] = {
		[AXIS_MODE] = BIT(MODE_USER) | BIT(MODE_COMPAT),
		[AXIS_KEY] = BIT(KEY_NUMBERS - 1) - 1, /* the process lives on key 0, the last */
		[AXIS_RIGHTS] = ~0u,
		[AXIS_OTHERS] = ~0u,
		[AXIS_SIZE] = BIT(SIZE_4K) | BIT(SIZE_2M),
		[AXIS_US] = BIT(US_U),
		[AXIS_RW] = BIT(RW_YES) | BIT(RW_LEAF_NO),
		[AXIS_XD] = BIT(XD_NO) | BIT(XD_LEAF),
		[AXIS_PRESENT] = BIT(PRESENT_YES) | BIT(PRESENT_NO),
		[AXIS_WP] = BIT(WP_ON),
		[AXIS_PKS] = BIT(!PKS_ON),
		[AXIS_PKU] = BIT(PKU_PERMIT) | BIT(PKU_DENY) | BIT(PKU_OPPOSITE),
		[AXIS_SMAP] = BIT(SMAP_OFF),
		[AXIS_LEVELS] = BIT(!LEVELS_5),
		[AXIS_DECOY] = BIT(!DECOY_KEYS),
		[AXIS_SPAN] = ~0u,
		[AXIS_TLB] = BIT(TLB_COLD) | BIT(TLB_AGAIN) | BIT(TLB_WRPKRU) | BIT(TLB_REKEY),
		[AXIS_FLAGS] = BIT(FLAGS_CLEAR),
		[AXIS_ABOVE] = BIT(!ABOVE_SET),
		[AXIS_HALF] = BIT(!HALF_HIGH),
	};

	for (u32 a = 0; a < AXES; a++)
		only[a] = machine_can.process ? values[a] : ~0u;
	if (machine_can.process)
		only[AXIS_SIZE] = machine_can.process_sizes;
	return machine_can.process;
}

/* Linux forbids what stores descriptor tables and the like, or does it itself (UMIP). */
static bool process_has_kind(u32 kind)
{
	return !kind_is_implicit(kind) && !(matrix_kinds[kind].flags & KF_ONLY_CPL0) &&
	       !(kind >= KIND_SGDT && kind <= KIND_SMSW);
}

bool kind_possible(u32 kind)
{
	return machine_can.needs & 1u << matrix_kinds[kind].need &&
	       (!machine_can.process || process_has_kind(kind));
}

static bool process_can(const struct mcase *c)
{
	u32 only[AXES];

	process_values(only);
	for (u32 a = 0; a < AXES; a++)
		if (a != AXIS_KIND && (c->v[a] >= 32 || !(only[a] >> c->v[a] & 1)))
			return false;
	return true;
}

bool case_possible(const struct mcase *c)
{
	if (machine_can.no_split_locks && c->v[AXIS_SPAN] != SPAN_NONE &&
	    matrix_kinds[c->v[AXIS_KIND]].flags & KF_LOCK)
		return false;
	if (!kind_possible(c->v[AXIS_KIND]) || (machine_can.process && !process_can(c)))
		return false;
	if (!machine_can.pks &&
	    (c->v[AXIS_PKS] == PKS_ON || c->v[AXIS_TLB] == TLB_PKS || c->v[AXIS_TLB] == TLB_WRMSR))
		return false;
	if (!machine_can.pku && (c->v[AXIS_PKU] != PKU_OFF || c->v[AXIS_TLB] == TLB_WRPKRU))
		return false;
	if (!machine_can.smap && c->v[AXIS_SMAP] != SMAP_OFF)
		return false;
	if (!machine_can.page_1g && c->v[AXIS_SIZE] == SIZE_1G)
		return false;
	return machine_can.la57 || c->v[AXIS_LEVELS] != LEVELS_5;
}
