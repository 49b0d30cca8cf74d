/* SPDX-License-Identifier: MIT */
/*
 * The matrix on a software machine that follows the rules: no case diverges, each rule has a case,
 * and the corners that the rules leave open are counted. What this cannot know: whether the text
 * that both the machine and the oracle were written from was read correctly.
 */
#include "tests/host/harness.h"

#include "tests/host/soft.h"
#include "tests/matrix/run.h"
#include "tests/matrix/tables.h"

static struct matrix matrix;
static u32 last_percent, calls;
static u64 next_row;

static void progress(u32 percent, u64 row)
{
	assert_true(percent >= last_percent && percent <= 100);
	assert_true(row > next_row);
	last_percent = percent;
	next_row = row;
	calls++;
}

static void no_divergence(const struct mcase *c, const struct mismatch *m)
{
	char name[CASE_NAME_MAX], expected[SIDE_MAX], observed[SIDE_MAX];

	case_print(c, name, sizeof(name));
	mismatch_print(m, false, expected, sizeof(expected));
	mismatch_print(m, true, observed, sizeof(observed));
	fail_msg("case=%s: expected %s, observed %s", name, expected, observed);
}

static int run_whole(void **state)
{
	(void)state;
	assert_null(machine_setup());
	matrix.on_divergence = no_divergence;
	matrix_run(&matrix, SLICE_WHOLE, progress);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	machine_teardown();
	return 0;
}

static void no_case_diverges(void **state)
{
	(void)state;
	printf("# %lu cases, %lu differ\n", matrix.cases, matrix.divergent);
	assert_int_equal(matrix.divergent, 0);
	assert_int_equal(matrix.classes.count, 0);
	assert_true(matrix.cases >= 200000);
	assert_true(calls > 10 && last_percent > 90);
}

static void each_rule_has_a_case(void **state)
{
	(void)state;
	for (u32 r = 0; r < RULES; r++)
		if (!matrix.rule_cases[r])
			fail_msg("no case checks %s", rule_text(r)->name);
}

/* The machine answers each corner in one way, except a stale key: that depends on its TLB. */
static void corners_are_counted(void **state)
{
	(void)state;
	for (u32 c = 0; c < CORNERS; c++)
		if (!matrix.corner[c][0] && !matrix.corner[c][1])
			fail_msg("%s was never seen", corner_name(c));
	assert_int_equal(matrix.corner[CORNER_RESERVED][1], 0);
	assert_true(matrix.corner[CORNER_STALE][1] > 0);
	/* It has a few vectors and areas in parts. */
	assert_true(matrix.corner[CORNER_CR2][1] > 0);
	assert_true(matrix.corner[CORNER_CR2][0] > 10 * matrix.corner[CORNER_CR2][1]);
}

/* A case leaves nothing behind for the next: single cases, in another order, agree too. */
static void a_single_case_agrees_as_in_its_row(void **state)
{
	struct plan p;
	struct mcase c;
	u32 n = 0;

	(void)state;
	plan_start(&p, SLICE_WHOLE, NULL);
	while (plan_next(&p, &c)) {
		c.v[AXIS_KEY] = (u8)(n++ % KEY_NUMBERS);
		if (n % 16 == 0)
			assert_int_equal(matrix_one(&c, NULL).aspects, 0);
	}
	matrix_pause();
}

#define FROM 2000

static u64 announced;
static u32 cases_announced;

static void announce(u64 row, const struct mcase *c)
{
	assert_null(matrix_under_way()); /* it is printed from outside of the matrix's state */
	assert_true(row >= announced);
	assert_int_equal(c != NULL, row == FROM);
	cases_announced += row == FROM;
	announced = row;
}

/* What tools/run asks for after a crash: the first row's cases, then the rows. */
static void rows_are_announced_from_one_on(void **state)
{
	static struct matrix some;
	struct mcase row;
	struct plan p;

	(void)state;
	plan_start(&p, SLICE_BRIEF, NULL);
	for (u32 i = 0; i < FROM; i++)
		assert_true(plan_next(&p, &row));
	some.from = FROM;
	some.announce = announce;
	matrix_run(&some, SLICE_BRIEF, NULL);
	assert_int_equal(cases_announced, __builtin_popcount(p.keys));
	assert_true(announced > FROM + 100);
	assert_true(some.cases > 0 && some.cases < 40000);
	assert_int_equal(some.divergent, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_case_diverges),
		cmocka_unit_test(each_rule_has_a_case),
		cmocka_unit_test(corners_are_counted),
		cmocka_unit_test(a_single_case_agrees_as_in_its_row),
		cmocka_unit_test(rows_are_announced_from_one_on),
	};

	return cmocka_run_group_tests(tests, run_whole, tear_down);
}
