/* SPDX-License-Identifier: MIT */
/*
 * The matrix detects errors: the whole slice finds each error that is planted in the software
 * machine (tests/host/faults.inc), under the rule that it breaks, and reports that rule before any
 * that it breaks besides. What this cannot know: errors that nobody thought of.
 */
#include "tests/host/harness.h"

#include "tests/host/faults.h"
#include "tests/matrix/run.h"

static struct matrix matrix;
static u32 seen, equivalent, all;

/* The rules of all classes that the slice finds. */
static u64 rules_broken(enum fault f)
{
	u64 rules = 0;

	memset(&matrix, 0, sizeof(matrix));
	soft_fault = f;
	assert_null(machine_setup());
	matrix_run(&matrix, SLICE_WHOLE, NULL);
	machine_teardown();
	soft_fault = FAULT_NONE;
	for (u32 i = 0; i < matrix.classes.count; i++)
		rules |= BIT(matrix.classes.list[i].rule);
	return rules;
}

/* The rule that is reported first. */
static u64 first(u64 rules)
{
	return rules & -rules;
}

/*
 * The rules that may be reported first: those that must be reported. Those about what came before
 * the access are one family: which of them a case breaks is left to the sample.
 */
static u64 may_be_first(const struct fault_text *t)
{
	const u64 before = BIT(RULE_wrmsr_holds_at_once + 1) - BIT(RULE_stale_key_is_old_or_new);

	if (!(t->rules & (BIT(RULE_permitted_access_takes_effect) - 1)))
		return BIT(RULES) - 1;
	return t->rules & before ? t->rules | before : t->rules;
}

static void print_rules(const char *what, u64 rules)
{
	if (rules)
		printf(" %s", what);
	for (; rules; rules &= rules - 1)
		printf(" %s", rule_text((enum rule)__builtin_ctzll(rules))->name);
}

static void print_result(const struct fault_text *t, u64 rules)
{
	printf("# %s: %s: %lu cases in %u classes;", t->id, t->says, matrix.divergent,
	       matrix.classes.count);
	print_rules("under", rules & t->rules);
	print_rules("and also", rules & ~t->rules);
	print_rules("and first under", first(rules) & ~may_be_first(t));
	print_rules("but NOT under", t->rules & ~rules);
	print_rules("of which NOT expected", rules & ~t->rules & ~t->also);
	printf("%s%s\n", t->why ? " none, as " : "", t->why ? t->why : "");
}

static void planted(void **state)
{
	enum fault f = (enum fault)(uintptr_t)*state;
	const struct fault_text *t = fault_text(f);
	u64 rules = rules_broken(f);

	print_result(t, rules);
	fflush(stdout);
	assert_int_equal(rules & t->rules, t->rules);
	assert_int_equal(rules & ~t->rules & ~t->also, 0);
	assert_int_equal(first(rules) & ~may_be_first(t), 0);
	assert_int_equal(matrix.divergent != 0, t->state == FAULT_SEEN);
	all++;
	seen += t->state == FAULT_SEEN;
	equivalent += t->state == FAULT_EQUIVALENT;
}

/* Each error is in one part of any number of them. */
static void parts_hold_each_error_once(void **state)
{
	const char *given = getenv("PLANTED");
	char *before = given ? strdup(given) : NULL, part[32];

	(void)state;
	for (u32 n = 1; n <= 7; n++) {
		static u8 held[FAULTS];

		memset(held, 0, sizeof(held));
		for (u32 k = 1; k <= n; k++) {
			snprintf(part, sizeof(part), "%u/%u", k, n);
			assert_int_equal(setenv("PLANTED", part, 1), 0);
			for (u32 f = 1; f < FAULTS; f++)
				held[f] += fault_is_planted(f);
		}
		for (u32 f = 1; f < FAULTS; f++)
			assert_int_equal(held[f], 1);
	}
	unsetenv("PLANTED");
	for (u32 f = 1; f < FAULTS; f++)
		assert_true(fault_is_planted(f));
	if (before)
		setenv("PLANTED", before, 1);
	free(before);
}

/* A part of many may be empty: that is no success. */
static void some_errors_are_planted(void **state)
{
	(void)state;
	assert_int_not_equal(all, 0);
}

int main(void)
{
	static struct CMUnitTest tests[FAULTS + 1] = {
		cmocka_unit_test(parts_hold_each_error_once),
	};
	u32 count = 1;
	int failed;

	for (u32 f = 1; f < FAULTS; f++)
		if (fault_is_planted(f))
			tests[count++] = (struct CMUnitTest){
				.name = fault_text(f)->id,
				.test_func = planted,
				.initial_state = (void *)(uintptr_t)f,
			};
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(some_errors_are_planted);
	failed = _cmocka_run_group_tests("t_faults", tests, count, NULL, NULL);
	printf("# fault models: %u of %u seen, %u equivalent\n", seen, all - equivalent,
	       equivalent);
	return failed;
}
