/* SPDX-License-Identifier: MIT */
/* Counts in a hash, against an array; and from several threads at once. */
#include "tests/host/harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/lib/types.h"
#include "pks/policy/mark_hash.h"

#define FRAMES (2 * MARK_HASH_SLOTS)

static struct mark_hash hash;

static void fresh(void)
{
	memset(&hash, 0, sizeof(hash));
}

static void counts_as_an_array_does(void **state)
{
	static u64 model[FRAMES];

	(void)state;
	fresh();
	memset(model, 0, sizeof(model));
	srand(1);
	for (unsigned i = 0; i < 200000; i++) {
		u64 f = (u64)rand() % (i % 1000 < 500 ? 64 : FRAMES), pfn = f * 0x1001;

		if (rand() % 9 < 4 || i % 20000 < 300) {
			if (mark_hash_add(&hash, pfn))
				model[f]++;
		} else {
			assert_int_equal(mark_hash_remove(&hash, pfn), model[f] > 0);
			model[f] -= model[f] > 0;
		}
		assert_int_equal(mark_hash_count(&hash, pfn), model[f]);
	}
	for (u64 f = 0; f < FRAMES; f++)
		assert_int_equal(mark_hash_count(&hash, f * 0x1001), model[f]);
}

static void a_full_hash_takes_no_new_frame(void **state)
{
	(void)state;
	fresh();
	for (u64 pfn = 0; pfn < MARK_HASH_SLOTS; pfn++)
		assert_true(mark_hash_add(&hash, pfn));
	assert_false(mark_hash_add(&hash, MARK_HASH_SLOTS));
	assert_int_equal(mark_hash_count(&hash, MARK_HASH_SLOTS), 0);
	assert_false(mark_hash_remove(&hash, MARK_HASH_SLOTS));
	assert_true(mark_hash_add(&hash, 7)); /* has a slot already */
	assert_int_equal(mark_hash_count(&hash, 7), 2);
	assert_true(mark_hash_remove(&hash, 9)); /* frees a slot */
	assert_true(mark_hash_add(&hash, MARK_HASH_SLOTS));
	assert_int_equal(mark_hash_count(&hash, MARK_HASH_SLOTS), 1);
	assert_int_equal(mark_hash_count(&hash, 9), 0);
}

/* A full count does not carry into the slot's frame number: the frame gets a second slot. */
static void a_count_does_not_spill(void **state)
{
	u64 pfn = 0xffffffffe;

	(void)state;
	fresh();
	for (u64 i = 0; i < MARK_HASH_MAX + 2ULL; i++)
		mark_hash_add(&hash, pfn);
	assert_int_equal(mark_hash_count(&hash, pfn), MARK_HASH_MAX + 2ULL);
	assert_int_equal(mark_hash_count(&hash, pfn + 1), 0);
	for (u64 i = 0; i < MARK_HASH_MAX + 2ULL; i++)
		assert_true(mark_hash_remove(&hash, pfn));
	assert_false(mark_hash_remove(&hash, pfn));
}

/* The least time of a thousand lookups of unmarked frames, in clock ticks. */
static clock_t lookup_time(void)
{
	clock_t least = (clock_t)1 << 40;

	for (unsigned n = 0; n < 20; n++) {
		clock_t start = clock();

		for (u64 pfn = 0; pfn < 1000; pfn++)
			assert_false(mark_hash_remove(&hash, 1000000 + pfn));
		start = clock() - start;
		least = start < least ? start : least;
	}
	return least ? least : 1;
}

/* Each way in which marks can come and go; all are gone afterwards. */
static void one_by_one(void)
{
	for (u64 pfn = 0; pfn < 2 * MARK_HASH_SLOTS; pfn++) {
		assert_true(mark_hash_add(&hash, pfn));
		assert_true(mark_hash_remove(&hash, pfn));
	}
}

/* Frames at random, as the hash spreads neighbours too well for two to meet in a slot. */
static void all_at_once(void)
{
	u64 pfn[MARK_HASH_SLOTS];

	srand(1);
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		assert_true(mark_hash_add(&hash, pfn[i] = (u64)rand()));
	assert_false(mark_hash_add(&hash, 1ULL << 35));
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		assert_true(mark_hash_remove(&hash, pfn[i]));
}

