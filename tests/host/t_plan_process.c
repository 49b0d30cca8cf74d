/* SPDX-License-Identifier: MIT */
/*
 * What the slices hold for an ordinary process, which can make few values of most axes: only rows
 * that it can make, and enough of them. The full slice is all of them, so the others are compared
 * with it. What this cannot know: whether Linux lets the process make them.
 */
#include "tests/host/harness.h"

#include "tests/matrix/plan.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/rules.h"

#define ROWS_MAX 400000
#define VALUES   256

static const char *const names[SLICES] = { "brief", "whole", "full" };
static struct mcase *rows[SLICES];
static u32 count[SLICES];
static bool seen[SLICES][AXES][VALUES][AXES][VALUES];
static u64 rules[SLICES];

static void take(enum slice slice, const struct mcase *row, u32 keys)
{
	if (count[slice] == ROWS_MAX)
		fail_msg("the %s slice has more rows than expected", names[slice]);
	rows[slice][count[slice]++] = *row;
	for (u32 key = 0; key < KEY_NUMBERS; key++) {
		struct mcase c = row_case(row, key);
		struct expectation e;

		if (!(keys & 1u << key))
			continue;
		if (!case_valid(&c) || !case_possible(&c))
			fail_msg("the %s slice has a case that a process cannot make",
				 names[slice]);
		expect_case(&c, &e);
		rules[slice] |= rules_of(&c, &e);
		for (u32 a = 0; a < AXES; a++)
			for (u32 b = 0; b < AXES; b++)
				seen[slice][a][c.v[a]][b][c.v[b]] = true;
	}
}

static int walk_all(void **state)
{
	u32 only[AXES];
	struct mcase row;
	struct plan p;

	(void)state;
	machine_can = (struct machine_can){ .pku = true, .process = true, .needs = ~0u };
	machine_can.process_sizes = BIT(SIZE_4K) | BIT(SIZE_2M);
	assert_true(process_values(only));
	for (u32 s = 0; s < SLICES; s++) {
		rows[s] = malloc(ROWS_MAX * sizeof(row));
		assert_non_null(rows[s]);
		plan_start(&p, (enum slice)s, only);
		while (plan_next(&p, &row))
			take((enum slice)s, &row, p.keys & only[AXIS_KEY]);
		assert_int_equal(p.done, p.total);
	}
	return 0;
}

static int release(void **state)
{
	(void)state;
	for (u32 s = 0; s < SLICES; s++)
		free(rows[s]);
	return 0;
}

static int by_values(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcase));
}

static void slices_repeat_no_row(void **state)
{
	(void)state;
	for (u32 s = 0; s < SLICES; s++) {
		printf("# %s: %u rows\n", names[s], count[s]);
		qsort(rows[s], count[s], sizeof(*rows[s]), by_values);
		for (u32 i = 1; i < count[s]; i++)
			if (!by_values(&rows[s][i - 1], &rows[s][i]))
				fail_msg("a row of the %s slice came twice", names[s]);
	}
}

static void slices_are_large(void **state)
{
	(void)state;
	assert_true(count[SLICE_BRIEF] >= 150);
	assert_true(count[SLICE_WHOLE] >= 800);
	assert_true(count[SLICE_FULL] >= 75000);
}

static void the_brief_slice_has_each_value_and_each_rule(void **state)
{
	(void)state;
	for (u32 a = 0; a < AXES; a++)
		for (u32 v = 0; v < VALUES; v++)
			if (seen[SLICE_FULL][a][v][a][v] && !seen[SLICE_BRIEF][a][v][a][v])
				fail_msg("the brief slice has no %s:%s", axis_name(a),
					 value_name(a, v));
	assert_int_equal(rules[SLICE_BRIEF], rules[SLICE_FULL]);
}

static void the_whole_slice_has_each_pair(void **state)
{
	(void)state;
	for (u32 a = 0; a < AXES; a++)
		for (u32 b = 0; b < a; b++)
			for (u32 v = 0; v < VALUES; v++)
				for (u32 w = 0; w < VALUES; w++)
					if (seen[SLICE_FULL][a][v][b][w] &&
					    !seen[SLICE_WHOLE][a][v][b][w])
						fail_msg("the whole slice has no %s:%s with %s:%s",
							 axis_name(a), value_name(a, v),
							 axis_name(b), value_name(b, w));
}

/* All values of the mask are used, so that none is there by mistake. */
static void the_full_slice_has_each_value(void **state)
{
	u32 only[AXES];

	(void)state;
	process_values(only);
	for (u32 a = 0; a < AXES; a++)
		for (u32 v = 0; a != AXIS_KIND && v < axis_values(a); v++)
			assert_int_equal(only[a] >> v & 1, seen[SLICE_FULL][a][v][a][v]);
	for (u32 kind = 0; kind < KINDS; kind++)
		assert_int_equal(kind_possible(kind),
				 seen[SLICE_FULL][AXIS_KIND][kind][AXIS_KIND][kind]);
}

