// SPDX-License-Identifier: MIT
/*
 * Stray writes to a range of persistent memory while a store in it works, with each way to protect
 * it: what the rule says becomes of each, and what is damaged when the store is looked at again.
 * With boots=2 the machine resets in between: docs/EXPERIMENTS.md. What this cannot know: what a
 * device does to the range; whether real stray writes are like these.
 */
#define KTEST_SUITE "stray"

#include "kernel/console/console.h"
#include "kernel/lib/string.h"
#include "kernel/machine.h"
#include "mm/init.h"
#include "mm/pmem/pmem.h"
#include "pks/policy/fault.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/stray/arm_list.h"
#include "tests/stray/cost.h"
#include "tests/stray/note.h"
#include "tests/stray/report.h"

/*
 * Stray writes of a campaign without strays=, on a device and in a whole run; a tenth of it on RAM,
 * half of that in a brief run, and a tenth of it where each byte of the writer's copies is a step.
 */
#define STRAYS 3000

static struct campaign campaign; /* one test at a time */

static u64 count(const struct stray_arm *arm)
{
	u64 part = ktest_part(2) > 1 ? 20 : stray_range_is_persistent() ? 1 : 10;
	bool steps = arm->guard == GUARD_KMAP && arm->policy.scope == PKS_SCOPE_INSTRUCTION;

	return options.strays ? options.strays : STRAYS / part / (steps ? 10 : 1);
}

/* Stray writes that land at random places do damage that both looks must find. */
static void expect_damage(const struct stray_arm *arm, const struct stray_counts *counts,
			  u32 damaged, const struct victim_damage *damage)
{
	u64 harmful = stray_harmful(arm, counts);

	if (!harmful) {
		EXPECT_EQ(damaged, 0);
		EXPECT_EQ(damage->records, 0);
		EXPECT(!damage->refused && !damage->unclean);
	} else if (harmful >= counts->attempted / 4) {
		EXPECT(damaged > 0);
		EXPECT(damage->records > 0 || damage->refused || damage->unclean);
	}
}

/* Under STRICT, and in OFF, nothing else can happen whatever the strays are. */
static void expect_counts(const struct stray_arm *arm, const struct stray_counts *counts)
{
	EXPECT_EQ(counts->refused + counts->landed + counts->landed_own, counts->attempted);
	if (arm->policy.mode == PKS_MODE_STRICT && arm->guard == GUARD_GRANT) {
		EXPECT_EQ(counts->landed, 0);
		EXPECT(counts->landed_own > 0); /* the windows were open */
		EXPECT(counts->in_window > 0 && counts->deaths > counts->in_window);
	}
	if (arm->policy.mode == PKS_MODE_OFF)
		EXPECT_EQ(counts->refused, 0);
}

static void play(const struct stray_arm *arm)
{
	struct victim_damage damage;
	u32 damaged;

	campaign = (struct campaign){ .arm = arm, .seed = random_next(), .count = count(arm) };
	campaign_play(&campaign);
	damaged = stray_range_damaged();
	damage = victim_verify(&campaign.victim.knows);
	expect_counts(arm, &campaign.counts);
	expect_damage(arm, &campaign.counts, damaged, &damage);
	stray_report_end(arm->name, campaign.seed, &campaign.counts, damaged, &damage,
			 options.boots == 2);
	if (options.boots == 2) {
		stray_note_write(&campaign, damaged);
		machine_boot_again();
	}
}

/* The second boot: nothing but the range tells what the first one has done. */
static void look_again(const struct stray_arm *arm, const struct stray_note *note)
{
	struct victim_damage damage;
	u32 damaged;

	pr("# reboot: 2 of 2\n");
	stray_note_clear(); /* the next boot is a first one again */
	EXPECT_EQ(strcmp(note->arm, arm->name), 0);
	damaged = stray_note_damaged(note);
	damage = victim_verify(&note->knows);
	EXPECT_EQ(damaged, note->damaged);
	expect_damage(arm, &note->counts, damaged, &damage);
	stray_report_end(arm->name, note->seed, &note->counts, damaged, &damage, 2);
}

