// SPDX-License-Identifier: MIT
/*
 * The fault policy as proposed (docs/EXPERIMENTS.md): every mode, page and gate, reads and writes,
 * in every kind of context. The table below comes from the proposal, not from the kernel. What this
 * cannot know: that a refusal outside a thread panics, as no test would survive to report it; here
 * the refusal is returned as a value.
 */
#define KTEST_SUITE "policy"

#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/policy/fault.h"
#include "pks/policy/judge.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"

/* Far from the windows that other tests map. */
#define WINDOW (TEST_BASE + 0x4000000000)

/* The firmware's last 64 KiB below 1 MiB: readable on every PC, but not RAM: no struct page. */
#define FIRMWARE 0xf0000

enum kind {
	CLOSED,        /* protected, not marked, not of a device */
	MARKED,        /* marked by kmap() */
	DEVICE,        /* in a protected device range, not marked */
	DEVICE_MARKED, /* both */
	ALIAS,         /* an ordinary page, not marked; only a second mapping has the key */
	FOREIGN,       /* no struct page */
	KINDS
};

/*
 * `-`: no fault, `D`: the context dies, `P`: it is pardoned, `W`: with a warning. First letter:
 * gate=kmapped, only marked pages can be pardoned; second: gate=any, devmap pages too.
 */
static const char table[PKS_MODES][KINDS][PKS_GATES + 1] = {
	[PKS_MODE_OFF] = {
		[CLOSED] = "--", [MARKED] = "--", [DEVICE] = "--", [DEVICE_MARKED] = "--",
		[ALIAS] = "--", [FOREIGN] = "--",
	},
	[PKS_MODE_STRICT] = {
		[CLOSED] = "DD", [MARKED] = "DD", [DEVICE] = "DD", [DEVICE_MARKED] = "DD",
		[ALIAS] = "DD", [FOREIGN] = "DD",
	},
	[PKS_MODE_RELAXED] = {
		[CLOSED] = "DD", [MARKED] = "WW", [DEVICE] = "DW", [DEVICE_MARKED] = "WW",
		[ALIAS] = "DD", [FOREIGN] = "DD",
	},
	[PKS_MODE_SILENT] = {
		[CLOSED] = "DD", [MARKED] = "PP", [DEVICE] = "DP", [DEVICE_MARKED] = "PP",
		[ALIAS] = "DD", [FOREIGN] = "DD",
	},
};

static struct {
	struct page *page[KINDS];
	volatile u64 *va[KINDS];
} pages;

