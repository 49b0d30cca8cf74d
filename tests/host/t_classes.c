/* SPDX-License-Identifier: MIT */
/*
 * Classes of divergent cases: who is never in one with whom, what their tally tells apart, and
 * cases whose outcome depends on what a TLB happens to keep. What this cannot know: which
 * translations an emulator really keeps.
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
	assert_int_equal(class_count(&classes.list[0]), 2);
}

static void a_difference_by_the_stale_translation_is_unsteady(void **state)
{
	(void)state;
	add("kind:add,rights:ad,tlb:pks", &let_through, sometimes_stale);
	add("kind:add,rights:wd,tlb:pks", &let_through, sometimes_stale);
	assert_int_equal(classes.count, 1);
	assert_true(classes.list[0].unsteady);
	assert_int_equal(class_count(&classes.list[0]), 2);
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

/* AD is not obeyed, whoever accesses. */
static struct mismatch denial_missing(const struct mcase *c)
{
	return c->v[AXIS_RIGHTS] ? let_through : as_expected;
}

static void user_mode_and_a_supervisor_are_never_one_class(void **state)
{
	static char needs[NEEDS_MAX];

	(void)state;
	add("rights:ad", &let_through, denial_missing);
	add("kind:frame,mode:user,rights:ad", &let_through, denial_missing); /* a supervisor's */
	add("mode:user,rights:ad", &let_through, denial_missing);
	add("mode:compat,rights:ad", &let_through, denial_missing);
	assert_int_equal(classes.count, 2);
	for (u32 i = 0; i < 2; i++) {
		assert_int_equal(class_count(&classes.list[i]), 2);
		assert_int_equal(classes.list[i].small.v[AXIS_MODE], i);
	}
	needs_print(&classes.list[0], needs, sizeof(needs));
	assert_string_equal(needs, "mode:kernel|cpl1|cpl2;rights:ad..ad+wd");
}

/* Unsteady cases of both too. */
static void chance_makes_no_class_of_both(void **state)
{
	static char needs[NEEDS_MAX];

	(void)state;
	add("kind:add,rights:ad,tlb:pks", &let_through, sometimes_stale);
	add("kind:add,mode:user,rights:ad,tlb:pks", &let_through, sometimes_stale);
	assert_int_equal(classes.count, 2);
	needs_print(&classes.list[0], needs, sizeof(needs));
	assert_string_equal(needs, "chance;by:supervisor;denial:missing");
	needs_print(&classes.list[1], needs, sizeof(needs));
	assert_string_equal(needs, "chance;by:user;denial:missing");
}

/* The tally of one class that has these two cases, the first with this mismatch. */
static struct tally tally_of(const char *a, const struct mismatch *m, const char *b)
{
	memset(&classes, 0, sizeof(classes));
	add(a, m, denial_missing);
	add(b, &let_through, denial_missing);
	assert_int_equal(classes.count, 1);
	assert_int_equal(classes.list[0].exact.count, 2);
	assert_int_equal(classes.list[0].by_tlb.count, 0);
	return classes.list[0].exact;
}

static void a_tally_knows_each_case_and_outcome_but_no_order(void **state)
{
	struct mismatch other = let_through;
	struct tally t = tally_of("rights:ad", &let_through, "key:3,rights:wd");

	(void)state;
	other.expected_error ^= 2; /* the same denial is missing */
	assert_true(t.digest == tally_of("key:3,rights:wd", &let_through, "rights:ad").digest);
	assert_true(t.digest != tally_of("rights:ad", &other, "key:3,rights:wd").digest);
	assert_true(t.digest != tally_of("rights:ad", &let_through, "key:4,rights:wd").digest);
	assert_true(t.digest != tally_of("rights:wd", &let_through, "key:3,rights:ad").digest);
}

/* Only what is done without INVLPG differs. */
static struct mismatch only_stale(const struct mcase *c)
{
	return c->v[AXIS_TLB] == TLB_STALE ? sometimes_stale(c) : as_expected;
}

/* As sometimes_stale(), and a translation without INVLPG is still there, or not any more. */
static bool stale_is_there;
static struct mismatch without_invlpg(const struct mcase *c)
{
	return c->v[AXIS_TLB] == TLB_STALE && stale_is_there ? as_expected : sometimes_stale(c);
}

