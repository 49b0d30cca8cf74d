/* SPDX-License-Identifier: MIT */
/* Formatting: against the C library for what both have, against texts for our own conversions. */
#include "tests/host/harness.h"

#include <limits.h>

#include "kernel/lib/printf.h"

/* The formats here are made at run time, so the compiler cannot check them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static char *formatted; /* a block of exactly the size that was given */

static int format(size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	free(formatted);
	formatted = malloc(size ? size : 1);
	assert_non_null(formatted);
	memset(formatted, '#', size ? size : 1);
	va_start(args, fmt);
	len = kvsnprintf(size ? formatted : NULL, size, fmt, args);
	va_end(args);
	return len;
}

#define EXPECT(text, ...)                                                      \
	do {                                                                   \
		assert_int_equal(format(256, __VA_ARGS__), (int)strlen(text)); \
		assert_string_equal(formatted, text);                          \
	} while (0)

static const char *const widths[] = { "", "1", "7", "30" };
static const char *const precisions[] = { "", ".", ".0", ".1", ".9", ".25" };

/* One format with one argument, by the C library and by us. */
#define COMPARE(fmt, value)                                                       \
	do {                                                                      \
		char libc[256];                                                   \
		int len = snprintf(libc, sizeof(libc), fmt, value);               \
                                                                                  \
		assert_int_equal(format(256, fmt, value), len);                   \
		if (strcmp(formatted, libc))                                      \
			fail_msg("%s: \"%s\", not \"%s\"", fmt, formatted, libc); \
	} while (0)

static void compare_integer(const char *spec, u64 value)
{
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z", "t", "j" };
	char fmt[80];

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (const char *conv = "diuxX"; *conv; conv++) {
			snprintf(fmt, sizeof(fmt), "<%%%s%s%c>", spec, lengths[i], *conv);
			if (i < 3)
				COMPARE(fmt, (int)value);
			else
				COMPARE(fmt, value);
		}
	}
}

static void integers_print_as_in_libc(void **state)
{
	static const u64 values[] = {
		0,         1,           9,         10,         127,       128,
		255,       256,         32767,     32768,      INT_MAX,   0x80000000,
		UINT_MAX,  0x100000000, INT64_MAX, 1ULL << 63, (u64)-255, 0x123456789abcdef,
		UINT64_MAX
	};
	char spec[64];

	(void)state;
	for (unsigned flags = 0; flags < 32; flags++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			for (size_t p = 0; p < ARRAY_SIZE(precisions); p++) {
				snprintf(spec, sizeof(spec), "%s%s%s%s%s%s%s", flags & 1 ? "0" : "",
					 flags & 2 ? "-" : "", flags & 4 ? "+" : "",
					 flags & 8 ? " " : "", flags & 16 ? "#" : "", widths[w],
					 precisions[p]);
				for (size_t v = 0; v < ARRAY_SIZE(values); v++)
					compare_integer(spec, values[v]);
			}
		}
	}
}

static void strings_print_as_in_libc(void **state)
{
	static const char *const flags[] = { "", "-" };
	static const char *const values[] = { "", "a", "twelve chars" };
	char fmt[64];

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(flags); f++) {
		for (size_t w = 0; w < ARRAY_SIZE(widths); w++) {
			for (size_t p = 0; p < ARRAY_SIZE(precisions); p++) {
				snprintf(fmt, sizeof(fmt), "<%%%s%s%ss>", flags[f], widths[w],
					 precisions[p]);
				for (size_t v = 0; v < ARRAY_SIZE(values); v++)
					COMPARE(fmt, values[v]);
			}
			snprintf(fmt, sizeof(fmt), "<%%%s%sc>", flags[f], widths[w]);
			COMPARE(fmt, 'x');
		}
	}
}

static void stars_take_their_value_from_an_argument(void **state)
{
	(void)state;
	EXPECT("<   42>", "<%*d>", 5, 42);
	EXPECT("<42   >", "<%*d>", -5, 42);
	EXPECT("<00042>", "<%.*d>", 5, 42);
	EXPECT("<42>", "<%.*d>", -5, 42);
	EXPECT("<  ab>", "<%*.*s>", 4, 2, "abc");
	EXPECT("<abc>", "<%.*s>", -1, "abc");
	EXPECT("<007 5>", "<%0*d %d>", 3, 7, 5);
}

static void precision_bounds_the_read(void **state)
{
	char *text = exact_copy("abc", 3); /* no terminator */

	(void)state;
	EXPECT("<abc>", "<%.3s>", text);
	EXPECT("<ab>", "<%.*s>", 2, text);
	EXPECT("<>", "<%.0s>", text);
	free(text);
}

static void nothing_is_written_past_the_size(void **state)
{
	static const char whole[] = "pkrs 0xfffffffc key 7 of page";
	const int len = (int)strlen(whole);

	(void)state;
	for (size_t size = 0; size <= sizeof(whole) + 3; size++) {
		size_t kept = size ? MIN(size - 1, strlen(whole)) : 0;

		assert_int_equal(format(size, "pkrs %#x key %d of %-4s", 0xfffffffcu, 7, "page"),
				 len);
		if (size) {
			assert_memory_equal(formatted, whole, kept);
			assert_int_equal(formatted[kept], 0);
		}
	}
}

static void huge_fields_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(format(8, "%2000000000d", 1), 2000000000);
	assert_string_equal(formatted, "       ");
	assert_int_equal(format(8, "%99999999999999999999d", 1), INT_MAX);
	assert_int_equal(format(8, "%.99999999999999999999d", 1), INT_MAX);
	assert_string_equal(formatted, "0000000");
	assert_int_equal(format(8, "%2147483647d%2147483647d%s", 1, 2, "x"), INT_MAX);
	assert_int_equal(format(8, "%*d", INT_MIN, 1), INT_MAX);
	assert_string_equal(formatted, "1      ");
	assert_int_equal(format(8, "%4294967297d", 1), INT_MAX);
}

