/* SPDX-License-Identifier: MIT */
/*
 * Every sequence of six letters of two threads (tests/interleave/sequence.h), interrupts aside,
 * played on the reference model and on the kernel's pure parts: the stack of maps, the arithmetic
 * of rights, the policy. A step that changes nothing is not gone on from: what can follow it
 * follows the sequence without it too. The suite `interleave` plays those of four on the kernel
 * itself.
 */
#include "tests/host/harness.h"

#include "pks/policy/policy.h"
#include "tests/host/kmap_pure.h"
#include "tests/interleave/model.h"
#include "tests/interleave/sequence.h"

#define LENGTH 6

/* A thread as the kernel keeps it. */
struct thread_state {
	struct local local;
	u32 rights;
	u32 grants[MODEL_KEYS];
	u32 token[MODEL_KEYS][LENGTH];
};

struct state {
	struct model model;
	struct thread_state thread[2];
	u32 marks[MODEL_PAGES];
	u32 left_open, order, not_mapped;
};

static struct {
	u64 sequences;
	const char *letters; /* to choose from */
	char text[2 * LENGTH + 1];
} run;

static struct page *page_of(enum model_page page)
{
	return (struct page *)(4096 + 4096UL * page);
}

static enum model_outcome real_access(struct state *s, enum model_page page, bool write)
{
	struct thread_state *t = &s->thread[s->model.running];
	u32 key = s->model.key[model_key(page)];
	bool first = model_key(page) == 0;
	struct pks_page_state seen = {
		.known = true,
		.devmap = true,
		.marked = s->marks[page],
		.key_open = s->model.policy.scope == PKS_SCOPE_GLOBAL &&
			    (first ? s->marks[PAGE_FIRST] || s->marks[PAGE_SECOND]
				   : s->marks[PAGE_OTHER] != 0),
	};
	enum pks_reach reach = pks_reach(s->model.policy, seen);

	if (s->model.policy.mode == PKS_MODE_OFF ||
	    pkrs_permits(t->rights, key, write ? PKS_WRITE : PKS_READ))
		return MODEL_FREE;
	if (pks_verdict(s->model.policy.mode, reach != PKS_REACH_NONE) == PKS_DIE)
		return MODEL_DIES;
	if (reach == PKS_REACH_CONTEXT)
		t->rights = pkrs_with(t->rights, key, PKS_READWRITE);
	return reach == PKS_REACH_ALL ? MODEL_SHARED : MODEL_PARDONED;
}

static void begin_thread(struct thread_state *t)
{
	*t = (struct thread_state){ .rights = PKRS_INIT };
}

/* Takes a step that the model permits, with the kernel's functions. */
static enum model_outcome real_step(struct state *s, struct step step)
{
	struct thread_state *t = &s->thread[s->model.running];
	struct page *page = page_of(step.page);
	u32 k = model_key(step.page), key = s->model.key[k];

	switch (step.letter) {
	case STEP_KMAP:
		s->marks[step.page]++;
		break;
	case STEP_KUNMAP:
		s->marks[step.page] -= s->marks[step.page] != 0;
		break;
	case STEP_LOCAL:
	case STEP_LOCAL_READ:
	case STEP_THREAD:
		pure_open(&t->local, &t->rights, page, key,
			  step.letter == STEP_LOCAL_READ ? PKS_READ : PKS_WRITE,
			  step.letter != STEP_THREAD);
		break;
	case STEP_LOCAL_END:
	case STEP_THREAD_END:
		s->not_mapped += !pure_close(&t->local, &t->rights, page,
					     step.letter == STEP_LOCAL_END, &s->order);
		break;
	case STEP_GRANT:
	case STEP_GRANT_READ:
		t->token[k][t->grants[k]++] = pure_grant(
			&t->rights, key, step.letter == STEP_GRANT ? PKS_WRITE : PKS_READ);
		break;
	case STEP_REVOKE:
		t->rights ^= (t->rights ^ t->token[k][--t->grants[k]]) & pkrs_mask(key);
		break;
	default:
		return real_access(s, step.page, step.letter == STEP_WRITE);
	}
	return MODEL_DONE;
}

static void differ(const struct state *s, const char *what, u32 expected, u32 seen)
{
	fail_msg("case=%s@%u,%u mode %d gate %d scope %d: %s: expected %x, seen %x", run.text,
		 s->model.key[0], s->model.key[1], s->model.policy.mode, s->model.policy.gate,
		 s->model.policy.scope, what, expected, seen);
}

