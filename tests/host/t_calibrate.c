/* SPDX-License-Identifier: MIT */
/*
 * Rates from CPUID leaves 15H and 16H, as processors of different ages fill them in, and rates from
 * measurements that something disturbed.
 */
#include "tests/host/harness.h"

#include "kernel/calibrate.h"

static const struct cpuid none;

static struct calibration expect(struct cpuid leaf15, struct cpuid leaf16, u64 tsc_hz, u64 timer_hz)
{
	struct calibration c;

	assert_int_equal(calibration_by_cpuid(leaf15, leaf16, &c), tsc_hz != 0);
	assert_int_equal(c.tsc_hz, tsc_hz);
	assert_int_equal(c.timer_hz, timer_hz);
	return c;
}

/* A server: ratio 2:168 of a crystal of 25 MHz; leaf 16H rounds to MHz, so 15H comes first. */
static void the_crystal_counts_first(void **state)
{
	struct cpuid leaf15 = { 2, 168, 25000000, 0 }, leaf16 = { 2099, 3800, 100, 0 };

	(void)state;
	assert_string_equal(expect(leaf15, leaf16, 2100000000, 1562500).by, "CPUID leaf 15H");
	expect(leaf15, none, 2100000000, 1562500);
}

/* A client of 2015: the ratio, but no crystal. It follows from the base frequency: 24 MHz. */
static void the_base_frequency_gives_the_crystal(void **state)
{
	struct cpuid leaf15 = { 2, 200, 0, 0 }, leaf16 = { 2400, 3100, 100, 0 };

	(void)state;
	assert_string_equal(expect(leaf15, leaf16, 2400000000, 1500000).by, "CPUID leaf 16H");
}

/* Without a ratio the bus clock drives the timer; the upper halves of leaf 16H are reserved. */
static void the_bus_clock_drives_the_timer(void **state)
{
	struct cpuid leaf15 = { 0, 0, 25000000, 0 };
	struct cpuid leaf16 = { 0xabcd0000 | 3000, 4000, 0xabcd0000 | 100, 0 };

	(void)state;
	expect(none, leaf16, 3000000000, 6250000);
	expect(leaf15, leaf16, 3000000000, 6250000);
	leaf15.a = 2;
	expect(leaf15, leaf16, 3000000000, 6250000);
	leaf16.c = 0;
	expect(none, leaf16, 3000000000, 0); /* the timer is to be measured */
}

static void without_rates_there_is_none(void **state)
{
	struct cpuid ratio = { 2, 168, 0, 0 }, bus = { 0, 0, 100, 0 };

	(void)state;
	expect(none, none, 0, 0);
	expect(ratio, none, 0, 0);
	expect(none, bus, 0, 6250000);
}

/* Tens of GHz and ratios of any size do not wrap. */
static void large_rates_do_not_wrap(void **state)
{
	struct cpuid leaf15 = { 1000, 65535, 1000000000, 0 }, leaf16 = { 65535, 0, 65535, 0 };

	(void)state;
	expect(leaf15, none, 65535000000, 62500000);
	expect(none, leaf16, 65535000000, 65535000000 / 16);
}

/* Measures `n` times, and returns the rates and whether the last measurement settled them. */
static bool pick(const struct rates *seen, u32 n, u64 tsc_hz, u64 timer_hz)
{
	struct rates picked;
	bool settled = calibration_pick(seen, n, &picked);

	assert_int_equal(picked.tsc_hz, tsc_hz);
	assert_int_equal(picked.timer_hz, timer_hz);
	return settled;
}

/* The third agrees with the first, in both clocks; 1 % is close enough, a little more is not. */
static void two_measurements_that_agree_settle_the_rates(void **state)
{
	struct rates seen[] = { { 2000000000, 62500000 },
				{ 7152678000, 172156000 },
				{ 1980000000, 61875000 } };

	(void)state;
	assert_false(pick(seen, 1, 2000000000, 62500000));
	assert_false(pick(seen, 2, 2000000000, 62500000));
	assert_true(pick(seen, 3, 1980000000, 61875000));
	seen[2].tsc_hz--;
	assert_false(pick(seen, 3, 1979999999, 61875000));
	seen[2] = (struct rates){ 2000000000, 61874999 };
	assert_false(pick(seen, 3, 2000000000, 61874999));
}

/* Measurements that all differ leave the slowest TSC, wherever it came. */
static void disturbed_measurements_leave_the_slowest(void **state)
{
	struct rates seen[] = { { 9000, 90 }, { 5000, 50 }, { 7000, 70 }, { 6000, 60 } };

	(void)state;
	assert_false(pick(seen, 4, 5000, 50));
	assert_false(pick(seen, 1, 9000, 90));
	seen[3] = (struct rates){ 4000, 40 };
	assert_false(pick(seen, 4, 4000, 40));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crystal_counts_first),
		cmocka_unit_test(the_base_frequency_gives_the_crystal),
		cmocka_unit_test(the_bus_clock_drives_the_timer),
		cmocka_unit_test(without_rates_there_is_none),
		cmocka_unit_test(large_rates_do_not_wrap),
		cmocka_unit_test(two_measurements_that_agree_settle_the_rates),
		cmocka_unit_test(disturbed_measurements_leave_the_slowest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