/* With boots=2: the first boot plays, the second one finds its note. */
static void run_over_a_reboot(const struct stray_arm *arm)
{
	static struct stray_note note;
	static bool done; /* in this boot */

	if (!stray_range_is_persistent())
		ktest_error("boots=2 needs format=yes and persistent memory: qemu-pmem, or pmem=");
	else if (done)
		ktest_error("boots=2 is for one arm, once: tests=stray.ARM");
	else if (stray_note_read(&note))
		look_again(arm, &note);
	else
		play(arm);
	done = true;
}

/* Fills and checks of the range are most of a short campaign: a brief run without a device has one.
 */
static bool plays(const struct stray_arm *arm)
{
	return options.extent != EXTENT_BRIEF || options.strays || stray_range_is_persistent() ||
	       arm == &stray_arms[STRAY_ARM_strict];
}

static void run(const struct stray_arm *arm)
{
	if (!plays(arm)) {
		ktest_skip("a brief run plays it only where there is persistent memory");
		return;
	}
	EXPECT_EQ(pks_policy_set(arm->policy), 0);
	if (!stray_range_get(arm))
		return;
	if (options.boots == 2)
		run_over_a_reboot(arm);
	else
		play(arm);
	stray_range_put();
}

#define STRAY_TEST(id, ...)                       \
	static void id(void)                      \
	{                                         \
		run(&stray_arms[STRAY_ARM_##id]); \
	}                                         \
	KTEST(id, KT_PKS);

STRAY_ARMS(STRAY_TEST)

/*
 * What a window costs is counted for one write, by a thread that has no right before it. Only some
 * of it can be known beforehand: keys need no flush, and nothing of another CPU.
 */
static void keys_need_no_flush(void)
{
	for (enum stray_arm_id id = 0; id < STRAY_ARM_COUNT; id += ktest_part(5)) {
		const struct stray_arm *arm = &stray_arms[id];
		struct stray_cost cost;

		EXPECT_EQ(pks_policy_set(arm->policy), 0);
		if (!stray_range_get(arm))
			return;
		cost = stray_cost();
		stray_range_put();
		pr("# stray %s cost ticks=%lu writes=%lu invlpgs=%lu flushes=%lu ipis=%lu "
		   "cpus=%u\n",
		   arm->name, cost.ticks, cost.writes, cost.invlpgs, cost.flushes, cost.ipis,
		   cpu_count);
		EXPECT_EQ(cost.flushes, 0);
		if (arm->guard == GUARD_UNMAP || arm->guard == GUARD_UNMAP_ALL)
			EXPECT_EQ(cost.invlpgs, arm->guard == GUARD_UNMAP ? 1 : cpu_count);
		else
			EXPECT_EQ(cost.invlpgs, 0);
		/* recalls what kmap() has lent: pks/policy/global.c */
		if (arm->guard != GUARD_KMAP || arm->policy.scope != PKS_SCOPE_GLOBAL)
			EXPECT_EQ(cost.ipis, arm->guard == GUARD_UNMAP_ALL ? cpu_count - 1 : 0);
	}
}
KTEST(keys_need_no_flush, KT_PKS);

/* Somebody's data may be there. */
static void a_device_is_left_alone_without_format_yes(void)
{
	const struct stray_arm *arm = &stray_arms[STRAY_ARM_strict];
	bool format = options.format;

	SKIP_IF(!pmem_count, "this machine has no persistent memory");
	EXPECT_EQ(pks_policy_set(arm->policy), 0);
	options.format = false;
	EXPECT(!stray_range_is_persistent());
	if (stray_range_get(arm)) {
		u64 start = virt_to_phys(stray_range_at(0));

		EXPECT(ranges_contain(&ram, start, start + STRAY_PAGES * PAGE_SIZE));
		stray_range_put();
	}
	options.format = format;
}
KTEST(a_device_is_left_alone_without_format_yes, KT_PKS);

static void run_arm(void *arg)
{
	run(arg);
}

/* There the other CPU is the boot CPU. */
static void strict_from_the_last_cpu(void)
{
	SKIP_IF(options.boots == 2, "boots=2 is for the arms");
	EXPECT(percpu_run_on(cpus[cpu_count - 1], run_arm, (void *)&stray_arms[STRAY_ARM_strict]));
}
KTEST(strict_from_the_last_cpu, KT_PKS | KT_SMP);
