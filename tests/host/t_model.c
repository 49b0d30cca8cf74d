/* SPDX-License-Identifier: MIT */
/*
 * The reference model of marks and rights (tests/interleave/model.h), against sequences worked out
 * by hand from the proposal; and its invariants after each step of every fifth sequence and of long
 * ones.
 */
#include "tests/host/harness.h"

#include "tests/host/model_play.h"

static void local_maps_give_rights_without_a_mark(void **state)
{
	(void)state;
	expect(silent, "wr", "xx");
	expect(silent, "lwrdwr", "ffxx");
	expect(silent, "owrdwr", "xfxx"); /* reading is not writing */
	expect(silent, "lowdwdw", "ffx"); /* a nested map for reading takes no right away */
	expect(silent, "olwdwrdr", "fxfx");
	expect(silent, "lwyw", "fx"); /* the other thread has no right */
	expect(silent, "lwywyw", "fxf");
	expect(silent, "lyodrd", "x"); /* a thread unmaps its own maps only */
}

static void a_mark_is_global_and_a_pardon_is_not(void **state)
{
	(void)state;
	expect(silent, "mwuw", "pf"); /* the pardon outlasts the mark */
	expect(silent, "muw", "x");
	expect(silent, "mmuwuyw", "px");
	expect(silent, "umw", "p");   /* an unmap too many does not cancel a later map */
	expect(silent, "myw", "p");   /* the mark is global */
	expect(silent, "mwyw", "pp"); /* the pardon is not */
	expect(silent, "mwywuw", "ppf");
	expect(silent, "myuyw", "x"); /* unmapped in another context */
	expect(silent, "mryw", "pp");
	expect(silent, "mrw", "pf"); /* pardoned for a read, it may write */
}

/* kmap; kmap_local; kunmap; kunmap_local: an order that nobody could rule out. */
static void maps_of_both_kinds_may_interleave(void **state)
{
	(void)state;
	expect(silent, "mwlwuwdw", "pfff"); /* pardoned before: kunmap_local restores that */
	expect(silent, "mlwuwdw", "ffx");   /* not pardoned: the local map's rights end with it */
	expect(silent, "lmwdwuw", "fpf");
	expect(silent, "mowuwdw", "pfx"); /* a pardon within a local map ends with that */
	expect(silent, "mowdwuw", "ppf");
}

static void an_interrupt_inherits_and_leaves_no_rights(void **state)
{
	(void)state;
	expect(silent, "1", "x");
	expect(silent, "l1w", "xf");   /* it inherits nothing */
	expect(silent, "m1w", "pp");   /* and leaves nothing */
	expect(silent, "mw1w", "ppf"); /* nor does it inherit a pardon */
	expect(silent, "2w", "fxx");
	expect(silent, "m2w", "fpp");
	expect(silent, "3wuw", "ppf"); /* marked in an interrupt, unmapped by a thread */
	expect(silent, "m4w", "xx");   /* and the other way round */
	expect(silent, "mw4w", "pxf");
	expect(silent, "5dw", "fx");  /* a thread cannot unmap what it left open */
	expect(silent, "6w", "xxfx"); /* a thread's maps are none of its; its grant ends with it */
	expect(silent, "t6ew", "xxfx");
}

static void mode_and_gate_decide_what_is_pardoned(void **state)
{
	struct pks_policy p = silent;

	(void)state;
	p.mode = PKS_MODE_STRICT;
	expect(p, "mwlwdw", "xfx");
	p.mode = PKS_MODE_RELAXED;
	expect(p, "mwuwyw", "pfx");
	p.mode = PKS_MODE_OFF;
	expect(p, "wruwlwdwyw1", "fffffff");
	p = silent;
	p.gate = PKS_GATE_ANY;
	expect(p, "wywuw", "ppf");
	p.mode = PKS_MODE_STRICT;
	expect(p, "wm1w", "xxx");
}

static void an_instruction_pardon_ends_with_the_instruction(void **state)
{
	struct pks_policy p = silent;

	(void)state;
	p.scope = PKS_SCOPE_INSTRUCTION;
	expect(p, "mwwuw", "ppx");
	expect(p, "mowrdr", "pfp");
	expect(p, "mwlwuwdw", "pffx");
	p.gate = PKS_GATE_ANY;
	expect(p, "wwy1", "ppp");
}

/* The key is open to all as long as one page of it is marked, and to nobody afterwards. */
static void a_key_is_open_to_all_while_a_page_is_marked(void **state)
{
	struct pks_policy p = silent;
	struct model m;

	(void)state;
	p.scope = PKS_SCOPE_GLOBAL;
	expect(p, "wmwuw", "xsx");
	expect(p, "mwywuwyw", "ssxx");
	expect(p, "mowdwuw", "ssx");
	expect(p, "mlwuwdw", "ffx");
	expect(p, "3wuw", "ssx");
	expect(p, "mw4w", "sxx");
	p.mode = PKS_MODE_STRICT;
	expect(p, "mw", "x");
	p = silent;
	p.scope = PKS_SCOPE_GLOBAL;
	p.gate = PKS_GATE_ANY;
	expect(p, "mwuww", "spf"); /* without a mark it reaches the context only */
	model_start(&m, p, keys);
	take_all(&m, "m", NULL);
	assert_true(model_key_is_open(&m, 0));
	assert_false(model_key_is_open(&m, 1));
	assert_int_equal(model_step(&m, STEP_WRITE, PAGE_SECOND), MODEL_SHARED);
	take_all(&m, "u", NULL);
	assert_false(model_key_is_open(&m, 0));
	assert_int_equal(model_step(&m, STEP_WRITE, PAGE_SECOND), MODEL_PARDONED);
}

