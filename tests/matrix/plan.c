// SPDX-License-Identifier: MIT
#include "tests/matrix/plan.h"
#include "kernel/lib/string.h"
#include "tests/matrix/judge.h"
#include "tests/matrix/order.h"

/* A run of values of one axis. */
struct range {
	u8 axis, first, count;
};

#define RANGES      14
#define KEY_0_EVERY 4 /* rows */
#define ELSEWHERE   61
#define FEW_STATES  6 /* times the rows for each, as a process has few states */

/* Beside the kinds of a stratum: */
#define TWO_KEYS    0x80u /* a row has two keys, not all: so many more rows cost the same */
#define TURNS(axes) ((axes) << 8u) /* so many axes take turns with the kinds; else one */

/* Which kinds a stratum draws from. */
enum choice {
	EXPLICIT,
	DATA,
	FETCHES,
	SPANNING,
	PUSHING,
	KERNELS,
	COMPATS,
	FRAMES,
	BESIDE,
	TABLES_OWN,
	KERNELS_OWN,
	USERS_OWN,
	IN_FAULTS
};

/* Kinds that most modes do not have would come too seldom: they have strata of their own. */
static enum choice choice_of_mode(u32 flags)
{
	if (flags & KF_ONLY_CPL0)
		return KERNELS;
	return flags & KF_ONLY_32 ? COMPATS : EXPLICIT;
}

static bool explicit_is_chosen(const struct kind_row *k, enum choice choice)
{
	if (choice == SPANNING || choice == PUSHING)
		return k->flags & KF_SPAN && !(k->flags & KF_PUSHES) == (choice == SPANNING);
	if (choice == DATA || choice == FETCHES)
		return choice_of_mode(k->flags) == EXPLICIT &&
		       (k->group == GROUP_CODE) == (choice == FETCHES);
	return choice == choice_of_mode(k->flags);
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

	if (choice <= COMPATS)
		return !(k->flags & KF_OWN) && explicit_is_chosen(k, choice);
	if (choice == IN_FAULTS || k->flags & KF_IN_FAULT)
		return choice == IN_FAULTS && k->flags & KF_IN_FAULT;
	if (!(k->flags & KF_OWN))
		return false;
	if (k->group == GROUP_TABLE)
		return choice == choice_of_table(k->flags);
	return choice == (k->flags & KF_ONLY_CPL0 ? KERNELS_OWN : FRAMES);
}

/* Disjoint parts of the space; the axes that are not listed have their first value. */
static const struct stratum {
	u32 draws[SLICES]; /* per state */
	u32 kinds;         /* an enum choice, perhaps with TWO_KEYS and TURNS() */
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
		AXIS_TLB, TLB_AGAIN, TLB_FETCH_3 + 1 - TLB_AGAIN \
	}
/* Axes whose values go with almost all kinds. */
#define EASY_4K                                     \
	{ AXIS_MODE, 0, 2 }, { AXIS_RIGHTS, 0, 4 }, \
	{                                           \
		AXIS_US, 0, 2                       \
	}
