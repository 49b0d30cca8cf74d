/* SPDX-License-Identifier: MIT */
/*
 * The model of tests/direct_map: single operations by hand, and long random ones, after which each
 * page must be what the operations on it alone make of it, and the leaves must form a page table.
 */
#include "tests/host/harness.h"

#include "tests/direct_map/map_model.h"

#define PART 512
#define GIB  (512UL * 512)

static struct map_page pages[2 * GIB], alone[2 * GIB];
static struct map_model model = { .pages = pages };

static void begin(int born, u64 leaves)
{
	model.born = born;
	model.count = leaves * (born == 3 ? GIB : PART);
	map_model_init(&model);
}

/* The tables that the leaves need: one for each region of a larger leaf with smaller ones. */
static u64 tables_of_leaves(void)
{
	u64 tables = 0;

	for (u64 i = 0; model.born >= 2 && i < model.count; i += PART)
		tables += pages[i].level < 2;
	for (u64 i = 0; model.born >= 3 && i < model.count; i += GIB)
		tables += pages[i].level < 3;
	return tables;
}

/* All pages of a leaf are alike and of its level, and it is aligned. */
static void expect_leaves(void)
{
	u64 wrong = 0;

	for (u64 i = 0; i < model.count;) {
		u64 size = pages[i].level == 3 ? GIB : pages[i].level == 2 ? PART : 1;

		wrong += pages[i].level < 1 || pages[i].level > model.born || i % size;
		wrong += !!memcmp(&pages[i], &pages[i + 1], (size - 1) * sizeof(pages[i]));
		i += size;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(model.tables, tables_of_leaves());
}

static u64 play(enum map_op op, u8 key, u64 from, u64 n)
{
	u64 tables = map_model_play(&model, op, key, from, n);

	expect_leaves();
	return tables;
}

static void a_part_cuts_and_joins_its_leaf(void **state)
{
	(void)state;
	begin(2, 3);
	assert_int_equal(play(MAP_RW, 0, 0, 7), 0); /* as it was */
	assert_int_equal(play(MAP_RO, 0, 512, 512), 0);
	assert_int_equal(pages[600].level, 2);
	assert_int_equal(play(MAP_PKEY, 1, 511, 2), 2);
	assert_true(pages[511].key == 1 && pages[511].writable);
	assert_true(pages[512].key == 1 && !pages[512].writable);
	assert_true(pages[510].key == 0 && pages[513].key == 0 && pages[513].level == 1);
	assert_int_equal(play(MAP_PKEY, 0, 0, 1536), 0);
	assert_int_equal(model.tables, 0);
	assert_int_equal(pages[600].level, 2);
}

static void what_is_away_stays_small(void **state)
{
	(void)state;
	begin(2, 1);
	assert_int_equal(play(MAP_INVALID, 0, 0, 512), 1);
	assert_int_equal(pages[0].level, 1);
	assert_int_equal(play(MAP_NP, 0, 0, 512), 0);
	assert_int_equal(pages[0].level, 1); /* all alike, but not present */
	assert_int_equal(play(MAP_DEFAULT, 0, 0, 512), 0);
	assert_int_equal(pages[0].level, 1); /* no flush */
	assert_int_equal(play(MAP_RW, 0, 9, 1), 0);
	assert_int_equal(pages[0].level, 2);
	assert_int_equal(play(MAP_NP, 0, 0, 512), 0);
	assert_int_equal(pages[0].level, 2); /* a large page that is not present */
	assert_int_equal(play(MAP_DEFAULT, 0, 5, 1), 1);
	assert_true(pages[5].present && !pages[4].present);
}

static void a_gib_takes_two_tables_for_each_end(void **state)
{
	(void)state;
	begin(3, 2);
	assert_int_equal(play(MAP_X, 0, 1, GIB + 1), 4);
	assert_int_equal(play(MAP_NX, 0, 1, GIB + 1), 0);
	assert_int_equal(model.tables, 0);
	assert_int_equal(play(MAP_INVALID, 0, 0, 1024), 3);
	assert_int_equal(play(MAP_INVALID, 0, 0, GIB), 510);
	assert_int_equal(play(MAP_P, 0, 0, GIB), 0);
	assert_int_equal(pages[0].level, 3);
}

/* Plays the operation on one page that has no neighbours. */
static void play_alone(struct map_page *page, enum map_op op, u8 key)
{
	struct map_model one = { .pages = page, .count = 1, .born = 1 };

	map_model_play(&one, op, key, 0, 1);
}

static void random_operations(int born, u64 leaves, u32 rounds)
{
	u64 wrong = 0;

	begin(born, leaves);
	for (u64 i = 0; i < model.count; i++)
		alone[i] = (struct map_page){ .present = true, .writable = true, .level = 1 };
	for (u32 round = 0; round < rounds; round++) {
		enum map_op op = (enum map_op)(rand() % MAP_OPS);
		u64 from = (u64)rand() % model.count, most = model.count - from;
		u64 n = 1 + (u64)rand() % (rand() % 2 ? MIN(most, 4) : most);
		u8 key = (u8)(rand() % 3);

		if (rand() % 3 == 0)
			from = from / PART * PART;
		play(op, key, from, MIN(n, model.count - from));
		for (u64 i = from; i < from + MIN(n, model.count - from); i++)
			play_alone(&alone[i], op, key);
		for (u64 i = 0; i < model.count; i++) {
			alone[i].level = pages[i].level;
			wrong += !!memcmp(&alone[i], &pages[i], sizeof(alone[i]));
			alone[i].level = 1;
		}
		assert_int_equal(wrong, 0);
	}
	play(MAP_P, 0, 0, model.count);
	play(MAP_RW, 0, 0, model.count);
	play(MAP_NX, 0, 0, model.count);
	play(MAP_PKEY, 0, 0, model.count);
	assert_int_equal(model.tables, 0); /* all joined again */
}

static void each_page_is_as_if_it_were_alone(void **state)
{
	(void)state;
	srand(15);
	random_operations(2, 3, 2000);
	random_operations(3, 1, 6);
	random_operations(1, 1, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_cuts_and_joins_its_leaf),
		cmocka_unit_test(what_is_away_stays_small),
		cmocka_unit_test(a_gib_takes_two_tables_for_each_end),
		cmocka_unit_test(each_page_is_as_if_it_were_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
