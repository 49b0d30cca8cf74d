// SPDX-License-Identifier: MIT
#include "tests/matrix/classes.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "tests/matrix/values.h"

/* The order in which axes are simplified: those that a reader misses least come first. */
static const u8 order[AXES] = { AXIS_HALF,  AXIS_ABOVE,  AXIS_FLAGS,   AXIS_LEVELS, AXIS_DECOY,
				AXIS_XD,    AXIS_OTHERS, AXIS_KEY,     AXIS_SIZE,   AXIS_SMAP,
				AXIS_PKU,   AXIS_TLB,    AXIS_PRESENT, AXIS_RW,     AXIS_SPAN,
				AXIS_WP,    AXIS_PKS,    AXIS_MODE,    AXIS_US,     AXIS_KIND,
				AXIS_RIGHTS };

_Static_assert((int)KINDS <= VALUES_MAX, "the axis with the most values is that of the kinds");

/* True if the case with one axis changed diverges in the same way, and is as privileged. */
static bool still_differs(const struct mcase *c, u32 axis, u32 value, const struct mismatch *m,
			  case_runner again, struct mismatch *now)
{
	struct mcase other = *c;

	other.v[axis] = (u8)value;
	if (!there_is(&other) || by_user(&other) != by_user(c))
		return false;
	*now = again(&other);
	return mismatch_same(now, m);
}

/* Makes one pass over the axes; true if something became simpler. */
static bool simplify(struct mcase *c, struct mismatch *m, case_runner again)
{
	bool simpler = false;
	struct mismatch now;

	for (u32 i = 0; i < AXES; i++) {
		u32 axis = order[i];

		for (u32 v = 0; v < c->v[axis]; v++) {
			if (!still_differs(c, axis, v, m, again, &now))
				continue;
			c->v[axis] = (u8)v;
			*m = now;
			simpler = true;
			break;
		}
	}
	return simpler;
}

/*
 * Finds each axis's values that keep the difference. A case that does not exist excludes none;
 * neither does a late one, as it may differ by chance.
 */
static void find_values(struct divergence *d, case_runner again)
{
	struct mismatch now;

	for (u32 axis = 0; axis < AXES; axis++) {
		for (u32 v = 0; v < axis_values(axis); v++) {
			struct mcase c = d->small;

			c.v[axis] = (u8)v;
			if (v == d->small.v[axis] || !there_is(&c) || case_late(&c) ||
			    still_differs(&d->small, axis, v, &d->mismatch, again, &now))
				add(&d->needs[axis], v);
		}
	}
}

static bool belongs(const struct divergence *d, const struct mcase *c, const struct mismatch *m)
{
	if (!mismatch_same(&d->mismatch, m) || by_user(&d->small) != by_user(c))
		return false;
	for (u32 axis = 0; axis < AXES; axis++)
		if (!has(&d->values[axis], c->v[axis]))
			return false;
	return true;
}

static void blame(struct divergence *d)
{
	struct expectation e;

	expect_case(&d->small, &e);
	d->rule = rule_broken(&d->small, &e, &d->mismatch);
}

/*
 * An unsteady case cannot be made smaller: a rule has one class of them per privilege, CR4.PKS, and
 * sort of denial.
 */
static bool same_class(const struct divergence *a, const struct divergence *b)
{
	if (a->unsteady || b->unsteady)
		return a->unsteady && b->unsteady && a->rule == b->rule &&
		       by_user(&a->small) == by_user(&b->small) &&
		       a->small.v[AXIS_PKS] == b->small.v[AXIS_PKS] &&
		       a->mismatch.denial == b->mismatch.denial;
	return !memcmp(&a->small, &b->small, sizeof(a->small)) &&
	       mismatch_same(&a->mismatch, &b->mismatch);
}

/*
 * True if the case diverges only by a stale translation from before CR4.PKS was set, so that it can
 * be made smaller by chance alone. A case that diverges in the same way without one becomes
 * TLB_COLD here. The opposite, a denial that stays when CR4.PKS is cleared, is a class like others.
 */
static bool is_stale(struct mcase *c, struct mismatch *m, case_runner again)
{
	struct mismatch of_cold;

	if (!case_late(c))
		return false;
	if (!still_differs(c, AXIS_TLB, TLB_COLD, m, again, &of_cold))
		return true;
	c->v[AXIS_TLB] = TLB_COLD;
	*m = of_cold;
	return false;
}

