// SPDX-License-Identifier: MIT
#include "tests/matrix/plan.h"
#include "kernel/lib/string.h"
#include "tests/matrix/order.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/strata.h"

#define KEY_0_EVERY 4 /* rows */
#define ELSEWHERE   61
#define FEW_STATES  16 /* times as many rows for each state of a process, which has few */

/* The control registers are costly to change: they are the outer loops, the first one fastest. */
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

/* True if rows may have the first value of each axis that the stratum does not list. */
static bool may_have_the_rest(const struct plan *p)
{
	u32 listed = BIT(AXIS_KIND) | BIT(AXIS_KEY);

	for (u32 i = 0; i < ARRAY_SIZE(states); i++)
		listed |= BIT(states[i].axis);
	for (u32 i = 0; i < RANGES && strata[p->stratum].ranges[i].count; i++)
		listed |= BIT(strata[p->stratum].ranges[i].axis);
	for (u32 a = 0; a < AXES; a++)
		if (!(listed >> a & 1) && !may_have(p, a, 0))
			return false;
	return true;
}

static u64 combinations(const struct plan *p)
{
	if (p->only && !may_have_the_rest(p))
		return 0;
	return p->kind_count * product(p, strata[p->stratum].ranges, RANGES);
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

/* Those with 5 levels come last, so that what needs them meets each kind in turn. */
static u32 turn_of_state(const struct plan *p, u32 state)
{
	if (values_of(p, &states[0]) == 1)
		return state;
	return state % 2 * (p->states / 2) + state / 2;
}

/* With CR4.PKS = 0 or CR0.WP = 0 less is denied: such states have fewer rows. */
static u32 weight_of_state(const struct plan *p, u32 state)
{
	struct mcase c;

	decode(p, states, ARRAY_SIZE(states), state, &c);
	return c.v[AXIS_PKS] == PKS_ON && c.v[AXIS_WP] == WP_ON ? 3 : 1;
}

static void weigh_states(struct plan *p)
{
	for (u32 state = 0; state < p->states; state++)
		p->weights[turn_of_state(p, state) + 1] = weight_of_state(p, state);
	for (u32 turn = 1; turn <= p->states; turn++)
		p->weights[turn] += p->weights[turn - 1];
}

/* Returns the rows of the stratum that are drawn in the first `turns` states. */
static u64 rows_before(const struct plan *p, u32 turns)
{
	return (u64)strata[p->stratum].draws[p->slice] * p->states * p->weights[turns] /
	       p->weights[p->states];
}

/* Returns the rows of the stratum that are drawn in this state. */
static u64 draws(const struct plan *p)
{
	u32 turn = turn_of_state(p, p->state);
	u64 wanted = rows_before(p, turn + 1) - rows_before(p, turn);

	return p->only ? MIN(FEW_STATES * wanted, combinations(p)) : wanted;
}

/* The states share one walk through a stratum: each goes on where the one before it ended. */
static void enter_stratum(struct plan *p)
{
	p->index = p->kind_count = 0;
	for (u32 kind = 0; kind < KINDS; kind++)
		if (kind_is_chosen(kind, stratum_choice(&strata[p->stratum])) &&
		    (!p->only || kind_possible(kind)))
			p->kinds[p->kind_count++] = (u8)kind;
	p->drawn = rows_before(p, turn_of_state(p, p->state)) * (p->only ? FEW_STATES : 1);
}

/*
 * The kinds take turns, and of each kind the values of the stratum's first axis, or axes, which
 * each kind begins elsewhere: so each pair of them comes as often as any other, and in another
 * state. Each pair goes through the other axes' values in the same order, from elsewhere on. Each
 * stratum begins with another kind, as few rows do not get through them.
 */
static void place(const struct plan *p, struct mcase *c)
{
	const struct stratum *s = &strata[p->stratum];
	u32 axes = stratum_turns(s);
	u64 values = product(p, s->ranges, axes), pairs = p->kind_count * values;
	u64 turn = p->drawn + p->index + p->stratum * ELSEWHERE, others = combinations(p) / pairs;
	u64 kind = turn % p->kind_count;
	u64 value = (turn / p->kind_count + scatter(kind + 1)) % values;

	c->v[AXIS_KIND] = p->kinds[kind];
	decode(p, s->ranges, axes, value, c);
	decode(p, s->ranges + axes, RANGES - axes,
	       permute((turn / pairs + (value * p->kind_count + kind) * scatter(others)) % others,
		       others),
	       c);
}

void plan_start(struct plan *p, enum slice slice, const u32 *only)
{
	memset(p, 0, sizeof(*p));
	p->slice = slice;
	p->only = only;
	p->states = (u32)product(p, states, ARRAY_SIZE(states));
	weigh_states(p);
	for (; p->stratum < strata_count; p->stratum++) {
		enter_stratum(p);
		for (p->state = 0; p->state < p->states; p->state++)
			p->total += draws(p);
		p->state = 0;
	}
	p->stratum = 0;
	enter_stratum(p);
}

/* The next draw, valid or not; false at the end. */
static bool draw(struct plan *p, struct mcase *c)
{
	while (p->state < p->states && p->index == draws(p)) {
		if (++p->stratum == strata_count) {
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
		if (strata[p->stratum].kinds & TWO_KEYS && !first)
			p->keys = 0x101u << turn % 8;
		return true;
	}
	return false;
}
