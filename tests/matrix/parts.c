// SPDX-License-Identifier: MIT
/* The simpler cases that a case is made of. */
#include "kernel/lib/string.h"
#include "tests/matrix/space_run.h"

/* Returns the case of another key under the same value of IA32_PKRS. */
static struct mcase of_key(const struct mcase *c, u32 key)
{
	struct mcase other = *c;

	other.v[AXIS_RIGHTS] = case_pkrs(c, false) >> (2 * key) & 3;
	other.v[AXIS_KEY] = (u8)((key + KEY_NUMBERS - 1) % KEY_NUMBERS);
	return other;
}

static u32 without(struct mcase parts[PARTS_MAX], enum axis a, u32 value, u32 count)
{
	for (u32 i = 0; i < count; i++)
		parts[i].v[a] = (u8)value;
	return count;
}

/* Before a kind that marks a descriptor, "gdt-mark", comes the one that only reads it, "gdt". */
static u32 own_part(struct mcase parts[PARTS_MAX])
{
	u32 kind = parts[0].v[AXIS_KIND];
	const char *before = kind ? matrix_kinds[kind - 1].name : "";
	bool marks = kind_marks(kind) && !strncmp(matrix_kinds[kind].name, before, strlen(before));

	return marks ? without(parts, AXIS_KIND, kind - 1, 1) : 0;
}

/*
 * A run's first access, alone. With PKU_OPPOSITE two of them, as no case has exactly its PKRU.
 */
static u32 run_parts(const struct mcase *c, struct mcase parts[PARTS_MAX])
{
	parts[0] = parts[1] = case_first(c);
	if (c->v[AXIS_US] == US_U) {
		parts[0].v[AXIS_PKU] = MIN(c->v[AXIS_PKU], (u8)PKU_PERMIT);
		return 1;
	}
	parts[1].v[AXIS_PKU] = MIN(c->v[AXIS_PKU], (u8)PKU_DENY);
	parts[0].v[AXIS_RIGHTS] = (u8)run_rights_before(c, c->v[AXIS_RIGHTS]);
	parts[1].v[AXIS_RIGHTS] = parts[0].v[AXIS_RIGHTS];
	return 2;
}

/* PKRU denies the lower page; the upper one has the home's key: the same with any other two keys.
 */
static bool beside_home(const struct mcase *c, struct mcase *part)
{
	if (c->v[AXIS_SPAN] != SPAN_LOW || c->v[AXIS_PKU] != PKU_DENY || c->v[AXIS_US] != US_U ||
	    case_span_key(c) != case_home_key(c))
		return false;
	*part = *c;
	part->v[AXIS_KEY] = 0;
	part->v[AXIS_RIGHTS] = RIGHTS_OPEN;
	part->v[AXIS_OTHERS] = OTHERS_DENIED;
	part->v[AXIS_PKU] = PKU_OPPOSITE;
	return true;
}

u32 case_parts(const struct mcase *c, struct mcase parts[PARTS_MAX])
{
	parts[0] = parts[1] = *c;
	if (c->v[AXIS_SPAN] != SPAN_NONE) {
		parts[1] = parts[2] = of_key(c, case_span_key(c));
		without(parts, AXIS_SPAN, SPAN_NONE, 2);
		/* The same two pages, seen from the lower one. */
		parts[2].v[AXIS_SPAN] = SPAN_LOW;
		return c->v[AXIS_SPAN] == SPAN_HIGH || beside_home(c, &parts[2]) ? 3 : 2;
	}
	if (case_is_run(c))
		return run_parts(c, parts);
	if (c->v[AXIS_TLB] == TLB_STALE) {
		parts[1] = of_key(c, case_old_key(c));
		return without(parts, AXIS_TLB, TLB_COLD, 2);
	}
	switch (c->v[AXIS_KIND]) {
	case KIND_FRAME_DF:
		return without(parts, AXIS_KIND, KIND_FRAME, 1);
	case KIND_IDT_DF:
		return without(parts, AXIS_KIND, KIND_IDT, 1);
	default:
		return own_part(parts);
	}
}
