// SPDX-License-Identifier: MIT
/*
 * Where should a page that may be inaccessible be made accessible? Each path to its content, with
 * each place of the hook, against the rule. With extent=full it prints the outcomes, of which
 * tools/arms makes the tables. What this cannot know: which paths another kernel has besides.
 */
#define KTEST_SUITE "inaccessible"

#include "kernel/console/console.h"
#include "kernel/watchdog.h"
#include "tests/gup/path.h"
#include "tests/gup/space.h"
#include "tests/harness/fixture.h"

#define WATCHDOG_NS 8000000000ULL /* for one trial: Bochs copies slowly */

static void try_path(const struct path_trial *t)
{
	enum reach want = path_rule(t), got = path_try(t);

	if (got != want)
		ktest_fail(__FILE__, __LINE__,
			   "%s, hook %s, level %d, arm %d, %s, %s: expected %s, got %s",
			   path_names[t->path], hook_names[t->hook], t->level, t->arm,
			   moment_names[t->moment], t->refuses ? "refuses" : "shares",
			   reach_names[want], got < REACHES ? reach_names[got] : "none of these");
	ktest_checked();
	if (options.extent == EXTENT_FULL)
		pr("# path %s %s %s hook %s arm %s owner %s: %s\n", path_names[t->path],
		   t->level == 1 ? "4K" : "2M", moment_names[t->moment], hook_names[t->hook],
		   t->arm == GUEST_KEY ? "key" : "unmap", t->refuses ? "refuses" : "shares",
		   got < REACHES ? reach_names[got] : "?");
}

static void try_all(enum guest_arm arm)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < PATHS * ACCESSIBLE_HOOKS * 4 * MOMENTS; i += ktest_part(11)) {
		struct path_trial t = {
			.path = i / 4 / MOMENTS % PATHS,
			.hook = i / 4 / MOMENTS / PATHS,
			.arm = arm,
			.level = 1 + (i & 1),
			.moment = i / 4 % MOMENTS,
			.refuses = i & 2,
		};

		watchdog_set(WATCHDOG_NS, "inaccessible");
		if (path_has_moment(t.path, t.moment))
			try_path(&t);
	}
}

static void each_path_to_an_unmapped_page_obeys_the_rule(void)
{
	try_all(GUEST_UNMAP);
}
KTEST(each_path_to_an_unmapped_page_obeys_the_rule, KT_RAM);

static void each_path_to_a_page_under_a_key_obeys_the_rule(void)
{
	try_all(GUEST_KEY);
}
KTEST(each_path_to_a_page_under_a_key_obeys_the_rule, KT_PKS | KT_RAM);
