// SPDX-License-Identifier: MIT
/*
 * All CPUs split, merge, hide and protect neighbouring pages of the same large pages at once, and
 * access them, against the model; and walks go on while tables come and go. With one CPU the same
 * operations come one after another. What this cannot know: what a CPU keeps of paging structures,
 * which no emulator here models.
 */
#define KTEST_SUITE "direct_map"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/time.h"
#include "kernel/watchdog.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "tests/direct_map/span.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

#define CHUNK        8UL /* neighbouring pages that one CPU changes */
#define CHUNKS       (SPAN_PAGES / CHUNK)
#define ROUND        16 /* operations of each CPU; then all pages are compared, restored, merged */
#define ROUND_NS     8000000000ULL
#define DIFFERS_MOST 5

/*
 * Member 0 writes it while the others wait, but for the pages of the model, which belong to the
 * member that has their chunk, and `played` and `differs`, which change atomically.
 */
static struct {
	struct span span;
	u64 seed, want;
	u64 played, differs;
} many;

/* A member, and its view of the model: single pages, as neighbours decide how large they are. */
struct member {
	u32 number;
	struct random random;
	struct map_model pages;
};

static void play(struct member *m, enum map_op op, u8 key, u64 from, u64 n)
{
	bool good = !span_do(&many.span, op, key, from, n);

	map_model_play(&m->pages, op, key, from, n);
	good &= span_expect_access(&many.span, from + random_draw_below(&m->random, n));
	if (!good)
		atomic_inc(&many.differs);
}

/* A page of anybody: if it can be read, it is the right one. */
static void read_any(struct member *m)
{
	u64 i = random_draw_below(&m->random, SPAN_PAGES), value = i;
	struct fault f = probe_read(page_to_virt(many.span.first + i), &value);

	if (f.vector == FAULT_NONE && !EXPECT_EQ(value, i))
		atomic_inc(&many.differs);
}

static void play_random(struct member *m)
{
	u64 mine = (CHUNKS - m->number + cpu_count - 1) / cpu_count;
	u64 chunk = m->number + cpu_count * random_draw_below(&m->random, mine);
	u64 at = random_draw_below(&m->random, CHUNK);
	u64 n = 1 + random_draw_below(&m->random, CHUNK - at);
	enum map_op op = (enum map_op)random_draw_below(&m->random, MAP_OPS);

	play(m, op, (u8)random_draw_below(&m->random, 3), chunk * CHUNK + at, n);
	atomic_inc(&many.played);
	read_any(m);
}

/*
 * Compares what the round has left of the member's pages: before restore(), whose operations would
 * mend what another CPU's split or merge has set back. Nobody changes pages meanwhile.
 */
static void expect_own(const struct member *m)
{
	for (u64 c = m->number; c < CHUNKS; c += cpu_count) {
		for (u64 i = c * CHUNK; i < (c + 1) * CHUNK; i++) {
			if (span_expect_page(&many.span, i))
				continue;
			atomic_inc(&many.differs);
			return;
		}
	}
}

/* The last of them in each large page finds all parts alike. */
static void restore(struct member *m)
{
	for (u64 c = m->number; c < CHUNKS; c += cpu_count) {
		const struct map_page *page = &m->pages.pages[c * CHUNK];
		bool key = false, ro = false, x = false, away = false;

		for (u64 i = 0; i < CHUNK; i++) {
			key |= page[i].key;
			ro |= !page[i].writable;
			x |= page[i].executable;
			away |= !page[i].present;
		}
		if (key)
			play(m, MAP_PKEY, 0, c * CHUNK, CHUNK);
		if (ro)
			play(m, MAP_RW, 0, c * CHUNK, CHUNK);
		if (x)
			play(m, MAP_NX, 0, c * CHUNK, CHUNK);
		if (away || c % 64 < cpu_count)
			play(m, MAP_P, 0, c * CHUNK, CHUNK);
	}
}

