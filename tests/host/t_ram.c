/* SPDX-License-Identifier: MIT */
/* RAM from memory maps: by hand, and random maps against a table of pages; what is selected. */
#include "tests/host/harness.h"

#include "kernel/cpu/layout.h"
#include "kernel/cpu/x86.h"
#include "mm/ram.h"

#define MIB     (1ULL << 20)
#define GIB     (1ULL << 30)
#define TIB     (1ULL << 40)
#define LIMIT   (64 * TIB)
#define ENTRIES 12
#define CELLS   64

static struct boot_info info;
static struct ranges ram;
static struct ram_lost lost;

static void start(void)
{
	memset(&info, 0, sizeof(info));
}

static void entry(uint64_t base, uint64_t len, uint32_t type)
{
	info.mem[info.mem_count++] = (struct boot_mem){ base, len, type };
}

static void find(void)
{
	ram_find(&ram, &info, LIMIT, &lost);
}

static void expect_range(uint32_t i, uint64_t first, uint64_t end)
{
	assert_true(i < ram.count);
	assert_int_equal(ram.r[i].start, first);
	assert_int_equal(ram.r[i].end, end);
}

static void expect_lost(uint64_t contradicted, uint64_t beyond)
{
	assert_int_equal(lost.contradicted, contradicted);
	assert_int_equal(lost.beyond, beyond);
}

static void only_whole_pages_are_ram(void **state)
{
	(void)state;
	start();
	entry(0x1001, 0x2fff, 1); /* to 0x4000 */
	entry(0x6000, 0x1fff, 1);
	entry(0x9001, 0xffe, 1); /* no whole page */
	find();
	assert_int_equal(ram.count, 2);
	expect_range(0, 0x2000, 0x4000);
	expect_range(1, 0x6000, 0x7000);
	expect_lost(0, 0);
}

/* Entries behind the map's last, and types beyond the bits of a mask, count for nothing. */
static void only_what_is_in_the_map_counts(void **state)
{
	(void)state;
	for (uint32_t type = 1; type <= 2; type++) { /* more RAM; no RAM in the middle of it */
		start();
		entry(0x1000, 0x7000, 1);
		entry(0x10000, 0x1000, 65); /* as 1 modulo 64 */
		info.mem[info.mem_count] =
			(struct boot_mem){ type == 1 ? 0x20000 : 0x3000, 0x1000, type };
		find();
		assert_int_equal(ram.count, 1);
		expect_range(0, 0x1000, 0x8000);
	}
}

/* A page that is RAM in one entry and, even by one byte, something else in another is not RAM. */
static void contradicted_pages_are_not_ram(void **state)
{
	static const uint32_t types[] = { 0, 2, 3, 4, 5, 7, 12, 20, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		start();
		entry(0x3fff, 2, types[i]); /* before and after what it contradicts */
		entry(0x1000, 0x8000, 1);
		entry(0x8800, 0x1000, types[i]);
		find();
		assert_int_equal(ram.count, 2);
		expect_range(0, 0x1000, 0x3000);
		expect_range(1, 0x5000, 0x8000);
		expect_lost(0x3000, 0);
	}
}

/* The last byte of the address space, and lengths that rounding would make 0. */
static void entries_at_the_top_do_not_wrap(void **state)
{
	(void)state;
	start();
	entry(0x100000, 0x100000, 1);
	entry(UINT64_MAX - 0x7ff, 0x100, 1);
	entry(UINT64_MAX - 0x1fff, 0x1fff, 1);
	entry(UINT64_MAX - 0xfff, 0xfff, 2);
	entry(UINT64_MAX - 10, 5, 2);
	find();
	assert_int_equal(ram.count, 1);
	expect_range(0, 0x100000, 0x200000);
	expect_lost(0, 0x1000);
}

static void ram_beyond_the_limit_is_left_out(void **state)
{
	(void)state;
	start();
	entry(TIB, LIMIT, 1);           /* reaches over it */
	entry(LIMIT + TIB, GIB, 1);     /* lies beyond */
	entry(LIMIT - GIB, 2 * GIB, 2); /* half of it */
	find();
	assert_int_equal(ram.count, 1);
	expect_range(0, TIB, LIMIT - GIB);
	expect_lost(2 * GIB, TIB);
}

