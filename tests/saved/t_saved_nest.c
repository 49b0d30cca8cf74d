// SPDX-License-Identifier: MIT
/*
 * Where the rights of an interrupted context wait: nesting, death, a move to another processor. The
 * other half is in t_saved.c.
 */
#define KTEST_SUITE "saved"

#include "kernel/exception.h"
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

static void deep_nesting(void)
{
	trap_hook_t before = nested_begin();

	level = 0;
	rights_set(rights_of_level(0));
	inside(descend);
	EXPECT_EQ(level, DEPTH);
	EXPECT_RIGHTS(rights_of_level(0));
	nested_end(before);
}
KTEST(deep_nesting, KT_PKS);

static void meddle_here(void *arg)
{
	nested_meddle(arg);
}

static void machine_check_inside(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	run_in(IN_MC, meddle_here, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}

static void a_machine_check_in_an_nmi(void)
{
	rights_set(WITH_KEY(KEY_A));
	run_in(IN_NMI, machine_check_inside, NULL);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}
KTEST(a_machine_check_in_an_nmi, KT_PKS);

static struct prot_page page;

static void fix_up(struct regs *regs)
{
	(void)regs;
	rights_set(WITH_KEY(KEY_B));
	EXPECT_DENIED(&page);
	EXPECT_RIGHTS(WITH_KEY(KEY_B));
}

/* A fault that ends at another address than it came from. */
static void a_fixup_inside(void)
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
KTEST(a_fixup_inside, KT_PKS);

static void die_inside(struct regs *regs)
{
	if (++level < 2)
		inside(die_inside);
	die(regs, "a test wants it", 0);
}

static int doomed(void *arg)
{
	(void)arg;
	current_thread()->expects_death = true;
	rights_set(0);
	inside(die_inside);
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

/* Contexts that never end: what they had saved is nobody's. */
static void a_death_inside(void)
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
KTEST(a_death_inside, KT_PKS);

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
	EXPECT_RIGHTS(PKRS_INIT); /* it was not ours that were changed */
}

/* A frame that is not the innermost one: its rights are still its own. */
static void an_outer_frame_is_changed(void)
{
	trap_hook_t before = nested_begin();

	rights_set(WITH_KEY(KEY_A));
	inside(enter_again);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	nested_end(before);
}
KTEST(an_outer_frame_is_changed, KT_PKS);

static void move(struct regs *regs)
{
	thread_pin(cpus[1]);
	EXPECT_RIGHTS(PKRS_INIT);
	pks_update_exception(regs, KEY_C, PKS_READWRITE);
}

/* From inside an exception to another processor, and its end there. */
static void a_move_inside(void)
{
	struct cpu *home = this_cpu();
	trap_hook_t before = nested_begin();

	rights_set(WITH_KEY(KEY_A));
	inside(move);
	EXPECT(this_cpu() == cpus[1]);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	thread_pin(home);
	EXPECT_RIGHTS(WITH_KEY(KEY_A) & WITH_KEY(KEY_C));
	nested_end(before);
}
KTEST(a_move_inside, KT_PKS | KT_SMP);
