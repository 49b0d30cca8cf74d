// SPDX-License-Identifier: MIT
#include "tests/matrix/strata.h"

/* Disjoint parts of the space; the axes that are not listed have their first value. */
const struct stratum strata[] = {
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
	{ { 6, 54, 7500 }, EXPLICIT, { { AXIS_SIZE, 0, SIZES }, PAGE_AXES, MIXED } },
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
/* clang-format off */
#define DRAWS(brief, whole, full) { brief, whole, full }
/* The entries of a fifth level are apart, since half of the states have none. */
#define EACH_ENTRY(kinds, modes, us, rw_xd, fifth)                                                 \
	{ us, kinds, { BY_US, modes, PLAIN } },                                                    \
	{ rw_xd, kinds, { BY_RW, modes, PLAIN } },                                                 \
	{ rw_xd, kinds, { BY_XD, modes, PLAIN } },                                                 \
	{ fifth, kinds, { { AXIS_US, US_UPPER4_S, 1 }, { AXIS_RIGHTS, 0, 4 }, modes, PLAIN } },    \
	{ fifth, kinds, { { AXIS_RW, RW_UPPER4_NO, 1 }, { AXIS_RIGHTS, 0, 4 }, modes, PLAIN } },   \
	{ fifth, kinds, { { AXIS_XD, XD_UPPER4, 1 }, { AXIS_RIGHTS, 0, 4 }, modes, PLAIN } }
	/* clang-format on */
	{ { 8, 300, 900 }, EXPLICIT | TWO_KEYS | TURNS(3), { BY_MODE, PLAIN } },
	EACH_ENTRY(EXPLICIT, BOTH_MODES, DRAWS(1, 7, 80), DRAWS(1, 7, 80), DRAWS(0, 4, 30)),
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
	{ { 4, 30, 300 },
	  COMPATS,
	  { { AXIS_SPAN, SPAN_LOW, 2 },
	    { AXIS_TLB, 0, TLB_FETCH_3 + 1 },
	    { AXIS_MODE, MODE_COMPAT, 1 },
	    { AXIS_SIZE, 0, SIZE_1G },
	    LEAF_AXES,
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
	EACH_ENTRY(FRAMES, BOTH_MODES, DRAWS(1, 1, 20), DRAWS(0, 1, 20), DRAWS(0, 1, 30)),
	{ { 1, 12, 60 }, BESIDE, { BESIDE_AXES } },
	{ { 3, 22, 300 }, TABLES_OWN, { PAGE_AXES, MIXED } },
	{ { 1, 4, 40 },
	  TABLES_OWN,
	  { { AXIS_MODE, 0, 5 }, { AXIS_RIGHTS, 0, 4 }, { AXIS_US, 0, 2 }, PLAIN } },
	EACH_ENTRY(TABLES_OWN, BOTH_MODES, DRAWS(1, 3, 40), DRAWS(0, 3, 40), DRAWS(0, 2, 30)),
	{ { 8, 160, 480 },
	  KERNELS_OWN | TWO_KEYS,
	  { { AXIS_SIZE, 0, SIZES }, LEAF_AXES, { AXIS_OTHERS, 0, 6 } } },
	{ { 2, 12, 200 }, USERS_OWN, { { AXIS_MODE, MODE_USER, 2 }, LEAF_AXES, MIXED } },
#define AS_USER                         \
	{                               \
		AXIS_MODE, MODE_USER, 2 \
	}
	EACH_ENTRY(USERS_OWN, AS_USER, DRAWS(1, 2, 40), DRAWS(0, 3, 40), DRAWS(0, 2, 30)),
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

const u32 strata_count = ARRAY_SIZE(strata);