static void compare(const struct state *s)
{
	for (enum model_who who = MODEL_A; who <= MODEL_B; who++) {
		const struct thread_state *t = &s->thread[who];
		u32 expected = PKRS_INIT;

		for (u32 k = 0; k < MODEL_KEYS; k++) {
			expected &= ~(3u << 2 * s->model.key[k]);
			expected |= model_rights(&s->model, who, k) << 2 * s->model.key[k];
		}
		if (expected != t->rights)
			differ(s, "rights", expected, t->rights);
		if (model_nested(&s->model, who) != t->local.maps)
			differ(s, "maps", model_nested(&s->model, who), t->local.maps);
	}
	if (s->model.mistakes.order != s->order)
		differ(s, "wrong orders", s->model.mistakes.order, s->order);
	if (s->model.mistakes.not_mapped != s->not_mapped)
		differ(s, "unmaps without a map", s->model.mistakes.not_mapped, s->not_mapped);
	if (s->model.mistakes.left_open != s->left_open)
		differ(s, "maps left open", s->model.mistakes.left_open, s->left_open);
}

/* Takes the step on both sides. False: it is not permitted. */
static bool take(struct state *s, struct step step)
{
	struct model *m = &s->model;

	if (step.letter == STEP_YIELD) {
		model_yield(m);
	} else if (step.letter == STEP_DEATH) {
		s->left_open += s->thread[m->running].local.maps;
		begin_thread(&s->thread[m->running]);
		model_death(m);
	} else {
		enum model_outcome came, expected;

		if (!model_permits(m, step.letter, step.page))
			return false;
		came = real_step(s, step);
		expected = model_step(m, step.letter, step.page);
		if (came != expected)
			differ(s, "access", expected, came);
	}
	return true;
}

/* Whether the step left all as it was, counts of mistakes aside. */
static bool nothing_changed(const struct model *before, const struct model *after)
{
	struct model same = *after;

	same.mistakes = before->mistakes;
	return !memcmp(&same, before, sizeof(same));
}

static void play(const struct state *s, u32 depth, size_t length)
{
	for (const char *letter = run.letters; *letter;) {
		const char *begins = letter;
		struct step step = step_next(&letter);
		struct state next = *s;

		memcpy(run.text + length, begins, (size_t)(letter - begins));
		run.text[length + (size_t)(letter - begins)] = '\0';
		if (!take(&next, step))
			continue;
		run.sequences++;
		compare(&next);
		if (depth > 1 && !nothing_changed(&s->model, &next.model))
			play(&next, depth - 1, length + (size_t)(letter - begins));
	}
}

static void enumerate(u32 policy, u32 n, const char *letters, u32 depth)
{
	struct sequence keys;
	struct state s;

	do
		sequence_keys(n++, &keys);
	while (!keys.key[1]); /* key 0 restricts nothing: nothing is noted of its pages */
	memset(&s, 0, sizeof(s));
	model_start(&s.model, sequence_policy(policy), keys.key);
	begin_thread(&s.thread[MODEL_A]);
	begin_thread(&s.thread[MODEL_B]);
	run.letters = letters;
	play(&s, depth, 0);
}

static void about_pages_of_one_key(void **state)
{
	(void)state;
	for (u32 policy = 0; policy < SEQUENCE_POLICIES; policy++)
		enumerate(policy, policy, "mulodtewrMULODTEWghvyx", LENGTH - 1);
	for (u32 scope = 0; scope < PKS_SCOPES; scope++)
		enumerate(SEQUENCE_POLICIES - 2 * PKS_SCOPES + scope, 31 + scope,
			  "mulodtewMULDTEWghvyx", LENGTH);
	printf("# %lu sequences\n", (unsigned long)run.sequences);
}

static void about_pages_of_two_keys(void **state)
{
	(void)state;
	run.sequences = 0;
	for (u32 policy = 0; policy < SEQUENCE_POLICIES; policy++)
		enumerate(policy, 97 + policy, "mulodtewr.m.u.l.o.d.t.e.wghv.g.vyx", LENGTH - 1);
	for (u32 scope = 0; scope < PKS_SCOPES; scope++)
		enumerate(SEQUENCE_POLICIES - 2 * PKS_SCOPES + scope, 131 + scope,
			  "mulodtew.m.u.l.d.t.e.wghvyx", LENGTH);
	printf("# %lu sequences\n", (unsigned long)run.sequences);
}

static void about_three_pages(void **state)
{
	(void)state;
	run.sequences = 0;
	for (u32 policy = 0; policy < SEQUENCE_POLICIES; policy++)
		enumerate(policy, 777 + policy, "mulodtewrMULODTEWR.m.u.l.o.d.t.e.w.rghv.g.h.vyx",
			  LENGTH - 2);
	printf("# %lu sequences\n", (unsigned long)run.sequences);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(about_pages_of_one_key),
		cmocka_unit_test(about_pages_of_two_keys),
		cmocka_unit_test(about_three_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