static void pages_protect(void)
{
	u64 first = (u64)pages.va[CLOSED];

	EXPECT_EQ(set_memory_pkey(first, 2, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(devmap_protect(pages.page[DEVICE], 2, PKS_KEY_DEVMAP), 0);
	kmap(pages.page[MARKED]);
	kmap(pages.page[DEVICE_MARKED]);
}

static bool pages_get(void)
{
	pte_t prot = pte_with_key(PTE_RW_DATA, PKS_KEY_DEVMAP);
	struct page *block = page_alloc(3);

	if (!EXPECT(block) || !EXPECT(!phys_to_page(FIRMWARE)))
		return false;
	for (enum kind k = 0; k < FOREIGN; k++) {
		pages.page[k] = block + k;
		pages.va[k] = page_address(block + k);
	}
	pages.va[ALIAS] = (volatile u64 *)WINDOW;
	pages.va[FOREIGN] = (volatile u64 *)(WINDOW + PAGE_SIZE);
	EXPECT_EQ(pgtable_map(kernel_root, WINDOW, page_to_phys(pages.page[ALIAS]), PAGE_SIZE, prot,
			      1),
		  0);
	EXPECT_EQ(pgtable_map(kernel_root, WINDOW + PAGE_SIZE, FIRMWARE, PAGE_SIZE, prot, 1), 0);
	pages_protect();
	return true;
}

static void pages_put(void)
{
	kunmap(pages.page[DEVICE_MARKED]);
	kunmap(pages.page[MARKED]);
	pgtable_unmap(kernel_root, WINDOW, 2 * PAGE_SIZE);
	devmap_unprotect(pages.page[DEVICE], 2);
	set_memory_pkey((u64)pages.va[CLOSED], 2, PKS_KEY_DEFAULT);
	page_free(pages.page[CLOSED], 3);
}

struct cell {
	enum kind kind;
	bool write;
	char want;
	struct fault fault;
	enum test_context in;
	u32 after, own; /* after the access: the register, and the context's own rights */
	struct pks_judgement judged; /* before the access */
};

static void access(void *arg)
{
	struct cell *c = arg;
	volatile u64 *va = pages.va[c->kind];

	bool global = options.policy.scope == PKS_SCOPE_GLOBAL;
	u64 flags = global ? irq_save() : read_flags();

	c->judged = pks_judge(pks_policy_get(), rights_mirror(), (u64)va, c->write ? PF_W : 0);
	if (global)
		pkrs_recall(); /* so that the access faults */
	c->fault = c->write ? policy_write(va) : policy_read(va);
	c->after = pkrs_register();
	c->own = rights_mirror();
	irq_restore(flags);
}

static bool check_cell(const struct cell *c, const struct pks_stats *before)
{
	u64 error = PF_P | PF_PK | (c->write ? PF_W : 0);
	bool stepped = options.policy.scope == PKS_SCOPE_INSTRUCTION && c->in != IN_MC;
	bool faults = c->want != '-', dies = c->want == 'D', pardoned = faults && !dies, ok;

	if (dies)
		ok = EXPECT_PAGE_FAULT(c->fault, error, pages.va[c->kind], "refused");
	else
		ok = EXPECT_NO_FAULT(c->fault, faults ? "pardoned" : "keys are off");
	ok &= EXPECT_EQ(c->judged.verdict != PKS_DIE, pardoned);
	ok &= EXPECT_EQ(pks_judgement_reason(&c->judged) >= PKS_REASON_MARKED, pardoned);
	ok &= EXPECT_EQ(pks_stats.faults - before->faults, faults);
	ok &= EXPECT_EQ(pks_stats.deaths - before->deaths, dies);
	ok &= EXPECT_EQ(pks_stats.pardons - before->pardons, pardoned);
	ok &= EXPECT_EQ(c->after, pardoned && !stepped ? WITH_KEY(PKS_KEY_DEVMAP) : PKRS_INIT);
	ok &= EXPECT_EQ(c->own, options.policy.scope == PKS_SCOPE_GLOBAL ? PKRS_INIT : c->after);
	return ok;
}

static bool try_cell(struct cell *cell, enum test_context c)
{
	struct pks_stats before = pks_stats;

	cell->fault = (struct fault){ .vector = 0 };
	cell->in = c;
	run_in(c, access, cell);
	return check_cell(cell, &before);
}

static bool try_page(enum pks_mode mode, enum pks_gate gate, struct cell *cell)
{
	bool ok = true;

	/* under GLOBAL the key of all these pages is open, as two pages are marked */
	cell->want =
		table[mode][options.policy.scope == PKS_SCOPE_GLOBAL ? MARKED : cell->kind][gate];
	if (cell->kind == FOREIGN && cell->want == '-' && cell->write)
		return true; /* do not write to firmware */
	for (enum test_context c = 0; c < TEST_CONTEXTS && ok; c++) {
		ok = try_cell(cell, c);
		if (!ok)
			ktest_fail(__FILE__, __LINE__,
				   "that was a %s of page kind %d, gate %d, in %s",
				   cell->write ? "write" : "read", cell->kind, gate,
				   test_context_name(c));
	}
	return ok;
}

/* A mode's row of the table. It must warn `warnings` times in all, from two call sites. */
static void try_row(enum pks_mode mode, u64 warnings)
{
	u64 before = pks_stats.warnings;

	if (!pages_get())
		return;
	pks_warnings_forget();
	for (enum pks_gate gate = 0; gate < PKS_GATES; gate++) {
		policy_set(mode, gate);
		for (enum kind kind = 0; kind < KINDS; kind++) {
			struct cell read = { .kind = kind },
				    write = { .kind = kind, .write = true };

			try_page(mode, gate, &read);
			try_page(mode, gate, &write);
		}
	}
	EXPECT_EQ(pks_stats.warnings - before, warnings);
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	pages_put();
}

/* The same under another scope, which changes a pardon's reach, and under GLOBAL which pages. */
static void try_rows(enum pks_scope scope)
{
	policy_scope = scope;
	try_row(PKS_MODE_OFF, 0);
	try_row(PKS_MODE_STRICT, 0);
	try_row(PKS_MODE_RELAXED, 2);
	try_row(PKS_MODE_SILENT, 0);
	policy_scope = PKS_SCOPE_CONTEXT;
}

static void scope_instruction_obeys_the_table(void)
{
	try_rows(PKS_SCOPE_INSTRUCTION);
}
KTEST(scope_instruction_obeys_the_table, KT_PKS);

static void scope_global_obeys_the_table(void)
{
	try_rows(PKS_SCOPE_GLOBAL);
}
KTEST(scope_global_obeys_the_table, KT_PKS);

static void mode_off_obeys_the_table(void)
{
	try_row(PKS_MODE_OFF, 0);
}
KTEST(mode_off_obeys_the_table, KT_PKS);

static void mode_strict_obeys_the_table(void)
{
	try_row(PKS_MODE_STRICT, 0);
}
KTEST(mode_strict_obeys_the_table, KT_PKS | KT_STRESS);

static void mode_relaxed_obeys_the_table(void)
{
	try_row(PKS_MODE_RELAXED, 2);
}
KTEST(mode_relaxed_obeys_the_table, KT_PKS);

static void mode_silent_obeys_the_table(void)
{
	try_row(PKS_MODE_SILENT, 0);
}
KTEST(mode_silent_obeys_the_table, KT_PKS | KT_STRESS);

static bool check_write(volatile u64 *va, u64 value)
{
	struct prot_page p = { virt_to_page((const void *)va), va };

	return EXPECT_EQ(prot_page_peek(&p), value);
}

/* A pardoned store reaches memory, a refused one does not. */
static void only_a_pardoned_store_is_made(void)
{
	struct cell cell = { .kind = MARKED, .write = true };
	struct prot_page marked;

	if (!pages_get())
		return;
	marked = (struct prot_page){ pages.page[MARKED], pages.va[MARKED] };
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		prot_page_poke(&marked, 77);
		policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
		run_in(c, access, &cell);
		check_write(marked.va, 77);
		policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
		run_in(c, access, &cell);
		check_write(marked.va, 1);
	}
	pages_put();
}
KTEST(only_a_pardoned_store_is_made, KT_PKS);
