/* SPDX-License-Identifier: MIT */
/* PCI's configuration space: what a scan finds, and what a BAR says; honest and broken ones. */
#include "tests/host/pci_space.h"

#define ID 0x11e81234

static struct pci_function seen[1 << 16];
static u32 seen_count, stop_at;

static bool note(const struct pci_function *f, void *arg)
{
	assert_ptr_equal(arg, seen);
	assert_true(seen_count < ARRAY_SIZE(seen));
	seen[seen_count++] = *f;
	return seen_count == stop_at;
}

static bool scan(void)
{
	seen_count = 0;
	return pci_scan(&space_access, note, seen);
}

static int start(void **state)
{
	(void)state;
	memset(&space, 0, sizeof(space));
	stop_at = 0;
	return 0;
}

static void expect_seen(const u16 *bdf, u32 count)
{
	assert_false(scan());
	assert_int_equal(seen_count, count);
	for (u32 i = 0; i < count; i++)
		assert_int_equal(seen[i].bdf, bdf[i]);
}

static void nothing_answers(void **state)
{
	(void)state;
	expect_seen(NULL, 0);
	assert_int_equal(space.reads, 32); /* one for each device of bus 0 */
	assert_int_equal(space.writes, 0);
}

static void a_scan_finds_the_functions_in_order(void **state)
{
	const u16 want[] = { bdf_of(0, 0, 0), bdf_of(0, 1, 0), bdf_of(0, 1, 1), bdf_of(0, 1, 7),
			     bdf_of(0, 31, 0) };

	(void)state;
	space_add(bdf_of(0, 31, 0), ID, 0);
	space_add(bdf_of(0, 1, 7), 0x00021af4, 0x80); /* only function 0 says how many */
	space_add(bdf_of(0, 1, 1), 0x00011af4, 2);
	space_add(bdf_of(0, 1, 0), 0x12378086, 0x80);
	space_add(bdf_of(0, 0, 0), 0x70008086, 0);
	expect_seen(want, ARRAY_SIZE(want));
	assert_true(seen[4].vendor == 0x1234 && seen[4].device == 0x11e8 && seen[4].header == 0);
	assert_true(seen[1].vendor == 0x8086 && seen[1].device == 0x1237 && seen[1].header == 0);
	assert_int_equal(seen[2].header, 2);
	assert_int_equal(seen[3].header, 0);
	assert_int_equal(space.writes, 0);
}

/* A board may decode no function number, so that all eight answer alike. */
static void a_device_of_one_function_is_asked_once(void **state)
{
	const u16 want[] = { bdf_of(0, 4, 0) };

	(void)state;
	for (u32 i = 0; i < 8; i++)
		space_add(bdf_of(0, 4, i), ID, i ? 0x80 : 0);
	expect_seen(want, 1);
}

static void a_device_without_function_0_is_none(void **state)
{
	(void)state;
	space_add(bdf_of(0, 5, 1), ID, 0x80);
	space_add(bdf_of(0, 6, 0), 0x11e8ffff, 0x80); /* no vendor */
	space_add(bdf_of(0, 6, 1), ID, 0);
	space_add(bdf_of(0, 7, 0), 0, 0x80);
	space_add(bdf_of(0, 7, 1), ID, 0);
	expect_seen(NULL, 0);
}

static void a_scan_ends_where_it_is_told(void **state)
{
	(void)state;
	for (u32 i = 0; i < 4; i++)
		space_add(bdf_of(0, i, 0), ID, 0);
	stop_at = 2;
	assert_true(scan());
	assert_int_equal(seen_count, 2);
}

static void bridges_lead_to_their_buses(void **state)
{
	const u16 want[] = { bdf_of(0, 2, 0), bdf_of(0, 2, 1), bdf_of(3, 0, 0), bdf_of(64, 9, 0),
			     bdf_of(255, 31, 0) };

	(void)state;
	space_bridge(bdf_of(0, 2, 0), 64);
	space_at(bdf_of(0, 2, 0))->value[3] |= 0x800000;
	space_bridge(bdf_of(0, 2, 1), 3);
	space_bridge(bdf_of(3, 0, 0), 255);
	space_add(bdf_of(64, 9, 0), ID, 0);
	space_add(bdf_of(255, 31, 0), ID, 0);
	space_add(bdf_of(5, 0, 0), ID, 0); /* nobody leads there */
	expect_seen(want, ARRAY_SIZE(want));
}

