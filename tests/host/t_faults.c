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
	print_rules("and first under", first(rules) & ~t->rules);
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
	assert_int_equal(first(rules) & ~t->rules, 0);
	assert_int_equal(matrix.divergent != 0, t->state == FAULT_SEEN);
	all++;
	seen += t->state == FAULT_SEEN;
	equivalent += t->state == FAULT_EQUIVALENT;
}

int main(void)
{
	static struct CMUnitTest tests[FAULTS - 1];
	u32 count = 0;
	int failed;

	for (u32 f = 1; f < FAULTS; f++)
		if (fault_is_planted(f))
			tests[count++] = (struct CMUnitTest){
				.name = fault_text(f)->id,
				.test_func = planted,
				.initial_state = (void *)(uintptr_t)f,
			};
	failed = _cmocka_run_group_tests("t_faults", tests, count, NULL, NULL);
	printf("# fault models: %u of %u seen, %u equivalent\n", seen, all - equivalent,
	       equivalent);
	return failed;
}