static void set_levels(u8 level)
{
	for (u64 i = 0; i < SPAN_PAGES; i++)
		many.span.model.pages[i].level = level;
}

static void play_rounds(u32 number, void *arg)
{
	struct member m = { .number = number, .pages = many.span.model };

	(void)arg;
	m.pages.born = 1;
	random_draw_from(&m.random, many.seed + number);
	for (;;) {
		percpu_meet();
		if (READ_ONCE(many.played) >= many.want || many.differs > DIFFERS_MOST)
			return;
		if (number == 0) {
			watchdog_set(ROUND_NS * cpu_count, "direct_map");
			set_levels(1);
		}
		percpu_meet();
		for (u32 i = 0; i < ROUND; i++)
			play_random(&m);
		percpu_meet();
		expect_own(&m);
		percpu_meet();
		restore(&m);
		percpu_meet();
		if (number == 0)
			set_levels(2);
		if (number == 0 && !span_expect(&many.span))
			atomic_inc(&many.differs);
	}
}

static void nothing(u32 number, void *arg)
{
	(void)number;
	(void)arg;
}

/* The threads have their stacks before frames are counted. */
static bool begin(void)
{
	percpu_run(nothing, NULL);
	return span_of_direct_map(&many.span);
}

static void all_cpus_match_the_model(void)
{
	static const u64 counts[] = { [EXTENT_BRIEF] = 4, [EXTENT_WHOLE] = 1000 };
	bool full = options.extent >= EXTENT_FULL;

	many.want = full ? 1000000 : counts[options.extent];
	if (cpu_count > 1 && !full)
		many.want /= 4; /* each waits for all others */
	many.seed = random_next();
	many.played = many.differs = 0;
	if (!begin())
		return;
	percpu_run(play_rounds, NULL);
	pr("# direct_map: %lu operations on %u CPUs, %lu differences from the model, seed %lu\n",
	   many.played, cpu_count, many.differs, many.seed);
	EXPECT_EQ(many.differs, 0);
	EXPECT(many.played >= many.want);
	span_end(&many.span);
}
KTEST(all_cpus_match_the_model, 0);

#define MERGES 40

/* Whether each page of the span is found where it is, whatever the sizes of pages meanwhile. */
static void expect_walks(void)
{
	struct pgwalk walk;
	u64 wrong = 0;

	for (u64 i = 0; i < SPAN_PAGES; i += 31) {
		u64 va = many.span.va + (i << PAGE_SHIFT);

		wrong += !pgtable_walk(kernel_root, va, &walk) || !walk.writable || walk.key ||
			 walk.pa != many.span.phys + (i << PAGE_SHIFT);
		wrong += *(volatile u64 *)va != i;
	}
	EXPECT_EQ(wrong, 0);
}

/* Merges the large page that has page i; its table, free now, gets what is no table. */
static void merge_and_spoil(u64 i)
{
	const pte_t *entry = pgtable_entry(kernel_root, many.span.va + (i << PAGE_SHIFT), 2, false);
	volatile pte_t *table = table_of(*entry);

	EXPECT(!pte_is_leaf(*entry, 2));
	EXPECT_EQ(span_do(&many.span, MAP_NX, 0, i, 1), 0);
	EXPECT(pte_is_leaf(*entry, 2));
	for (u32 k = 0; k < 512; k++)
		table[k] = ~0ULL << 52;
}

/* Member 0 splits and merges, the others walk. */
static void walk_on(u32 number, void *arg)
{
	u32 *done = arg;

	for (u32 i = 0; number == 0 && i < MERGES / ktest_part(5); i++) {
		EXPECT_EQ(span_do(&many.span, MAP_X, 0, 512 + i, 1), 0);
		merge_and_spoil(512 + i);
	}
	if (number == 0)
		smp_store_release(done, 1);
	while (!smp_load_acquire(done))
		expect_walks();
	expect_walks();
}

