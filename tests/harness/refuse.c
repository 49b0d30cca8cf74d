// SPDX-License-Identifier: MIT
#include "tests/harness/refuse.h"
#include "kernel/console/console.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "tests/harness/fixture.h"
#include "tests/harness/frames.h"

#define TRIES_MAX 64 /* then the operation never ends; that is a failure */

/* What an operation that fails must leave as it was. */
struct state {
	u64 frames; /* of frames_kept() */
	s64 key_pages[PKS_KEYS];
	u64 threads;
	u32 rights;
};

static struct state state_now(void)
{
	struct state s = { .frames = frames_kept(), .rights = rights_mirror() };

	for (u32 key = 0; key < PKS_KEYS; key++)
		s.key_pages[key] = pks_key_pages(key);
	list_for_each(node, &all_threads) s.threads++;
	return s;
}

static bool expect_state(const struct state *want, const char *when, u32 n)
{
	struct state now = state_now();
	u32 wrong = 0;

	wrong += !EXPECT_EQ(now.frames, want->frames);
	wrong += !EXPECT_EQ(now.threads, want->threads);
	wrong += !EXPECT_EQ(now.rights, want->rights);
	for (u32 key = 0; key < PKS_KEYS; key++)
		wrong += !EXPECT_EQ(now.key_pages[key], want->key_pages[key]);
	if (wrong)
		ktest_fail(__FILE__, __LINE__, "%s %u", when, n);
	return !wrong;
}

u32 refuse_each_allocation(int (*op)(void *), void (*undo)(void *), void *arg, u64 count)
{
	struct state before = state_now();

	for (u32 n = 0; n < TRIES_MAX; n++) {
		int err;

		page_alloc_refuse(n, count);
		err = op(arg);
		if (!page_alloc_refuse(0, 0)) {
			if (EXPECT_EQ(err, 0))
				undo(arg);
			expect_state(&before, "without a refusal, allocations", n);
			if (options.extent >= EXTENT_FULL) /* tools/arms reads it */
				pr("# refused %u allocations\n", n);
			return n;
		}
		if (!EXPECT_EQ(err, (u64)-ENOMEM) && !err)
			undo(arg);
		if (!expect_state(&before, "after the refusal of allocation", n + 1))
			return n;
	}
	EXPECT(!"an operation that needs so many allocations");
	return TRIES_MAX;
}
