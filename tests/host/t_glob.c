/* SPDX-License-Identifier: MIT */
/* Globs: by hand, against a model on all short strings, and with a time limit. */
#include "tests/host/harness.h"

#include <time.h>

#include "kernel/lib/glob.h"
#include "tests/host/glob_model.h"

static void check(const char *globs, const char *name, bool expected)
{
	char *g = exact_string(globs), *n = exact_string(name);
	bool got = glob_list_match(g, n);

	free(g);
	free(n);
	if (got != expected)
		fail_msg("\"%s\" and \"%s\": %s", globs, name, got ? "match" : "do not match");
}

static void wildcards_match(void **state)
{
	(void)state;
	check("rights.switch", "rights.switch", true);
	check("rights", "rights.switch", false);
	check("rights.switch.more", "rights.switch", false);
	check("Rights.*", "rights.switch", false);
	check("rights.*", "rights.switch", true);
	check("rights.*", "rights.", true);
	check("*.switch", "rights.switch", true);
	check("*s*t*", "rights.switch", true);
	check("*s*t", "rights.switch", false);
	check("r?ghts.*", "rights.switch", true);
	check("?", "", false);
	check("?", "ab", false);
	check("*", "", true);
	check("**", "anything", true);
	check("*?", "", false);
	check("*ab", "aab", true);
	check("*ab*ab", "abab", true);
	check("*ab*ab", "aab", false);
}

static void a_list_matches_if_one_glob_does(void **state)
{
	(void)state;
	check("", "anything", true);
	check(",", "anything", true);
	check(",,,", "", true);
	check("a,b", "a", true);
	check("a,b", "b", true);
	check("a,b", "a,b", false);
	check("a,b", "c", false);
	check("a,", "c", false);
	check(",a", "c", false);
	check(",a", "a", true);
	check("x*,*y", "ay", true);
	check("x*,*y", "xa", true);
	check("x*,*y", "ax", false);
	check("?", ",", true);
	check("*", "a,b", true);
}

/* All strings of up to `max` letters of an alphabet, by counting. */
static bool next_string(char *s, const char *alphabet, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		const char *at = s[i] ? strchr(alphabet, s[i]) + 1 : alphabet;

		if (*at) {
			s[i] = *at;
			return true;
		}
		s[i] = alphabet[0];
	}
	return false;
}

static void all_short_globs_match_as_the_model_does(void **state)
{
	char globs[8] = "";

	(void)state;
	do {
		char name[8] = "";

		do {
			if (glob_list_match(globs, name) != glob_model(globs, name))
				check(globs, name, glob_model(globs, name));
		} while (next_string(name, "ab", 5));
	} while (next_string(globs, "ab*?,", 6));
}

/* A matcher that tries every split would not end in our time. */
static void many_stars_match_in_time(void **state)
{
	char globs[256], name[4097];
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < 250; i += 2)
		memcpy(globs + i, "*a", 2);
	strcpy(globs + 250, "b");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	check(globs, name, false);
	assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcards_match),
		cmocka_unit_test(a_list_matches_if_one_glob_does),
		cmocka_unit_test(all_short_globs_match_as_the_model_does),
		cmocka_unit_test(many_stars_match_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
