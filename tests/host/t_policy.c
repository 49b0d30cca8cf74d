/* SPDX-License-Identifier: MIT */
/*
 * The fault policy, against the modes' definition: only an open page can be pardoned, STRICT
 * pardons none, RELAXED pardons and warns, SILENT pardons; and OFF never expects a fault.
 */
#include "tests/host/harness.h"

#include "pks/policy/policy.h"

static void a_fault_in_a_closed_page_dies(void **state)
{
	(void)state;
	for (unsigned mode = 0; mode < PKS_MODES; mode++)
		assert_int_equal(pks_verdict((enum pks_mode)mode, false), PKS_DIE);
}

static void the_mode_decides_for_an_open_page(void **state)
{
	(void)state;
	assert_int_equal(pks_verdict(PKS_MODE_OFF, true), PKS_DIE);
	assert_int_equal(pks_verdict(PKS_MODE_STRICT, true), PKS_DIE);
	assert_int_equal(pks_verdict(PKS_MODE_RELAXED, true), PKS_PARDON_WARN);
	assert_int_equal(pks_verdict(PKS_MODE_SILENT, true), PKS_PARDON);
}

static void an_unknown_mode_pardons_nothing(void **state)
{
	(void)state;
	for (unsigned mode = PKS_MODES; mode < 100; mode++)
		assert_int_equal(pks_verdict((enum pks_mode)mode, true), PKS_DIE);
	assert_int_equal(pks_verdict((enum pks_mode)0x80000000, true), PKS_DIE);
	assert_int_equal(pks_verdict((enum pks_mode) - 1, true), PKS_DIE);
}

/*
 * The reach for all sixteen states of a page, by gate and scope: `-` none, `c` the context, `i` the
 * instruction, `g` all. Written by hand from the definition of the scopes.
 */
static const struct {
	struct pks_page_state page; /* known, devmap, marked, key_open */
	const char *kmapped, *any;  /* three letters: context, instruction, global */
} states[] = {
	{ { false, false, false, false }, "---", "---" },
	{ { false, false, true, false }, "---", "---" }, /* a page not known has no state ... */
	{ { false, true, false, false }, "---", "---" },
	{ { false, true, true, false }, "---", "---" },
	{ { false, false, false, true }, "--g", "--g" }, /* ... but it may have an open key */
	{ { false, false, true, true }, "--g", "--g" },
	{ { false, true, false, true }, "--g", "--g" },
	{ { false, true, true, true }, "--g", "--g" },
	{ { true, false, false, false }, "---", "---" },
	{ { true, false, true, false }, "ci-", "ci-" },
	{ { true, true, false, false }, "---", "cic" }, /* no kmap(), so no kunmap() to close it */
	{ { true, true, true, false }, "ci-", "cic" },
	{ { true, false, false, true }, "--g", "--g" }, /* any page of an open key */
	{ { true, false, true, true }, "cig", "cig" },
	{ { true, true, false, true }, "--g", "cig" },
	{ { true, true, true, true }, "cig", "cig" },
};

static enum pks_reach reach_of(char letter)
{
	return letter == 'c'   ? PKS_REACH_CONTEXT
	       : letter == 'i' ? PKS_REACH_INSTRUCTION
	       : letter == 'g' ? PKS_REACH_ALL
			       : PKS_REACH_NONE;
}

static enum pks_reach reach(enum pks_gate gate, enum pks_scope scope, struct pks_page_state page)
{
	return pks_reach((struct pks_policy){ .gate = gate, .scope = scope }, page);
}

static void gate_and_scope_give_the_reach(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		for (unsigned scope = 0; scope < PKS_SCOPES; scope++) {
			enum pks_scope s = (enum pks_scope)scope;
			enum pks_reach narrow = reach_of(states[i].kmapped[scope]);

			assert_int_equal(reach(PKS_GATE_KMAPPED, s, states[i].page), narrow);
			assert_int_equal(reach(PKS_GATE_ANY, s, states[i].page),
					 reach_of(states[i].any[scope]));
			/* An unknown gate reaches no further than the narrow one. */
			assert_int_equal(reach((enum pks_gate)7, s, states[i].page), narrow);
		}
	}
}

static void an_unknown_scope_reaches_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		assert_int_equal(reach(PKS_GATE_ANY, PKS_SCOPES, states[i].page), PKS_REACH_NONE);
		assert_int_equal(reach(PKS_GATE_ANY, (enum pks_scope) - 1, states[i].page),
				 PKS_REACH_NONE);
	}
}