/* Makes `c` as small as it can be and finds the rule that it breaks. */
static void reduce(struct divergence *d, const struct mcase *c, const struct mismatch *m,
		   case_runner again)
{
	struct mismatch now;

	*d = (struct divergence){ .small = *c, .first = *c, .mismatch = *m };
	d->unsteady = is_stale(&d->small, &d->mismatch, again);
	if (!d->unsteady) {
		now = again(&d->small);
		d->unsteady = !mismatch_same(&now, &d->mismatch);
	}
	while (!d->unsteady && simplify(&d->small, &d->mismatch, again))
		;
	blame(d);
}

static struct divergence *class_of(struct classes *l, const struct mcase *c,
				   const struct mismatch *m, bool widens, case_runner again);

/* Returns the class of the first part of `c` that diverges, if one does. */
static struct divergence *class_of_part(struct classes *l, const struct mcase *c, bool widens,
					case_runner again)
{
	struct mcase parts[PARTS_MAX];
	u32 count = case_parts(c, parts);

	for (u32 i = 0; i < count; i++) {
		struct mismatch of_part = again(&parts[i]);

		if (of_part.aspects)
			return class_of(l, &parts[i], &of_part, widens, again);
	}
	return NULL;
}

/* Lets later cases with this one's values belong to the class. */
static void widen(struct divergence *d, const struct mcase *c)
{
	for (u32 axis = 0; axis < AXES; axis++)
		add(&d->values[axis], c->v[axis]);
}

/* Finds an old class with the same smallest case. */
static struct divergence *same_smallest(struct classes *l, const struct divergence *d)
{
	for (u32 i = 0; i < l->count; i++)
		if (same_class(&l->list[i], d))
			return &l->list[i];
	return NULL;
}

/* Adds a class, unless there is no room: NULL. */
static struct divergence *add_class(struct classes *l, const struct divergence *d,
				    case_runner again)
{
	struct divergence *new = &l->list[l->count];

	if (l->count == CLASSES_MAX)
		return NULL;
	*new = *d;
	if (!new->unsteady)
		find_values(new, again);
	memcpy(new->values, new->needs, sizeof(new->values));
	l->count++;
	return new;
}

/* Returns the class that a divergent case belongs to; `widens`: later cases like it do too. */
static struct divergence *class_of(struct classes *l, const struct mcase *c,
				   const struct mismatch *m, bool widens, case_runner again)
{
	struct divergence *d, found;

	for (u32 i = 0; i < l->count; i++)
		if (belongs(&l->list[i], c, m))
			return &l->list[i];
	d = class_of_part(l, c, widens, again);
	if (d)
		return d;
	reduce(&found, c, m, again);
	d = found.unsteady ? NULL : class_of_part(l, &found.small, widens, again);
	if (d)
		return d;
	d = same_smallest(l, &found);
	if (!d)
		d = add_class(l, &found, again);
	if (d && widens)
		widen(d, c);
	return d;
}

/* FNV-1a, and a last step that lets each bit of the input change each bit of the sum. */
static u64 hash(u64 h, const void *data, u32 size)
{
	for (u32 i = 0; i < size; i++)
		h = (h ^ ((const u8 *)data)[i]) * 0x100000001b3;
	return h;
}

static void tally_add(struct tally *t, const struct mcase *c, const struct mismatch *m)
{
	const u32 how[] = { m->aspects, m->expected_vector, m->observed_vector, m->expected_error,
			    m->observed_error };
	u64 h = hash(hash(0xcbf29ce484222325, c->v, sizeof(c->v)), how, sizeof(how));

	t->count++;
	t->digest += (h ^ h >> 32) * 0x9e3779b97f4a7c15;
}

void classes_add(struct classes *l, const struct mcase *c, const struct mismatch *m,
		 case_runner again)
{
	bool by_tlb = case_by_tlb(c); /* what chance decides decides about no other case */
	struct divergence *d = class_of(l, c, m, !by_tlb, again);

	if (d)
		tally_add(by_tlb ? &d->by_tlb : &d->exact, c, m);
	else
		l->lost++;
}

u64 class_count(const struct divergence *d)
{
	return d->exact.count + d->by_tlb.count;
}

u64 classes_count(const struct classes *l, enum rule r)
{
	u64 n = 0;

	for (u32 i = 0; i < l->count; i++)
		n += l->list[i].rule == r ? class_count(&l->list[i]) : 0;
	return n;
}
