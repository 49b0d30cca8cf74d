/* SPDX-License-Identifier: MIT */
/*
 * The reference model of marks and rights (tests/interleave/model.h), against sequences worked out
 * by hand from the proposal; and its invariants after each step of every fifth sequence.
 */
#include "tests/host/harness.h"

#include "tests/interleave/model.h"
#include "tests/interleave/sequence.h"

static const struct pks_policy silent = { PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT };

/* Takes a step of any kind; appends outcomes, an interrupt's too, to *came if `came` is set. */
static void take(struct model *m, char step, char **came)
{
	static const char letters[] = { ' ', 'f', 'p', 's', 'x' };
	enum model_outcome outcome;

	if (step == STEP_YIELD) {
		model_yield(m);
	} else if (step_is_interrupt(step)) {
		model_interrupt_begins(m);
		for (const char *s = interrupt_program(step); *s; s++)
			take(m, *s, came);
		model_interrupt_ends(m);
	} else {
		outcome = model_step(m, step);
		if (came && outcome != MODEL_DONE)
			*(*came)++ = letters[outcome];
	}
}

/* Checks the outcomes of a sequence's accesses: f free, p pardoned, s shared, x dies. */
static void expect(struct pks_policy policy, const char *steps, const char *outcomes)
{
	char came[3 * SEQUENCE_MAX], *end = came;
	struct model m;

	model_start(&m, policy);
	for (const char *s = steps; *s; s++)
		take(&m, *s, &end);
	*end = '\0';
	assert_string_equal(came, outcomes);
}

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
	expect(silent, "5dw", "fx"); /* a thread cannot unmap what it left open */
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
	model_start(&m, p);
	take(&m, STEP_KMAP, NULL);
	assert_true(model_key_is_open(&m));
	assert_int_equal(model_neighbour(&m, true), MODEL_SHARED);
	take(&m, STEP_KUNMAP, NULL);
	assert_false(model_key_is_open(&m));
	assert_int_equal(model_neighbour(&m, true), MODEL_PARDONED);
}

/* The other page of the key: rights apply to it too, but a mark of this page does not open it. */
static void rights_reach_the_other_page_and_marks_do_not(void **state)
{
	struct model m;

	(void)state;
	model_start(&m, silent);
	take(&m, STEP_KMAP, NULL);
	assert_int_equal(model_neighbour(&m, false), MODEL_DIES);
	take(&m, STEP_READ, NULL);
	assert_int_equal(model_neighbour(&m, true), MODEL_FREE); /* stray, and not caught */
	model_yield(&m);
	assert_int_equal(model_neighbour(&m, false), MODEL_DIES);
	take(&m, STEP_LOCAL_READ, NULL);
	assert_int_equal(model_neighbour(&m, false), MODEL_FREE);
	assert_int_equal(model_neighbour(&m, true), MODEL_DIES);
}

static void wrong_unmaps_and_open_maps_are_counted(void **state)
{
	struct model m;

	(void)state;
	model_start(&m, silent);
	for (const char *s = "udmuulyd5"; *s; s++)
		take(&m, *s, NULL);
	assert_int_equal(m.underflows, 2);
	assert_int_equal(m.not_mapped, 2);
	assert_int_equal(m.left_open, 1);
	assert_int_equal(m.marks, 0);
	assert_int_equal(m.context[MODEL_A].nested, 1);
	assert_int_equal(m.context[MODEL_B].nested, 0);
}

/* Checks what must hold of each step, whatever came before. */
static void check_step(const struct model *before, const struct model *after, char step)
{
	const struct pks_policy *p = &before->policy;

	for (u32 i = 0; i < MODEL_INTERRUPT; i++) {
		const struct model_context *was = &before->context[i], *is = &after->context[i];

		if (i != before->running || step_is_interrupt(step))
			assert_memory_equal(was, is, sizeof(*is)); /* other contexts stay */
		if (was->rights & ~is->rights && step != STEP_LOCAL && step != STEP_LOCAL_READ &&
		    step != STEP_LOCAL_END)
			assert_true((step == STEP_WRITE || step == STEP_READ) &&
				    p->mode >= PKS_MODE_RELAXED &&
				    (before->marks || p->gate == PKS_GATE_ANY));
		if (p->mode == PKS_MODE_STRICT || p->scope == PKS_SCOPE_INSTRUCTION ||
		    (p->scope == PKS_SCOPE_GLOBAL && p->gate == PKS_GATE_KMAPPED))
			assert_true(is->nested || is->rights); /* rights come from maps alone */
	}
	if (after->marks > before->marks)
		assert_true(step == STEP_KMAP || step_is_interrupt(step));
	assert_in_range(after->running, MODEL_A, MODEL_B);
}

static void every_step_keeps_the_invariants(void **state)
{
	(void)state;
	for (u32 n = 0; n < SEQUENCES; n += 5) {
		char steps[SEQUENCE_LENGTH + 1];
		struct model m, before;

		sequence_get(n, sequence_variant(n % SEQUENCE_VARIANTS), steps);
		model_start(&m, sequence_policy(n % SEQUENCE_POLICIES));
		for (const char *s = steps; *s; s++) {
			before = m;
			take(&m, *s, NULL);
			check_step(&before, &m, *s);
		}
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
		cmocka_unit_test(wrong_unmaps_and_open_maps_are_counted),
		cmocka_unit_test(every_step_keeps_the_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
