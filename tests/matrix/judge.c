// SPDX-License-Identifier: MIT
#include "tests/matrix/judge.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

static bool cr2_right(const struct allowed *a, u64 address, u64 cr2)
{
	if (a->vector != VECTOR_PF)
		return true;
	if (a->absent)
		return cr2 == VA_ABSENT;
	return cr2 - address - a->low < a->high - a->low;
}

/* Returns the aspects in which the outcome differs from this allowed one. */
static u32 compare(const struct allowed *a, const struct shot *s, const struct outcome *o,
		   const struct traces *t)
{
	u32 aspects = 0;

	if (o->vector != a->vector)
		return ASPECT_FAULT;
	if (a->vector != SHOT_DONE && (o->error ^ a->error) & ~a->unsettled)
		aspects |= ASPECT_ERROR;
	if (!cr2_right(a, s->address, o->cr2))
		aspects |= ASPECT_CR2;
	if (a->moves && o->rsp_moved != a->moved)
		aspects |= ASPECT_MEMORY;
	if ((t->memory ^ a->memory) & ~a->memory_open || (a->reads && o->value != a->value))
		aspects |= ASPECT_MEMORY;
	if ((t->entry ^ a->entry) & a->entry_mask & ACCESSED)
		aspects |= ASPECT_ACCESSED;
	if ((t->entry ^ a->entry) & a->entry_mask & DIRTY)
		aspects |= ASPECT_DIRTY;
	if (a->above && !(t->above & ACCESSED))
		aspects |= ASPECT_ABOVE;
	if (t->changed)
		aspects |= ASPECT_ENTRIES;
	if (!o->rip_right && a->vector != VECTOR_DF) /* a double fault's is undefined */
		aspects |= ASPECT_RIP;
	if (machine_can.pks && o->pkrs != s->pkrs)
		aspects |= ASPECT_PKRS;
	return aspects;
}

/* How far an outcome is from an allowed one: a wrong vector is farther than all the rest. */
static u32 distance(u32 aspects)
{
	u32 count = aspects & ASPECT_FAULT ? 32 : 0;

	for (; aspects; aspects &= aspects - 1)
		count++;
	return count;
}

static enum denial denial_of(const struct mismatch *m)
{
	bool by_key =
		m->aspects == ASPECT_ERROR && (m->expected_error ^ m->observed_error) == ERROR_PK;

	if (by_key)
		return m->expected_error & ERROR_PK ? DENIAL_MISSING : DENIAL_EXTRA;
	if (m->expected_vector == VECTOR_PF && m->observed_vector == SHOT_DONE)
		return DENIAL_MISSING;
	if (m->expected_vector == SHOT_DONE && m->observed_vector == VECTOR_PF)
		return DENIAL_EXTRA;
	return DENIAL_OTHER;
}

struct mismatch judge(const struct expectation *e, const struct shot *s, const struct outcome *o,
		      const struct traces *t)
{
	const struct allowed *a = &e->allowed[0];
	struct mismatch m = { .aspects = compare(a, s, o, t) };

	if (likely(!m.aspects))
		return m;
	if (e->count == 2) { /* report the nearer one */
		u32 other = compare(&e->allowed[1], s, o, t);

		if (!other)
			return (struct mismatch){ 0 };
		if (distance(other) < distance(m.aspects)) {
			m.aspects = other;
			a = &e->allowed[1];
		}
	}
	m.expected_vector = a->vector;
	m.observed_vector = o->vector;
	m.expected_error = a->error & ~a->unsettled;
	m.observed_error = o->error & ~a->unsettled;
	m.denial = denial_of(&m);
	return m;
}

bool mismatch_same(const struct mismatch *a, const struct mismatch *b)
{
	u32 bits_a = a->expected_error ^ a->observed_error;
	u32 bits_b = b->expected_error ^ b->observed_error;

	if (a->denial || b->denial)
		return a->denial == b->denial;
	return a->aspects == b->aspects && a->expected_vector == b->expected_vector &&
	       a->observed_vector == b->observed_vector &&
	       (!(a->aspects & ASPECT_ERROR) || bits_a == bits_b);
}