/* Mode by reach: STRICT and OFF let nothing through, whatever the reach. */
static void mode_and_reach_give_the_verdict(void **state)
{
	static const enum pks_verdict want[PKS_MODES] = {
		[PKS_MODE_OFF] = PKS_DIE,
		[PKS_MODE_STRICT] = PKS_DIE,
		[PKS_MODE_RELAXED] = PKS_PARDON_WARN,
		[PKS_MODE_SILENT] = PKS_PARDON,
	};

	(void)state;
	for (unsigned mode = 0; mode < PKS_MODES; mode++)
		for (unsigned reach = PKS_REACH_NONE; reach <= PKS_REACH_ALL; reach++)
			assert_int_equal(pks_verdict((enum pks_mode)mode, reach != PKS_REACH_NONE),
					 reach == PKS_REACH_NONE ? PKS_DIE : want[mode]);
}

/* What a reason says, held against what it is said of. */
static bool reason_is_true(enum pks_reason reason, struct pks_policy p, struct pks_page_state page)
{
	bool any = p.gate == PKS_GATE_ANY, global = p.scope == PKS_SCOPE_GLOBAL;
	bool marked = page.known && page.marked, device = page.known && page.devmap;

	switch (reason) {
	case PKS_REASON_MODE:
		return p.mode == PKS_MODE_OFF || p.mode == PKS_MODE_STRICT;
	case PKS_REASON_NO_PAGE:
		return !page.known;
	case PKS_REASON_NO_DEVICE:
		return any && page.known && !device && (global || !marked);
	case PKS_REASON_NOT_MARKED:
		return !any && !global && page.known && !marked;
	case PKS_REASON_KEY_CLOSED:
		return !any && global && !page.key_open;
	case PKS_REASON_MARKED:
		return !global && marked;
	case PKS_REASON_KEY_OPEN:
		return global && page.key_open;
	case PKS_REASON_DEVICE:
		return any && device && !(marked && !global);
	default:
		return false;
	}
}

static bool reason_pardons(enum pks_reason reason)
{
	return reason == PKS_REASON_MARKED || reason == PKS_REASON_KEY_OPEN ||
	       reason == PKS_REASON_DEVICE;
}

static void check_reasons(struct pks_policy p, bool said[PKS_REASONS])
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct pks_page_state page = states[i].page;
		bool open = pks_reach(p, page) != PKS_REACH_NONE;
		enum pks_reason reason = pks_reason(p, page, false);

		assert_int_equal(reason_pardons(reason), pks_verdict(p.mode, open) != PKS_DIE);
		assert_true(reason_is_true(reason, p, page));
		assert_int_equal(pks_reason(p, page, true), PKS_REASON_PERMITTED);
		said[reason] = true;
	}
}

/* Every policy and every state of a page: the reason says what the verdict says, and is true. */
static void each_reason_agrees_with_its_verdict(void **state)
{
	bool said[PKS_REASONS] = { [PKS_REASON_PERMITTED] = true };

	(void)state;
	for (unsigned mode = 0; mode < PKS_MODES; mode++)
		for (unsigned gate = 0; gate < PKS_GATES; gate++)
			for (unsigned scope = 0; scope < PKS_SCOPES; scope++)
				check_reasons((struct pks_policy){ (enum pks_mode)mode,
								   (enum pks_gate)gate,
								   (enum pks_scope)scope },
					      said);
	for (unsigned i = 0; i < PKS_REASONS; i++) {
		assert_true(said[i]);
		assert_non_null(pks_reason_text[i]);
		for (unsigned other = 0; other < i; other++)
			assert_string_not_equal(pks_reason_text[i], pks_reason_text[other]);
	}
}

/* An unknown word pardons nothing, and no reason says that it does. */
static void an_unknown_policy_has_a_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct pks_policy p = { PKS_MODE_SILENT, PKS_GATE_ANY, PKS_SCOPES };

		assert_false(reason_pardons(pks_reason(p, states[i].page, false)));
		p = (struct pks_policy){ PKS_MODES, PKS_GATE_ANY, PKS_SCOPE_CONTEXT };
		assert_int_equal(pks_reason(p, states[i].page, false), PKS_REASON_MODE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fault_in_a_closed_page_dies),
		cmocka_unit_test(the_mode_decides_for_an_open_page),
		cmocka_unit_test(an_unknown_mode_pardons_nothing),
		cmocka_unit_test(gate_and_scope_give_the_reach),
		cmocka_unit_test(an_unknown_scope_reaches_nothing),
		cmocka_unit_test(mode_and_reach_give_the_verdict),
		cmocka_unit_test(each_reason_agrees_with_its_verdict),
		cmocka_unit_test(an_unknown_policy_has_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
