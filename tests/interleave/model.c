// SPDX-License-Identifier: MIT
#include "tests/interleave/model.h"

static struct model_context *running(struct model *m)
{
	return &m->context[m->running];
}

static void begin_context(struct model_context *c)
{
	*c = (struct model_context){ .rights = MODEL_AD | MODEL_WD };
}

void model_start(struct model *m, struct pks_policy policy)
{
	*m = (struct model){ .policy = policy, .running = MODEL_A };
	for (u32 i = 0; i < MODEL_CONTEXTS; i++)
		begin_context(&m->context[i]);
}

static void map_local(struct model_context *c, u8 opened)
{
	c->found[c->nested++] = c->rights;
	c->rights &= (u8)~opened;
}

static void unmap_local(struct model *m)
{
	struct model_context *c = running(m);

	if (!c->nested)
		m->not_mapped++;
	else
		c->rights = c->found[--c->nested];
}

static void unmap(struct model *m)
{
	if (!m->marks)
		m->underflows++;
	else
		m->marks--;
}

/* The rights of a key restrict nothing while keys are off. */
static bool permitted(const struct model *m, u32 rights, bool write)
{
	if (m->policy.mode == PKS_MODE_OFF)
		return true;
	return !(rights & MODEL_AD) && !(write && rights & MODEL_WD);
}

static bool forgiving(enum pks_mode mode)
{
	return mode == PKS_MODE_RELAXED || mode == PKS_MODE_SILENT;
}

bool model_key_is_open(const struct model *m)
{
	return m->policy.scope == PKS_SCOPE_GLOBAL && m->marks && forgiving(m->policy.mode);
}

static enum model_outcome access(struct model *m, bool marked, bool write)
{
	struct model_context *c = running(m);

	if (permitted(m, c->rights, write))
		return MODEL_FREE;
	if (model_key_is_open(m))
		return MODEL_SHARED; /* for any page of the key, and no context's rights change */
	if (!forgiving(m->policy.mode) || (!marked && m->policy.gate != PKS_GATE_ANY))
		return MODEL_DIES;
	if (m->policy.scope != PKS_SCOPE_INSTRUCTION)
		c->rights = 0; /* opens the key fully, for reads too */
	return MODEL_PARDONED;
}

enum model_outcome model_neighbour(struct model *m, bool write)
{
	return access(m, false, write);
}

enum model_outcome model_step(struct model *m, char step)
{
	switch (step) {
	case STEP_KMAP:
		m->marks++;
		return MODEL_DONE;
	case STEP_KUNMAP:
		unmap(m);
		return MODEL_DONE;
	case STEP_LOCAL:
		map_local(running(m), MODEL_AD | MODEL_WD);
		return MODEL_DONE;
	case STEP_LOCAL_READ:
		map_local(running(m), MODEL_AD);
		return MODEL_DONE;
	case STEP_LOCAL_END:
		unmap_local(m);
		return MODEL_DONE;
	case STEP_WRITE:
	case STEP_READ:
		return access(m, m->marks, step == STEP_WRITE);
	default:
		return MODEL_DONE;
	}
}

void model_yield(struct model *m)
{
	m->running = m->running == MODEL_A ? MODEL_B : MODEL_A;
}

void model_interrupt_begins(struct model *m)
{
	m->interrupted = m->running;
	m->running = MODEL_INTERRUPT;
	begin_context(&m->context[MODEL_INTERRUPT]);
}

void model_interrupt_ends(struct model *m)
{
	m->left_open += running(m)->nested;
	m->running = m->interrupted;
}

const char *model_outcome_name(enum model_outcome outcome)
{
	static const char *const names[] = { "done", "free", "pardoned", "shared", "dies" };

	return names[outcome];
}
