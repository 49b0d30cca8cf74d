/* SPDX-License-Identifier: MIT */
/*
 * Large leaves, their parts, and leaves made whole again (mm/leaf.h), against a decoder of entries
 * that is written from the manual's tables alone (SDM Vol. 3A, "Format of an IA-32e
 * Page-Directory-Pointer-Table Entry that Maps a 1-GByte Page", and the same for 2 MiB and 4 KiB).
 */
#include "tests/host/harness.h"

#include "mm/leaf.h"

/* What an entry says, without A and D. */
struct says {
	uint64_t frame, other;
	int pat, size;
};

static struct says decode(uint64_t e, int level)
{
	int low = level == 1 ? 12 : level == 2 ? 21 : 30;
	struct says s = { .frame = e & 0x000fffffffffffff & ~((1ULL << low) - 1), .size = low };

	s.pat = e >> (level == 1 ? 7 : 12) & 1;
	s.other = e & (0xfff0000000000e1f | 1 << 8);
	return s;
}

static uint64_t random_leaf(int level)
{
	uint64_t bits = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
	uint64_t frame = bits << 30 & 0x000fffffc0000000;
	uint64_t leaf = frame | (bits & 0xfff000000000117f & ~0x200ULL) | 0x80;

	if (level == 2)
		leaf |= (bits >> 7 & 0x1ff) << 21;
	return leaf;
}

static void expect_part(uint64_t leaf, int level, uint64_t part, uint32_t i)
{
	struct says whole = decode(leaf, level), one = decode(part, level - 1);

	assert_int_equal(one.frame, whole.frame + ((uint64_t)i << one.size));
	assert_int_equal(one.other, whole.other);
	assert_int_equal(one.pat, whole.pat);
	assert_int_equal(part & 0x60, leaf & 0x60); /* A, D */
	if (level == 3)
		assert_true(part & 0x80); /* PS */
}

static void parts_say_what_the_leaf_says(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 200; round++)
		for (int level = 2; level <= 3; level++) {
			uint64_t leaf = random_leaf(level);

			for (uint32_t i = 0; i < 512; i++)
				expect_part(leaf, level, leaf_part(leaf, level, i), i);
		}
}

static uint64_t table[512];

static void make_parts(uint64_t leaf, int level)
{
	for (uint32_t i = 0; i < 512; i++)
		table[i] = leaf_part(leaf, level, i);
}

/* Present ones alone. A is set, D if it is writable. */
static void parts_make_the_leaf_again(void **state)
{
	(void)state;
	srand(2);
	for (int round = 0; round < 400; round++) {
		int level = 2 + round % 2;
		uint64_t leaf = random_leaf(level);

		make_parts(leaf, level);
		if (leaf & 1)
			leaf |= 0x20 | (leaf & 2) << 5;
		assert_int_equal(leaf_whole(table, level), leaf & 1 ? leaf : 0);
	}
}

static void flags_of_any_part_count(void **state)
{
	(void)state;
	make_parts(0x40000081, 2);
	table[300] |= 0x40;
	assert_int_equal(leaf_whole(table, 2), 0x400000e1);
	table[300] &= ~0x40ULL;
	assert_int_equal(leaf_whole(table, 2), 0x400000a1);
}

/* Each bit of a part but A and D, of the first, of a middle and of the last part. */
static void a_part_that_differs_prevents_it(void **state)
{
	static const uint32_t which[] = { 0, 1, 255, 510, 511 };

	(void)state;
	srand(3);
	for (int level = 2; level <= 3; level++) {
		make_parts(random_leaf(level) | 1, level);
		assert_true(leaf_whole(table, level));
		for (uint32_t w = 0; w < sizeof(which) / sizeof(which[0]); w++)
			for (int bit = 0; bit < 64; bit++) {
				if (bit == 5 || bit == 6)
					continue;
				table[which[w]] ^= 1ULL << bit;
				assert_int_equal(leaf_whole(table, level), 0);
				table[which[w]] ^= 1ULL << bit;
			}
	}
}

/* Adjacent frames that begin in the middle of a large one, and tables instead of leaves. */
static void only_aligned_leaves_make_one(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 512; i++)
		table[i] = 0x40001000 + i * 4096ULL + 0x63;
	assert_int_equal(leaf_whole(table, 2), 0);
	for (uint32_t i = 0; i < 512; i++)
		table[i] = 0x40200000 + ((uint64_t)i << 21) + 0xe3;
	assert_int_equal(leaf_whole(table, 3), 0);
	for (uint32_t i = 0; i < 512; i++)
		table[i] = 0x40000000 + ((uint64_t)i << 21) + 0x63;
	assert_int_equal(leaf_whole(table, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_say_what_the_leaf_says),
		cmocka_unit_test(parts_make_the_leaf_again),
		cmocka_unit_test(flags_of_any_part_count),
		cmocka_unit_test(a_part_that_differs_prevents_it),
		cmocka_unit_test(only_aligned_leaves_make_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
