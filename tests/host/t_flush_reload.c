// SPDX-License-Identifier: MIT
/*
 * The probe for transient accesses and the choice of cores, on a model of a cache. What this cannot
 * know: whether a real cache behaves like the model.
 */
#include "tests/host/harness.h"

#include <string.h>

#include "tests/bench/cores.h"
#include "tests/bench/flush_reload.h"

/* The model: what its clock says, and what an act leaves in its cache. */
static struct {
	u64 cached, flushed;
	int line_of[FR_ACTS]; /* that an act uses; -1: none */
	u32 only_every;       /* the act leaves its line in every Nth round */
	bool next_line_too;   /* a reload brings the next line as well */
	bool flushes;         /* a flush works */
} model;
static bool in_cache[FR_LINES];
static u32 acts;

static void flush(u32 line)
{
	assert_true(line < FR_LINES);
	in_cache[line] &= !model.flushes;
}

static u64 reload(u32 line)
{
	u64 ticks = in_cache[line] ? model.cached : model.flushed;

	assert_true(line < FR_LINES);
	in_cache[line] = true;
	if (model.next_line_too && line + 1 < FR_LINES)
		in_cache[line + 1] = true;
	return ticks;
}

static void act(enum fr_act a)
{
	if (model.line_of[a] >= 0 && acts++ % model.only_every == 0)
		in_cache[model.line_of[a]] = true;
}

static const struct fr_machine machine = { flush, reload, act };

/* A processor on which no denied access acts. */
static int sound(void **state)
{
	(void)state;
	memset(in_cache, 0, sizeof(in_cache));
	model.cached = 40;
	model.flushed = 200;
	model.only_every = 1;
	model.next_line_too = false;
	model.flushes = true;
	for (u32 a = 0; a < FR_ACTS; a++)
		model.line_of[a] = -1;
	model.line_of[FR_LOAD_PERMITTED] = FR_OLD;
	model.line_of[FR_STORE_PERMITTED] = FR_NEW;
	acts = 0;
	return 0;
}

static void expect(const char *why_not, struct flush_reload *r)
{
	const char *why = flush_reload(r, &machine);

	if (why_not) {
		assert_non_null(why);
		assert_non_null(strstr(why, why_not));
	} else {
		assert_null(why);
	}
}

static void a_permitted_access_is_seen(void **state)
{
	struct flush_reload r;

	(void)state;
	expect(NULL, &r);
	assert_int_equal(r.cached, 40);
	assert_int_equal(r.flushed, 200);
	assert_int_equal(r.limit, 120);
	for (u32 a = 0; a < FR_ACTS; a++)
		for (u32 line = 0; line < FR_LINES; line++)
			assert_int_equal(r.hot[a][line],
					 (int)line == model.line_of[a] ? FR_ROUNDS : 0);
}

static void a_denied_access_that_acts_is_counted(void **state)
{
	struct flush_reload r;

	(void)state;
	model.line_of[FR_LOAD_DENIED] = FR_OLD;
	model.line_of[FR_STORE_DENIED] = FR_NEW;
	expect(NULL, &r);
	assert_int_equal(r.hot[FR_LOAD_DENIED][FR_OLD], FR_ROUNDS);
	assert_int_equal(r.hot[FR_STORE_DENIED][FR_NEW], FR_ROUNDS);
	assert_int_equal(r.hot[FR_STORE_DENIED][FR_OLD], 0);
	model.line_of[FR_STORE_DENIED] = FR_OLD;
	expect(NULL, &r);
	assert_int_equal(r.hot[FR_STORE_DENIED][FR_NEW], 0);
	assert_int_equal(r.hot[FR_STORE_DENIED][FR_OLD], FR_ROUNDS);
}

static void noise_is_the_worst_of_the_other_lines(void **state)
{
	struct flush_reload r;

	(void)state;
	model.line_of[FR_LOAD_DENIED] = 3;
	expect(NULL, &r);
	assert_int_equal(fr_others(&r, FR_LOAD_DENIED), FR_ROUNDS);
	assert_int_equal(fr_others(&r, FR_LOAD_PERMITTED), 0);
	assert_int_equal(fr_others(&r, FR_STORE_PERMITTED), 0);
}

static void a_clock_without_a_cache_measures_nothing(void **state)
{
	static const u64 flushed[] = { 40, 41, 60, 10 };
	struct flush_reload r;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(flushed); i++) {
		model.flushed = flushed[i];
		expect("shows no cache", &r);
		assert_int_equal(r.hot[FR_LOAD_PERMITTED][FR_OLD], 0);
	}
	model.flushed = 61;
	expect(NULL, &r);
	model.flushed = 200;
	model.flushes = false;
	expect("shows no cache", &r);
}

static void a_control_that_fails_measures_nothing(void **state)
{
	struct flush_reload r;

	(void)state;
	model.line_of[FR_NOTHING] = 7;
	expect("nothing used loads fast", &r);
	sound(NULL);
	model.line_of[FR_LOAD_PERMITTED] = -1;
	expect("a permitted load", &r);
	sound(NULL);
	model.line_of[FR_STORE_PERMITTED] = FR_OLD;
	expect("a permitted store", &r);
	sound(NULL);
	model.only_every = 2;
	expect("a permitted load", &r);
}

/* The order of the reloads: a line that its neighbour's reload brings must not pass as used. */
static void a_prefetcher_of_the_next_line_is_noticed_or_harmless(void **state)
{
	struct flush_reload r;

	(void)state;
	model.next_line_too = true;
	expect("nothing used loads fast", &r);
}

static const struct cpu_type big = { 0xc0662, 0x40, true }, small = { 0xc0662, 0x20, true },
			     other = { 0xb0650, 0x40, true };
static const struct cpu_type *const hybrid[] = { &big, &big, &small, &other, &small, &big };

static const struct cpu_type *type_of(u32 i)
{
	return hybrid[i];
}

static void each_type_of_core_is_measured_once(void **state)
{
	u32 first[CORES_MAX];
	char *name = malloc(CORE_NAME);

	(void)state;
	assert_int_equal(cores_find(type_of, 2, first), 1);
	assert_int_equal(first[0], 0);
	assert_int_equal(cores_find(type_of, ARRAY_SIZE(hybrid), first), 3);
	assert_int_equal(first[1], 2);
	assert_int_equal(first[2], 3);
	core_name(&big, 0, 1, name);
	assert_string_equal(name, "");
	core_name(&big, 0, 3, name);
	assert_string_equal(name, "@P0");
	core_name(&small, 2, 3, name);
	assert_string_equal(name, "@E2");
	core_name(&(struct cpu_type){ 0 }, 4294967295u, 2, name);
	assert_string_equal(name, "@X4294967295");
	free(name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_permitted_access_is_seen, sound),
		cmocka_unit_test_setup(a_denied_access_that_acts_is_counted, sound),
		cmocka_unit_test_setup(noise_is_the_worst_of_the_other_lines, sound),
		cmocka_unit_test_setup(a_clock_without_a_cache_measures_nothing, sound),
		cmocka_unit_test_setup(a_control_that_fails_measures_nothing, sound),
		cmocka_unit_test_setup(a_prefetcher_of_the_next_line_is_noticed_or_harmless, sound),
		cmocka_unit_test(each_type_of_core_is_measured_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