/* Marks of one frame in two slots: the second is behind another frame's, which then goes. */
static void in_two_slots(void)
{
	for (u64 pfn = 0; pfn < MARK_HASH_SLOTS; pfn++)
		assert_true(mark_hash_add(&hash, pfn));
	for (u64 pfn = 0; pfn < MARK_HASH_SLOTS; pfn += 2)
		assert_true(mark_hash_remove(&hash, pfn));
	for (u64 pfn = 1; pfn < MARK_HASH_SLOTS; pfn += 2)
		assert_true(mark_hash_add(&hash, pfn));
	for (u64 pfn = 1; pfn < MARK_HASH_SLOTS; pfn += 2) {
		assert_int_equal(mark_hash_count(&hash, pfn), 2);
		assert_true(mark_hash_remove(&hash, pfn));
		assert_true(mark_hash_remove(&hash, pfn));
		assert_false(mark_hash_remove(&hash, pfn));
	}
}

/* A walk of all slots takes some hundred times as long as one of a single slot. */
static void lookups_stay_as_fast_as_at_first(void **state)
{
	static void (*const use[])(void) = { one_by_one, all_at_once, in_two_slots };
	clock_t first;

	(void)state;
	fresh();
	first = lookup_time();
	for (unsigned i = 0; i < ARRAY_SIZE(use); i++) {
		use[i]();
		assert_in_range(lookup_time(), 0, 8 * first);
	}
	for (u64 pfn = 0; pfn < 8; pfn++) /* a few marks make few walks longer */
		assert_true(mark_hash_add(&hash, pfn));
	assert_in_range(lookup_time(), 0, 8 * first);
}

#define ROUNDS 50000

static void *add_and_remove(void *arg)
{
	unsigned seed = (unsigned)(u64)arg;
	u64 bad = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		u64 pfn = (u64)rand_r(&seed) % 16;

		bad += !mark_hash_add(&hash, pfn);
		bad += !mark_hash_count(&hash, pfn);
		bad += !mark_hash_remove(&hash, pfn);
	}
	return (void *)bad;
}

/* Four threads count marks of 16 frames; each add is counted, and what it passed is uncounted. */
static void threads_count(void)
{
	u64 before = hash.adds;
	pthread_t t[4];
	void *bad;

	for (u64 i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_and_remove, (void *)(i + 1)), 0);
	for (u64 i = 0; i < ARRAY_SIZE(t); i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	for (u64 pfn = 0; pfn < 16; pfn++)
		assert_int_equal(mark_hash_count(&hash, pfn), 0);
	assert_int_equal(hash.adds - before, ARRAY_SIZE(t) * ROUNDS);
}

static void expect_none_passed(void)
{
	for (u32 i = 0; i < MARK_HASH_SLOTS; i++)
		assert_int_equal(hash.passed[i], 0);
}

static void threads_can_count_at_once(void **state)
{
	(void)state;
	fresh();
	threads_count();
	expect_none_passed();
}

/* Most slots are taken, so that each add passes several, at the same time as others. */
static void threads_can_pass_a_slot_at_once(void **state)
{
	u64 first = 1000, last = first + MARK_HASH_SLOTS - MARK_HASH_SLOTS / 16;

	(void)state;
	fresh();
	for (u64 pfn = first; pfn < last; pfn++)
		assert_true(mark_hash_add(&hash, pfn));
	threads_count();
	for (u64 pfn = first; pfn < last; pfn++)
		assert_true(mark_hash_remove(&hash, pfn));
	expect_none_passed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_as_an_array_does),
		cmocka_unit_test(a_full_hash_takes_no_new_frame),
		cmocka_unit_test(a_count_does_not_spill),
		cmocka_unit_test(lookups_stay_as_fast_as_at_first),
		cmocka_unit_test(threads_can_count_at_once),
		cmocka_unit_test(threads_can_pass_a_slot_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
