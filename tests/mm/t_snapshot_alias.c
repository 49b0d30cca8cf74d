// SPDX-License-Identifier: MIT
/* The alias through which a CPU copies a page that is not present (mm/snapshot.c): where it is, and
 * whose. */
#define KTEST_SUITE "snapshot"

#include "kernel/cpu/percpu.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/snapshot.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"

#define COPIERS 4

/* A copier's page, full of its number, and its own copy. */
struct copier {
	struct page *page, *copy;
	u64 number, wrong;
};

static int copy_often(void *arg)
{
	struct copier *c = arg;
	u64 *copy = page_to_virt(c->copy);

	for (u32 n = 0; n < 300; n++) {
		copy[n % 512] = 0;
		c->wrong += safe_copy_page(copy, c->page) != 0;
		for (u32 i = 0; i < 512; i += 1 + i % 7)
			c->wrong += copy[i] != c->number;
	}
	return 0;
}

static bool copier_get(struct copier *c)
{
	c->page = page_alloc(0);
	c->copy = page_alloc(0);
	if (!c->page || !c->copy)
		return false;
	for (u32 at = 0; at < 512; at++)
		((u64 *)page_to_virt(c->page))[at] = c->number;
	return true;
}

static void copier_put(struct copier *c)
{
	page_free(c->page, 0);
	page_free(c->copy, 0);
}

/* Each CPU has one alias, whose user may be preempted and go on elsewhere, but not midway. */
static void copies_by_many_threads_do_not_mix(void)
{
	struct copier copiers[COPIERS] = { 0 };
	struct thread *threads[COPIERS];

	for (u32 i = 0; i < COPIERS; i++) {
		copiers[i].number = i + 1;
		REQUIRE(copier_get(&copiers[i]));
	}
	for (u32 i = 0; i < COPIERS; i++)
		threads[i] = thread_create("copies", copy_often, &copiers[i]);
	for (u32 i = 0; i < COPIERS; i++) {
		if (EXPECT(threads[i]))
			thread_join(threads[i]);
		EXPECT_EQ(copiers[i].wrong, 0);
		copier_put(&copiers[i]);
	}
}
KTEST(copies_by_many_threads_do_not_mix, KT_STRESS);

static bool slow_copy_ends; /* atomic; set by the last CPU */
static u32 slow_steps;      /* written by the #DBs of its copy */

/* Only at the first steps: then the copy has begun. */
static bool take_time(struct regs *regs)
{
	(void)regs;
	if (slow_steps++ < 200)
		spin_ns(20000);
	return true;
}

static void copy_once(void *arg)
{
	struct copier *c = arg;

	c->wrong += safe_copy_page(page_to_virt(c->copy), c->page) != 0;
}

static void copy_beside_a_slow_copy(u32 member, void *arg)
{
	struct copier *c = (struct copier *)arg + (member == cpu_count - 1);
	const u64 *copy = page_to_virt(c->copy);
	u64 end = now_ns() + 4000000000;

	percpu_meet();
	if (member == cpu_count - 1) {
		single_step(copy_once, c, take_time);
		smp_store_release(&slow_copy_ends, true);
	}
	while (member == 0 && !smp_load_acquire(&slow_copy_ends) && now_ns() < end)
		copy_once(c);
	for (u32 i = 0; i < 512 && (member == 0 || member == cpu_count - 1); i++)
		c->wrong += copy[i] != c->number;
}

/* The last CPU takes its time at each instruction of its copy; the first copies all along. */
static void a_slow_copy_keeps_its_alias(void)
{
	struct copier copiers[2] = { { .number = 1 }, { .number = 2 } };

	for (u32 i = 0; i < 2; i++)
		REQUIRE(copier_get(&copiers[i]));
	slow_copy_ends = false;
	slow_steps = 0;
	percpu_run(copy_beside_a_slow_copy, copiers);
	for (u32 i = 0; i < 2; i++) {
		EXPECT_EQ(copiers[i].wrong, 0);
		copier_put(&copiers[i]);
	}
}
KTEST(a_slow_copy_keeps_its_alias, KT_SMP);

static u64 alias; /* from which a stepped copy reads; written by its #DBs */

/* At the first word that copy_page() moves. */
static bool note_alias(struct regs *regs)
{
	static const u8 rep_movsq[] = { 0xf3, 0x48, 0xa5 };

	if (!alias && !memcmp((const void *)regs->rip, rep_movsq, sizeof(rep_movsq)))
		alias = regs->rsi;
	return true;
}

static void note_alias_here(void *arg)
{
	single_step(copy_once, arg, note_alias);
}

/* So a copy can fail for want of memory only as long as there has been none on any CPU. */
static void one_table_has_the_aliases_of_all_cpus(void)
{
	struct copier c = { .number = 1 };
	u64 first = 0;

	REQUIRE(copier_get(&c));
	for (u32 i = 0; i < cpu_count; i++) {
		alias = 0;
		EXPECT(percpu_run_on(cpus[i], note_alias_here, &c));
		first = i ? first : alias;
		EXPECT_EQ(alias, first + i * PAGE_SIZE);
	}
	EXPECT(first && first % level_size(2) == 0);
	EXPECT_EQ(c.wrong, 0);
	copier_put(&c);
}
KTEST(one_table_has_the_aliases_of_all_cpus, 0);