static void unknown_conversions_are_printed_as_text(void **state)
{
	(void)state;
	EXPECT("%n", "%n");
	EXPECT("%y 5", "%y %d", 5);
	EXPECT("%-08.3lq|", "%-08.3lq|");
	EXPECT("%", "%");
	EXPECT("100%", "100%");
	EXPECT("%-08.3l", "%-08.3l");
	EXPECT("%f7", "%f%d", 7);
	EXPECT("%", "%%");
	EXPECT("(null) (nu", "%s %.3s", NULL, NULL);
}

static void pointers_print_16_digits(void **state)
{
	(void)state;
	EXPECT("0xffff800000001234", "%p", (void *)0xffff800000001234);
	EXPECT("0x0000000000000000", "%p", NULL);
	EXPECT("<  0x0000000000000001>", "<%20p>", (void *)1);
	EXPECT("<0x0000000000000001  >", "<%-20p>", (void *)1);
	EXPECT("0x0000000000000001x", "%px", (void *)1);
}

static void addresses_print_as_symbols(void **state)
{
	char name[129];

	(void)state;
	EXPECT("handler+0x0/0x40", "%pS", (void *)0x100000);
	EXPECT("<handler+0x12/0x40>", "<%pS>", (void *)0x100012);
	EXPECT("0x0000000000100040", "%pS", (void *)0x100040);
	EXPECT("0x0000000000000000", "%pS", NULL);
	EXPECT("handler+0x3f/0x40   |", "%-20pS|", (void *)0x10003f);
	assert_int_equal(format(256, "%pS", (void *)0x200001), 128 + 9);
	memset(name, 'n', 128);
	assert_memory_equal(formatted, name, 128);
	assert_string_equal(formatted + 128, "+0x1/0x40");
}

static void fault_codes_print_as_words(void **state)
{
	static const struct {
		u64 code;
		const char *words;
	} cases[] = {
		{ 0x00, "[not-present read supervisor]" },
		{ 0x01, "[protection read supervisor]" },
		{ 0x02, "[not-present write supervisor]" },
		{ 0x04, "[not-present read user]" },
		{ 0x07, "[protection write user]" },
		{ 0x09, "[protection read supervisor reserved-bit]" },
		{ 0x10, "[not-present fetch supervisor]" },
		{ 0x15, "[protection fetch user]" },
		{ 0x21, "[protection read supervisor pkey]" },
		{ 0x23, "[protection write supervisor pkey]" },
		{ 0x27, "[protection write user pkey]" },
		{ 0x43, "[protection write supervisor shadow-stack]" },
		{ 0x12, "[not-present write fetch supervisor]" },
		{ 0x8023, "[protection write supervisor pkey unknown:0x8000]" },
		{ 1ULL << 63, "[not-present read supervisor unknown:0x8000000000000000]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT(cases[i].words, "%pE", &cases[i].code);
	EXPECT("(null)", "%pE", NULL);
}

static void pkrs_values_print_as_key_ranges(void **state)
{
	static const struct {
		u32 pkrs;
		const char *text;
	} cases[] = {
		{ 0, "0x00000000 {0-15:rw}" },
		{ 0xffffffff, "0xffffffff {0-15:--}" },
		{ 0x55555555, "0x55555555 {0-15:--}" },
		{ 0xaaaaaaaa, "0xaaaaaaaa {0-15:r-}" },
		{ 0xfffffffc, "0xfffffffc {0:rw 1-15:--}" },
		{ 0xffffffec, "0xffffffec {0:rw 1:-- 2:r- 3-15:--}" },
		{ 0x00000010, "0x00000010 {0-1:rw 2:-- 3-15:rw}" },
		{ 0x40000000, "0x40000000 {0-14:rw 15:--}" },
		{ 0x80000000, "0x80000000 {0-14:rw 15:r-}" },
		{ 0x33333333, "0x33333333 {0:-- 1:rw 2:-- 3:rw 4:-- 5:rw 6:-- 7:rw 8:-- 9:rw 10:-- "
			      "11:rw 12:-- 13:rw 14:-- 15:rw}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		EXPECT(cases[i].text, "%pK", &cases[i].pkrs);
	EXPECT("(null)", "%pK", NULL);
	EXPECT("<     0x00000000 {0-15:rw}>", "<%25pK>", &cases[0].pkrs);
}

static void ksnprintf_formats(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(ksnprintf(text, sizeof(text), "%d-%s", 12, "ab"), 5);
	assert_string_equal(text, "12-ab");
	assert_int_equal(ksnprintf(NULL, 0, "%016lx", UINT64_MAX), 16);
}

static int free_text(void **state)
{
	(void)state;
	free(formatted);
	formatted = NULL;
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_print_as_in_libc),
		cmocka_unit_test(strings_print_as_in_libc),
		cmocka_unit_test(stars_take_their_value_from_an_argument),
		cmocka_unit_test(precision_bounds_the_read),
		cmocka_unit_test(nothing_is_written_past_the_size),
		cmocka_unit_test(huge_fields_do_not_overflow),
		cmocka_unit_test(unknown_conversions_are_printed_as_text),
		cmocka_unit_test(pointers_print_16_digits),
		cmocka_unit_test(addresses_print_as_symbols),
		cmocka_unit_test(fault_codes_print_as_words),
		cmocka_unit_test(pkrs_values_print_as_key_ranges),
		cmocka_unit_test(ksnprintf_formats),
	};

	return cmocka_run_group_tests(tests, NULL, free_text);
}
