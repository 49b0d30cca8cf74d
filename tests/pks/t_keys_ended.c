// SPDX-License-Identifier: MIT
/*
 * A key that no pardon opens any more gets a new owner, however the pardons have ended. What this
 * cannot know: whether that takes longer than it must after other endings.
 */
#define KTEST_SUITE "keys"

#include "kernel/cpu/insn.h"
#include "mm/kmap/kmap_local.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/nested.h"
#include "tests/pks/key_holder.h"

static void write_page(void *arg)
{
	(void)arg;
	be_pardoned();
}

static void die_pardoned(struct regs *regs)
{
	(void)regs;
	be_pardoned();
	asm volatile("ud2");
}

static int be_pardoned_and_die(void *arg)
{
	be_pardoned();
	if (arg)
		inside(die_pardoned);
	asm volatile("ud2");
	return 0;
}

static void let_die(void *deep)
{
	struct thread *t = thread_prepare("dies pardoned", be_pardoned_and_die, deep);

	REQUIRE(t);
	t->expects_death = true;
	thread_launch(t);
	EXPECT(thread_join(t).died);
}

static void be_pardoned_inside(struct regs *regs)
{
	(void)regs;
	be_pardoned();
}

/* A thread that has been pardoned in an exception, and stays after that has ended. */
static int outlive_an_exception(void *arg)
{
	(void)arg;
	inside(be_pardoned_inside);
	stay();
	return 0;
}

static int be_denied(void *arg)
{
	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	stay();
	return 0;
}

/* A thread that a pardoned one creates. */
static int begin_child(void *arg)
{
	be_pardoned();
	*(struct thread **)arg = begin(this_cpu(), be_denied, NULL);
	return 0;
}

static void outlive_a_parent(void)
{
	struct thread *child = NULL, *parent = thread_create("parent", begin_child, &child);

	REQUIRE(parent);
	thread_join(parent);
	free_key(false);
	end(child);
}

static void outlive(void)
{
	struct thread *t = begin(cpus[cpu_count - 1], outlive_an_exception, NULL);

	REQUIRE(t);
	free_key(false);
	end(t);
}

static void by_itself(void)
{
	write_page(NULL);
	free_key(false);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void in_an_ended_map(void)
{
	void *va = kmap_local_page_read(page.page);

	be_pardoned();
	kunmap_local(va);
	free_key(false);
}

static void free_key_inside(struct regs *regs)
{
	(void)regs;
	irq_enable();
	free_key(true);
}

/* A handler frees the key, but its thread still has it open. */
static void below_the_free(void)
{
	be_pardoned();
	inside(free_key_inside);
	EXPECT_RIGHTS(WITH_KEY(key));
	pks_set_nowrite(key); /* it can still read */
	EXPECT_EQ(pks_key_alloc("next"), -ENOSPC);
	pks_set_noaccess(key);
	EXPECT_EQ(pks_key_alloc("next"), key);
}

static int free_its_key(void *arg)
{
	(void)arg;
	be_pardoned();
	marked_page_put(&page);
	EXPECT_EQ(pks_key_free(key), 0);
	stay();
	return 0;
}

/* The pardoned thread has freed the key, and lives on. */
static void by_another(void)
{
	struct thread *t = begin(cpus[0], free_its_key, NULL);

	REQUIRE(t);
	EXPECT_EQ(pks_key_alloc("next"), key);
	end(t);
}

static void (*const ends[])(void) = {
	outlive, outlive_a_parent, by_itself, in_an_ended_map, below_the_free, by_another,
};

static void end_each_way(void)
{
	for (key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++) {
		for (u32 i = 0; i < 2 * TEST_CONTEXTS && marked_page(&page, key); i++) {
			policy_scope_set(i & 1 ? PKS_SCOPE_INSTRUCTION : PKS_SCOPE_CONTEXT);
			run_in(i / 2, write_page, NULL);
			free_key(false);
		}
		policy_scope_set(PKS_SCOPE_CONTEXT);
		for (u32 i = 0; i < ARRAY_SIZE(ends) && marked_page(&page, key); i++)
			ends[i]();
		for (u64 deep = 0; deep < 2 && marked_page(&page, key); deep++) {
			let_die((void *)deep);
			free_key(false);
		}
	}
}

static void a_key_gets_a_new_owner_when_all_pardons_have_ended(void)
{
	with_all_keys(end_each_way);
}
KTEST(a_key_gets_a_new_owner_when_all_pardons_have_ended, KT_PKS);
