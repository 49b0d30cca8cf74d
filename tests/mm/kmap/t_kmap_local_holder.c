// SPDX-License-Identifier: MIT
/*
 * Who has a page mapped, as warnings name it; and preemption within kmap_atomic(). What this cannot
 * know: maps and unmaps on other CPUs meanwhile, which may be missed.
 */
#define KTEST_SUITE "kmap_local"

#include "kernel/cpu/context.h"
#include "kernel/lib/string.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap_holder.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_stack.h"
#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/int_at.h"

#define PAGES 4

static struct page *block; /* PAGES of one key, side by side */

/* The only call site of a map, so that its address tells it from others. */
static __attribute__((noinline)) void map_here(void *page)
{
	kmap_local_page(page);
}

static void unmap_here(void *page)
{
	kunmap_local(page_to_virt(page));
}

static void expect_map_here(const struct kmap_holder *holder)
{
	EXPECT(holder->site - (u32)(u64)map_here < 64);
}

/* Asks for every range of the block. */
static void expect_held(const struct page *page, const struct thread *t)
{
	for (u64 from = 0; from < PAGES; from++) {
		for (u64 n = 0; n <= PAGES - from; n++) {
			struct kmap_holder holder = { .thread = ~0u };
			bool held = page >= block + from && page < block + from + n;

			EXPECT_EQ(kmap_holder(block + from, n, &holder), held);
			if (!held)
				continue;
			expect_map_here(&holder);
			EXPECT_EQ(holder.thread, t->id);
			EXPECT(!strcmp(holder.name, t->name));
		}
	}
}

/* Softirqs and interrupts have no name. */
static void hold_without_a_name(void *arg)
{
	struct kmap_holder holder = { .name = "nobody" };

	(void)arg;
	map_here(block + 1);
	EXPECT(kmap_holder(block + 1, 1, &holder));
	expect_map_here(&holder);
	EXPECT(!*holder.name);
	unmap_here(block + 1);
	EXPECT(!kmap_holder(block, PAGES, &holder));
}

static void hold_each(struct actor *a, struct page *below)
{
	actor_do(a, map_here, below);
	for (struct page *page = block; page < block + PAGES; page++) {
		actor_do(a, map_here, page);
		expect_held(page, a->thread);
		actor_do(a, unmap_here, page);
		expect_held(NULL, NULL);
	}
	actor_do(a, unmap_here, below);
}

static void the_holder_of_a_page_is_found(void)
{
	struct prot_page below;
	struct actor a;

	block = page_alloc(2);
	REQUIRE(block && prot_page_get(&below, PKS_KEY_RO) && actor_start(&a, "holds a page"));
	EXPECT_EQ(devmap_protect(block, PAGES, PKS_KEY_DEVMAP), 0);
	hold_each(&a, below.page);
	run_in(IN_SOFTIRQ, hold_without_a_name, NULL);
	run_in(IN_INTERRUPT, hold_without_a_name, NULL);
	actor_end(&a);
	EXPECT_EQ(devmap_unprotect(block, PAGES), 0);
	prot_page_put(&below);
	page_free(block, 2);
}
KTEST(the_holder_of_a_page_is_found, KT_PKS);

static struct actor mover; /* has three maps, the second one of the block's first page */
static struct local three_maps;
static bool found;

static void search(void *arg)
{
	struct kmap_holder holder;

	(void)arg;
	found = kmap_holder(block, 1, &holder);
}

/* As another CPU does meanwhile: the thread ends its first map, and the others move down. */
static bool end_first_map(struct regs *regs)
{
	u32 bits;

	(void)regs;
	kmap_stack_remove(&mover.thread->local, 0, &bits);
	return true;
}

static void check_found(void)
{
	EXPECT(found);
	mover.thread->local = three_maps;
}

static void a_map_that_moves_meanwhile_is_found(void)
{
	struct prot_page below;

	if (!int_at_possible())
		return;
	block = page_alloc(0);
	REQUIRE(block && prot_page_get(&below, PKS_KEY_RO) && actor_start(&mover, "mover"));
	EXPECT_EQ(devmap_protect(block, 1, PKS_KEY_DEVMAP), 0);
	actor_do(&mover, map_here, below.page);
	actor_do(&mover, map_here, block);
	actor_do(&mover, map_here, below.page);
	three_maps = mover.thread->local;
	EXPECT(int_at_each(search, NULL, X86_NMI, end_first_map, check_found) >
	       20 / ktest_part(INT_AT_PART));
	actor_do(&mover, unmap_here, below.page);
	actor_do(&mover, unmap_here, block);
	actor_do(&mover, unmap_here, below.page);
	actor_end(&mover);
	EXPECT_EQ(devmap_unprotect(block, 1), 0);
	prot_page_put(&below);
	page_free(block, 0);
}
KTEST(a_map_that_moves_meanwhile_is_found, KT_PKS | KT_ONE_CPU);

static u32 opened,
	preemptible; /* steps with the key open; those of them that a tick could preempt */

static bool look(struct regs *regs)
{
	bool open = pkrs_permits((u32)regs_pkrs(regs), PKS_KEY_DEVMAP, PKS_READ);

	opened += open;
	preemptible += open && !(context_count() & (CONTEXT_SOFTIRQ - 1));
	return true;
}

static void map_atomic(void *page)
{
	kunmap_atomic(kmap_atomic(page));
}

static void an_atomic_map_is_not_preempted(void)
{
	struct prot_page p;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	opened = preemptible = 0;
	single_step(map_atomic, p.page, look);
	EXPECT(opened > 5);
	EXPECT_EQ(preemptible, 0);
	EXPECT_EQ(context_count(), 0);
	prot_page_put(&p);
}
KTEST(an_atomic_map_is_not_preempted, KT_PKS);
