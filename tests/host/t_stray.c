/* SPDX-License-Identifier: MIT */
/* The stray writes that are drawn, and what the rule says of each way to protect a range. */
#include "tests/host/harness.h"

#include "kernel/cpu/x86.h"
#include "tests/stray/arm_list.h"
#include "tests/stray/rule.h"

#define DRAWS 100000

static const struct stray_arm *arm(enum stray_arm_id id)
{
	return &stray_arms[id];
}

static void a_draw_depends_on_seed_and_number_alone(void **state)
{
	struct stray one, other;

	(void)state;
	for (u64 n = 0; n < 1000; n++) {
		stray_draw(&one, 5, n);
		stray_draw(&other, 5, n + 1);
		stray_draw(&other, 5, n);
		assert_memory_equal(&one, &other, sizeof(one));
		stray_draw(&other, 6, n);
		assert_memory_not_equal(&one, &other, sizeof(one));
		stray_draw(&other, 5, n + 1);
		assert_memory_not_equal(one.bytes, other.bytes, 8);
	}
}

/* Each who and each how, in a window and outside, before and behind; all lengths and pages. */
static void all_that_can_be_drawn_is_drawn(void **state)
{
	u32 seen[STRAY_BYS][STRAY_KINDS][2][2] = { 0 }, lengths[STRAY_LONGEST + 1] = { 0 };
	u32 pages[STRAY_PAGES] = { 0 }, near[2] = { 0 }, first = 0, last = 0;
	struct stray s;

	(void)state;
	for (u64 n = 0; n < DRAWS; n++) {
		stray_draw(&s, 1, n);
		seen[s.by][s.kind][s.in_window][s.late]++;
		lengths[s.length]++;
		pages[s.page]++;
		near[s.near]++;
		first += s.offset == 0;
		last += s.offset + s.length == PAGE_SIZE;
	}
	for (u32 i = 0; i < sizeof(seen) / sizeof(u32); i++)
		assert_true(((u32 *)seen)[i] > DRAWS / 2000);
	assert_int_equal(lengths[0], 0);
	for (u32 i = 1; i <= STRAY_LONGEST; i++)
		assert_true(lengths[i] > 0);
	for (u32 i = 0; i < STRAY_PAGES; i++)
		assert_int_equal(pages[i] > 0,
				 i >= STRAY_STORE && i < STRAY_STORE + STRAY_STORE_PAGES);
	assert_true(near[0] && near[1] && first && last);
}

static void each_stays_in_a_page_or_begins_in_its_buffer(void **state)
{
	struct stray s;

	(void)state;
	for (u64 n = 0; n < DRAWS; n++) {
		enum stray_arm_id id = n % STRAY_ARM_COUNT;
		bool own;

		stray_draw(&s, 2, n);
		stray_fit(&s, arm(id), 1 + n % 2);
		own = stray_is_own(&s) && !arm(id)->own_at_store;
		assert_true(s.offset + s.length <= PAGE_SIZE);
		assert_int_equal(s.before != 0, s.kind == STRAY_OVERRUN);
		assert_true(s.before + s.length <= sizeof(s.bytes));
		if (s.kind == STRAY_OVERRUN)
			assert_true(s.offset == 0 && s.page == (own ? STRAY_OWN : STRAY_STORE));
		if (own)
			assert_true(s.page >= STRAY_OWN && s.page < STRAY_OWN + STRAY_OWN_PAGES);
		else
			assert_true(s.page >= STRAY_STORE &&
				    s.page < STRAY_STORE + STRAY_STORE_PAGES);
	}
}

/* Each is made, by somebody: fitting takes nothing away but who and how. */
static void what_an_arm_cannot_do_is_not_asked_of_it(void **state)
{
	struct stray s, drawn;

	(void)state;
	for (u64 n = 0; n < DRAWS; n++) {
		const struct stray_arm *a = arm(n % STRAY_ARM_COUNT);
		u32 cpus = 1 + n / 7 % 2;

		stray_draw(&drawn, 3, n);
		s = drawn;
		stray_fit(&s, a, cpus);
		assert_int_equal(s.in_window, drawn.in_window);
		assert_true(cpus > 1 || s.by != BY_OTHER_CPU);
		if (a->guard == GUARD_CR0_WP && s.in_window)
			assert_false(s.by == BY_WORK || s.by == BY_OTHER_THREAD ||
				     s.by == BY_OTHER_INTERRUPT);
		if (a->guard > GUARD_KMAP && s.kind == STRAY_AFTER_FREE)
			assert_true(s.by == BY_THREAD && !s.in_window);
		if (s.by == BY_OTHER_CPU)
			assert_true(s.kind != STRAY_AFTER_FREE && cpus > 1);
		else if (a->guard == GUARD_GRANT)
			assert_true(s.kind == drawn.kind &&
				    (s.by == drawn.by || drawn.by == BY_OTHER_CPU));
	}
}

