// SPDX-License-Identifier: MIT
#include "tests/matrix/corners.h"

static const char *const corner_names[CORNERS] = {
	"user_at_supervisor_page:PK",
	"smap_and_pkru:PK",
	"reserved_bit:PK",
	"stale_translation:old_key_obeyed",
	"span_both_denied:upper_first",
	"after_a_fault:accessed_set",
	"large_operand:cr2_behind_its_first_byte",
};

const char *corner_name(enum corner c)
{
	return corner_names[c];
}

/* True if the leaf shows whether the access alone set A. */
static bool shows_accessed(const struct mcase *c)
{
	return !machine_can.process && c->v[AXIS_TLB] == TLB_COLD && c->v[AXIS_SPAN] == SPAN_NONE &&
	       c->v[AXIS_PRESENT] == PRESENT_YES && !(c->v[AXIS_FLAGS] & FLAGS_A);
}

/* True if CR2 can be one of many bytes that the instruction accesses at once. */
static bool is_large(const struct mcase *c, const struct allowed *a)
{
	return kind_is_plain(c->v[AXIS_KIND]) && !a->absent && a->high - a->low > 8;
}

void corners_count(corner_counts count, const struct mcase *c, const struct expectation *e,
		   const struct shot *s, const struct outcome *o, u64 entry)
{
	const struct allowed *a = &e->allowed[0];

	if (o->vector != a->vector)
		return;
	count[CORNER_ACCESSED][entry >> 5 & 1] += shows_accessed(c) && !a->absent;
	if (e->count == 1 && is_large(c, a))
		count[CORNER_CR2][o->cr2 != s->address + a->low]++;
	if (e->count == 2 && c->v[AXIS_SPAN] != SPAN_NONE)
		count[CORNER_SPAN_FIRST][o->cr2 - s->address >= case_split(c)]++;
	if (!(a->unsettled & 32))
		return;
	count[a->error & 8            ? CORNER_RESERVED
	      : c->v[AXIS_US] == US_U ? CORNER_SMAP
				      : CORNER_USER_AT_SUPERVISOR][o->error >> 5 & 1]++;
}

void corners_count_stale(corner_counts count, const struct expectation *e, const struct outcome *o)
{
	if (e->allowed[0].vector != e->allowed[1].vector)
		count[CORNER_STALE][o->vector == e->allowed[1].vector]++;
}