#define EASY { AXIS_SIZE, 0, SIZE_1G }, EASY_4K
	/* An instruction accesses one page that is in no TLB. */
	{ { 6, 54, 13500 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
/* Each kind with each mode, and with each entry that can deny. */
#define BY_MODE                                                                                   \
	{ AXIS_MODE, 0, 5 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 2 }, { AXIS_SIZE, 0, SIZE_1G }, \
		{ AXIS_FLAGS, 0, 4 },                                                             \
	{                                                                                         \
		AXIS_ABOVE, 0, 2                                                                  \
	}
#define BY_US                                              \
	{ AXIS_US, US_UPPER_S, 4 }, { AXIS_RIGHTS, 0, 4 }, \
	{                                                  \
		AXIS_HALF, 0, 2                            \
	}
#define BY_RW                                                                 \
	{ AXIS_RW, RW_LEAF_NO, 4 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 2 }, \
	{                                                                     \
		AXIS_HALF, 0, 2                                               \
	}
#define BY_XD                                                              \
	{ AXIS_XD, XD_LEAF, 4 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 2 }, \
	{                                                                  \
		AXIS_HALF, 0, 2                                            \
	}
#define BOTH_MODES              \
	{                       \
		AXIS_MODE, 0, 2 \
	}
	{ { 8, 300, 900 }, EXPLICIT | TWO_KEYS | TURNS(3), { BY_MODE, PLAIN } },
	{ { 1, 7, 80 }, EXPLICIT, { BY_US, BOTH_MODES, PLAIN } },
	{ { 1, 7, 80 }, EXPLICIT, { BY_RW, BOTH_MODES, PLAIN } },
	{ { 1, 7, 80 }, EXPLICIT, { BY_XD, BOTH_MODES, PLAIN } },
	{ { 0, 4, 30 },
	  EXPLICIT,
	  { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 4, 30 },
	  EXPLICIT,
	  { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 4, 30 },
	  EXPLICIT,
	  { { AXIS_XD, XD_UPPER4, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	/*
	 * The same access was made before, under something that has changed since. For each kind,
	 * in pages that little but the key denies; runs where they exist. Each pair of a kind and a
	 * change comes, since almost all of these cases exist and the walk takes them in turn.
	 */
	{ { 1, 8, 120 }, DATA, { { AXIS_TLB, TLB_AGAIN, 5 }, EASY, MIXED } },
	{ { 1, 30, 400 }, DATA, { { AXIS_TLB, TLB_REKEY, 16 }, EASY, MIXED } },
	{ { 1, 10, 100 },
	  DATA,
	  { { AXIS_TLB, TLB_RUN, 3 }, { AXIS_SIZE, 0, SIZES }, { AXIS_RIGHTS, 0, 4 }, MIXED } },
	{ { 1, 6, 100 },
	  DATA,
	  { { AXIS_TLB, TLB_RUN, 3 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_MODE, MODE_USER, 2 },
	    { AXIS_US, US_U, 1 },
	    MIXED } },
/* Less often in all pages, which XD tells apart from those. */
#define HARD                                                                                    \
	{ AXIS_SIZE, 0, SIZES }, { AXIS_MODE, 0, 5 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 7 }, \
		{ AXIS_RW, 0, 6 }, { AXIS_XD, XD_LEAF, 5 }, { AXIS_DECOY, 0, 2 },               \
		{ AXIS_FLAGS, 0, 4 }, { AXIS_ABOVE, 0, 2 },                                     \
	{                                                                                       \
		AXIS_HALF, 0, 2                                                                 \
	}
	{ { 1, 7, 300 }, DATA, { { AXIS_TLB, TLB_AGAIN, 5 }, HARD, MIXED } },
	{ { 1, 20, 1000 }, DATA, { { AXIS_TLB, TLB_REKEY, 16 }, HARD, MIXED } },
	{ { 1, 10, 200 },
	  DATA,
	  { { AXIS_TLB, TLB_RUN, 3 },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_US, 0, 7 },
	    { AXIS_RW, 0, 6 },
	    { AXIS_XD, XD_LEAF, 5 },
	    { AXIS_FLAGS, 0, 4 },
	    { AXIS_HALF, 0, 2 },
	    MIXED } },
	{ { 1, 3, 100 }, DATA, { WARM, { AXIS_SIZE, 0, SIZES }, PAGE_AXES, PLAIN } },
	{ { 0, 3, 20 },
	  DATA,
	  { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_TLB, TLB_REKEY, 16 }, BOTH_MODES, MIXED } },
	{ { 0, 3, 20 },
	  DATA,
	  { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_TLB, TLB_REKEY, 16 }, BOTH_MODES, MIXED } },
	/* Few kinds fetch, and few axes matter to them. */
	{ { 2, 24, 200 },
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
	/*
	 * The operand lies in two pages: a supervisor's of supervisor pages, where IA32_PKRS alone
	 * decides; and all others, which XD tells apart from those.
	 */
	{ { 8, 100, 1700 },
	  SPANNING | TWO_KEYS,
	  { { AXIS_SIZE, 0, SIZE_1G }, { AXIS_RIGHTS, 0, 4 }, MIXED, { AXIS_SPAN, SPAN_LOW, 2 } } },
	{ { 8, 56, 2400 },
	  SPANNING | TWO_KEYS,
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
	{ { 1, 9, 100 },
	  SPANNING,
	  { FILLED,
	    { AXIS_SIZE, 0, SIZE_1G },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 },
	    { AXIS_SPAN, SPAN_LOW, 2 } } },
	/* The same for several words: few kinds, and each word can be treated in another way. */
	{ { 2, 22, 200 },
	  PUSHING,
	  { { AXIS_SIZE, 0, SIZE_1G },
	    PAGE_AXES,
	    MIXED,
	    { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_REKEY } } },
	/* There is no translation: for each kind by each entry; then in all pages. */
	{ { 1, 9, 100 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_NO, 3 }, EASY, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 4, 30 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_UPPER3_NO, 1 }, EASY_4K, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 4, 30 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_UPPER4_NO, 1 }, EASY_4K, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 4, 30 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_PML4_PS, 1 }, EASY_4K, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 4, 30 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_PML5_PS, 1 }, EASY_4K, { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 6, 60 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_RSVD, 1 },
	    { AXIS_SIZE, SIZE_2M, 2 },
	    EASY_4K,
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 10, 60 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_NO, 8 },
	    { AXIS_US, US_UPPER_S, 5 },
	    { AXIS_SIZE, 0, SIZES },
	    { AXIS_MODE, 0, 5 },
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 23, 500 },
	  EXPLICIT,
	  { { AXIS_PRESENT, PRESENT_NO, 8 }, HARD, { AXIS_OTHERS, 0, 6 } } },
	/* There was one. */
	{ { 2, 4, 50 },
	  EXPLICIT,
	  { { AXIS_TLB, TLB_P, 1 },
	    { AXIS_PRESENT, PRESENT_NO, 1 },
	    { AXIS_SIZE, 0, SIZES },
	    PAGE_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	/* All of this for kinds that only one mode has. */
	{ { 1, 18, 300 },
	  KERNELS,
	  { { AXIS_TLB, 0, TLB_FETCH_3 + 1 }, { AXIS_SIZE, 0, SIZES }, LEAF_AXES, MIXED } },
	{ { 1, 5, 40 },
	  KERNELS,
	  { { AXIS_TLB, 0, TLB_FETCH_3 + 1 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_US, 0, 2 },
	    PLAIN } },
	{ { 1, 16, 60 },
	  KERNELS,
	  { { AXIS_PRESENT, PRESENT_NO, 8 },
	    { AXIS_SIZE, 0, SIZES },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_US, 0, 2 },
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 1, 26, 100 },
	  COMPATS,
	  { { AXIS_TLB, 0, TLB_FETCH_3 + 1 },
	    { AXIS_MODE, MODE_COMPAT, 1 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    LEAF_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 8, 60 },
	  COMPATS,
	  { { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_REKEY },
	    { AXIS_MODE, MODE_COMPAT, 1 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    { AXIS_RIGHTS, 0, 4 },
	    { AXIS_US, 0, 2 },
	    MIXED } },
	{ { 1, 6, 40 },
	  COMPATS,
	  { { AXIS_PRESENT, PRESENT_NO, 8 },
	    { AXIS_MODE, MODE_COMPAT, 1 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    LEAF_AXES,
	    { AXIS_OTHERS, 0, 6 } } },
	/* The CPU makes the access itself: frames; tables; delivery of a fault. */
	{ { 1, 16, 300 }, FRAMES, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
	{ { 1, 2, 20 }, FRAMES, { BY_MODE, PLAIN } },
	{ { 1, 1, 20 }, FRAMES, { BY_US, BOTH_MODES, PLAIN } },
	{ { 0, 1, 20 }, FRAMES, { BY_RW, BOTH_MODES, PLAIN } },
	{ { 0, 1, 20 }, FRAMES, { BY_XD, BOTH_MODES, PLAIN } },
	{ { 0, 1, 30 },
	  FRAMES,
	  { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 1, 30 },
	  FRAMES,
	  { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 1, 30 },
	  FRAMES,
	  { { AXIS_XD, XD_UPPER4, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 1, 12, 60 }, BESIDE, { BESIDE_AXES } },
	{ { 3, 22, 300 }, TABLES_OWN, { PAGE_AXES, MIXED } },
	{ { 1, 4, 40 },
	  TABLES_OWN,
	  { { AXIS_MODE, 0, 5 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 2 }, PLAIN } },
	{ { 1, 3, 40 }, TABLES_OWN, { BY_US, BOTH_MODES, PLAIN } },
	{ { 0, 3, 40 }, TABLES_OWN, { BY_RW, BOTH_MODES, PLAIN } },
	{ { 0, 3, 40 }, TABLES_OWN, { BY_XD, BOTH_MODES, PLAIN } },
	{ { 0, 2, 30 },
	  TABLES_OWN,
	  { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 2, 30 },
	  TABLES_OWN,
	  { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 0, 2, 30 },
	  TABLES_OWN,
	  { { AXIS_XD, XD_UPPER4, 1 }, { AXIS_RIGHTS, 0, 4 }, BOTH_MODES, PLAIN } },
	{ { 8, 160, 480 },
	  KERNELS_OWN | TWO_KEYS,
	  { { AXIS_SIZE, 0, SIZES }, LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 12, 200 }, USERS_OWN, { { AXIS_MODE, MODE_USER, 2 }, LEAF_AXES, MIXED } },
#define AS_USER                         \
	{                               \
		AXIS_MODE, MODE_USER, 2 \
	}
	{ { 1, 2, 40 }, USERS_OWN, { BY_US, AS_USER, PLAIN } },
	{ { 0, 3, 40 }, USERS_OWN, { BY_RW, AS_USER, PLAIN } },
	{ { 0, 3, 40 }, USERS_OWN, { BY_XD, AS_USER, PLAIN } },
	{ { 0, 2, 30 },
	  USERS_OWN,
	  { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_RIGHTS, 0, 4 }, AS_USER, PLAIN } },
	{ { 0, 2, 30 },
	  USERS_OWN,
	  { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_RIGHTS, 0, 4 }, AS_USER, PLAIN } },
	{ { 0, 2, 30 },
	  USERS_OWN,
	  { { AXIS_XD, XD_UPPER4, 1 }, { AXIS_RIGHTS, 0, 4 }, AS_USER, PLAIN } },
	{ { 1, 10, 120 },
	  IN_FAULTS,
	  { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, { AXIS_OTHERS, 0, 6 } } },
/* Likewise, with a translation that an instruction brought. */
#define FILLED_AXES                                                             \
	FILLED, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 4 }, { AXIS_FLAGS, 0, 4 }, \
	{                                                                       \
		AXIS_OTHERS, 0, 6                                               \
	}
	{ { 8, 110, 320 }, KERNELS_OWN | TWO_KEYS, { FILLED_AXES } },
	{ { 1, 12, 200 }, USERS_OWN, { FILLED_AXES, { AXIS_MODE, MODE_USER, 2 } } },
	{ { 1, 10, 300 },
	  FRAMES,
	  { FILLED_AXES, { AXIS_SIZE, 0, SIZES }, { AXIS_MODE, 0, 3 }, { AXIS_XD, 0, 3 } } },
	{ { 4, 40, 320 }, BESIDE | TWO_KEYS, { FILLED, BESIDE_AXES } },
	{ { 8, 100, 1900 },
	  TABLES_OWN | TWO_KEYS,
	  { FILLED_AXES, { AXIS_MODE, 0, 3 }, { AXIS_XD, 0, 3 } } },
	{ { 1, 4, 50 },
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
		if (is_chosen(kind, strata[p->stratum].kinds & (TWO_KEYS - 1)) &&
		    (!p->only || process_has_kind(kind)))
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
	u32 axes = MAX(s->kinds / TURNS(1), 1U);
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
	for (; p->stratum < ARRAY_SIZE(strata); p->stratum++) {
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
		if (strata[p->stratum].kinds & TWO_KEYS && !first)
			p->keys = 0x101u << turn % 8;
		return true;
	}
	return false;
}
