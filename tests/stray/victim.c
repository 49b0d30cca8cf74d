// SPDX-License-Identifier: MIT
#include "tests/stray/victim.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/harness/expect.h"
#include "tests/store/store_plain.h"

#define LONGEST 200

/* The victim at work: its medium's windows call its hook. NULL: nobody writes. */
static struct victim *at_work;

static int media_read(void *ctx, u64 at, void *to, u64 n)
{
	(void)ctx;
	stray_range_read(STRAY_STORE * PAGE_SIZE + at, to, n);
	return 0;
}

static int media_write(void *ctx, u64 at, const void *from, u64 n)
{
	(void)ctx;
	stray_range_write(STRAY_STORE * PAGE_SIZE + at, from, n,
			  at_work ? at_work->in_window : NULL);
	return 0;
}

/* Each write has been flushed in its window, as some guards permit it there alone. */
static const struct store_media media = {
	.size = STRAY_STORE_PAGES * PAGE_SIZE,
	.read = media_read,
	.write = media_write,
	.flush = store_no_flush,
	.fence = store_no_fence,
};

/* What version `version` of a record holds; returns its length. */
static u32 content(const struct victim_knows *knows, u32 id, u32 version, u8 bytes[LONGEST])
{
	u64 number = (u64)id << 32 | version;

	stray_bytes(bytes, LONGEST, ~knows->seed, number);
	return 16 + bytes[0] % (LONGEST - 16);
}

static bool put(struct victim *v, u32 id, bool add)
{
	struct victim_knows *knows = &v->knows;
	u32 version = add ? 0 : knows->version[id] + 1, length;
	u8 bytes[LONGEST];
	int got;

	length = content(knows, id, version, bytes);
	got = add ? store_append(&v->store, bytes, length)
		  : store_update(&v->store, id, bytes, length);
	if (got != (add ? (int)id : 0))
		return false;
	knows->version[id] = version;
	knows->records += add;
	return true;
}

static bool is_right(const struct store *store, const struct victim_knows *knows, u32 id)
{
	u8 want[LONGEST], got[LONGEST];
	u32 length = content(knows, id, knows->version[id], want);

	return store_read(store, id, got, sizeof(got)) == (long)length &&
	       !memcmp(got, want, length);
}

static bool work(struct victim *v, u64 dice)
{
	u32 id = (u32)(dice >> 8) % (v->knows.records + 1);

	if (id == v->knows.records)
		return id == VICTIM_RECORDS ? put(v, 0, false) : put(v, id, true);
	return put(v, id, false) && is_right(&v->store, &v->knows, id);
}

bool victim_start(struct victim *v, u64 seed)
{
	struct store_report report;
	stray_in_window_t in_window = v->in_window;
	bool ok;

	*v = (struct victim){ .knows.seed = seed, .in_window = in_window };
	ok = EXPECT_EQ(store_format(&media), 0) &&
	     EXPECT_EQ(store_open(&v->store, &media, STORE_WORK, &report), 0);
	while (ok && v->knows.records < VICTIM_RECORDS / 2)
		ok = EXPECT(put(v, v->knows.records, true));
	return ok;
}

static void write_log(struct victim *v, u64 dice)
{
	u8 bytes[STRAY_LONGEST];

	stray_bytes(bytes, sizeof(bytes), v->knows.seed, dice);
	stray_range_write(STRAY_LOG * PAGE_SIZE + dice % 64 * 64, bytes, sizeof(bytes),
			  v->in_window);
}

bool victim_work(struct victim *v, u64 dice)
{
	bool good = false;

	v->operations++;
	if (v->broken) {
		write_log(v, dice);
		return false;
	}
	at_work = v;
	good = work(v, dice);
	at_work = NULL;
	v->broken = !good;
	return good;
}

struct victim_damage victim_verify(const struct victim_knows *knows)
{
	static struct store store; /* 8 KiB; one verification at a time */
	struct victim_damage damage = { 0 };
	struct store_report report;

	damage.refused = store_open(&store, &media, STORE_LOOK, &report) != 0;
	damage.unclean = !store_is_clean(&report);
	damage.why = report.why;
	for (u32 id = 0; id < knows->records; id++)
		damage.records += damage.refused || !is_right(&store, knows, id);
	return damage;
}
