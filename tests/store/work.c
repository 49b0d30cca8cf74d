/* SPDX-License-Identifier: MIT */
#include "tests/store/work.h"

#include "kernel/lib/string.h"

/* A random number that depends on nothing but its arguments. */
static u64 draw(const struct store_work *w, u64 op, u64 what)
{
	u64 x = w->seed + op * 0x9e3779b97f4a7c15 + what * 0xd1b54a32d192ed03;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* The record of an operation, into w->want; returns its length. */
static u32 content(struct store_work *w, u64 op)
{
	u32 length = (u32)(draw(w, op, 0) % (w->longest + 1));

	for (u32 i = 0; i < length; i += 8) {
		u64 word = draw(w, op, 2 + i);

		memcpy(w->want + i, &word, MIN(length - i, 8U));
	}
	return length;
}

/* The id that an operation writes: a new one, at first in half of the cases, or one that is there.
 */
static u32 id_of(const struct store_work *w, u64 op)
{
	u64 r = draw(w, op, 1);

	if (!w->ids || (w->ids < w->most && r % 2))
		return w->ids;
	return (u32)((r >> 1) % w->ids);
}

void store_work_begin(struct store_work *w, u64 seed, u32 most, u32 longest)
{
	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->most = most;
	w->longest = longest;
}

u32 store_work_skip(struct store_work *w)
{
	u32 id = id_of(w, w->done + 1);

	w->last[id] = ++w->done;
	w->ids = MAX(w->ids, id + 1);
	return id;
}

int store_work_next(struct store_work *w, struct store *s)
{
	u32 length = content(w, w->done + 1), id = id_of(w, w->done + 1);
	int err = id == w->ids ? store_append(s, w->want, length)
			       : store_update(s, id, w->want, length);

	if (err < 0)
		return err;
	store_work_skip(w);
	return 0;
}

const char *store_work_check(struct store_work *w, const struct store *s, u32 *id)
{
	*id = 0;
	if (s->super.seq != w->done)
		return "the store has done another number of operations";
	if (s->super.ids != w->ids)
		return "the store has another number of ids";
	for (*id = 0; *id < w->ids; ++*id) {
		u32 length = content(w, w->last[*id]);
		long got = store_read(s, *id, w->got, sizeof(w->got));

		if (got < 0)
			return "a record cannot be read";
		if (got != (long)length)
			return "a record has another length";
		if (memcmp(w->got, w->want, length))
			return "a record has other bytes";
	}
	return NULL;
}
