// SPDX-License-Identifier: MIT
#include "tests/interleave/model.h"

static struct model_context *running(struct model *m)
{
	return &m->context[m->running];
}

void model_start(struct model *m, struct pks_policy policy, const u8 key[MODEL_KEYS])
{
	*m = (struct model){ .policy = policy, .key = { key[0], key[1] }, .running = MODEL_A };
}

/* Every context starts without access, but key 0 restricts nobody, and all may read key 2. */
static u32 initial(u32 number)
{
	return number == 0 ? 0 : number == 2 ? MODEL_WD : MODEL_AD | MODEL_WD;
}

/* The widest rights of all that is open. */
u32 model_rights(const struct model *m, enum model_who who, u32 key)
{
	const struct model_context *c = &m->context[who];
	u32 rights = c->pardoned[key] ? 0 : initial(m->key[key]);

	for (u32 i = 0; i < c->items; i++)
		if (model_key(c->item[i].page) == key)
			rights &= c->item[i].pardoned ? 0 : c->item[i].rights;
	return rights;
}

u32 model_nested(const struct model *m, enum model_who who)
{
	const struct model_context *c = &m->context[who];
	u32 maps = 0;

	for (u32 i = 0; i < c->items; i++)
		maps += c->item[i].step != STEP_GRANT;
	return maps;
}

static void open_item(struct model_context *c, char step, enum model_page page, u32 rights)
{
	c->item[c->items++] =
		(struct model_item){ .step = step, .page = (u8)page, .rights = (u8)rights };
}

/* The kind of item that the step ends; 0: none. */
static char ends(char step)
{
	return step == STEP_LOCAL_END    ? STEP_LOCAL
	       : step == STEP_THREAD_END ? STEP_THREAD
	       : step == STEP_REVOKE     ? STEP_GRANT
					 : '\0';
}

/* Returns the number of the last such item, plus 1; 0: there is none. */
static u32 find(const struct model_context *c, char kind, enum model_page page)
{
	u32 i = c->items;

	while (i && (c->item[i - 1].step != kind ||
		     (kind == STEP_GRANT ? model_key(c->item[i - 1].page) != model_key(page)
					 : c->item[i - 1].page != page)))
		i--;
	return i;
}

bool model_permits(const struct model *m, char step, enum model_page page)
{
	const struct model_context *c = &m->context[m->running];
	char kind = ends(step);
	u32 at = kind ? find(c, kind, page) : 0;

	if (!at)
		return kind != STEP_GRANT;
	for (u32 i = at; i < c->items; i++)
		if (model_key(c->item[i].page) == model_key(page) &&
		    (kind == STEP_GRANT || c->item[i].step == STEP_GRANT))
			return false;
	return true;
}

static void close_item(struct model *m, char kind, enum model_page page)
{
	struct model_context *c = running(m);
	u32 at = find(c, kind, page);

	if (!at) {
		m->mistakes.not_mapped++;
		return;
	}
	if (kind == STEP_LOCAL)
		for (u32 i = at; i < c->items; i++)
			if (c->item[i].step == STEP_LOCAL) {
				m->mistakes.order++;
				break;
			}
	for (c->items--; at <= c->items; at++)
		c->item[at - 1] = c->item[at];
}

/* A page with key 0 is as any other memory: nothing is noted of its maps and marks. */
static void map_step(struct model *m, char step, enum model_page page)
{
	if (!m->key[model_key(page)])
		return;
	if (step == STEP_KMAP)
		m->marks[page]++;
	else if (step == STEP_KUNMAP && !m->marks[page])
		m->mistakes.underflows++;
	else if (step == STEP_KUNMAP)
		m->marks[page]--;
	else if ((step == STEP_THREAD || step == STEP_THREAD_END) && m->running == MODEL_INTERRUPT)
		m->mistakes.no_thread++;
	else if (step == STEP_THREAD || step == STEP_LOCAL)
		open_item(running(m), step, page, 0);
	else if (step == STEP_LOCAL_READ)
		open_item(running(m), STEP_LOCAL, page, MODEL_WD);
	else
		close_item(m, ends(step), page);
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

bool model_key_is_open(const struct model *m, u32 key)
{
	if (m->policy.scope != PKS_SCOPE_GLOBAL || !forgiving(m->policy.mode))
		return false;
	for (enum model_page page = 0; page < MODEL_PAGES; page++)
		if (model_key(page) == key && m->marks[page])
			return true;
	return false;
}

/* Opens the key fully, for reads too. */
static void pardon(struct model_context *c, u32 key)
{
	u32 i = c->items;

	while (i && model_key(c->item[i - 1].page) != key)
		i--;
	*(i ? &c->item[i - 1].pardoned : &c->pardoned[key]) = true;
}

static enum model_outcome access(struct model *m, enum model_page page, bool write)
{
	u32 key = model_key(page);
	bool marked = m->policy.scope != PKS_SCOPE_GLOBAL && m->marks[page];

	if (permitted(m, model_rights(m, m->running, key), write))
		return MODEL_FREE;
	if (model_key_is_open(m, key))
		return MODEL_SHARED; /* for any page of the key, and no context's rights change */
	if (!forgiving(m->policy.mode) || (!marked && m->policy.gate != PKS_GATE_ANY))
		return MODEL_DIES;
	if (m->policy.scope != PKS_SCOPE_INSTRUCTION)
		pardon(running(m), key);
	return MODEL_PARDONED;
}

enum model_outcome model_step(struct model *m, char step, enum model_page page)
{
	switch (step) {
	case STEP_WRITE:
	case STEP_READ:
		return access(m, page, step == STEP_WRITE);
	case STEP_GRANT:
	case STEP_GRANT_READ:
		open_item(running(m), STEP_GRANT, page, step == STEP_GRANT ? 0 : MODEL_WD);
		break;
	case STEP_REVOKE:
		close_item(m, STEP_GRANT, page);
		break;
	default:
		map_step(m, step, page);
	}
	return MODEL_DONE;
}

void model_yield(struct model *m)
{
	m->running = m->running == MODEL_A ? MODEL_B : MODEL_A;
}

void model_interrupt_begins(struct model *m)
{
	m->interrupted = m->running;
	m->running = MODEL_INTERRUPT;
}

static void end_context(struct model *m)
{
	m->mistakes.left_open += model_nested(m, m->running);
	*running(m) = (struct model_context){ 0 };
}

void model_interrupt_ends(struct model *m)
{
	end_context(m);
	m->running = m->interrupted;
}

void model_death(struct model *m)
{
	end_context(m);
}

const char *model_outcome_name(enum model_outcome outcome)
{
	static const char *const names[] = { "done", "free", "pardoned", "shared", "dies" };

	return names[outcome];
}
