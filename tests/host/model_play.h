/* SPDX-License-Identifier: MIT */
/* Plays a sequence on the reference model alone, for the tests of it. */
#ifndef KEYWARD_TESTS_HOST_MODEL_PLAY_H
#define KEYWARD_TESTS_HOST_MODEL_PLAY_H

#include "tests/host/harness.h"

#include "tests/interleave/model.h"
#include "tests/interleave/sequence.h"

static const struct pks_policy silent = { PKS_MODE_SILENT, PKS_GATE_KMAPPED, PKS_SCOPE_CONTEXT };

static const u8 keys[MODEL_KEYS] = { 7, 15 };

/* Takes a step of any kind; appends outcomes, an interrupt's too, to *came if `came` is set. */
static inline void take(struct model *m, struct step step, char **came)
{
	static const char letters[] = { ' ', 'f', 'p', 's', 'x' };
	enum model_outcome outcome;

	if (step.letter == STEP_YIELD) {
		model_yield(m);
	} else if (step.letter == STEP_DEATH) {
		model_death(m);
	} else if (step_is_interrupt(step.letter)) {
		const char *program = interrupt_program(step.letter);

		model_interrupt_begins(m);
		while (*program)
			take(m, step_next(&program), came);
		model_interrupt_ends(m);
	} else if (model_permits(m, step.letter, step.page)) {
		outcome = model_step(m, step.letter, step.page);
		if (came && outcome != MODEL_DONE)
			*(*came)++ = letters[outcome];
	}
}

static inline void take_all(struct model *m, const char *steps, char **came)
{
	while (*steps)
		take(m, step_next(&steps), came);
}

static inline void expect_with(const u8 key[MODEL_KEYS], struct pks_policy policy,
			       const char *steps, const char *outcomes)
{
	char came[3 * SEQUENCE_MAX], *end = came;
	struct model m;

	model_start(&m, policy, key);
	take_all(&m, steps, &end);
	*end = '\0';
	assert_string_equal(came, outcomes);
}

/* Checks the outcomes of a sequence's accesses: f free, p pardoned, s shared, x dies. */
static inline void expect(struct pks_policy policy, const char *steps, const char *outcomes)
{
	expect_with(keys, policy, steps, outcomes);
}

#endif
