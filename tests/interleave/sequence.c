// SPDX-License-Identifier: MIT
#include "tests/interleave/sequence.h"

/* The digits of a sequence's number, base 7. The variant chooses the letters for some of them. */
enum kind { KIND_KMAP, KIND_KUNMAP, KIND_LOCAL, KIND_LOCAL_END, KIND_ACCESS, KIND_YIELD, KIND_INT };

struct sequence_variant sequence_variant(u32 n)
{
	return (struct sequence_variant){
		.interrupt = (u8)(n % STEP_INTERRUPTS),
		.local = (u8)(n / STEP_INTERRUPTS % SEQUENCE_LOCALS),
		.read = n / STEP_INTERRUPTS / SEQUENCE_LOCALS,
	};
}

struct pks_policy sequence_policy(u32 n)
{
	return (struct pks_policy){
		.mode = (enum pks_mode)(n / PKS_SCOPES / PKS_GATES),
		.gate = (enum pks_gate)(n / PKS_SCOPES % PKS_GATES),
		.scope = (enum pks_scope)(n % PKS_SCOPES),
	};
}

static char letter(u32 kind, struct sequence_variant variant, u32 *locals)
{
	switch ((enum kind)kind) {
	case KIND_KMAP:
		return STEP_KMAP;
	case KIND_KUNMAP:
		return STEP_KUNMAP;
	case KIND_LOCAL:
		if (variant.local == LOCAL_WRITES)
			return STEP_LOCAL;
		if (variant.local == LOCAL_READS)
			return STEP_LOCAL_READ;
		return (*locals)++ & 1 ? STEP_LOCAL : STEP_LOCAL_READ;
	case KIND_LOCAL_END:
		return STEP_LOCAL_END;
	case KIND_ACCESS:
		return variant.read ? STEP_READ : STEP_WRITE;
	case KIND_YIELD:
		return STEP_YIELD;
	case KIND_INT:
		break;
	}
	return (char)(STEP_INTERRUPT + variant.interrupt);
}

void sequence_get(u32 n, struct sequence_variant variant, char steps[SEQUENCE_LENGTH + 1])
{
	u32 locals = 0;

	for (u32 i = 0; i < SEQUENCE_LENGTH; i++, n /= SEQUENCE_KINDS)
		steps[i] = letter(n % SEQUENCE_KINDS, variant, &locals);
	steps[SEQUENCE_LENGTH] = '\0';
}

bool sequence_has_interrupt(const char *steps)
{
	for (; *steps; steps++)
		if (step_is_interrupt(*steps))
			return true;
	return false;
}

static bool is_step(char c)
{
	for (const char *s = "mulodwry"; *s; s++)
		if (*s == c)
			return true;
	return step_is_interrupt(c);
}

bool sequence_valid(const char *steps, const char **why)
{
	u32 n = 0, locals = 0;

	for (; steps[n]; n++) {
		if (!is_step(steps[n])) {
			*why = "a step is one of m u l o d w r y 1 2 3 4 5";
			return false;
		}
		locals += steps[n] == STEP_LOCAL || steps[n] == STEP_LOCAL_READ;
	}
	*why = !n                      ? "there is no step"
	       : n > SEQUENCE_MAX      ? "more than 63 steps"
	       : locals > MODEL_NESTED ? "more than 16 local maps"
				       : NULL;
	return !*why;
}

const char *interrupt_program(char step)
{
	static const char *const programs[STEP_INTERRUPTS] = {
		"w",    /* has no map of its own */
		"lwdw", /* maps for itself, then unmaps */
		"mw",   /* leaves a mark */
		"uw",   /* takes away a mark of a thread */
		"or",   /* leaves a local map open, which ends with the interrupt */
	};

	return programs[step - STEP_INTERRUPT];
}
