/* SPDX-License-Identifier: MIT */
/*
 * What the slices hold: enough cases, none of them twice, and all pairs of values of two axes that
 * exist; in the brief one each value and each rule. What this cannot know: whether combinations of
 * three axes matter.
 */
#include "tests/host/harness.h"

#include "tests/matrix/classes.h" /* VALUES_MAX */
#include "tests/matrix/plan.h"
#include "tests/matrix/rules.h"

#define SLOTS (1u << 22)
#define TRIES 20000

typedef bool pair_set[AXES][VALUES_MAX][AXES][VALUES_MAX];

static const char *const names[SLICES] = { "brief", "whole", "full" };
static pair_set covered[SLICES], feasible;
static u64 cases[SLICES];
static bool rule_touched[SLICES][RULES];
static u64 *slots;        /* the rows seen: an open hash set */
static u64 of_all_rights; /* cases of the full slice in which both CR4.PKS and CR0.WP are 1 */

static u64 number_of(const struct mcase *c)
{
	u64 n = 0;

	for (u32 a = 0; a < AXES; a++)
		n = n * axis_values(a) + c->v[a];
	return n + 1;
}

/* Adds a number; false if it is there already. */
static bool insert(u64 number)
{
	u32 i = (u32)(number * 0x9e3779b97f4a7c15ull >> 42);

	for (; slots[i]; i = (i + 1) % SLOTS)
		if (slots[i] == number)
			return false;
	slots[i] = number;
	return true;
}

static void mark(pair_set seen, const struct mcase *c)
{
	for (u32 a = 0; a < AXES; a++)
		for (u32 b = 0; b < AXES; b++)
			seen[a][c->v[a]][b][c->v[b]] = true;
}

static void touch_rules(const struct mcase *c, enum slice slice)
{
	struct expectation e;

	expect_case(c, &e);
	for (u64 rules = rules_of(c, &e); rules; rules &= rules - 1)
		rule_touched[slice][__builtin_ctzll(rules)] = true;
}

/* Marks the pairs in which a case differs from its row: those with its key or its rights. */
static void mark_case(pair_set seen, const struct mcase *c)
{
	u32 key = c->v[AXIS_KEY], rights = c->v[AXIS_RIGHTS];

	for (u32 a = 0; a < AXES; a++) {
		seen[AXIS_KEY][key][a][c->v[a]] = seen[a][c->v[a]][AXIS_KEY][key] = true;
		seen[AXIS_RIGHTS][rights][a][c->v[a]] = true;
		seen[a][c->v[a]][AXIS_RIGHTS][rights] = true;
	}
}

/* Checks that a case belongs to one row, so that different rows have no case in common. */
static void check_case(const struct mcase *c, const struct mcase *row, u32 key)
{
	struct mcase back = row_of_case(c);

	if (c->v[AXIS_KEY] != key || memcmp(&back, row, sizeof(back)))
		fail_msg("key %u's case of a row is not of that row", key_of_value(key));
	if (!case_valid(c))
		fail_msg("a row has no case for key %u", key_of_value(key));
}

static void take_row(struct mcase *row, u32 keys, enum slice slice)
{
	u32 count = (u32)__builtin_popcount(keys);

	row->v[AXIS_KEY] = KEY_NUMBERS - 1;
	if (count != 2 && count < KEY_NUMBERS - 1)
		fail_msg("a row has %u of the keys", count);
	if (slice == SLICE_FULL && row->v[AXIS_PKS] == PKS_ON && row->v[AXIS_WP] == WP_ON)
		of_all_rights += count;
	if (!insert(number_of(row)))
		fail_msg("a row came twice, after %lu cases", cases[slice]);
	for (u32 key = 0; key < KEY_NUMBERS; key++) {
		struct mcase c = row_case(row, key);

		if (!(keys & 1u << key))
			continue;
		check_case(&c, row, key);
		if (key == (u32)__builtin_ctz(keys))
			mark(covered[slice], &c);
		else
			mark_case(covered[slice], &c);
		if (slice != SLICE_FULL)
			touch_rules(&c, slice);
		cases[slice]++;
	}
}

static void walk(enum slice slice)
{
	struct mcase row;
	struct plan p;

	memset(slots, 0, SLOTS * sizeof(*slots));
	plan_start(&p, slice, NULL);
	while (plan_next(&p, &row))
		take_row(&row, p.keys, slice);
	assert_int_equal(p.done, p.total);
}

static void states_that_deny_most_have_half_of_the_cases(void **state)
{
	(void)state;
	assert_in_range(100 * of_all_rights / cases[SLICE_FULL], 45, 60);
}

static u64 random_state = 0x9e3779b97f4a7c15ull;

static u32 random_below(u32 n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(random_state >> 33) % n;
}

