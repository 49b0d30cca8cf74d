/* SPDX-License-Identifier: MIT */
/*
 * tests/linux/cpuinfo.c on made-up text. What this cannot know: what Linux writes there for a
 * processor that nobody has tried.
 */
#include "tests/host/harness.h"

#include "tests/linux/cpuinfo.h"

static bool has(const char *text, const char *flag)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	bool found;

	assert_non_null(file);
	found = cpuinfo_has(file, flag);
	assert_int_equal(cpuinfo_has(file, flag), found); /* it may be asked again */
	fclose(file);
	return found;
}

static void a_flag_is_a_whole_word_of_the_first_flags(void **state)
{
	const char *text = "processor\t: 0\nmodel name\t: with ospke\nflags\t\t: fpu pku ospke "
			   "split_lock_detect\nbugs\t: taa\nprocessor\t: 1\nflags\t: fpu avx\n";

	(void)state;
	assert_true(has(text, "fpu"));
	assert_true(has(text, "split_lock_detect"));
	assert_false(has(text, "lock"));
	assert_false(has(text, "split_lock"));
	assert_false(has(text, "taa"));
	assert_false(has(text, "avx"));
	assert_false(has(text, "with"));
}

static void what_is_no_cpuinfo_has_no_flag(void **state)
{
	static char long_line[40000];

	(void)state;
	assert_false(has("\n", "fpu"));
	assert_false(has("flags", "fpu"));
	assert_true(has("flags: fpu", "fpu"));
	memset(long_line, 'x', sizeof(long_line) - 1);
	assert_false(has(long_line, "fpu"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flag_is_a_whole_word_of_the_first_flags),
		cmocka_unit_test(what_is_no_cpuinfo_has_no_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
