// SPDX-License-Identifier: MIT
#include "tests/matrix/plan.h"
#include "kernel/lib/string.h"
#include "tests/matrix/order.h"

/* A run of values of one axis. */
struct range {
	u8 axis, first, count;
};

#define RANGES      14
#define KEY_0_EVERY 4 /* rows */

/* Which kinds a stratum draws from. */
enum choice {
	EXPLICIT,
	DATA,
	FETCHES,
	SPANNING,
	ONE_MODE,
	FRAMES,
	BESIDE,
	TABLES_OWN,
	KERNELS_OWN,
	USERS_OWN,
	IN_FAULTS
};

static bool explicit_is_chosen(const struct kind_row *k, enum choice choice)
{
	if (choice == SPANNING)
		return k->flags & KF_SPAN;
	/* Kinds that most modes do not have would come too seldom among the others. */
	if (choice == ONE_MODE || k->flags & (KF_ONLY_32 | KF_ONLY_CPL0 | KF_ONLY_CPL3))
		return choice == ONE_MODE && k->flags & (KF_ONLY_32 | KF_ONLY_CPL0 | KF_ONLY_CPL3);
	return choice == EXPLICIT || (k->group == GROUP_CODE) == (choice == FETCHES);
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

static bool is_chosen(u32 kind, enum choice choice)
{
	const struct kind_row *k = &matrix_kinds[kind];

	if (choice <= ONE_MODE)
		return !(k->flags & KF_OWN) && explicit_is_chosen(k, choice);
	if (choice == IN_FAULTS || k->flags & KF_IN_FAULT)
		return choice == IN_FAULTS && k->flags & KF_IN_FAULT;
	if (k->group == GROUP_TABLE)
		return choice == choice_of_table(k->flags);
	return k->flags & KF_OWN && choice == FRAMES;
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
#define PAGE_AXES { AXIS_MODE, 0, 5 }, LEAF_AXES
#define LEAF_AXES                                                                       \
	{ AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 7 }, { AXIS_RW, 0, 6 }, { AXIS_XD, 0, 6 }, \
		{ AXIS_DECOY, 0, 2 }, { AXIS_FLAGS, 0, 4 }, { AXIS_ABOVE, 0, 2 },       \
	{                                                                               \
		AXIS_HALF, 0, 2                                                         \
	}
#define BESIDE_AXES                                                                       \
	{ AXIS_MODE, 0, 3 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 7 }, { AXIS_RW, 0, 2 }, \
		{ AXIS_XD, 0, 6 }, { AXIS_DECOY, 0, 2 }, { AXIS_FLAGS, 0, 4 },            \
		{ AXIS_ABOVE, 0, 2 }, { AXIS_HALF, 0, 2 },                                \
	{                                                                                 \
		AXIS_OTHERS, 0, 6                                                         \
	}
#define FILLED                          \
	{                               \
		AXIS_TLB, TLB_READ_0, 6 \
	}
#define WARM                                                     \
	{                                                        \
		AXIS_TLB, TLB_WRMSR, TLB_FETCH_3 + 1 - TLB_WRMSR \
	}
	/* An instruction accesses one page that is in no TLB. */
	{ { 26, 150, 13000 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
	{ { 2, 10, 300 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN } },
	/* The same access was made before, under something that has changed since. */
	{ { 10, 46, 1500 }, DATA, { WARM, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
	{ { 2, 8, 150 }, DATA, { WARM, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN } },
	/* Few kinds fetch, and few axes matter to them. */
	{ { 2, 36, 200 },
	  FETCHES,
	  { WARM,
	    { AXIS_SIZE, 0, SIZES },
	    { AXIS_US, 0, 4 },
	    { AXIS_MODE, 0, 5 },
	    { AXIS_XD, 0, 3 },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_FLAGS, 0, 4 },
	    { AXIS_HALF, 0, 2 },
	    MIXED } },
	/* Kinds that most modes do not have. */
	{ { 5, 40, 300 },
	  ONE_MODE,
	  { { AXIS_TLB, TLB_COLD, TLB_FETCH_3 + 1 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 80, 500 },
	  ONE_MODE,
	  { { AXIS_PRESENT, PRESENT_NO, PRESENT_RSVD + 1 - PRESENT_NO },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	/* The operand lies in two pages. */
	{ { 4, 16, 500 },
	  SPANNING,
	  { { AXIS_SIZE, 0, SIZE_1G },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_REKEY } } },
	{ { 2, 4, 100 },
	  SPANNING,
	  { FILLED,
	    { AXIS_SIZE, 0, SIZE_1G },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_SPAN, SPAN_LOW, 2 } } },
	/* There is no translation: by an entry near the leaf; by one far above it. */
	{ { 5, 16, 250 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_NO, 3 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 24, 200 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_UPPER3_NO, 4 }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 4, 60, 300 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_UPPER3_NO, 5 },
	    { AXIS_SIZE, SIZE_2M, 2 },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	/* There was one. */
	{ { 2, 4, 50 },
	  EXPLICIT,
	  { { AXIS_TLB, TLB_P, 1 },
	    { AXIS_PRESENT, PRESENT_NO, 1 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	/* The CPU makes the access itself: frames; tables; delivery of a fault. */
	{ { 6, 60, 300 }, FRAMES, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 3, 20, 100 }, BESIDE, { BESIDE_AXES } },
	{ { 7, 70, 400 }, TABLES_OWN, { PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 8, 40 }, KERNELS_OWN, { LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 7, 60, 300 },
	  USERS_OWN,
	  { { AXIS_MODE, MODE_USER, 2 }, LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 4, 16, 120 },
	  IN_FAULTS,
	  { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	/* Likewise, with a translation that an instruction brought. */
	{ { 1, 10, 40 }, KERNELS_OWN, { FILLED, LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 70, 250 },
	  USERS_OWN,
	  { FILLED, { AXIS_MODE, MODE_USER, 2 }, LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 20, 60 }, BESIDE, { FILLED, BESIDE_AXES } },
	{ { 3, 90, 300 },
	  FRAMES,
	  { FILLED, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 4, 60, 250 }, TABLES_OWN, { FILLED, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 6, 50 },
	  IN_FAULTS,
	  { FILLED, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
};

/* The control registers are costly to change: they are the outer loops, the last one fastest. */
static const struct range states[] = { { AXIS_LEVELS, 0, 2 },
				       { AXIS_SMAP, 0, 3 },
				       { AXIS_PKU, 0, 4 },
				       { AXIS_PKS, 0, 2 },
				       { AXIS_WP, 0, 2 } };

/* True if rows may have this value. */
static bool may_have(const struct plan *p, u32 axis, u32 v)
{
	return !p->only || (v < 32 && p->only[axis] >> v & 1);
}

/* Returns how many of the range's values rows may have. */
static u32 values_of(const struct plan *p, const struct range *r)
{
	u32 n = 0;

	if (!p->only)
		return r->count;
	for (u32 i = 0; i < r->count; i++)
		n += may_have(p, r->axis, r->first + i);
	return n;
}

/* Returns number `n` of these values. */
static u8 value_of(const struct plan *p, const struct range *r, u32 n)
{
	u32 v = r->first;

	if (!p->only)
		return (u8)(v + n);
	for (;; v++)
		if (may_have(p, r->axis, v) && !n--)
			return (u8)v;
}

/* Returns the number of combinations of the ranges' values. */
static u64 product(const struct plan *p, const struct range *ranges, u32 count)
{
	u64 n = 1;

	for (u32 i = 0; i < count && ranges[i].count; i++)
		n *= values_of(p, &ranges[i]);
	return n;
}

static u64 combinations(const struct plan *p)
{
	return p->kind_count * product(p, strata[p->stratum].ranges, RANGES);
}

/* Returns the rows that are drawn of the stratum for each state. */
static u64 draws(const struct plan *p)
{
	u64 wanted = strata[p->stratum].draws[p->slice];

	if (!p->only)
		return wanted;
	return p->slice == SLICE_FULL ? combinations(p) : MIN(wanted, combinations(p));
}

static void decode(const struct plan *p, const struct range *ranges, u32 count, u64 number,
		   struct mcase *c)
{
	for (u32 i = 0; i < count && ranges[i].count; i++) {
		u32 values = values_of(p, &ranges[i]);

		c->v[ranges[i].axis] = value_of(p, &ranges[i], (u32)(number % values));
		number /= values;
	}
}

/* The states share one walk through a stratum: each goes on where the one before it ended. */
static void enter_stratum(struct plan *p)
{
	p->index = p->kind_count = 0;
	for (u32 kind = 0; kind < KINDS; kind++)
		if (is_chosen(kind, strata[p->stratum].kinds) && may_have(p, AXIS_KIND, kind))
			p->kinds[p->kind_count++] = (u8)kind;
	p->drawn = p->state * draws(p);
}

/* The kinds take turns; each goes through the other axes' values in the same order, from elsewhere
 * on. */
static void place(const struct plan *p, struct mcase *c)
{
	u64 others = combinations(p) / p->kind_count, n = p->drawn + p->index;
	u32 kind = (u32)(n % p->kind_count);

	c->v[AXIS_KIND] = p->kinds[kind];
	n = permute((n / p->kind_count + kind * scatter(others)) % others, others);
	decode(p, strata[p->stratum].ranges, RANGES, n, c);
}

void plan_start(struct plan *p, enum slice slice, const u32 *only)
{
	memset(p, 0, sizeof(*p));
	p->slice = slice;
	p->only = only;
	p->states = (u32)product(p, states, ARRAY_SIZE(states));
	for (; p->stratum < ARRAY_SIZE(strata); p->stratum++) {
		enter_stratum(p);
		p->total += draws(p) * p->states;
	}
	p->stratum = 0;
	enter_stratum(p);
}

/* The next draw, valid or not; false at the end. */
static bool draw(struct plan *p, struct mcase *c)
{
	while (p->state < p->states && p->index == draws(p)) {
		if (++p->stratum == ARRAY_SIZE(strata)) {
			p->stratum = 0;
			p->state++;
		}
		enter_stratum(p);
	}
	if (p->state == p->states)
		return false;
	*c = (struct mcase){ 0 };
	decode(p, states, ARRAY_SIZE(states), p->state, c);
	place(p, c);
	p->index++;
	p->done++;
	return true;
}

bool plan_next(struct plan *p, struct mcase *row)
{
	bool first;
	u64 turn;

	while (draw(p, row)) {
		if (!case_valid(row))
			continue;
		/*
		 * Denying key 0 costs more than all other keys together: some rows leave it out,
		 * but no kind's first. Scattered, since a regular choice would always meet the
		 * same kinds.
		 */
		turn = scatter(p->drawn + p->index);
		first = !p->had[row->v[AXIS_KIND]];
		p->had[row->v[AXIS_KIND]] = true;
		p->keys = turn % KEY_0_EVERY && !first ? 0x7fff : 0xffff;
		return true;
	}
	return false;
}