/* What other suites leave in the TLB must not change what a class is listed with. */
static void no_stale_translation_decides_what_a_class_needs(void **state)
{
	static char needs[2][NEEDS_MAX];

	(void)state;
	for (u32 i = 0; i < 2; i++) {
		memset(&classes, 0, sizeof(classes));
		stale_is_there = i;
		add("kind:add,rights:ad", &load_reported, without_invlpg);
		assert_int_equal(classes.count, 1);
		needs_print(&classes.list[0], needs[i], sizeof(needs[i]));
	}
	assert_string_equal(needs[0], needs[1]);
	assert_non_null(strstr(needs[0], "rights:ad..ad+wd"));
	assert_null(strstr(needs[0], "tlb:"));
	memset(&classes, 0, sizeof(classes)); /* where it is the smallest case, it is needed */
	stale_is_there = false;
	add("kind:add,rights:ad,tlb:stale", &load_reported, only_stale);
	needs_print(&classes.list[0], needs[0], sizeof(needs[0]));
	assert_non_null(strstr(needs[0], "tlb:stale"));
}

/* What may differ from build to build is counted apart; INVLPG and MOV to CR3 leave no chance. */
static void cases_that_the_tlb_decides_are_counted_apart(void **state)
{
	(void)state;
	add("kind:add,rights:ad", &load_reported, sometimes_stale);
	add("kind:add,rights:ad,tlb:pks", &load_reported, sometimes_stale);
	add("kind:add,rights:ad,tlb:stale", &load_reported, sometimes_stale);
	add("kind:add,rights:ad,tlb:rekey", &load_reported, sometimes_stale);
	add("kind:add,rights:ad,tlb:rekey-cr3", &load_reported, sometimes_stale);
	add("kind:add,rights:wd,tlb:wrmsr", &load_reported, sometimes_stale);
	assert_int_equal(classes.count, 1);
	assert_int_equal(classes.list[0].exact.count, 4);
	assert_int_equal(classes.list[0].by_tlb.count, 2);
}

/* A read-modify-write's denial, in a large page for key 5 alone. */
static struct mismatch large_for_key_5(const struct mcase *c)
{
	return c->v[AXIS_SIZE] == parse("size:4k").v[AXIS_SIZE] ||
			       c->v[AXIS_KEY] == parse("key:5").v[AXIS_KEY]
		       ? sometimes_stale(c)
		       : as_expected;
}

static bool large_belongs(void)
{
	u32 large = parse("size:2m").v[AXIS_SIZE];

	return classes.list[0].values[AXIS_SIZE].words[large / 64] >> (large % 64) & 1;
}

/* Else luck with a few cases would decide which class the others count in. */
static void a_case_that_the_tlb_decides_brings_no_others(void **state)
{
	(void)state;
	add("kind:add,rights:ad", &load_reported, large_for_key_5);
	add("kind:add,rights:ad,size:2m,key:5,tlb:pks", &load_reported, large_for_key_5);
	add("kind:add,rights:ad,size:2m,key:5,tlb:stale", &load_reported, large_for_key_5);
	assert_int_equal(classes.count, 1);
	assert_false(large_belongs());
	add("kind:add,rights:ad,size:2m,key:5,tlb:rekey", &load_reported, large_for_key_5);
	assert_int_equal(classes.count, 1);
	assert_true(large_belongs());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(user_mode_and_a_supervisor_are_never_one_class,
						empty, done),
		cmocka_unit_test_setup_teardown(chance_makes_no_class_of_both, empty, done),
		cmocka_unit_test_setup_teardown(a_tally_knows_each_case_and_outcome_but_no_order,
						empty, done),
		cmocka_unit_test_setup_teardown(cases_that_the_tlb_decides_are_counted_apart, empty,
						done),
		cmocka_unit_test_setup_teardown(a_case_that_the_tlb_decides_brings_no_others, empty,
						done),
		cmocka_unit_test_setup_teardown(no_stale_translation_decides_what_a_class_needs,
						empty, done),
		cmocka_unit_test_setup_teardown(
			a_difference_without_the_stale_translation_is_steady, empty, done),
		cmocka_unit_test_setup_teardown(a_difference_by_the_stale_translation_is_unsteady,
						empty, done),
		cmocka_unit_test_setup_teardown(a_denial_that_stays_is_steady, empty, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
