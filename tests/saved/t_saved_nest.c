// SPDX-License-Identifier: MIT
/*
 * The saved rights of an interrupted context survive nesting, death and a migration. t_saved.c has
 * the tests of page faults and NMIs.
 */
#define KTEST_SUITE "saved"

#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/nested.h"

#define DEPTH  20
#define DEATHS 8

static u32 level;

static u32 rights_of_level(u32 n)
{
	return WITH_KEY(PKS_KEY_FIRST_DYNAMIC + n % (PKS_KEYS - PKS_KEY_FIRST_DYNAMIC));
}

static void descend(struct regs *regs)
{
	u32 mine = ++level;

	(void)regs;
	rights_set(rights_of_level(mine));
	if (mine < DEPTH)
		inside(descend);
	EXPECT_RIGHTS(rights_of_level(mine));
}

static void rights_survive_deep_nesting(void)
{
	trap_hook_t before = nested_begin();

	level = 0;
	rights_set(rights_of_level(0));
	inside(descend);
	EXPECT_EQ(level, DEPTH);
	EXPECT_RIGHTS(rights_of_level(0));
	nested_end(before);
}
KTEST(rights_survive_deep_nesting, KT_PKS);

static void meddle_here(void *arg)
{
	nested_meddle(arg);
}

static void take_machine_check(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	run_in(IN_MC, meddle_here, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}

static void rights_survive_a_machine_check_in_an_nmi(void)
{
	rights_set(WITH_KEY(KEY_A));
	run_in(IN_NMI, take_machine_check, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}
KTEST(rights_survive_a_machine_check_in_an_nmi, KT_PKS);

static struct prot_page page;

static void fix_up(struct regs *regs)
{
	(void)regs;
	rights_set(WITH_KEY(KEY_B));
	EXPECT_DENIED(&page);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}

/* A fault that returns to a fixup, not to the instruction that faulted. */
static void rights_survive_a_nested_fixup(void)
{
	trap_hook_t before = nested_begin();

	if (prot_page_get(&page, PKS_KEY_DEVMAP)) {
		rights_set(WITH_KEY(KEY_A));
		inside(fix_up);
		EXPECT_RIGHTS(WITH_KEY(KEY_A));
		prot_page_put(&page);
	}
	nested_end(before);
}
KTEST(rights_survive_a_nested_fixup, KT_ENFORCED);

static void die_nested(struct regs *regs)
{
	if (++level < 2)
		inside(die_nested);
	die(regs, "on purpose", 0);
}

static int doomed(void *arg)
{
	(void)arg;
	current_thread()->expects_death = true;
	rights_set(0);
	inside(die_nested);
	return 0;
}

static int heir(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(WITH_KEY(KEY_B));
	inside(nested_meddle);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
	return 0;
}

/* Contexts that never end: no later thread gets the rights that they saved. */
static void rights_survive_nested_deaths(void)
{
	trap_hook_t before = nested_begin();
	struct thread *t;

	rights_set(WITH_KEY(KEY_A));
	for (u32 i = 0; i < 2 * DEATHS; i++) {
		level = 0;
		t = thread_create(i % 2 ? "heir" : "doomed", i % 2 ? heir : doomed, NULL);
		REQUIRE(t);
		EXPECT_EQ(thread_join(t).died, i % 2 == 0);
		inside(nested_meddle);
		EXPECT_RIGHTS(WITH_KEY(KEY_A));
	}
	nested_end(before);
}
KTEST(rights_survive_nested_deaths, KT_PKS);

static struct regs *outer;

static void change_the_outer(struct regs *regs)
{
	(void)regs;
	pks_update_exception(outer, KEY_C, PKS_READWRITE);
}

static void enter_again(struct regs *regs)
{
	outer = regs;
	inside(change_the_outer);
	EXPECT_RIGHTS(PKRS_INIT); /* this context's own rights do not change */
}

/* Changing the rights in an outer frame changes that frame's context and no other. */
static void an_outer_frames_rights_can_be_changed(void)
{
	trap_hook_t before = nested_begin();

	rights_set(WITH_KEY(KEY_A));
	inside(enter_again);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	nested_end(before);
}
KTEST(an_outer_frames_rights_can_be_changed, KT_PKS);

static void migrate(struct regs *regs)
{
	thread_pin(cpus[1]);
	EXPECT_RIGHTS(PKRS_INIT);
	pks_update_exception(regs, KEY_C, PKS_READWRITE);
}

/* A thread migrates in an exception, which ends on the other CPU. */
static void rights_survive_a_migration_in_an_exception(void)
{
	struct cpu *home = this_cpu();
	trap_hook_t before = nested_begin();

	rights_set(WITH_KEY(KEY_A));
	inside(migrate);
	EXPECT(this_cpu() == cpus[1]);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	thread_pin(home);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	nested_end(before);
}
KTEST(rights_survive_a_migration_in_an_exception, KT_PKS | KT_SMP);
