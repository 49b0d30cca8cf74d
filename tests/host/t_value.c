/* SPDX-License-Identifier: MIT */
/* Values of the command line that have a form of their own: digits, ranges, levels. */
#include "tests/host/harness.h"

#include "boot/cmdline.h"
#include "kernel/lib/value.h"

static struct options opt;
static unsigned complaints;
static char last[256];

static void complain(const char *message, void *arg)
{
	(void)arg;
	complaints++;
	snprintf(last, sizeof(last), "%s", message);
}

static void parse(const char *line)
{
	complaints = 0;
	cmdline_parse(line, &opt, complain, NULL);
}

static void parse_silently(const char *line)
{
	parse(line);
	assert_int_equal(complaints, 0);
}

static void expect(const char *line, const char *message)
{
	parse(line);
	assert_int_equal(complaints, 1);
	assert_string_equal(last, message);
}

/* Each byte as the only digit: 22 are digits of base 16, of which ten are digits of base 10. */
static void each_digit_has_its_value(void **state)
{
	static const char digits[] = "0123456789abcdef";

	(void)state;
	for (int c = 1; c < 256; c++) {
		const char hex[] = { '0', 'x', (char)c, '\0' }, ten[] = { (char)c, '\0' };
		const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c | 32 : c), *rest;
		bool decimal = c >= '0' && c <= '9';
		u64 value;

		assert_int_equal(value_number(hex, &value, &rest), at != NULL);
		assert_ptr_equal(rest, hex + (at ? 3 : 2));
		assert_int_equal(value, at ? at - digits : 0);
		assert_int_equal(value_number(ten, &value, &rest), decimal);
		assert_ptr_equal(rest, ten + decimal);
	}
}

/* A list with one bad range is ignored as a whole. */
static void a_bad_range_drops_the_whole_list(void **state)
{
	static const char *const bad[] = {
		"reserve=1",        "reserve=1+",
		"reserve=+1",       "reserve=1-2",
		"reserve=1+0",      "reserve=4K+4K;8K+1",
		"reserve=4K+4K/8K", "reserve=0xffffffffffffffff+1",
		"reserve=1+2+3",    "reserve=1+1,2+1,3+1,4+1,5+1,6+1,7+1,8+1,9+1"
	};

	(void)state;
	parse_silently("reserve=1+1,2+1,3+1,4+1,5+1,6+1,7+1,8+1");
	assert_int_equal(opt.reserve[7].start, 8);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		parse(bad[i]);
		assert_int_equal(complaints, 1);
		assert_int_equal(opt.reserve[0].size, 0);
		assert_int_equal(opt.reserve[7].size, 0);
	}
	expect("reserve=1", "reserve=1: not a list of up to 8 START+SIZE; ignoring it");
}

static void paging_takes_4_5_or_max(void **state)
{
	(void)state;
	parse_silently("paging=4");
	assert_int_equal(opt.paging, 4);
	parse_silently("paging=max");
	assert_int_equal(opt.paging, 0);
	expect("paging=6", "paging=6: not one of 4, 5, max; using max");
	expect("paging=45", "paging=45: not one of 4, 5, max; using max");
	assert_int_equal(opt.paging, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_digit_has_its_value),
		cmocka_unit_test(a_bad_range_drops_the_whole_list),
		cmocka_unit_test(paging_takes_4_5_or_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
