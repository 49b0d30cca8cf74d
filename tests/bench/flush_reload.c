// SPDX-License-Identifier: MIT
#include "tests/bench/flush_reload.h"

#define SAMPLES 101

/* A control counts as good from 90 % on, and as noise from 10 % on. */
#define MOST (FR_ROUNDS * 9 / 10)
#define FEW  (FR_ROUNDS / 10)

const char *fr_act_name(enum fr_act act)
{
	static const char *const names[FR_ACTS] = { "nothing", "load-permitted", "load-under-ad",
						    "store-permitted", "store-under-wd" };

	return names[act];
}

static u64 median(u64 v[SAMPLES])
{
	for (u32 i = 1; i < SAMPLES; i++)
		for (u32 j = i; j && v[j - 1] > v[j]; j--) {
			u64 t = v[j];

			v[j] = v[j - 1];
			v[j - 1] = t;
		}
	return v[SAMPLES / 2];
}

/* Measures a line that is in the cache, and one that is not; false if they take as long. */
static bool calibrate(struct flush_reload *r, const struct fr_machine *m)
{
	u64 ticks[SAMPLES];

	for (u32 i = 0; i < SAMPLES; i++) {
		m->reload(i % FR_LINES);
		ticks[i] = m->reload(i % FR_LINES);
	}
	r->cached = median(ticks);
	for (u32 i = 0; i < SAMPLES; i++) {
		m->flush(i % FR_LINES);
		ticks[i] = m->reload(i % FR_LINES);
	}
	r->flushed = median(ticks);
	r->limit = (r->cached + r->flushed) / 2;
	return r->flushed > r->cached + r->cached / 2;
}

static void play(struct flush_reload *r, const struct fr_machine *m, enum fr_act act)
{
	for (u32 round = 0; round < FR_ROUNDS; round++) {
		for (u32 line = 0; line < FR_LINES; line++)
			m->flush(line);
		m->act(act);
		/* Not in order, or a prefetcher would load the next line. */
		for (u32 i = 0; i < FR_LINES; i++) {
			u32 line = (i * 7 + 3) % FR_LINES;

			r->hot[act][line] += m->reload(line) < r->limit;
		}
	}
}

u32 fr_others(const struct flush_reload *r, enum fr_act act)
{
	u32 most = 0;

	for (u32 line = 0; line < FR_LINES; line++)
		if (line != FR_OLD && line != FR_NEW)
			most = MAX(most, r->hot[act][line]);
	return most;
}

const char *flush_reload(struct flush_reload *r, const struct fr_machine *m)
{
	*r = (struct flush_reload){ 0 };
	if (!calibrate(r, m))
		return "a flushed line loads as fast as a cached one: this clock shows no cache";
	for (u32 act = 0; act < FR_ACTS; act++)
		play(r, m, (enum fr_act)act);
	for (u32 line = 0; line < FR_LINES; line++)
		if (r->hot[FR_NOTHING][line] > FEW)
			return "control: a line that nothing used loads fast";
	if (r->hot[FR_LOAD_PERMITTED][FR_OLD] < MOST)
		return "control: the line that a permitted load used loads slowly";
	if (r->hot[FR_STORE_PERMITTED][FR_NEW] < MOST)
		return "control: the line of a permitted store's value loads slowly";
	return NULL;
}
