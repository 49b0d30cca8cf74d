// SPDX-License-Identifier: MIT
/*
 * A page fault drops what the TLB and the paging-structure caches hold for the address that it
 * reports, so that an entry that has become wider needs no INVLPG. The SDM promises that a fault
 * does not come again when the entries in memory permit the access. Each access is made twice:
 *
 *   cold        the entry is narrow, the access faults, the entry is widened, the access succeeds
 *   stale       the TLB has the narrow translation, from another access that it permits; then the
 *               entry is widened: the access succeeds, or faults once as the narrow entry demands
 *               and then succeeds
 *   stale open  the same, but the TLB got it while all rights were open
 *
 * Between the fault and the second access nothing changes but the entry: no register is written.
 * What this cannot know: whether a machine keeps a translation that no access here could show.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/pke.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM  "Operations that Invalidate TLBs and Paging-Structure Caches"
#define KEYS 16

enum { BY_0 = 1, BY_3 = 2 };                                 /* CPLs */
enum { READS = 1, WRITES = 2, FETCHES = 1 << ORACLE_FETCH }; /* bits by enum oracle_access */

/* A way to narrow an entry, and the accesses that it then denies. */
struct narrowing {
	const char *name;
	pte_t narrow, wide; /* the bits of the entry in which the two differ */
	u32 by, kinds;
	bool user; /* U/S = 1 in the other entries */
};

static const struct narrowing narrowings[] = {
	{ "P = 0", 0, PTE_P, BY_0, READS | WRITES | FETCHES, false },
	{ "P = 0", 0, PTE_P, BY_3, READS | WRITES | FETCHES, true },
	{ "R/W = 0", 0, PTE_W, BY_0, WRITES, false },
	{ "R/W = 0", 0, PTE_W, BY_3, WRITES, true },
	{ "XD = 1", PTE_NX, 0, BY_0, FETCHES, false },
	{ "XD = 1", PTE_NX, 0, BY_3, FETCHES, true },
	{ "U/S = 0", 0, PTE_U, BY_3, READS | WRITES | FETCHES, true },
	{ "U/S = 1", PTE_U, 0, BY_0, READS | WRITES | FETCHES, true }, /* SMAP and SMEP deny */
};

/* One case. */
struct drop {
	const struct own_space *space;
	const struct own_page *page;
	int at; /* the level of the entry that changes */
	bool user;
	enum { COLD, STALE, STALE_OPEN, TLB_STATES } tlb;
	enum oracle_access kind;
	const char *what;
	pte_t narrow, wide; /* the entry's values */
	u32 pkrs, pkru;     /* while the access is made */
};

static u64 address_of(const struct drop *d)
{
	return d->page->va + (d->kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA);
}

/* Returns what the oracle says of the access with the entries as they are in memory. */
static struct oracle_verdict verdict(const struct drop *d)
{
	struct oracle_cpu cpu = oracle_cpu_now(d->pkrs);
	struct oracle_page page = { .present = true,
				    .writable = true,
				    .user = true,
				    .key = pte_key(*d->page->entry[d->page->level]) };

	for (int at = d->page->level; at <= d->page->top; at++) {
		pte_t e = *d->page->entry[at];

		page.present = page.present && e & PTE_P;
		page.writable = page.writable && e & PTE_W;
		page.user = page.user && e & PTE_U;
		page.no_execute = page.no_execute || e & PTE_NX;
	}
	cpu.user_mode = d->user;
	cpu.pkru = d->pkru;
	return oracle(cpu, page, d->kind);
}

/*
 * Brings the narrow translation into the TLB, by the accesses that it permits under these rights:
 * one that faults would drop it again.
 */
static void warm(const struct drop *d, u32 pkrs, u32 pkru)
{
	struct drop other = *d;
	u64 value = 0;

	other.pkrs = pkrs;
	other.pkru = pkru;
	own_rights(pkrs, pkru);
	for (u32 i = 0; i < 4; i++) {
		other.user = i & 1;
		other.kind = i & 2 ? ORACLE_FETCH : ORACLE_READ;
		if (!verdict(&other).fault)
			own_access(other.user, other.kind, address_of(&other), &value);
	}
}

static struct fault attempt(const struct drop *d, u64 *value)
{
	*(volatile u64 *)(d->page->memory + OWN_DATA) = OWN_OLD;
	*value = OWN_NEW;
	return own_access(d->user, d->kind, address_of(d), value);
}