/* Linux decides these; the named values are the only ones of their axes. */
static void no_case_has_what_linux_decides(void **state)
{
	static const u8 only[][2] = {
		{ AXIS_WP, WP_ON },         { AXIS_PKS, !PKS_ON },     { AXIS_SMAP, SMAP_OFF },
		{ AXIS_LEVELS, !LEVELS_5 }, { AXIS_US, US_U },         { AXIS_FLAGS, FLAGS_CLEAR },
		{ AXIS_ABOVE, !ABOVE_SET }, { AXIS_HALF, !HALF_HIGH }, { AXIS_DECOY, !DECOY_KEYS },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(only); i++)
		for (u32 v = 0; v < axis_values(only[i][0]); v++)
			assert_int_equal(seen[SLICE_FULL][only[i][0]][v][only[i][0]][v],
					 v == only[i][1]);
	assert_false(seen[SLICE_FULL][AXIS_PKU][PKU_OFF][AXIS_PKU][PKU_OFF]);
	assert_false(seen[SLICE_FULL][AXIS_KEY][KEY_NUMBERS - 1][AXIS_KEY][KEY_NUMBERS - 1]);
}

/* What mmap, pkey_mprotect and WRPKRU make, none of it may be lost. */
static void the_full_slice_has_what_a_process_can_make(void **state)
{
	static const struct {
		u32 axis, values;
	} all[] = { { AXIS_MODE, 2 }, { AXIS_KEY, 15 }, { AXIS_RIGHTS, 4 }, { AXIS_OTHERS, 6 },
		    { AXIS_SIZE, 2 }, { AXIS_RW, 2 },   { AXIS_XD, 2 },     { AXIS_PRESENT, 2 },
		    { AXIS_PKU, 3 },  { AXIS_SPAN, 3 }, { AXIS_TLB, 4 } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		u32 found = 0;

		for (u32 v = 0; v < axis_values(all[i].axis); v++)
			found += seen[SLICE_FULL][all[i].axis][v][all[i].axis][v];
		assert_int_equal(found, all[i].values);
	}
}

/* A case given by name is refused if one of its values is none of a process's. */
static void a_case_is_possible_if_all_its_values_are(void **state)
{
	struct mcase first = row_case(&rows[SLICE_BRIEF][0], 0);
	u32 only[AXES];

	(void)state;
	process_values(only);
	for (u32 a = 0; a < AXES; a++)
		for (u32 v = 0; v < axis_values(a); v++) {
			struct mcase c = first;

			c.v[a] = (u8)v;
			assert_int_equal(case_possible(&c), a == AXIS_KIND
								    ? kind_possible(v)
								    : v < 32 && only[a] >> v & 1);
		}
}

static void no_split_locks_leaves_out_locked_spans_alone(void **state)
{
	static const struct {
		u8 kind, span;
		bool possible;
	} all[] = { { KIND_LOCK_ADD, SPAN_NONE, true },
		    { KIND_LOCK_ADD, SPAN_LOW, false },
		    { KIND_LOCK_ADD, SPAN_HIGH, false },
		    { KIND_XCHG, SPAN_LOW, false },
		    { KIND_CMPXCHG8B_FAIL, SPAN_HIGH, false },
		    { KIND_LOCK_BTS_FAR, SPAN_LOW, false },
		    { KIND_ADD, SPAN_LOW, true },
		    { KIND_CMPXCHG_BARE, SPAN_LOW, true } };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(all); i++) {
		struct mcase c = row_case(&rows[SLICE_BRIEF][0], 0);

		c.v[AXIS_KIND] = all[i].kind;
		c.v[AXIS_SPAN] = all[i].span;
		assert_true(case_possible(&c));
		machine_can.no_split_locks = true;
		assert_int_equal(case_possible(&c), all[i].possible);
		machine_can.no_split_locks = false;
	}
}

/* What a process cannot see is not counted as checked. */
static void no_case_checks_what_a_process_cannot_see(void **state)
{
	static const enum rule unseen[] = {
		RULE_user_addresses_ignore_pkrs,    RULE_pkrs_is_left_alone,
		RULE_entries_keep_their_other_bits, RULE_permitted_access_sets_a_and_d,
		RULE_every_level_gets_accessed,
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(unseen); i++)
		if (rules[SLICE_FULL] >> unseen[i] & 1)
			fail_msg("a process claims to check %s", rule_text(unseen[i])->name);
	assert_true(rules[SLICE_FULL] >> RULE_user_addresses_obey_pkru & 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_repeat_no_row),
		cmocka_unit_test(slices_are_large),
		cmocka_unit_test(the_brief_slice_has_each_value_and_each_rule),
		cmocka_unit_test(the_whole_slice_has_each_pair),
		cmocka_unit_test(the_full_slice_has_each_value),
		cmocka_unit_test(no_case_has_what_linux_decides),
		cmocka_unit_test(the_full_slice_has_what_a_process_can_make),
		cmocka_unit_test(a_case_is_possible_if_all_its_values_are),
		cmocka_unit_test(no_split_locks_leaves_out_locked_spans_alone),
		cmocka_unit_test(no_case_checks_what_a_process_cannot_see),
	};

	return cmocka_run_group_tests(tests, walk_all, release);
}
