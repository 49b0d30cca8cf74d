// SPDX-License-Identifier: MIT
#include "tests/matrix/plan.h"
#include "kernel/lib/string.h"

/* A run of values of one axis. */
struct range {
	u8 axis, first, count;
};

#define RANGES      13
#define KEY_0_EVERY 4 /* rows */

/* Disjoint parts of the space; the axes that are not listed have their first value. */
static const struct stratum {
	u32 draws[SLICES]; /* per state */
	struct range ranges[RANGES];
} strata[] = {
#define MIXED                              \
	{                                  \
		AXIS_OTHERS, OTHERS_MIX, 4 \
	}
#define PLAIN                               \
	{                                   \
		AXIS_OTHERS, OTHERS_OPEN, 2 \
	} /* costs a write of IA32_PKRS for each key */
#define PAGE_AXES                                                                         \
	{ AXIS_MODE, 0, 3 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 4 }, { AXIS_RW, 0, 3 }, \
		{ AXIS_XD, 0, 3 },                                                        \
	{                                                                                 \
		AXIS_DECOY, 0, 2                                                          \
	}
	/* An instruction accesses one page that is in no TLB. */
	{ { 11, 117, 6700 },
	  { { AXIS_KIND, 0, KIND_FRAME }, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
	{ { 1, 6, 150 },
	  { { AXIS_KIND, 0, KIND_FRAME }, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN } },
	/* The same access was made before, under something that has changed since. */
	{ { 4, 14, 500 },
	  { { AXIS_KIND, 0, KIND_FRAME },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    MIXED,
	    { AXIS_TLB, TLB_WRMSR, TLB_STALE } } },
	{ { 1, 3, 60 },
	  { { AXIS_KIND, 0, KIND_FRAME },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    PLAIN,
	    { AXIS_TLB, TLB_WRMSR, TLB_STALE } } },
	/* The operand lies in two pages. */
	{ { 2, 8, 250 },
	  { { AXIS_KIND, 0, KIND_CMPXCHG },
	    { AXIS_SIZE, 0, SIZE_1G },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_REKEY } } },
	/* There is no translation. */
	{ { 6, 6, 150 },
	  { { AXIS_KIND, 0, KIND_FRAME },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_PRESENT, PRESENT_NO, 2 } } },
	/* The CPU makes the access itself: frames; tables; delivery of a fault. */
	{ { 2, 4, 60 },
	  { { AXIS_KIND, KIND_FRAME, 2 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 4, 10, 90 }, { { AXIS_KIND, KIND_GDT, 4 }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 8, 60 },
	  { { AXIS_KIND, KIND_FRAME_DF, 2 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
};

/* The control registers are costly to change: they are the outer loops, the last one fastest. */
static const struct range states[] = { { AXIS_LEVELS, 0, 2 },
				       { AXIS_SMAP, 0, 3 },
				       { AXIS_PKU, 0, 4 },
				       { AXIS_PKS, 0, 2 },
				       { AXIS_WP, 0, 2 } };
#define STATES (2 * 3 * 4 * 2 * 2)

static u64 combinations(const struct stratum *s)
{
	u64 n = 1;

	for (u32 i = 0; i < RANGES && s->ranges[i].count; i++)
		n *= s->ranges[i].count;
	return n;
}

/*
 * Steps of 0.618 of the whole, with no divisor in common with it: each position comes once, and
 * any stretch of the walk is spread evenly. All counts have only the divisors 2, 3 and 5.
 */
static u64 stride(u64 n)
{
	u64 s = n * 618 / 1000;

	while (s % 2 == 0 || s % 3 == 0 || s % 5 == 0)
		s++;
	return s;
}

static void decode(const struct range *ranges, u32 count, u64 number, struct mcase *c)
{
	for (u32 i = 0; i < count && ranges[i].count; i++) {
		c->v[ranges[i].axis] = (u8)(ranges[i].first + number % ranges[i].count);
		number /= ranges[i].count;
	}
}

static void enter_stratum(struct plan *p)
{
	p->index = 0;
	p->position = p->state * 10007 % combinations(&strata[p->stratum]);
}

void plan_start(struct plan *p, enum slice slice)
{
	memset(p, 0, sizeof(*p));
	p->slice = slice;
	for (u32 i = 0; i < ARRAY_SIZE(strata); i++)
		p->total += (u64)strata[i].draws[slice] * STATES;
	enter_stratum(p);
}

/* The next draw, valid or not; false at the end. */
static bool draw(struct plan *p, struct mcase *c)
{
	const struct stratum *s = &strata[p->stratum];
	u64 n = combinations(s);

	while (p->state < STATES && p->index == s->draws[p->slice]) {
		if (++p->stratum == ARRAY_SIZE(strata)) {
			p->stratum = 0;
			p->state++;
		}
		enter_stratum(p);
		s = &strata[p->stratum];
		n = combinations(s);
	}
	if (p->state == STATES)
		return false;
	memset(c, 0, sizeof(*c));
	decode(states, ARRAY_SIZE(states), p->state, c);
	decode(s->ranges, RANGES, p->position, c);
	p->position = (p->position + stride(n)) % n;
	p->index++;
	p->done++;
	return true;
}

bool plan_next(struct plan *p, struct mcase *row)
{
	u64 turn;

	while (draw(p, row)) {
		if (!case_valid(row))
			continue;
		/*
		 * Denying key 0 costs more than all other keys together: some rows leave it out. A
		 * brief slice has strata of fewer rows than that: the states take turns.
		 */
		turn = p->index + (p->slice == SLICE_BRIEF ? p->state / 2 : 0);
		p->keys = turn % KEY_0_EVERY ? 0x7fff : 0xffff;
		return true;
	}
	return false;
}