static void report_fault(struct rule_tally *r, const struct drop *d, struct fault got,
			 struct oracle_verdict want, const char *when)
{
	struct fault expected = NO_FAULT;

	if (want.fault)
		expected = (struct fault){ X86_PF, want.error & ~want.unsettled, address_of(d), 0 };
	got.error &= ~(u64)want.unsettled;
	RULE_FAULT(r, got, expected, true, "%s at CPL %u of a %s page, level %d, %s, %s",
		   own_access_name(d->kind), d->user ? 3 : 0, own_size_name(d->page->level), d->at,
		   d->what, when);
}

static void try_drop(struct rule_tally *r, const struct drop *d)
{
	volatile u64 *word = (volatile u64 *)(d->page->memory + OWN_DATA);
	volatile pte_t *entry = d->page->entry[d->at];
	struct oracle_verdict want;
	struct fault f;
	u64 value;

	*entry = d->narrow;
	own_flush(d->space);
	want = verdict(d);
	if (d->tlb == STALE)
		warm(d, d->pkrs, d->pkru);
	if (d->tlb == STALE_OPEN)
		warm(d, 0, 0);
	own_rights(d->pkrs, d->pkru);
	if (d->tlb != COLD)
		*entry = d->wide;
	EXPECT(want.fault);
	f = attempt(d, &value);
	if (d->tlb == COLD || f.vector != FAULT_NONE)
		report_fault(r, d, f, want, "while narrow");
	if (d->tlb == COLD)
		*entry = d->wide;
	f = attempt(d, &value);
	report_fault(r, d, f, (struct oracle_verdict){ 0 }, "once wide");
	own_rights(0, 0);
	RULE_CASE(r,
		  d->kind == ORACLE_FETCH || f.vector != FAULT_NONE ||
			  (d->kind == ORACLE_READ ? value == OWN_OLD : *word == OWN_NEW),
		  "the %s read %016lx and memory is %016lx", own_access_name(d->kind), value,
		  *word);
}

/* Tries one way on each level, for each access that it denies; `*key` is another key each time. */
static void try_narrowing(struct rule_tally *r, const struct own_space *s, const struct own_page *p,
			  const struct narrowing *n, u32 *key)
{
	for (int at = p->level; at <= p->top; at++) {
		for (u32 i = 0; i < TLB_STATES * ORACLE_ACCESSES; i++) {
			struct drop d = { .space = s,
					  .page = p,
					  .at = at,
					  .user = n->by == BY_3,
					  .tlb = i % TLB_STATES,
					  .kind = i / TLB_STATES,
					  .what = n->name };

			if (!(n->kinds & BIT(d.kind)))
				continue;
			*key = (*key + 1) % KEYS;
			own_page_reset(p, n->user, *key);
			d.narrow = (*p->entry[at] & ~n->wide) | n->narrow;
			d.wide = (*p->entry[at] & ~n->narrow) | n->wide;
			d.pkrs = OF_KEY(*key, 0, ALL_DENIED); /* the page's own key is open */
			if (rule_turn(r, 7))
				try_drop(r, &d);
		}
	}
}

struct drop_run {
	struct rule_tally rule;
	struct own_space space;
};

static void try_all_bits(void *arg)
{
	struct drop_run *run = arg;
	u32 key = 0;

	own_enter(&run->space);
	for (u32 i = 0; i < OWN_SIZES; i++)
		for (u32 n = 0; n < ARRAY_SIZE(narrowings); n++)
			if (run->space.pages[i].level)
				try_narrowing(&run->rule, &run->space, &run->space.pages[i],
					      &narrowings[n], &key);
	own_leave(&run->space);
}

/* Runs fn(&run) on the first CPU and on the last one, if there are several. */
static void on_cpus(struct drop_run *run, void (*fn)(void *))
{
	if (!own_space_create(&run->space))
		return;
	percpu_run_on(cpus[0], fn, run);
	if (cpu_count > 1)
		percpu_run_on(cpus[cpu_count - 1], fn, run);
	own_space_destroy(&run->space);
}

static void a_fault_drops_the_entry_that_raised_it(void)
{
	static struct drop_run run;

	run.rule = (struct rule_tally)RULE(
		SDM, "a page fault by P, R/W, XD or U/S of an entry on any level drops what the "
		     "TLB and the paging-structure caches hold: the wider entry needs no INVLPG");
	SKIP_IF(!cpu_has(FEATURE_SMAP) || !cpu_has(FEATURE_SMEP), "this CPU has no SMAP or SMEP");
	on_cpus(&run, try_all_bits);
	rule_report(&run.rule);
}
KTEST(a_fault_drops_the_entry_that_raised_it, 0);

