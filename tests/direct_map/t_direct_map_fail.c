// SPDX-License-Identifier: MIT
/*
 * Failure injection: each allocation of a page table by each operation is refused, alone and with
 * all that follow, from each state of the span and for ranges of each shape. The error reaches the
 * caller, and the address space is as the model says: as if the operation had never begun. What
 * this cannot know: the callers' own answers to the error; memory.* tries some of them.
 */
#define KTEST_SUITE "direct_map"

#include "kernel/console/console.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/watchdog.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/tlb.h"
#include "tests/direct_map/span.h"
#include "tests/harness/expect.h"
#include "tests/harness/refuse.h"

#define TRIES_MAX   1024          /* more tables than any operation here needs */
#define WATCHDOG_NS 8000000000ULL /* for one operation on GiB pages */

struct step {
	enum map_op op;
	u8 key;
	u64 from, n;
};

/* How the span is when the operation begins; three leaves at first. Unused steps are of 0 pages. */
struct state {
	const char *name;
	struct step steps[3];
};

static const struct state states[] = {
	{ "large_present", { { 0 } } },
	{ "large_away", { { MAP_NP, 0, 0, 1536 } } },
	{ "large_read_only_with_a_key", { { MAP_RO, 0, 0, 1536 }, { MAP_PKEY, 1, 512, 1024 } } },
	{ "one_small_page_away", { { MAP_INVALID, 0, 700, 1 } } },
	{ "all_small_pages_away", { { MAP_INVALID, 0, 0, 1536 } } },
	{ "small_pages_present", { { MAP_INVALID, 0, 0, 1536 }, { MAP_DEFAULT, 0, 0, 1536 } } },
	{ "large_beside_small",
	  { { MAP_NP, 0, 0, 512 }, { MAP_PKEY, 2, 600, 9 }, { MAP_X, 0, 1024, 512 } } },
};

static const struct {
	u64 from, n;
} ranges[] = { { 0, 1536 },  { 512, 512 }, { 700, 1 },    { 512, 1 }, { 1023, 1 },
	       { 511, 514 }, { 3, 1530 },  { 1000, 100 }, { 0, 1025 } };

/* What the injection found; one test at a time writes it. */
static struct {
	u64 played, can_fail, refusals;
	u64 most; /* tables of one operation */
} found;

static void begin_count(void)
{
	found.played = found.can_fail = found.refusals = found.most = 0;
}

/*
 * Has each allocation refused in turn, until none is; returns how many there were. The span must
 * differ from its model in nothing after each, and the last call must do as the model does.
 */
static u64 refuse_each(struct span *s, const struct step *step, u64 count)
{
	for (u64 n = 0; n < TRIES_MAX; n++) {
		u64 refused;
		int err;

		page_alloc_refuse(n, count);
		err = span_do(s, step->op, step->key, step->from, step->n);
		refused = page_alloc_refuse(0, 0);
		if (!refused) {
			EXPECT_EQ(err, 0);
			EXPECT_EQ(
				map_model_play(&s->model, step->op, step->key, step->from, step->n),
				n);
			return n;
		}
		if (!EXPECT_EQ(err, (u64)-ENOMEM) || !span_expect(s) || !span_expect_frames(s))
			return n;
		found.refusals++;
	}
	EXPECT(!"an operation that needs so many tables");
	return TRIES_MAX;
}

static void expect_name(const struct state *state, const struct step *step, bool good)
{
	if (!good)
		ktest_fail(__FILE__, __LINE__, "%s of %lu pages from %lu on, %s",
			   map_op_names[step->op], step->n, step->from, state->name);
}

static void enter(struct span *s, const struct state *state)
{
	for (u32 i = 0; i < ARRAY_SIZE(state->steps) && state->steps[i].n; i++) {
		const struct step *step = &state->steps[i];

		span_play(s, step->op, step->key, step->from, step->n);
	}
}

/* One operation from one state. Returns how many tables it needs. */
static u64 inject(struct span *s, const struct state *state, const struct step *step, u64 count)
{
	u64 needs;

	enter(s, state);
	needs = refuse_each(s, step, count);
	expect_name(state, step, span_expect(s) && span_expect_frames(s));
	for (u64 i = 0; s->first && i < 2; i++)
		span_expect_access(s, i ? step->from + step->n - 1 : step->from);
	span_restore(s, 0, s->model.count);
	expect_name(state, step, EXPECT_EQ(s->model.tables, 0));
	found.played++;
	found.can_fail += needs > 0;
	found.most = MAX(found.most, needs);
	return needs;
}

/* One row of the table in docs/EXPERIMENTS.md: the most tables that a range needs. */
static void inject_ranges(struct span *s, u32 state, enum map_op op)
{
	bool full = options.extent == EXTENT_FULL;
	u64 most = 0;

	for (u32 r = 0; r < ARRAY_SIZE(ranges); r++) {
		struct step step = { op, op == MAP_PKEY ? 1 : 0, ranges[r].from, ranges[r].n };
		u64 needs;

		if (!full && (r + op + state) % ktest_part(8))
			continue;
		needs = inject(s, &states[state], &step, r % 2 ? REFUSE_ONE : REFUSE_ALL);
		most = MAX(most, needs);
		if (full)
			inject(s, &states[state], &step, r % 2 ? REFUSE_ALL : REFUSE_ONE);
	}
	if (full)
		pr("# failure op=%s state=%s tables=%lu\n", map_op_names[op], states[state].name,
		   most);
}

