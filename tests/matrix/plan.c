// SPDX-License-Identifier: MIT
#include "tests/matrix/plan.h"
#include "kernel/lib/string.h"

/* A run of values of one axis. */
struct range {
	u8 axis, first, count;
};

#define RANGES      12
#define KEY_0_EVERY 4 /* rows */

/* Which kinds a stratum draws from. */
enum choice { EXPLICIT, SPANNING, FRAMES, TABLES_OWN, IN_FAULTS };

static bool is_chosen(u32 kind, enum choice choice)
{
	const struct kind_row *k = &matrix_kinds[kind];

	if (choice <= SPANNING)
		return !(k->flags & KF_OWN) && (choice == EXPLICIT || k->flags & KF_SPAN);
	if (choice == IN_FAULTS || k->flags & KF_IN_FAULT)
		return choice == IN_FAULTS && k->flags & KF_IN_FAULT;
	return k->flags & KF_OWN && (k->group == GROUP_TABLE) == (choice == TABLES_OWN);
}

/* Disjoint parts of the space; the axes that are not listed have their first value. */
static const struct stratum {
	u32 draws[SLICES]; /* per state */
	enum choice kinds;
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
	{ { 26, 117, 6900 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
	{ { 2, 16, 150 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN } },
	/* The same access was made before, under something that has changed since. */
	{ { 4, 44, 500 },
	  EXPLICIT,
	  { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED, { AXIS_TLB, TLB_WRMSR, TLB_STALE } } },
	{ { 1, 8, 60 },
	  EXPLICIT,
	  { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN, { AXIS_TLB, TLB_WRMSR, TLB_STALE } } },
	/*
	 * The operand lies in two pages: a supervisor's of supervisor pages, where IA32_PKRS alone
	 * decides; and all others, which XD tells apart from those.
	 */
	{ { 3, 24, 220 },
	  SPANNING,
	  { { AXIS_SIZE, 0, SIZE_1G }, { AXIS_RIGHTS, 0, 4 }, MIXED, { AXIS_SPAN, SPAN_LOW, 2 } } },
	{ { 2, 16, 200 },
	  SPANNING,
	  { { AXIS_SIZE, 0, SIZE_1G },
	    { AXIS_MODE, 0, 3 },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_US, 0, 4 },
	    { AXIS_RW, 0, 3 },
	    { AXIS_XD, XD_LEAF, 2 },
	    { AXIS_DECOY, 0, 2 },
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_REKEY } } },
	/* There is no translation: not present; a reserved bit, which only large pages have. */
	{ { 4, 24, 120 },
	  EXPLICIT,
	  { { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_PRESENT, PRESENT_NO, 1 } } },
	{ { 3, 16, 60 },
	  EXPLICIT,
	  { { AXIS_SIZE, SIZE_2M, 2 },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_PRESENT, PRESENT_RSVD, 1 } } },
	/* The CPU makes the access itself: frames; tables; delivery of a fault. */
	{ { 2, 4, 60 }, FRAMES, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 4, 10, 90 }, TABLES_OWN, { PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 8, 60 }, IN_FAULTS, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
};

/* The control registers are costly to change: they are the outer loops, the last one fastest. */
static const struct range states[] = { { AXIS_LEVELS, 0, 2 },
				       { AXIS_SMAP, 0, 3 },
				       { AXIS_PKU, 0, 4 },
				       { AXIS_PKS, 0, 2 },
				       { AXIS_WP, 0, 2 } };
#define STATES (2 * 3 * 4 * 2 * 2)

static u64 combinations(const struct plan *p)
{
	const struct stratum *s = &strata[p->stratum];
	u64 n = p->kind_count;

	for (u32 i = 0; i < RANGES && s->ranges[i].count; i++)
		n *= s->ranges[i].count;
	return n;
}

static bool common_divisor(u64 a, u64 b)
{
	while (b) {
		u64 rest = a % b;

		a = b;
		b = rest;
	}
	return a > 1;
}

/*
 * Steps of 0.618 of the whole, with no divisor in common with it: each position comes once, and
 * any stretch of the walk is spread evenly.
 */
static u64 stride(u64 n)
{
	u64 s = n * 618 / 1000;

	while (common_divisor(n, s))
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
	p->index = p->kind_count = 0;
	for (u32 kind = 0; kind < KINDS; kind++)
		if (is_chosen(kind, strata[p->stratum].kinds))
			p->kinds[p->kind_count++] = (u8)kind;
	p->position = p->state * 10007 % combinations(p);
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
	u64 n;

	while (p->state < STATES && p->index == s->draws[p->slice]) {
		if (++p->stratum == ARRAY_SIZE(strata)) {
			p->stratum = 0;
			p->state++;
		}
		enter_stratum(p);
		s = &strata[p->stratum];
	}
	if (p->state == STATES)
		return false;
	n = combinations(p);
	memset(c, 0, sizeof(*c));
	decode(states, ARRAY_SIZE(states), p->state, c);
	c->v[AXIS_KIND] = p->kinds[p->position % p->kind_count];
	decode(s->ranges, RANGES, p->position / p->kind_count, c);
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