/* Which key is denied, and to whom. */
enum key_of { PKRS_AT_CPL_0, PKRU_AT_CPL_3, PKRU_AT_CPL_0 };

/*
 * The key of the leaf is denied and then replaced by one that is open. Key 0 is only the open one:
 * the kernel's own pages have it. Under WD alone a read does not fault.
 */
static void try_key(struct rule_tally *r, const struct own_space *s, const struct own_page *p,
		    u32 key, enum key_of of)
{
	u32 open = (key * 5 + 1) % KEYS;

	for (u32 i = 0; i < 6 * TLB_STATES; i++) {
		u32 rights = 1 + i % 3;
		struct drop d = { .space = s,
				  .page = p,
				  .at = p->level,
				  .user = of == PKRU_AT_CPL_3,
				  .tlb = i / 6,
				  .what = "key" };

		d.kind = rights == 2 || i / 3 % 2 ? ORACLE_WRITE : ORACLE_READ;
		own_page_reset(p, of != PKRS_AT_CPL_0, key);
		d.narrow = *p->entry[p->level];
		d.wide = pte_with_key(d.narrow, open);
		*(of == PKRS_AT_CPL_0 ? &d.pkrs : &d.pkru) = OF_KEY(key, rights, ALL_OPEN);
		if (rule_turn(r, 11))
			try_drop(r, &d);
	}
}

static void try_keys(struct drop_run *run, enum key_of of)
{
	for (u32 i = 0; i < OWN_SIZES; i++)
		for (u32 key = 1; key < KEYS; key++)
			if (run->space.pages[i].level)
				try_key(&run->rule, &run->space, &run->space.pages[i], key, of);
}

static void try_supervisor_keys(void *arg)
{
	struct drop_run *run = arg;
	struct rights_saved saved = rights_begin();

	own_enter(&run->space);
	try_keys(run, PKRS_AT_CPL_0);
	own_leave(&run->space);
	rights_end(saved);
}

static void a_fault_drops_the_key_that_raised_it(void)
{
	static struct drop_run run;

	run.rule = (struct rule_tally)RULE(
		SDM, "a page fault by a key that IA32_PKRS denies drops the translation with that "
		     "key: an open key in its place needs no INVLPG");
	on_cpus(&run, try_supervisor_keys);
	rule_report(&run.rule);
}
KTEST(a_fault_drops_the_key_that_raised_it, KT_ENFORCED);

/* SMAP is off, for the accesses at CPL 0. */
static void try_user_keys(struct drop_run *run, enum key_of of)
{
	struct pke_saved saved = pke_begin();

	own_enter(&run->space);
	write_cr4(read_cr4() & ~(u64)CR4_SMAP);
	try_keys(run, of);
	own_leave(&run->space);
	pke_end(saved);
}

static void try_user_keys_at_cpl_3(void *run)
{
	try_user_keys(run, PKRU_AT_CPL_3);
}

static void a_fault_drops_the_user_key_that_raised_it(void)
{
	static struct drop_run run;

	run.rule = (struct rule_tally)RULE(
		SDM, "a page fault at CPL 3 by a key that PKRU denies drops the translation with "
		     "that key: an open key in its place needs no INVLPG");
	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	on_cpus(&run, try_user_keys_at_cpl_3);
	rule_report(&run.rule);
}
KTEST(a_fault_drops_the_user_key_that_raised_it, 0);

static void try_user_keys_at_cpl_0(void *run)
{
	try_user_keys(run, PKRU_AT_CPL_0);
}

static void a_fault_at_cpl_0_drops_the_user_key_that_raised_it(void)
{
	static struct drop_run run;

	run.rule = (struct rule_tally)RULE(
		SDM, "a page fault at CPL 0 by a key that PKRU denies drops the translation with "
		     "that key: an open key in its place needs no INVLPG");
	SKIP_IF(!cpu_has(FEATURE_PKU), NO_PKU);
	on_cpus(&run, try_user_keys_at_cpl_0);
	rule_report(&run.rule);
}
KTEST(a_fault_at_cpl_0_drops_the_user_key_that_raised_it, 0);
