/* SPDX-License-Identifier: MIT */
/* Counts in a hash, against an array; and from several threads at once. */
#include "tests/host/harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

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

static void *add_and_remove(void *arg)
{
	unsigned seed = (unsigned)(u64)arg;
	u64 bad = 0;

	for (unsigned i = 0; i < 100000; i++) {
		u64 pfn = (u64)rand_r(&seed) % 16;

		bad += !mark_hash_add(&hash, pfn);
		bad += !mark_hash_count(&hash, pfn);
		bad += !mark_hash_remove(&hash, pfn);
	}
	return (void *)bad;
}

static void threads_can_count_at_once(void **state)
{
	pthread_t t[4];
	void *bad;

	(void)state;
	fresh();
	for (u64 i = 0; i < ARRAY_SIZE(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_and_remove, (void *)(i + 1)), 0);
	for (u64 i = 0; i < ARRAY_SIZE(t); i++) {
		pthread_join(t[i], &bad);
		assert_null(bad);
	}
	for (u64 pfn = 0; pfn < 16; pfn++)
		assert_int_equal(mark_hash_count(&hash, pfn), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_as_an_array_does),
		cmocka_unit_test(a_full_hash_takes_no_new_frame),
		cmocka_unit_test(a_count_does_not_spill),
		cmocka_unit_test(threads_can_count_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