static void print_found(const char *where)
{
	pr("# direct_map: %lu operations on %s, %lu of them can fail, %lu allocations refused,"
	   " %lu tables at most in one\n",
	   found.played, where, found.can_fail, found.refusals, found.most);
	EXPECT(found.refusals > found.played / 4);
}

static void a_refused_table_changes_nothing(void)
{
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	begin_count();
	for (u32 i = 0; i < ARRAY_SIZE(states); i++)
		for (enum map_op op = 0; op < MAP_OPS; op++)
			inject_ranges(&s, i, op);
	span_end(&s);
	print_found("large pages of the direct map");
}
KTEST(a_refused_table_changes_nothing, 0);

/*
 * GiB pages in the window: up to four tables, two at each end. To hide all of one takes 513, more
 * than a look at all of them is worth.
 */
static const struct state gib_states[] = {
	{ "gib_present", { { 0 } } },
	{ "gib_away", { { MAP_NP, 0, 0, 524288 } } },
	{ "gib_with_a_small_page", { { MAP_RO, 0, 262144 + 9, 1 } } },
};

static const struct step gib_steps[] = {
	{ MAP_PKEY, 1, 262143, 2 },      { MAP_NP, 0, 5, 1 },
	{ MAP_P, 0, 262144 + 512, 512 }, { MAP_RO, 0, 3, 262144 },
	{ MAP_X, 0, 262144, 513 },       { MAP_RW, 0, 262144 + 8, 700 },
	{ MAP_INVALID, 0, 0, 1024 },     { MAP_INVALID, 0, 5, 1 },
	{ MAP_INVALID, 0, 262143, 2 },   { MAP_DEFAULT, 0, 262144 + 9, 1 },
};

static void a_refused_table_of_a_gib_page_changes_nothing(void)
{
	u32 part = options.extent == EXTENT_FULL ? 1 : 3 * ktest_part(5);
	struct span s;

	SKIP_IF(!cpu_has(FEATURE_PAGE1GB), "this CPU has no 1 GiB pages");
	SKIP_IF(pages_free() < 4096, "too little RAM for the model of 2 GiB");
	if (!span_of_window(&s, 3, 2, PTE_G))
		return;
	begin_count();
	for (u32 i = 0; i < ARRAY_SIZE(gib_states); i++)
		for (u32 k = 0; k < ARRAY_SIZE(gib_steps); k++)
			if ((i + k) % part == 0) {
				inject(&s, &gib_states[i], &gib_steps[k],
				       k % 2 ? REFUSE_ONE : REFUSE_ALL);
				watchdog_set(WATCHDOG_NS, "direct_map");
			}
	EXPECT_EQ(found.most, 4);
	span_end(&s);
	print_found("pages of 1 GiB");
}
KTEST(a_refused_table_of_a_gib_page_changes_nothing, 0);

#define PART_FROM 5
#define PART_KEY  1

static int add_part(void *arg)
{
	const struct span *s = arg;

	return direct_map_add(s->phys + PART_FROM * PAGE_SIZE, 3, PART_KEY);
}

static void remove_part(void *arg)
{
	const struct span *s = arg;
	struct pgwalk walk;
	u64 va = s->va + PART_FROM * PAGE_SIZE;
	struct page *table;
	pte_t *entry;

	EXPECT(pgtable_walk(kernel_root, va, &walk) && walk.key == PART_KEY && walk.last == 1);
	EXPECT(!pgtable_walk(kernel_root, va - PAGE_SIZE, &walk));
	direct_map_remove(s->phys + PART_FROM * PAGE_SIZE, 3);
	EXPECT(!pgtable_walk(kernel_root, va, &walk));
	entry = pgtable_entry(kernel_root, va, 2, false);
	if (!EXPECT(entry && *entry && !pte_is_leaf(*entry, 2)))
		return;
	table = phys_to_page(*entry & PTE_ADDR); /* it stays: free it here, when no CPU uses it */
	*entry = 0;
	tlb_shootdown(va, 1);
	page_free(table, 0);
}

/*
 * Where a large page of the direct map was taken out, a few pages need a table. A page of 1 GiB
 * around it has a hole from then on, and is not merged any more.
 */
static void a_refused_addition_maps_nothing(void)
{
	struct span s;

	if (!span_of_direct_map(&s))
		return;
	direct_map_remove(s.phys, 512);
	EXPECT_EQ(refuse_each_allocation(add_part, remove_part, &s, REFUSE_ONE), 1);
	EXPECT_EQ(direct_map_add(s.phys, 512, 0), 0);
	span_end(&s);
}
KTEST(a_refused_addition_maps_nothing, 0);