static void video_memory_is_not_ram(void **state)
{
	(void)state;
	start();
	entry(0, MIB, 1);
	find();
	assert_int_equal(ram.count, 2);
	expect_range(0, 0, VGA_START);
	expect_range(1, VGA_END, MIB);
	expect_lost(0, 0);
}

/* With more pieces than there is room for, no memory appears that the map does not have. */
static void too_many_ranges_add_no_memory(void **state)
{
	uint64_t total;

	(void)state;
	start();
	entry(GIB, GIB, 1);
	while (info.mem_count < BOOT_MEM_MAX)
		entry(GIB + info.mem_count * 0x4000ULL, 0x1000, 2);
	find();
	assert_int_equal(ram.count, RANGES_MAX);
	assert_int_equal(ram.dropped, 0);
	assert_int_equal(lost.contradicted, (BOOT_MEM_MAX - 1) * 0x1000ULL);
	for (uint32_t i = 0; i < info.mem_count; i++)
		info.mem[i] = (struct boot_mem){ 4 * GIB + i * 0x8000ULL, 0x4000, 1 };
	find();
	assert_int_equal(ram.count, RANGES_MAX);
	total = ranges_total(&ram);
	ram_select(&ram, total - 0x1000); /* each cut would make one more */
	assert_true(ranges_total(&ram) <= total - 0x1000);
	for (uint32_t i = 0; i < ram.count; i++)
		assert_true((ram.r[i].start - 4 * GIB) % 0x8000 < 0x4000);
}

static uint64_t any(uint64_t n)
{
	return (uint64_t)rand() % n;
}

/* Page by page: RAM if one entry has all of it as RAM and none has any of it as something else. */
static void random_maps_match_a_table_of_pages(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 5000; round++) {
		bool cell[CELLS] = { 0 };
		uint64_t base = round % 2 ? 0 : 4 * GIB - CELLS / 2 * 4096;

		start();
		for (int i = 0; i < ENTRIES; i++)
			entry(base + any(CELLS * 8) * 512, 1 + any(24) * 512 + any(2),
			      any(3) ? 1 : 2);
		find();
		for (int pass = 1; pass <= 2; pass++) {
			for (uint32_t i = 0; i < info.mem_count; i++) {
				const struct boot_mem *m = &info.mem[i];

				for (uint64_t c = 0; c < CELLS; c++) {
					uint64_t at = base + c * 4096, end = m->base + m->len;

					if (pass == 1 && m->type == 1)
						cell[c] |= m->base <= at && end >= at + 4096;
					else if (pass == 2 && m->type != 1)
						cell[c] &= m->base >= at + 4096 || end <= at;
				}
			}
		}
		for (uint64_t c = 0; c < CELLS; c++) {
			uint64_t at = base + c * 4096;
			bool is = ranges_contain(&ram, at, at + 4096);

			assert_true(is == cell[c]);
		}
	}
}

static void low_memory_is_selected_first(void **state)
{
	(void)state;
	start();
	entry(0, 640 << 10, 1);
	entry(MIB, 2 * GIB, 1);
	entry(4 * GIB, TIB, 1);
	find();
	ram_select(&ram, GIB);
	assert_int_equal(ram.count, 2);
	assert_int_equal(ranges_total(&ram), GIB);
	expect_range(1, MIB, GIB + (384 << 10));
	find();
	ram_select(&ram, 0);
	assert_int_equal(ram.count, 0);
}

/* A cut lies between two pages: the larger the share, the larger they are. */
static void a_large_range_is_cut_between_pages(void **state)
{
	static const struct {
		uint64_t share, page;
	} cut[] = {
		{ 8 * GIB + 8192, GIB }, { 8 * GIB, GIB },          { 8 * GIB - 4096, 2 * MIB },
		{ 16 * MIB, 2 * MIB },   { 16 * MIB - 4096, 4096 }, { 3 * 4096, 4096 },
	};

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(cut); i++) {
		uint64_t head = cut[i].share / 2 / cut[i].page * cut[i].page;
		uint64_t tail = (cut[i].share - head) / cut[i].page * cut[i].page;

		start();
		entry(4 * GIB, TIB, 1);
		find();
		ram_select(&ram, cut[i].share);
		assert_int_equal(ram.count, 2);
		expect_range(0, 4 * GIB, 4 * GIB + head);
		expect_range(1, 4 * GIB + TIB - tail, 4 * GIB + TIB);
	}
}

