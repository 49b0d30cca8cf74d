/* SPDX-License-Identifier: MIT */
/* kernel/lib/string.c under other names, against simple loops, with guard bytes around writes. */
#include "tests/host/harness.h"

#include "tests/host/renamed.h"

#include "kernel/lib/string.h"

#define ROOM  80
#define GUARD 0x5a

static u8 got[ROOM], want[ROOM], from[ROOM];

static void fill(void)
{
	for (size_t i = 0; i < ROOM; i++) {
		from[i] = (u8)(i * 7 + 1);
		got[i] = want[i] = GUARD;
	}
}

static void assert_same(void)
{
	for (size_t i = 0; i < ROOM; i++)
		if (got[i] != want[i])
			fail_msg("byte %zu is %#x, not %#x", i, got[i], want[i]);
}

static void memcpy_copies(void **state)
{
	(void)state;
	for (size_t at = 0; at < 9; at++) {
		for (size_t n = 0; n < 64; n++) {
			fill();
			for (size_t i = 0; i < n; i++)
				want[at + i] = from[9 - at + i];
			assert_ptr_equal(memcpy(got + at, from + 9 - at, n), got + at);
			assert_same();
		}
	}
}

static void memset_fills(void **state)
{
	(void)state;
	for (size_t n = 0; n < 64; n++) {
		fill();
		for (size_t i = 0; i < n; i++)
			want[3 + i] = 0xc3;
		assert_ptr_equal(memset(got + 3, 0xabc3, n), got + 3);
		assert_same();
	}
}

/* Every distance, so every way in which the two can overlap. */
static void memmove_copes_with_overlaps(void **state)
{
	(void)state;
	for (size_t dst = 0; dst < 16; dst++) {
		for (size_t src = 0; src < 16; src++) {
			for (size_t n = 0; n < 40; n++) {
				fill();
				for (size_t i = 0; i < ROOM; i++)
					got[i] = want[i] = from[i];
				for (size_t i = 0; i < n; i++)
					want[dst + i] = from[src + i];
				assert_ptr_equal(memmove(got + dst, got + src, n), got + dst);
				assert_same();
			}
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void comparisons_have_the_right_sign(void **state)
{
	(void)state;
	assert_int_equal(memcmp("abc", "abd", 2), 0);
	assert_int_equal(sign(memcmp("abc", "abd", 3)), -1);
	assert_int_equal(sign(memcmp("\x80", "\x7f", 1)), 1);
	assert_int_equal(sign(memcmp("a\0c", "a\0b", 3)), 1);
	assert_int_equal(memcmp("x", "y", 0), 0);

	assert_int_equal(strcmp("", ""), 0);
	assert_int_equal(strcmp("same", "same"), 0);
	assert_int_equal(sign(strcmp("ab", "abc")), -1);
	assert_int_equal(sign(strcmp("abc", "ab")), 1);
	assert_int_equal(sign(strcmp("\x80", "\x7f")), 1);
	assert_int_equal(strcmp("a\0x", "a\0y"), 0);

	assert_int_equal(strncmp("abc", "abd", 2), 0);
	assert_int_equal(sign(strncmp("abc", "abd", 3)), -1);
	assert_int_equal(strncmp("ab\0x", "ab\0y", 4), 0);
	assert_int_equal(strncmp("a", "b", 0), 0);
}

static void comparisons_do_not_over_read(void **state)
{
	char *a = exact_copy("abc", 3), *b = exact_copy("abc", 3);
	char *x = exact_string("xy"), *xyz = exact_string("xyz");

	(void)state;
	assert_int_equal(memcmp(a, b, 3), 0);
	assert_int_equal(strncmp(a, b, 3), 0);
	assert_int_equal(sign(strcmp(x, xyz)), -1);
	assert_int_equal(strnlen(a, 3), 3);
	free(a);
	free(b);
	free(x);
	free(xyz);
}

static void strlen_and_strnlen_count(void **state)
{
	(void)state;
	assert_int_equal(strlen(""), 0);
	assert_int_equal(strlen("abc\0def"), 3);
	assert_int_equal(strnlen("abc", 10), 3);
	assert_int_equal(strnlen("abc", 2), 2);
	assert_int_equal(strnlen("abc", 0), 0);
}

static void strlcpy_keeps_to_its_size(void **state)
{
	(void)state;
	for (size_t size = 0; size < 10; size++) {
		size_t kept = size ? MIN(size - 1, (size_t)5) : 0;

		fill();
		for (size_t i = 0; i < kept; i++)
			want[2 + i] = (u8) "hello"[i];
		if (size)
			want[2 + kept] = 0;
		assert_int_equal(strlcpy((char *)got + 2, "hello", size), 5);
		assert_same();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcpy_copies),
		cmocka_unit_test(memset_fills),
		cmocka_unit_test(memmove_copes_with_overlaps),
		cmocka_unit_test(comparisons_have_the_right_sign),
		cmocka_unit_test(comparisons_do_not_over_read),
		cmocka_unit_test(strlen_and_strnlen_count),
		cmocka_unit_test(strlcpy_keeps_to_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
