// SPDX-License-Identifier: MIT
/*
 * Frames that page_free() and kernel_map_pages() unmap: in each context, on each CPU, with the
 * flushes that this takes. What this cannot know: whether a TLB had a frame at all.
 */
#define KTEST_SUITE "pagealloc"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/ipi.h"
#include "mm/debug_pagealloc.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "tests/harness/contexts.h"
#include "tests/harness/drain.h"
#include "tests/harness/events.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/refuse.h"
#include "tests/harness/window.h"

struct use {
	struct page *page;
	struct fault f;
};

static void free_it(void *arg)
{
	struct use *use = arg;

	page_free(use->page, 0);
}

static void hide_it(void *arg)
{
	struct use *use = arg;

	EXPECT_EQ(kernel_map_pages(use->page, 1, false), 0);
}

static void read_it(void *arg)
{
	struct use *use = arg;

	use->f = probe_read(page_to_virt(use->page), &(u64){ 0 });
}

/* NMI and #MC may not free, but they may use. */
static void each_context_frees_and_faults(void)
{
	SKIP_IF(!options.debug_pagealloc, "needs debug_pagealloc=on");
	for (u32 by = IN_THREAD; by <= IN_EXCEPTION; by++) {
		struct use use = { .page = window_page(0) };
		bool thread = by != IN_SOFTIRQ && by != IN_INTERRUPT;

		REQUIRE(use.page);
		*(u64 *)page_to_virt(use.page) = by;
		run_in(by, free_it, &use);
		EXPECT_EQ(!!page_history(use.page)->free_thread, thread);
		for (u32 in = IN_SOFTIRQ; in < TEST_CONTEXTS; in++) { /* threads: they allocate */
			run_in(in, read_it, &use);
			EXPECT_PAGE_FAULT(use.f, 0, page_to_virt(use.page), "freed");
		}
	}
}
KTEST(each_context_frees_and_faults, 0);

/* Whoever hides it, a thread or not: this CPU sees it at once. */
static void each_context_hides_a_frame(void)
{
	for (u32 by = IN_THREAD; by <= IN_EXCEPTION; by++) {
		struct use use = { .page = window_page(0) };

		REQUIRE(use.page);
		*(u64 *)page_to_virt(use.page) = by;
		run_in(by, hide_it, &use);
		for (u32 in = 0; in < TEST_CONTEXTS; in++) {
			if (cpu_count > 1 && in <= IN_WORK)
				continue; /* may run on another CPU, whose flush can be late */
			run_in(in, read_it, &use);
			EXPECT_PAGE_FAULT(use.f, 0, page_to_virt(use.page), "hidden");
		}
		EXPECT_EQ(kernel_map_pages(use.page, 1, true), 0);
		run_in(IN_INTERRUPT, read_it, &use);
		EXPECT_NO_FAULT(use.f, "shown again");
		EXPECT_EQ(*(u64 *)page_to_virt(use.page), by);
		page_free(use.page, 0);
	}
}
KTEST(each_context_hides_a_frame, KT_ONE_CPU);

static const u64 counts[] = { 1, 2, TLB_FLUSH_ALL, TLB_FLUSH_ALL + 1, 512 };

struct view {
	struct page *first;
	u64 n;
	bool quiet; /* hides with interrupts off */
};

static u64 faults(const struct view *v)
{
	u64 n = 0;

	for (u64 i = 0; i < v->n; i++)
		n += probe_write(page_to_virt(v->first + i), i).vector == X86_PF;
	return n;
}

static void hide(const struct view *v)
{
	u64 flags = v->quiet ? irq_save() : 0;

	EXPECT_EQ(kernel_map_pages(v->first, v->n, false), 0);
	EXPECT_EQ(faults(v), v->n); /* at once, here */
	if (v->quiet)
		irq_restore(flags);
}

/*
 * What another CPU owes after a call that could not wait comes with the next one that can: the last
 * CPU hides and shows one more frame for that.
 */
static void settle(const struct view *v, struct page *spare)
{
	const struct cpu *first = cpus[0];
	u64 flushes = first->flushes;

	EXPECT_EQ(kernel_map_pages(spare, 1, false), 0);
	EXPECT_EQ(kernel_map_pages(spare, 1, true), 0);
	EXPECT_EQ(first->flushes - flushes, v->quiet ? 1 : 0);
}

static struct page *spare_page;