/* A server with two sockets and a small range: the small one whole, of the others both ends. */
static void both_ends_of_large_ranges_are_selected(void **state)
{
	(void)state;
	start();
	entry(MIB, 2 * GIB - MIB, 1);
	entry(4 * GIB, 2 * TIB, 1);
	entry(3 * TIB, 2 * GIB, 1);
	entry(4 * TIB, 2 * TIB, 1);
	find();
	ram_select(&ram, 64 * GIB);
	assert_int_equal(ram.count, 6);
	expect_range(0, MIB, 2 * GIB);
	expect_range(1, 4 * GIB, 19 * GIB);
	expect_range(2, 4 * GIB + 2 * TIB - 15 * GIB, 4 * GIB + 2 * TIB);
	expect_range(3, 3 * TIB, 3 * TIB + 2 * GIB);
	expect_range(4, 4 * TIB, 4 * TIB + 15 * GIB);
	expect_range(5, 6 * TIB - 15 * GIB, 6 * TIB);
	ram_select(&ram, 64 * GIB); /* the total is below it now */
	assert_int_equal(ram.count, 6);
}

/* Low memory and high may touch: then one range has both. */
static void a_range_across_4_gib_has_low_and_high_memory(void **state)
{
	(void)state;
	start();
	entry(GIB, 7 * GIB, 1);
	find();
	ram_select(&ram, 4 * GIB);
	assert_int_equal(ram.count, 2);
	expect_range(0, GIB, 4 * GIB + 512 * MIB);
	expect_range(1, 8 * GIB - 512 * MIB, 8 * GIB);
}

/* A selection is never more than requested, never outside of the map, and not much less. */
static void random_selections_keep_to_the_map(void **state)
{
	(void)state;
	srand(2);
	for (int round = 0; round < 5000; round++) {
		static struct ranges all;
		uint64_t bytes, high = 0, large = 0;

		start();
		for (int i = 0; i < ENTRIES; i++)
			entry(any(32) * GIB + any(1000) * 4096, (1 + any(1ULL << any(30))) * 4096,
			      1);
		find();
		all = ram;
		for (uint32_t i = 0; i < all.count; i++) {
			high += all.r[i].end > RAM_LOW;
			large += all.r[i].end - all.r[i].start;
		}
		bytes = any(large / 4096 + 10) * 4096;
		ram_select(&ram, bytes);
		assert_true(ranges_total(&ram) <= bytes);
		if (bytes >= large)
			assert_int_equal(ranges_total(&ram), large);
		else
			assert_true(ranges_total(&ram) + (high + 1) * 2 * GIB >= bytes);
		for (uint32_t i = 0; i < ram.count; i++)
			assert_true(ranges_contain(&all, ram.r[i].start, ram.r[i].end));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_pages_are_ram),
		cmocka_unit_test(only_what_is_in_the_map_counts),
		cmocka_unit_test(contradicted_pages_are_not_ram),
		cmocka_unit_test(entries_at_the_top_do_not_wrap),
		cmocka_unit_test(ram_beyond_the_limit_is_left_out),
		cmocka_unit_test(video_memory_is_not_ram),
		cmocka_unit_test(too_many_ranges_add_no_memory),
		cmocka_unit_test(random_maps_match_a_table_of_pages),
		cmocka_unit_test(low_memory_is_selected_first),
		cmocka_unit_test(a_large_range_is_cut_between_pages),
		cmocka_unit_test(both_ends_of_large_ranges_are_selected),
		cmocka_unit_test(a_range_across_4_gib_has_low_and_high_memory),
		cmocka_unit_test(random_selections_keep_to_the_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