/* To themselves, to bus 0, in a circle, and two to the same bus. */
static void no_bus_is_visited_twice(void **state)
{
	const u16 want[] = { bdf_of(0, 1, 0), bdf_of(0, 2, 0), bdf_of(0, 3, 0),
			     bdf_of(1, 0, 0), bdf_of(1, 1, 0), bdf_of(2, 0, 0) };

	(void)state;
	space_bridge(bdf_of(0, 1, 0), 0);
	space_bridge(bdf_of(0, 2, 0), 1);
	space_bridge(bdf_of(0, 3, 0), 1);
	space_bridge(bdf_of(1, 0, 0), 2);
	space_bridge(bdf_of(1, 1, 0), 1);
	space_bridge(bdf_of(2, 0, 0), 1);
	expect_seen(want, ARRAY_SIZE(want));
}

/* A chain of 255 bridges, each with the next bus behind it. */
static void every_bus_can_be_reached(void **state)
{
	(void)state;
	for (u32 bus = 0; bus < 256; bus++)
		space_bridge(bdf_of(bus, 0, 0), (bus + 1) & 255);
	assert_false(scan());
	assert_int_equal(seen_count, 256);
	for (u32 bus = 0; bus < 256; bus++)
		assert_int_equal(seen[bus].bdf, bus << 8);
}

static u32 liar_reads;

static u32 liar(u16 bdf, u32 reg, void *arg)
{
	(void)arg;
	liar_reads++;
	return reg == 0x18 ? (u32)bdf << 5
	       : reg       ? 0x810000
			   : ID; /* all are bridges with functions */
}

static void a_space_full_of_bridges_has_an_end(void **state)
{
	const struct pci_access access = { liar, NULL, NULL };

	(void)state;
	seen_count = 0;
	assert_false(pci_scan(&access, note, seen));
	assert_int_equal(seen_count, 1 << 16);
	assert_int_equal(liar_reads, 3 << 16);
}

static struct space before;

/* Reads BAR `index` of the first function; all registers must be as before. */
static const char *bar_of(u32 index, u8 header, struct pci_bar *bar)
{
	const struct pci_function f = { .bdf = space.f[0].bdf, .header = header };
	const char *why;

	before = space;
	why = pci_bar_read(&space_access, &f, index, bar);
	assert_memory_equal(before.f, space.f, sizeof(space.f));
	return why;
}

static void expect_bar(u32 index, u64 base, u64 size)
{
	struct pci_bar bar;
	const char *why = bar_of(index, 0, &bar);

	if (why)
		fail_msg("BAR %u: %s", index, why);
	assert_int_equal(bar.base, base);
	assert_int_equal(bar.size, size);
}

static void expect_no_bar(u32 index, u8 header, const char *reason)
{
	struct pci_bar bar = { 1, 1 };
	const char *why = bar_of(index, header, &bar);

	assert_non_null(why);
	assert_non_null(strstr(why, reason));
	assert_true(bar.base != 1 && bar.size != 1); /* a message may print them */
}

static void bars_have_base_and_size(void **state)
{
	struct space_function *f = space_add(bdf_of(2, 3, 4), ID, 0);

	(void)state;
	space_bar(f, 0, 0xfea00000, 0x100000, 0);
	space_bar(f, 1, 0xfffffff0, 16, 8);
	space_bar(f, 2, 0x7f00000000, 0x100000000, 4);
	space_bar(f, 4, 0x8000000000000000, 0x8000000000000000, 0xc);
	expect_bar(0, 0xfea00000, 0x100000);
	expect_bar(1, 0xfffffff0, 16);
	expect_bar(2, 0x7f00000000, 0x100000000);
	expect_bar(4, 0x8000000000000000, 0x8000000000000000);
	space_bar(f, 1, 0x80000000, 0x80000000, 0);
	expect_bar(1, 0x80000000, 0x80000000);
	space_bar(f, 2, 0xfe000000, 0x1000, 4);
	expect_bar(2, 0xfe000000, 0x1000); /* 64 bits wide, but low */
	f->value[1] &= ~0xffffu;           /* off, and stays so */
	expect_bar(0, 0xfea00000, 0x100000);
}

static void bars_may_have_no_size_or_no_address(void **state)
{
	struct space_function *f = space_add(0x08, ID, 0);

	(void)state;
	space_bar(f, 0, 0, 0x1000, 0);
	expect_bar(0, 0, 0x1000);
	expect_bar(1, 0, 0);
	space_bar(f, 2, 0, 1ULL << 40, 4);
	expect_bar(2, 0, 1ULL << 40);
	f->value[4 + 4] = 4; /* 64 bits wide, and nothing can be written */
	expect_bar(4, 0, 0);
}

