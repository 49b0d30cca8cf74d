/* SPDX-License-Identifier: MIT */
/*
 * Classes of cases whose outcome depends on what a TLB happens to keep. What this cannot know:
 * which translations an emulator really keeps.
 */
#include "tests/host/harness.h"

#include "tests/matrix/classes.h"

static struct classes classes;
static u32 runs;

/* What an emulator reports for a denied read-modify-write: the fault of its load. */
static const struct mismatch load_reported = {
	.aspects = ASPECT_ERROR,
	.expected_vector = 14,
	.observed_vector = 14,
	.expected_error = 0x23,
	.observed_error = 0x21,
};

/* And for an access that a translation from before CR4.PKS lets through. */
static const struct mismatch let_through = {
	.aspects = ASPECT_FAULT,
	.denial = DENIAL_MISSING,
	.expected_vector = 14,
	.observed_vector = SHOT_DONE,
	.expected_error = 0x23,
};

static const struct mismatch as_expected;

static struct mcase parse(const char *text)
{
	struct mcase c = { 0 };
	char why[128];
	u32 free_axes;

	if (!case_parse(text, &c, &free_axes, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	return c;
}

static void add(const char *text, const struct mismatch *m, case_runner again)
{
	struct mcase c = parse(text);

	classes_add(&classes, &c, m, again);
}

static int empty(void **state)
{
	(void)state;
	assert_null(machine_setup()); /* the software machine can do every case */
	memset(&classes, 0, sizeof(classes));
	runs = 0;
	return 0;
}

static int done(void **state)
{
	(void)state;
	machine_teardown();
	return 0;
}

/* Where CR4.PKS was set late, the earlier translation is still there every second time. */
static struct mismatch sometimes_stale(const struct mcase *c)
{
	if (c->v[AXIS_KIND] != parse("kind:add").v[AXIS_KIND] || !c->v[AXIS_RIGHTS])
		return as_expected;
	if (c->v[AXIS_TLB] == TLB_PKS && ++runs % 2)
		return let_through;
	return load_reported;
}

static void a_difference_without_the_stale_translation_is_steady(void **state)
{
	(void)state;
	add("kind:add,rights:ad,tlb:pks", &load_reported, sometimes_stale);
	add("kind:add,rights:ad", &load_reported, sometimes_stale);
	assert_int_equal(classes.count, 1);
	assert_false(classes.list[0].unsteady);
	assert_int_equal(classes.list[0].small.v[AXIS_TLB], TLB_COLD);
	assert_int_equal(classes.list[0].count, 2);
}

static void a_difference_by_the_stale_translation_is_unsteady(void **state)
{
	(void)state;
	add("kind:add,rights:ad,tlb:pks", &let_through, sometimes_stale);
	add("kind:add,rights:wd,tlb:pks", &let_through, sometimes_stale);
	assert_int_equal(classes.count, 1);
	assert_true(classes.list[0].unsteady);
	assert_int_equal(classes.list[0].count, 2);
}

/* CR4.PKS is cleared, and the denials stay. */
static struct mismatch denial_stays(const struct mcase *c)
{
	struct mismatch m = { .aspects = ASPECT_FAULT, .denial = DENIAL_EXTRA };

	return c->v[AXIS_TLB] == TLB_PKS && c->v[AXIS_PKS] != PKS_ON && c->v[AXIS_RIGHTS]
		       ? m
		       : as_expected;
}

static void a_denial_that_stays_is_steady(void **state)
{
	struct mcase c = parse("kind:write,rights:ad,tlb:pks,pks:0");
	struct mismatch m = denial_stays(&c);

	(void)state;
	assert_true(m.aspects);
	classes_add(&classes, &c, &m, denial_stays);
	assert_int_equal(classes.count, 1);
	assert_false(classes.list[0].unsteady);
	assert_int_equal(classes.list[0].small.v[AXIS_TLB], TLB_PKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_difference_without_the_stale_translation_is_steady, empty, done),
		cmocka_unit_test_setup_teardown(a_difference_by_the_stale_translation_is_unsteady,
						empty, done),
		cmocka_unit_test_setup_teardown(a_denial_that_stays_is_steady, empty, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