static void see(u32 member, void *arg)
{
	const struct view *v = arg;
	u64 all = v->n > TLB_FLUSH_ALL, invlpgs, flushes;

	EXPECT_EQ(faults(v), 0);
	percpu_meet();
	invlpgs = this_cpu()->invlpgs;
	flushes = this_cpu()->flushes;
	percpu_meet();
	if (member == cpu_count - 1)
		hide(v);
	percpu_meet();
	if (member == cpu_count - 1 || !v->quiet) {
		EXPECT_EQ(this_cpu()->invlpgs - invlpgs, all ? 0 : v->n);
		EXPECT_EQ(this_cpu()->flushes - flushes, all);
	}
	percpu_meet();
	if (member == cpu_count - 1)
		settle(v, spare_page);
	percpu_meet();
	EXPECT_EQ(faults(v), v->n);
	percpu_meet();
	if (member == 0)
		EXPECT_EQ(kernel_map_pages(v->first, v->n, true), 0);
	percpu_meet();
	EXPECT_EQ(faults(v), 0);
	percpu_meet();
}

static void every_cpu_loses_a_hidden_frame(void)
{
	struct page *block = window_page(9);

	spare_page = window_page(0);
	REQUIRE(block && spare_page);
	EXPECT_EQ(kernel_map_pages(spare_page, 1, false), 0); /* settles what others owe */
	EXPECT_EQ(kernel_map_pages(spare_page, 1, true), 0);
	for (u32 i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
		u64 n = counts[i / 2];
		struct view v = { block + 512 - n, n, i % 2 };

		percpu_run(see, &v);
	}
	page_free(spare_page, 0);
	page_free(block, 9);
}
KTEST(every_cpu_loses_a_hidden_frame, 0);

struct change {
	struct page *block;
};

static int hide_middle(void *arg)
{
	struct change *c = arg;
	int err = kernel_map_pages(c->block + 100, 3, false);

	for (u64 i = 0; err && i < 512; i++)
		if (probe_read(page_to_virt(c->block + i), &(u64){ 0 }).vector != FAULT_NONE)
			return 1;
	return err;
}

static void show_middle(void *arg)
{
	struct change *c = arg;

	EXPECT_EQ(probe_read(page_to_virt(c->block + 101), &(u64){ 0 }).vector, X86_PF);
	EXPECT_EQ(kernel_map_pages(c->block + 100, 3, true), 0);
}

/* Without the word a part of a large page needs a table, and its want is returned. */
static void without_the_word_hiding_can_fail(void)
{
	struct change c;
	struct drain drain;

	SKIP_IF(options.debug_pagealloc, "debug_pagealloc=on: no large page needs a table");
	c.block = drain_but_large(&drain);
	if (c.block)
		EXPECT(refuse_each_allocation(hide_middle, show_middle, &c, REFUSE_ALL) >= 1);
	drain_undo(&drain);
	if (!c.block)
		ktest_skip("no free large page");
}
KTEST(without_the_word_hiding_can_fail, 0);

/* The test's thread writes it, and the #DBs that it raises. */
static struct {
	struct page *page;
	u32 at, steps; /* the event comes at which step, and is the last */
	u64 flushes;   /* of everything, until the event */
} late;

static bool hide_late(struct regs *regs)
{
	if (late.steps++ == late.at) {
		regs->rflags &= ~(u64)RFLAGS_TF;
		EXPECT_EQ(kernel_map_pages(late.page, 1, false), 0);
		late.flushes = events_now().flushes;
	}
	return true;
}

static void show_both(const struct use *use)
{
	EXPECT_EQ(kernel_map_pages(use->page, 1, true), 0);
	EXPECT_EQ(kernel_map_pages(late.page, 1, true), 0);
}

/* Hides a frame, with such an event at each instruction by turns; `owed`: a flush is owed before.
 */
static void flush_late(struct use *use, bool owed)
{
	late.at = 0;
	do {
		u64 flags;

		hide_it(use); /* nothing is left to be flushed */
		show_both(use);
		flags = irq_save();
		if (owed)
			hide_it(use);
		irq_restore(flags);
		late.steps = 0;
		single_step(hide_it, use, hide_late);
		hide_it(use);
		EXPECT(late.steps <= late.at || events_now().flushes > late.flushes);
		show_both(use);
	} while (late.at++ < late.steps); /* until it is over before the event */
	EXPECT(late.at > 20);
}

/*
 * An interrupt between any two instructions of a thread that hides a frame hides one as well: it
 * can flush its own CPU only, so that this thread must flush all, or the next one that hides a
 * frame.
 */
static void a_flush_is_left_to_the_next_thread(void)
{
	struct use use;

	SKIP_IF(!options.debug_pagealloc, "needs debug_pagealloc=on");
	use.page = page_alloc(0);
	late.page = page_alloc(0);
	REQUIRE(use.page && late.page);
	flush_late(&use, false);
	flush_late(&use, true);
	page_free(use.page, 0);
	page_free(late.page, 0);
}
KTEST(a_flush_is_left_to_the_next_thread, KT_ONE_CPU);
