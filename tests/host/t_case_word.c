/* SPDX-License-Identifier: MIT */
/* What case= may be (tests/interleave/case_word.h), and what it says of the rest. */
#include "tests/host/harness.h"

#include "tests/interleave/case_word.h"

/* Returns the reason why a text is not understood, or "". */
static const char *reason(const char *text)
{
	static char why[256];

	why[0] = '\0';
	return case_understood(text, why, sizeof(why)) ? "" : why;
}

static void cases_and_sequences_are_understood(void **state)
{
	static const char *const good[] = { "",         "default",       "all",
					    "kind:add", "kind:*,key:15", "mwlw",
					    "m.mWu.u",  "mwu@15,14" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_string_equal(reason(good[i]), "");
}

static void a_colon_tells_a_case_from_a_sequence(void **state)
{
	static const struct {
		const char *text;
		bool sequence;
	} words[] = { { "", false },        { "default", false }, { "kind:add", false },
		      { ":", false },       { "mwlw", true },     { "all", true },
		      { "defaults", true }, { "kind", true } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(case_is_sequence(words[i].text), words[i].sequence);
	assert_true(case_is_all("all"));
	assert_false(case_is_all("al") || case_is_all("alll") || case_is_all(""));
}

static void a_mistake_is_named_in_the_terms_of_what_was_meant(void **state)
{
	(void)state;
	assert_non_null(
		strstr(reason("foo:bar"), "`foo:bar` is no AXIS:VALUE; the axes are kind mode"));
	assert_non_null(strstr(reason("kind:clfush"), "kind is one of * clflush "));
	assert_non_null(
		strstr(reason("kind"), "no colon, so a sequence of steps: a step is one of m u"));
	assert_non_null(strstr(reason("mw@1,1"), "no colon, so a sequence of steps: the keys are"));
	assert_non_null(strstr(reason("alll"), "no colon, so a sequence"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_and_sequences_are_understood),
		cmocka_unit_test(a_colon_tells_a_case_from_a_sequence),
		cmocka_unit_test(a_mistake_is_named_in_the_terms_of_what_was_meant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
