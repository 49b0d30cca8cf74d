/* SPDX-License-Identifier: MIT */
/* The monitor's words, numbers and contexts. */
#include "tests/host/harness.h"

#include "monitor/words.h"

static void split(const char *text, int want, const char *first, const char *last)
{
	char *line = exact_string(text), *words[WORDS_MAX];
	int n = words_split(line, words);

	assert_int_equal(n, want);
	if (n > 0) {
		assert_string_equal(words[0], first);
		assert_string_equal(words[n - 1], last);
	}
	if (n < 0)
		assert_string_equal(words_error(n), first);
	free(line);
}

static void words_are_split_and_unquoted(void **state)
{
	(void)state;
	split("", 0, "", "");
	split(" \t ", 0, "", "");
	split("help", 1, "help", "help");
	split("  read  as thread\t0x10 ", 4, "read", "0x10");
	split("run \"a b\"", 2, "run", "a b");
	split("run a\"b \"c", 2, "run", "ab c");
	split("run \"\"", 2, "run", "");
	split("run \"a b", -2, "a \" is not closed", "");
	split("\"", -2, "a \" is not closed", "");
	split("1 2 3 4 5 6 7 8", 8, "1", "8");
	split("1 2 3 4 5 6 7 8 9", -1, "more than 8 words", "");
}

static bool name(const char *text, u64 *value)
{
	if (strcmp(text, "boot_cpu") && strcmp(text, "_x.0"))
		return false;
	*value = 0xffffffff80000000;
	return true;
}

static void number(const char *text, u64 want)
{
	char *exact = exact_string(text);
	u64 value = 1;
	const char *why = number_read(exact, name, &value);

	free(exact);
	if (why || value != want)
		fail_msg("%s: %s, %llx", text, why ? why : "read", (unsigned long long)value);
}

static void no_number(const char *text, const char *want)
{
	char *exact = exact_string(text);
	u64 value = 77;
	const char *why = number_read(exact, name, &value);

	free(exact);
	if (!why || strcmp(why, want))
		fail_msg("%s: %s", text, why ? why : "was read");
	assert_int_equal(value, 77);
}

static void numbers_and_names_are_read(void **state)
{
	(void)state;
	number("0", 0);
	number("007", 7);
	number("18446744073709551615", UINT64_MAX);
	number("0xffffffffffffffff", UINT64_MAX);
	number("0XaBc", 0xabc);
	number("boot_cpu", 0xffffffff80000000);
	number("_x.0+0x10-8", 0xffffffff80000008);
	number("10-10", 0);
	no_number("18446744073709551616", "more than 64 bits");
	no_number("0x10000000000000000", "more than 64 bits");
	no_number("0xffffffffffffffff+1", "below 0, or more than 64 bits");
	no_number("1-2", "below 0, or more than 64 bits");
	no_number("0x", "no digit after 0x");
	no_number("0xg", "no digit after 0x");
	no_number("12f", "not decimal (0x goes before hexadecimal digits)");
	no_number("0x12g", "not hexadecimal");
	no_number("1*2", "only + and - can be between numbers");
	no_number("1 ", "only + and - can be between numbers");
	no_number("1+", "a number or a name is missing");
	no_number("", "a number or a name is missing");
	no_number("-1", "a number or a name is missing");
	no_number("nobody", "no such name");
	no_number("boot_cpu_", "no such name");
}

static void is(const char *text, int kind, int context, u32 pkrs)
{
	struct as as;

	assert_true(as_read(text, &as));
	assert_int_equal(as.kind, kind);
	if (kind == AS_CONTEXT)
		assert_int_equal(as.context, context);
	if (kind == AS_RIGHTS)
		assert_int_equal(as.pkrs, pkrs);
}

static void contexts_and_rights_are_read(void **state)
{
	static const char *const wrong[] = {
		"",           "threads",          "Thread",
		"rights=",    "rights=1",         "rights=3",
		"rights=g",   "rights=100000000", "rights=0x",
		"key=",       "key=0:rw",         "key=16:rw",
		"key=1",      "key=1:",           "key=1:w",
		"key=:rw",    "key=1:rwx",        "key=99999999999:rw",
		"key=0:none",
	};

	(void)state;
	is("self", AS_SELF, 0, 0);
	is("user", AS_USER, 0, 0);
	is("thread", AS_CONTEXT, IN_THREAD, 0);
	is("work", AS_CONTEXT, IN_WORK, 0);
	is("softirq", AS_CONTEXT, IN_SOFTIRQ, 0);
	is("interrupt", AS_CONTEXT, IN_INTERRUPT, 0);
	is("exception", AS_CONTEXT, IN_EXCEPTION, 0);
	is("nmi", AS_CONTEXT, IN_NMI, 0);
	is("mc", AS_CONTEXT, IN_MC, 0);
	is("rights=0", AS_RIGHTS, 0, 0);
	is("rights=0xfffffffc", AS_RIGHTS, 0, 0xfffffffc);
	is("rights=FFFFFFF0", AS_RIGHTS, 0, 0xfffffff0);
	/* By the manual's layout: AD is bit 2k, WD bit 2k + 1; the initial rights are ffffffec. */
	is("key=1:rw", AS_RIGHTS, 0, 0xffffffe0);
	is("key=1:r", AS_RIGHTS, 0, 0xffffffe8);
	is("key=2:none", AS_RIGHTS, 0, 0xfffffffc);
	is("key=15:rw", AS_RIGHTS, 0, 0x3fffffec);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct as as;

		if (as_read(wrong[i], &as))
			fail_msg("%s: taken", wrong[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_split_and_unquoted),
		cmocka_unit_test(numbers_and_names_are_read),
		cmocka_unit_test(contexts_and_rights_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