static void walks_go_on_while_pages_are_split_and_merged(void)
{
	u32 done = 0;

	if (!begin())
		return;
	percpu_run(walk_on, &done);
	span_end(&many.span);
}
KTEST(walks_go_on_while_pages_are_split_and_merged, 0);

/* A walk in single steps. At step `at` comes what an interrupt would do there, if it could. */
static struct {
	struct pgwalk walk;
	u32 step, at;
	u32 merges;
} stepped;

static void walk_once(void *arg)
{
	(void)arg;
	pgtable_walk(kernel_root, many.span.va + 9 * PAGE_SIZE, &stepped.walk);
}

static bool merge_at_step(struct regs *regs)
{
	if (stepped.step++ != stepped.at || !(regs->rflags & RFLAGS_IF))
		return true;
	merge_and_spoil(100);
	stepped.merges++;
	return true;
}

/* On one CPU, as a merge waits for all. */
static void no_interrupt_frees_the_table_of_a_walk(void)
{
	u32 steps = 1, by = ktest_part(7);

	SKIP_IF(cpu_count > 1, "a handler cannot wait for other CPUs, as a merge does");
	if (!begin())
		return;
	for (stepped.at = 0, stepped.merges = 0; stepped.at < steps; stepped.at += by) {
		EXPECT_EQ(span_do(&many.span, MAP_X, 0, 100, 1), 0);
		stepped.step = 0;
		steps = single_step(walk_once, NULL, merge_at_step);
		EXPECT(stepped.walk.present && stepped.walk.pa == many.span.phys + 9 * PAGE_SIZE);
		EXPECT_EQ(span_do(&many.span, MAP_NX, 0, 100, 1), 0);
	}
	EXPECT(steps > 30 && stepped.merges > 10 / by); /* before the walk, and behind it */
	span_end(&many.span);
}
KTEST(no_interrupt_frees_the_table_of_a_walk, KT_ONE_CPU);

#define WAIT_NS 500000000ULL
#define HOLD_NS 3000000ULL

/* Waits until the large page is merged; false: it takes too long. Interrupts off. */
static bool wait_for_merge(const pte_t *entry)
{
	u64 since = now_ns();

	while (!pte_is_leaf(READ_ONCE(*entry), 2) && now_ns() - since < WAIT_NS)
		cpu_relax();
	return pte_is_leaf(READ_ONCE(*entry), 2);
}

/* The last member is in a walk, as it were: it holds a table's address, with interrupts off. */
static void hold_a_table(u32 number, void *arg)
{
	enum map_op merge = *(enum map_op *)arg;
	const pte_t *entry = pgtable_entry(kernel_root, many.span.va, 2, false);
	const pte_t *table = table_of(*entry);
	u64 free = pages_free(), flags, since;

	percpu_meet();
	flags = number == cpu_count - 1 ? irq_save() : 0;
	percpu_meet();
	if (number == 0)
		EXPECT_EQ(span_do(&many.span, merge, 0, 9, 1), 0);
	if (number == cpu_count - 1) {
		EXPECT(wait_for_merge(entry));
		since = now_ns();
		while (now_ns() - since < HOLD_NS)
			cpu_relax();
		EXPECT_EQ(pages_free(), free);
		EXPECT_EQ(table[511] & PTE_ADDR, many.span.phys + 511 * PAGE_SIZE);
		irq_restore(flags);
	}
	percpu_meet();
	EXPECT_EQ(pages_free(), free + 1);
}

static void a_table_is_freed_when_all_cpus_have_answered(void)
{
	static const enum map_op split[] = { MAP_X, MAP_NP }, merge[] = { MAP_NX, MAP_P };

	if (!begin())
		return;
	for (u32 i = 0; i < 4; i++) {
		enum map_op op = merge[i % 2]; /* MAP_P alone would need no flush */

		EXPECT_EQ(span_do(&many.span, split[i % 2], 0, 9, 1), 0);
		percpu_run(hold_a_table, &op);
	}
	span_end(&many.span);
}
KTEST(a_table_is_freed_when_all_cpus_have_answered, KT_SMP);