/* Whom a window of another page, a window of this page, and no window lets write. */
enum { NOBODY, OWNER, THIS_CPU, ALL };
static const struct {
	enum stray_arm_id arm;
	u8 closed, elsewhere, here;
} who[] = {
	{ STRAY_ARM_pks_off, ALL, ALL, ALL },
	{ STRAY_ARM_strict, NOBODY, OWNER, OWNER },
	{ STRAY_ARM_strict_own_window_at_store, NOBODY, OWNER, OWNER },
	{ STRAY_ARM_relaxed_kmapped_context, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_relaxed_kmapped_instruction, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_relaxed_kmapped_global, NOBODY, ALL, ALL },
	{ STRAY_ARM_relaxed_any_context, ALL, ALL, ALL },
	{ STRAY_ARM_relaxed_any_instruction, ALL, ALL, ALL },
	{ STRAY_ARM_relaxed_any_global, ALL, ALL, ALL },
	{ STRAY_ARM_silent_kmapped_context, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_silent_kmapped_instruction, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_silent_kmapped_global, NOBODY, ALL, ALL },
	{ STRAY_ARM_silent_any_context, ALL, ALL, ALL },
	{ STRAY_ARM_silent_any_instruction, ALL, ALL, ALL },
	{ STRAY_ARM_silent_any_global, ALL, ALL, ALL },
	{ STRAY_ARM_unmapped, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_unmapped_shootdown, NOBODY, NOBODY, ALL },
	{ STRAY_ARM_cr0_wp, NOBODY, THIS_CPU, THIS_CPU },
};

static bool may(u8 who_may, enum stray_by by)
{
	return who_may == ALL || (who_may == THIS_CPU && by != BY_OTHER_CPU) ||
	       (who_may == OWNER && by == BY_THREAD);
}

static void a_window_opens_the_range_to_whom_it_must(void **state)
{
	_Static_assert(sizeof(who) / sizeof(who[0]) == STRAY_ARM_COUNT, "each arm");
	(void)state;
	for (u32 i = 0; i < STRAY_ARM_COUNT; i++) {
		for (enum stray_by by = 0; by < STRAY_BYS; by++) {
			struct stray s = { .by = by, .page = 9 };
			struct stray_world closed = { 0 }, elsewhere = { true, 7, 2, false };
			struct stray_world here = { true, 8, 2, false };
			bool stale = who[i].arm == STRAY_ARM_unmapped && by == BY_OTHER_CPU;
			const char *why;

			assert_int_equal(stray_rule(arm(who[i].arm), &s, &closed, &why),
					 stale ? FATE_EITHER : may(who[i].closed, by));
			assert_int_equal(stray_rule(arm(who[i].arm), &s, &elsewhere, &why),
					 stale ? FATE_EITHER : may(who[i].elsewhere, by));
			assert_int_equal(stray_rule(arm(who[i].arm), &s, &here, &why),
					 may(who[i].here, by));
			assert_true(strlen(why) > 0);
		}
	}
}

/* A pardon outlasts the map that it was given for under one scope alone, or where a gate gives it.
 */
static void a_use_after_free_has_what_its_map_was_pardoned(void **state)
{
	(void)state;
	for (enum stray_arm_id id = 0; id < STRAY_ARM_COUNT; id++) {
		struct stray s = { .by = BY_INTERRUPT, .kind = STRAY_AFTER_FREE, .page = 9 };
		struct stray_world w = { 0 };
		const char *why;
		bool context = id == STRAY_ARM_relaxed_kmapped_context ||
			       id == STRAY_ARM_silent_kmapped_context;
		enum stray_fate wild, freed = stray_rule(arm(id), &s, &w, &why);

		assert_int_equal(stray_is_pardoned(arm(id), &s, &w),
				 context || id == STRAY_ARM_relaxed_any_context ||
					 id == STRAY_ARM_silent_any_context ||
					 id == STRAY_ARM_relaxed_any_global ||
					 id == STRAY_ARM_silent_any_global);
		s.kind = STRAY_WILD;
		wild = stray_rule(arm(id), &s, &w, &why);
		assert_int_equal(freed, context ? FATE_LANDS : wild);
		w.pardoned = true;
		assert_int_equal(stray_rule(arm(id), &s, &w, &why),
				 arm(id)->guard == GUARD_KMAP ? FATE_LANDS : wild);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_draw_depends_on_seed_and_number_alone),
		cmocka_unit_test(all_that_can_be_drawn_is_drawn),
		cmocka_unit_test(each_stays_in_a_page_or_begins_in_its_buffer),
		cmocka_unit_test(what_an_arm_cannot_do_is_not_asked_of_it),
		cmocka_unit_test(a_window_opens_the_range_to_whom_it_must),
		cmocka_unit_test(a_use_after_free_has_what_its_map_was_pardoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