/* True if some case has both values: draws the other axes, knowing no reason of space.c. */
static bool search(u32 a, u32 v, u32 b, u32 w)
{
	struct mcase c;

	for (u32 i = 0; i < TRIES; i++) {
		for (u32 x = 0; x < AXES; x++)
			c.v[x] = (u8)random_below(axis_values(x));
		c.v[a] = (u8)v;
		c.v[b] = (u8)w;
		if (case_valid(&c)) {
			mark(feasible, &c);
			return true;
		}
	}
	return false;
}

/* Counts the pairs of values of two axes for which wanted() is true. */
static u32 each_pair(bool (*wanted)(u32 a, u32 v, u32 b, u32 w))
{
	u32 count = 0;

	for (u32 a = 0; a < AXES; a++)
		for (u32 b = 0; b < a; b++)
			for (u32 v = 0; v < axis_values(a); v++)
				for (u32 w = 0; w < axis_values(b); w++)
					count += wanted(a, v, b, w);
	return count;
}

static bool is_excluded(u32 a, u32 v, u32 b, u32 w)
{
	return !feasible[a][v][b][w] && !search(a, v, b, w);
}

static bool is_missing(u32 a, u32 v, u32 b, u32 w)
{
	bool whole = covered[SLICE_WHOLE][a][v][b][w];

	if (!feasible[a][v][b][w] || (whole && covered[SLICE_FULL][a][v][b][w]))
		return false;
	printf("# %s:%s with %s:%s is not in the %s slice\n", axis_name(a), value_name(a, v),
	       axis_name(b), value_name(b, w), names[whole ? SLICE_FULL : SLICE_WHOLE]);
	return true;
}

static bool is_pair(u32 a, u32 v, u32 b, u32 w)
{
	(void)a;
	(void)v;
	(void)b;
	(void)w;
	return true;
}

static bool is_listed(u32 a, u32 v, u32 b, u32 w)
{
	if (!feasible[a][v][b][w])
		printf("#   %s:%s %s:%s\n", axis_name(a), value_name(a, v), axis_name(b),
		       value_name(b, w));
	return !feasible[a][v][b][w];
}

static int walk_all(void **state)
{
	(void)state;
	slots = malloc(SLOTS * sizeof(*slots));
	assert_non_null(slots);
	for (u32 s = 0; s < SLICES; s++)
		walk((enum slice)s);
	free(slots);
	return 0;
}

static void slices_are_large_and_repeat_no_row(void **state)
{
	(void)state;
	for (u32 s = 0; s < SLICES; s++)
		printf("# %s: %lu cases, none comes twice\n", names[s], cases[s]);
	assert_true(cases[SLICE_BRIEF] >= 40000);
	assert_true(cases[SLICE_WHOLE] >= 200000);
	assert_true(cases[SLICE_FULL] >= 10000000);
}

static void each_value_is_covered(void **state)
{
	(void)state;
	for (u32 s = 0; s < SLICES; s++)
		for (u32 a = 0; a < AXES; a++)
			for (u32 v = 0; v < axis_values(a); v++)
				if (!covered[s][a][v][a][v])
					fail_msg("the %s slice has no %s:%s", names[s],
						 axis_name(a), value_name(a, v));
}

static void each_pair_is_covered(void **state)
{
	u32 pairs = each_pair(is_pair), excluded = each_pair(is_excluded);

	(void)state;
	printf("# %u pairs of values, %u of them in no case:\n", pairs, excluded);
	each_pair(is_listed);
	assert_int_equal(each_pair(is_missing), 0);
}

/* The full slice too, but to ask the oracle about each of its cases would take minutes. */
static void the_brief_and_the_whole_slice_have_each_rule(void **state)
{
	(void)state;
	for (u32 s = SLICE_BRIEF; s <= SLICE_WHOLE; s++)
		for (u32 r = 0; r < RULES; r++)
			if (!rule_touched[s][r])
				fail_msg("no case of the %s slice checks %s", names[s],
					 rule_text(r)->name);
}

/* Of the pairs, the brief slice promises those with a key and those with rights alone. */
static bool is_missing_in_brief(u32 a, u32 v, u32 b, u32 w)
{
	bool missing = feasible[a][v][b][w] && !covered[SLICE_BRIEF][a][v][b][w];

	if ((b != AXIS_KEY && b != AXIS_RIGHTS && a != AXIS_KEY && a != AXIS_RIGHTS) || !missing)
		return false;
	printf("# %s:%s with %s:%s is not in the brief slice\n", axis_name(a), value_name(a, v),
	       axis_name(b), value_name(b, w));
	return true;
}

static void each_value_meets_each_key_and_right(void **state)
{
	(void)state;
	assert_int_equal(each_pair(is_missing_in_brief), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_are_large_and_repeat_no_row),
		cmocka_unit_test(states_that_deny_most_have_half_of_the_cases),
		cmocka_unit_test(each_value_is_covered),
		cmocka_unit_test(each_pair_is_covered),
		cmocka_unit_test(the_brief_and_the_whole_slice_have_each_rule),
		cmocka_unit_test(each_value_meets_each_key_and_right),
	};

	return cmocka_run_group_tests(tests, walk_all, NULL);
}