/* Rights apply to the other page of the key too, but a mark of this page does not open it. */
static void rights_reach_the_other_page_and_marks_do_not(void **state)
{
	(void)state;
	expect(silent, "mRrW", "xpf"); /* the last one is stray, and not caught */
	expect(silent, "mrWyRoRW", "pfxfx");
}

static void mistakes_are_counted(void **state)
{
	struct model m;

	(void)state;
	model_start(&m, silent, keys);
	take_all(&m, "udmuulyd5", NULL);
	assert_int_equal(m.mistakes.underflows, 2);
	assert_int_equal(m.mistakes.not_mapped, 2);
	assert_int_equal(m.mistakes.left_open, 1);
	assert_int_equal(m.mistakes.order, 0);
	assert_int_equal(m.mistakes.no_thread, 0);
	assert_int_equal(m.marks[PAGE_FIRST], 0);
	assert_int_equal(model_nested(&m, MODEL_A), 1);
	assert_int_equal(model_nested(&m, MODEL_B), 0);
	take_all(&m, "edyDUL.ldd6", NULL);
	assert_int_equal(m.mistakes.underflows, 3);
	assert_int_equal(m.mistakes.not_mapped, 6);
	assert_int_equal(m.mistakes.order, 1);
	assert_int_equal(m.mistakes.no_thread, 3);
	assert_int_equal(model_nested(&m, MODEL_A), 2);
}

/* Checks what must hold of each step, whatever came before. */
static void check_step(const struct model *before, const struct model *after, struct step step)
{
	const struct pks_policy *p = &before->policy;
	bool opens = strchr("lotgh", step.letter), ends = strchr("devx", step.letter);

	for (enum model_who i = MODEL_A; i < MODEL_INTERRUPT; i++) {
		bool other = i != before->running || step_is_interrupt(step.letter);

		if (other) /* other contexts stay */
			assert_memory_equal(&before->context[i], &after->context[i],
					    sizeof(after->context[i]));
		for (u32 key = 0; key < MODEL_KEYS; key++) {
			u32 was = model_rights(before, i, key), is = model_rights(after, i, key);

			assert_int_not_equal(is, MODEL_AD); /* never AD without WD */
			if (key != model_key(step.page) && step.letter != STEP_DEATH)
				assert_int_equal(was, is);
			if (is & ~was)
				assert_true(ends);
			if (was & ~is && !opens)
				assert_true(strchr("wr", step.letter) &&
					    p->mode >= PKS_MODE_RELAXED &&
					    (before->marks[step.page] || p->gate == PKS_GATE_ANY));
		}
	}
	assert_int_equal(after->context[MODEL_INTERRUPT].items, 0);
	for (u32 i = 0; i < MODEL_PAGES; i++)
		if (after->marks[i] > before->marks[i])
			assert_true((step.letter == STEP_KMAP && step.page == i) ||
				    step_is_interrupt(step.letter));
	assert_in_range(after->running, MODEL_A, MODEL_B);
}

static void check_sequence(const struct sequence *s, u32 policy)
{
	const char *text = s->steps;
	struct model m, before;

	model_start(&m, sequence_policy(policy % SEQUENCE_POLICIES), s->key);
	while (*text) {
		struct step step = step_next(&text);

		before = m;
		take(&m, step, NULL);
		check_step(&before, &m, step);
	}
}

static void every_step_keeps_the_invariants(void **state)
{
	struct sequence s;

	(void)state;
	for (u32 n = 0; n < SEQUENCES; n += 5) {
		sequence_keys(n, &s);
		sequence_get(n, sequence_variant(n % SEQUENCE_VARIANTS), s.steps);
		check_sequence(&s, n);
	}
	for (u32 n = 0; n < WIDE_SEQUENCES; n += 5) {
		sequence_keys(n, &s);
		sequence_get_wide(n, &s);
		check_sequence(&s, n);
	}
	for (u32 n = 0; n < 10000; n++) {
		sequence_keys(n, &s);
		sequence_get_long(n, &s);
		check_sequence(&s, n);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_maps_give_rights_without_a_mark),
		cmocka_unit_test(a_mark_is_global_and_a_pardon_is_not),
		cmocka_unit_test(maps_of_both_kinds_may_interleave),
		cmocka_unit_test(an_interrupt_inherits_and_leaves_no_rights),
		cmocka_unit_test(mode_and_gate_decide_what_is_pardoned),
		cmocka_unit_test(an_instruction_pardon_ends_with_the_instruction),
		cmocka_unit_test(a_key_is_open_to_all_while_a_page_is_marked),
		cmocka_unit_test(rights_reach_the_other_page_and_marks_do_not),
		cmocka_unit_test(mistakes_are_counted),
		cmocka_unit_test(every_step_keeps_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
