/* SPDX-License-Identifier: MIT */
/*
 * The summary of a run and its parts, and the checksum: the parts of all sizes give the text again,
 * and what finds no room is counted.
 */
#include "tests/host/harness.h"

#include "kernel/lib/hash64.h"
#include "kernel/lib/summary.h"

static struct summary s;

static void setup(u32 lines)
{
	char line[64];

	memset(&s, 0, sizeof(s));
	for (u32 i = 0; i < lines; i++) {
		snprintf(line, sizeof(line), "    # line %u of some length\n", i * i);
		summary_add(&s, line, false);
	}
}

/* The numbers were made by tools/lib/image.py. */
static void the_checksum_is_that_of_the_tools(void **state)
{
	u8 *bytes = malloc(1001);

	(void)state;
	for (u32 i = 0; i < 1001; i++)
		bytes[i] = (u8)(i * 37 + 11);
	assert_int_equal(hash64(0, bytes, 0), 0x0000000000000000);
	assert_int_equal(hash64(0, bytes, 8), 0xefe88cf85f3a0594);
	assert_int_equal(hash64(0, bytes, 1001), 0xd090952206601284);
	assert_int_equal(hash64(0, bytes + 1, 1000), 0x8fbda534fa9a2ee6);
	free(bytes);
}

static void each_bit_and_the_length_count_in_the_checksum(void **state)
{
	u8 bytes[41] = { 0 };
	u64 seen[41 * 8 + 42], n = 0;

	(void)state;
	for (u32 bit = 0; bit < 41 * 8; bit++) {
		bytes[bit / 8] ^= (u8)(1 << bit % 8);
		seen[n++] = hash64(0, bytes, sizeof(bytes));
		bytes[bit / 8] = 0;
	}
	for (u32 length = 0; length <= 41; length++)
		seen[n++] = hash64(0, bytes, length);
	for (u32 i = 0; i < n; i++)
		for (u32 j = 0; j < i; j++)
			assert_int_not_equal(seen[i], seen[j]);
	/* Where one range ends counts too. */
	assert_int_not_equal(hash64(hash64(0, bytes, 8), bytes, 16),
			     hash64(hash64(0, bytes, 16), bytes, 8));
}

static void lines_lose_blanks_ends_and_what_is_not_ascii(void **state)
{
	static const char want[] = "# a b\nx?y?\n\n";

	(void)state;
	setup(0);
	summary_add(&s, "    # a b\n", false);
	summary_add(&s, "x\x80y\t", false);
	summary_add(&s, "", false);
	assert_int_equal(s.used, strlen(want));
	assert_memory_equal(s.text, want, s.used);
}

static void what_finds_no_room_is_counted_and_the_last_lines_find_it(void **state)
{
	char line[101];
	u32 lines = (SUMMARY_BYTES - SUMMARY_LAST) / sizeof(line);

	(void)state;
	memset(line, 'x', 100);
	line[100] = 0;
	setup(0);
	for (u32 i = 0; i < lines + 7; i++)
		summary_add(&s, line, false);
	assert_int_equal(s.used, lines * sizeof(line));
	assert_int_equal(s.lost, 7);
	for (u32 i = 0; i < SUMMARY_LAST / sizeof(line); i++)
		summary_add(&s, line, true);
	assert_int_equal(s.lost, 7);
	while (s.lost == 7)
		summary_add(&s, line, true);
	assert_true(s.used <= SUMMARY_BYTES);
}

/* Reads a part as tools/lib/photo.py does; appends it at `to`. */
static u32 take(const char *text, u32 n, u32 k, u32 count, char *to)
{
	u64 hash;
	u32 number, of, bytes;
	int head = 0;

	assert_int_equal(
		sscanf(text, "KEYWARD1 %16lx %u/%u %u\n%n", &hash, &number, &of, &bytes, &head), 4);
	head = (int)(strchr(text, '\n') - text) + 1; /* %n skips blanks behind it */
	assert_int_equal(hash, hash64(0, s.text, s.used));
	assert_int_equal(number, k + 1);
	assert_int_equal(of, count);
	assert_int_equal(bytes, n - (u32)head);
	memcpy(to, text + head, bytes);
	return bytes;
}

static void the_parts_are_the_whole(void **state)
{
	static char whole[SUMMARY_BYTES];

	(void)state;
	for (u32 lines = 0; lines < 400; lines = lines * 2 + 1) {
		setup(lines);
		for (u32 capacity = 62; capacity <= 412; capacity += 7) {
			u32 count = summary_codes(&s, capacity), used = 0;

			for (u32 k = 0; k < count; k++) {
				char *text = malloc(capacity);
				u32 n = summary_code(&s, capacity, k, text);
				char *copy;

				assert_true(n <= capacity);
				copy = calloc(1, n + 1);
				memcpy(copy, text, n);
				used += take(copy, n, k, count, whole + used);
				free(copy);
				free(text);
			}
			assert_int_equal(used, s.used);
			assert_memory_equal(whole, s.text, used);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_that_of_the_tools),
		cmocka_unit_test(each_bit_and_the_length_count_in_the_checksum),
		cmocka_unit_test(lines_lose_blanks_ends_and_what_is_not_ascii),
		cmocka_unit_test(what_finds_no_room_is_counted_and_the_last_lines_find_it),
		cmocka_unit_test(the_parts_are_the_whole),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
