/* SPDX-License-Identifier: MIT */
/* Walks over pieces of memory: random ones, against one flat copy. */
#include "tests/host/harness.h"

#include "kernel/lib/iov_iter.h"

#define BYTES  200
#define PIECES 9

static uint8_t flat[BYTES], data[BYTES + 64];
static struct kvec vec[PIECES];
static uint8_t *blocks[PIECES]; /* of the exact sizes, so that an over-read shows */
static unsigned pieces;
static size_t total;

/* Pieces of any length, also 0, with the bytes of `flat`. */
static void start(void)
{
	pieces = (unsigned)rand() % (PIECES + 1);
	total = 0;
	for (unsigned i = 0; i < BYTES; i++)
		flat[i] = (uint8_t)rand();
	for (unsigned i = 0; i < pieces; i++) {
		size_t len = rand() % 3 ? (size_t)rand() % (BYTES / PIECES) : 0;

		blocks[i] = exact_copy(flat + total, len);
		vec[i] = (struct kvec){ blocks[i], len };
		total += len;
	}
}

static void end(void)
{
	for (unsigned i = 0; i < pieces; i++)
		free(blocks[i]);
}

static void bytes_come_in_order_however_they_are_cut(void **state)
{
	(void)state;
	srand(5);
	for (int round = 0; round < 3000; round++) {
		size_t count, at = 0;
		struct iov_iter iter;

		start();
		count = (size_t)rand() % (total + 20);
		iov_iter_kvec(&iter, vec, pieces, count);
		while (at < BYTES) {
			size_t want = (size_t)rand() % 50, left = MIN(count, total) - at;

			assert_int_equal(copy_from_iter(data, want, &iter), MIN(want, left));
			assert_memory_equal(data, flat + at, MIN(want, left));
			at += MIN(want, left);
			assert_int_equal(iter.count, count - at);
			if (want && !left)
				break;
		}
		end();
	}
}

static void bytes_go_where_they_belong_and_nowhere_else(void **state)
{
	(void)state;
	srand(6);
	for (int round = 0; round < 3000; round++) {
		size_t count, done = 0, at = 0;
		struct iov_iter iter;

		start();
		count = (size_t)rand() % (total + 20);
		for (unsigned i = 0; i < BYTES; i++)
			data[i] = (uint8_t)rand();
		iov_iter_kvec(&iter, vec, pieces, count);
		for (size_t n = 1; n; done += n)
			n = copy_to_iter(data + done, 1 + (size_t)rand() % 50, &iter);
		assert_int_equal(done, MIN(count, total));
		memcpy(flat, data, done); /* behind it the pieces are as before */
		for (unsigned i = 0; i < pieces; at += vec[i++].iov_len)
			assert_memory_equal(blocks[i], flat + at, vec[i].iov_len);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_in_order_however_they_are_cut),
		cmocka_unit_test(bytes_go_where_they_belong_and_nowhere_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
