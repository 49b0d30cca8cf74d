/* SPDX-License-Identifier: MIT */
/* Sets of ranges: by hand, and random operations against a bitmap. */
#include "tests/host/harness.h"

#include "kernel/lib/ranges.h"

#define CELLS 200

static void expect(const struct ranges *set, const char *text)
{
	char got[512] = "";
	size_t n = 0;

	for (uint32_t i = 0; i < set->count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "[%llu,%llu)",
				      (unsigned long long)set->r[i].start,
				      (unsigned long long)set->r[i].end);
	assert_string_equal(got, text);
}

static void adding_joins_ranges_that_touch(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	ranges_add(&set, 10, 20);
	ranges_add(&set, 30, 40);
	expect(&set, "[10,20)[30,40)");
	ranges_add(&set, 20, 30); /* touches both */
	expect(&set, "[10,40)");
	ranges_add(&set, 0, 5);
	ranges_add(&set, 7, 7); /* empty */
	ranges_add(&set, 9, 8); /* upside down */
	expect(&set, "[0,5)[10,40)");
	ranges_add(&set, 3, 50);
	expect(&set, "[0,50)");
	ranges_add(&set, ~0ULL - 1, ~0ULL);
	assert_int_equal(set.count, 2);
}

static void subtracting_cuts_ranges(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	ranges_add(&set, 10, 40);
	ranges_subtract(&set, 20, 25);
	expect(&set, "[10,20)[25,40)");
	ranges_subtract(&set, 15, 30);
	expect(&set, "[10,15)[30,40)");
	ranges_subtract(&set, 0, 5);
	ranges_subtract(&set, 40, 90);
	ranges_subtract(&set, 35, 31);
	expect(&set, "[10,15)[30,40)");
	ranges_subtract(&set, 0, ~0ULL);
	expect(&set, "");
}

static void a_limit_cuts_the_last_ranges(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	ranges_add(&set, 10, 20);
	ranges_add(&set, 30, 50);
	assert_int_equal(ranges_total(&set), 30);
	assert_true(ranges_contain(&set, 30, 50));
	assert_false(ranges_contain(&set, 30, 51));
	assert_false(ranges_contain(&set, 15, 35));
	assert_false(ranges_contain(&set, 9, 10));
	ranges_limit(&set, 30);
	expect(&set, "[10,20)[30,50)");
	ranges_limit(&set, 17);
	expect(&set, "[10,20)[30,37)");
	ranges_limit(&set, 10);
	expect(&set, "[10,20)");
	ranges_limit(&set, 0);
	expect(&set, "");
}

/* A range may end where 64 bits do: nothing of it is left behind the limit. */
static void a_limit_cuts_up_to_the_last_address(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	ranges_add(&set, 10, 20);
	ranges_add(&set, 30, ~0ULL);
	ranges_limit(&set, 15);
	expect(&set, "[10,20)[30,35)");
	ranges_add(&set, 40, ~0ULL);
	ranges_subtract(&set, 50, ~0ULL);
	expect(&set, "[10,20)[30,35)[40,50)");
}

/* Without room, what is lost is counted, and what is kept is whole. */
static void a_full_set_counts_what_it_drops(void **state)
{
	struct ranges set = { 0 };

	(void)state;
	for (uint64_t i = 0; i < RANGES_MAX; i++)
		ranges_add(&set, 10 * i, 10 * i + 5);
	assert_int_equal(set.dropped, 0);
	ranges_add(&set, 100000, 100001);
	assert_int_equal(set.count, RANGES_MAX);
	assert_int_equal(set.dropped, 1);
	ranges_subtract(&set, 1, 2); /* would make one more */
	assert_int_equal(set.count, RANGES_MAX);
	assert_int_equal(set.dropped, 2);
	assert_true(ranges_contain(&set, 0, 1));
	assert_false(ranges_contain(&set, 1, 2));
	ranges_add(&set, 0, 100000); /* swallows all but what was lost */
	assert_int_equal(set.count, 1);
}

static void same_as_bitmap(const struct ranges *set, const bool *cell)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < CELLS; i++) {
		assert_int_equal(ranges_contain(set, i, i + 1), cell[i]);
		total += cell[i];
	}
	assert_int_equal(ranges_total(set), total);
	for (uint64_t start = 0; start < CELLS; start++) {
		bool touched = false;

		for (uint64_t end = start; end < CELLS; end++) {
			touched |= cell[end];
			assert_int_equal(ranges_touch(set, start, end + 1), touched);
		}
	}
	for (uint32_t i = 1; i < set->count; i++)
		assert_true(set->r[i - 1].end < set->r[i].start);
}

static void random_operations_match_a_bitmap(void **state)
{
	struct ranges set = { 0 };
	bool cell[CELLS] = { 0 };

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		uint64_t start = (uint64_t)rand() % CELLS, end = (uint64_t)rand() % (CELLS + 1);
		bool add = rand() & 1;

		if (add)
			ranges_add(&set, start, end);
		else
			ranges_subtract(&set, start, end);
		for (uint64_t i = start; i < end; i++)
			cell[i] = add;
		if (round % 16 == 0)
			same_as_bitmap(&set, cell);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_joins_ranges_that_touch),
		cmocka_unit_test(subtracting_cuts_ranges),
		cmocka_unit_test(a_limit_cuts_the_last_ranges),
		cmocka_unit_test(a_limit_cuts_up_to_the_last_address),
		cmocka_unit_test(a_full_set_counts_what_it_drops),
		cmocka_unit_test(random_operations_match_a_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
