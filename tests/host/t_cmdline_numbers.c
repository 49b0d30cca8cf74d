/* SPDX-License-Identifier: MIT */
/* The command line's numbers and sizes. */
#include "tests/host/cmdline_line.h"

static void a_number_out_of_range_means_the_default(void **state)
{
	static const char *const bad_seeds[] = {
		"seed=",    "seed=x",   "seed=0x",   "seed=-1",  "seed=+1",
		"seed=1 ,", "seed=12a", "seed=0x1g", "seed=1.5", "seed=99999999999999999999"
	};

	(void)state;
	parse_silently("seed=18446744073709551615");
	assert_int_equal(opt.seed, UINT64_MAX);
	parse_silently("seed=0XffffFFFFffffFFFF");
	assert_int_equal(opt.seed, UINT64_MAX);
	parse_silently("seed=010");
	assert_int_equal(opt.seed, 10);
	expect("seed=18446744073709551616",
	       "seed=18446744073709551616: not a number of at most 64 bits; using 0");
	expect("seed=0x10000000000000000",
	       "seed=0x10000000000000000: not a number of at most 64 bits; using 0");
	for (size_t i = 0; i < ARRAY_SIZE(bad_seeds); i++) {
		parse(bad_seeds[i]);
		assert_true(complaints >= 1);
	}
	expect("repeat=0", "repeat=0: not a number from 1 to 1000000; using 1");
	expect("repeat=1000001", "repeat=1000001: not a number from 1 to 1000000; using 1");
	expect("repeat=4294967297", "repeat=4294967297: not a number from 1 to 1000000; using 1");
	expect("cpus=0", "cpus=0: not max or a number from 1 to 4096; using max");
	assert_int_equal(opt.cpus, 4096);
	expect("cpus=4097", "cpus=4097: not max or a number from 1 to 4096; using max");
	parse_silently("cpus=4096 repeat=0x10");
	assert_int_equal(opt.repeat, 16);
}

static void sizes_are_read_with_their_unit(void **state)
{
	static const struct {
		const char *line;
		u64 size;
	} good[] = {
		{ "mem=0", 0 },
		{ "mem=4096", 4096 },
		{ "mem=3k", 3072 },
		{ "mem=3K", 3072 },
		{ "mem=2G", 2ULL << 30 },
		{ "mem=1t", 1ULL << 40 },
		{ "mem=0x10M", 16 << 20 },
		{ "mem=16777215T", 16777215ULL << 40 },
	};
	static const char *const bad[] = { "mem=",   "mem=M",   "mem=1MB",      "mem=1P",
					   "mem=-1", "mem=1MM", "mem=16777216T" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		parse_silently(good[i].line);
		assert_int_equal(opt.mem, good[i].size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		parse(bad[i]);
		assert_int_equal(complaints, 1);
		assert_int_equal(opt.mem, 64ULL << 30);
	}
	expect("mem=1X", "mem=1X: not a size N[K|M|G|T] below 16 EiB, 0 for all; using 64G");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_out_of_range_means_the_default),
		cmocka_unit_test(sizes_are_read_with_their_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