static void what_is_no_bar_in_memory_is_refused(void **state)
{
	struct space_function *f = space_add(0x08, ID, 0);

	(void)state;
	space_bar(f, 0, 0xc000, 16, 1);
	expect_no_bar(0, 0, "I/O");
	space_bar(f, 0, 0xc0000, 16, 2);
	expect_no_bar(0, 0, "neither");
	space_bar(f, 0, 0xc0000, 16, 6);
	expect_no_bar(0, 0, "neither");
	space_bar(f, 5, 0xfe000000, 0x1000, 0);
	expect_bar(5, 0xfe000000, 0x1000);
	f->value[4 + 5] |= 4;
	expect_no_bar(5, 0, "the last");
	expect_no_bar(6, 0, "there is none");
	expect_no_bar(~0u, 0, "there is none");
	space_bar(f, 1, 0xfe000000, 0x1000, 0);
	assert_null(bar_of(1, 1, &(struct pci_bar){ 0 })); /* a bridge has two */
	expect_no_bar(2, 1, "there is none");
	expect_no_bar(0, 2, "there is none");
	expect_no_bar(0, 0x7f, "there is none");
	f->value[4 + 1] = 0xfe000004;
	expect_no_bar(1, 1, "the last");
}

static void bars_with_odd_bits_are_refused(void **state)
{
	struct space_function *f = space_add(0x08, ID, 0);

	(void)state;
	space_bar(f, 0, 0xfe000000, 0x1000, 0);
	f->writable[4] &= ~0x10000u;
	expect_no_bar(0, 0, "power of two");
	f->writable[4] = 0x7ffff000;
	f->value[4] = 0;
	expect_no_bar(0, 0, "power of two");
	space_bar(f, 2, 0x7f00000000, 1ULL << 32, 4);
	f->writable[4 + 3] &= ~0x80000000u;
	expect_no_bar(2, 0, "power of two");
}

/* Whose address changes while it is looked at. */
static u32 changing_read(u16 bdf, u32 reg, void *arg)
{
	u32 *reads = arg;

	(void)bdf;
	return reg == 4 ? 2 : ++*reads < 4 ? 0xfe000800 : 0xfffff000;
}

static void ignore(u16 bdf, u32 reg, u32 value, void *arg)
{
	(void)bdf;
	(void)reg;
	(void)value;
	(void)arg;
}

static void a_bar_that_changes_is_refused(void **state)
{
	u32 reads = 0;
	const struct pci_access access = { changing_read, ignore, &reads };
	const struct pci_function f = { 0 };
	struct pci_bar bar;
	const char *why = pci_bar_read(&access, &f, 0, &bar);

	(void)state;
	assert_non_null(why);
	assert_non_null(strstr(why, "no multiple"));
}

static void command_bits_change_alone(void **state)
{
	struct space_function *f = space_add(0x08, ID, 0);
	u32 old = f->value[1];

	(void)state;
	pci_command(&space_access, 0x08, 0, PCI_COMMAND_MASTER);
	assert_int_equal(f->value[1], old | PCI_COMMAND_MASTER);
	pci_command(&space_access, 0x08, PCI_COMMAND_MASTER | PCI_COMMAND_IO, 0);
	assert_int_equal(f->value[1], old & ~(u32)PCI_COMMAND_IO);
	pci_command(&space_access, 0x08, PCI_COMMAND_MEMORY, PCI_COMMAND_MEMORY);
	assert_int_equal(f->value[1], old & ~(u32)PCI_COMMAND_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_answers, start),
		cmocka_unit_test_setup(a_scan_finds_the_functions_in_order, start),
		cmocka_unit_test_setup(a_device_of_one_function_is_asked_once, start),
		cmocka_unit_test_setup(a_device_without_function_0_is_none, start),
		cmocka_unit_test_setup(a_scan_ends_where_it_is_told, start),
		cmocka_unit_test_setup(bridges_lead_to_their_buses, start),
		cmocka_unit_test_setup(no_bus_is_visited_twice, start),
		cmocka_unit_test_setup(every_bus_can_be_reached, start),
		cmocka_unit_test_setup(a_space_full_of_bridges_has_an_end, start),
		cmocka_unit_test_setup(bars_have_base_and_size, start),
		cmocka_unit_test_setup(bars_may_have_no_size_or_no_address, start),
		cmocka_unit_test_setup(what_is_no_bar_in_memory_is_refused, start),
		cmocka_unit_test_setup(bars_with_odd_bits_are_refused, start),
		cmocka_unit_test(a_bar_that_changes_is_refused),
		cmocka_unit_test_setup(command_bits_change_alone, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
