// SPDX-License-Identifier: MIT
/*
 * Reserved bits of present entries on each level: those of the address from MAXPHYADDR on, the low
 * bits of a large page's address, and PS where no page can be mapped. They fault, whatever the keys
 * say. In an entry that is not present they mean nothing. PK beside RSVD is observed: the SDM can
 * be read both ways. What this cannot know: PDPTEs with PS = 1 on a CPU without 1 GiB pages.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM     "Page-Fault Exceptions"
#define KEYS    16
#define KEY_0   3u /* both bits of key 0, which the kernel's pages have */
#define END_BIT 52 /* addresses have no bits from here on */

struct reserved_run {
	struct rule_tally rule;
	struct own_space space;
	bool exact; /* judges the whole error code, else RSVD, and PK where it is settled */
	u64 bits;   /* to be tried, where they are reserved */
	bool smaller, largest; /* only the pages below 1 GiB; only that of 1 GiB */
	u64 yes, no;           /* PK beside RSVD where a key denies, too */
	u32 count;
};

static u64 bits_from(u32 from, u32 to)
{
	return from < to ? (BIT(to - from) - 1) << from : 0;
}

/* Returns the reserved bits of an entry of this level, a leaf or not. Bit 63 is XD. */
static u64 reserved_bits(int level, bool leaf)
{
	u64 bits = bits_from(cpu_phys_bits(), END_BIT);

	if (leaf && level > 1)
		bits |= bits_from(13, 12 + 9 * (u32)(level - 1)); /* bit 12 is PAT */
	if (level > 3)
		bits |= PTE_PS;
	return bits;
}

struct reserved_case {
	const struct own_page *page;
	int at;
	u64 bits;     /* set in the entry at that level ... */
	bool present; /* ... which has this P */
	bool user;
	enum oracle_access kind;
	u32 key, pkrs;
};

static struct oracle_verdict verdict(const struct reserved_run *run, const struct reserved_case *c)
{
	struct oracle_cpu cpu = oracle_cpu_now(c->pkrs);
	struct oracle_page page = { .present = c->present,
				    .writable = true,
				    .user = c->user,
				    .reserved = true,
				    .key = c->key };
	struct oracle_verdict v;

	cpu.user_mode = c->user;
	v = oracle(cpu, page, c->kind);
	if (c->present && !run->exact) /* matrix.error_code_describes_the_access checks them */
		v.unsettled |= PF_P | PF_W | PF_U | PF_I;
	return v;
}

static void try_access(struct reserved_run *run, const struct reserved_case *c)
{
	const struct own_page *p = c->page;
	volatile u64 *word = (volatile u64 *)(p->memory + OWN_DATA);
	volatile pte_t *entry = p->entry[c->at];
	u64 va = p->va + (c->kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA), value = OWN_NEW;
	struct oracle_verdict v = verdict(run, c);
	struct fault want = { X86_PF, v.error & ~v.unsettled, va, 0 }, f;
	pte_t before;

	own_page_reset(p, c->user, c->key);
	before = (*entry | c->bits) & ~(c->present ? 0 : PTE_P);
	*entry = before;
	own_flush(&run->space);
	*word = OWN_OLD;
	if (pks_on())
		rights_put(c->pkrs);
	f = own_access(c->user, c->kind, va, &value);
	if (pks_on())
		rights_put(ALL_OPEN);
	run->yes += c->present && v.unsettled & PF_PK && f.error & PF_PK;
	run->no += c->present && v.unsettled & PF_PK && !(f.error & PF_PK);
	f.error &= ~(u64)v.unsettled;
	RULE_FAULT(&run->rule, f, want, *word == OWN_OLD && *entry == before,
		   "%s at CPL %u of a %s page, entry of level %d with bits %lx and P = %u, key %u, "
		   "IA32_PKRS %08x",
		   own_access_name(c->kind), c->user ? 3 : 0, own_size_name(p->level), c->at,
		   c->bits, c->present, c->key, c->pkrs);
}

/* Each bit alone, then all of them in an entry that is not present. */
static void try_level(struct reserved_run *run, const struct own_page *p, int at)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_FETCH };
	u64 bits = reserved_bits(at, at == p->level) & run->bits;

	for (u32 i = 0; i < (END_BIT + 1) * 2 * ARRAY_SIZE(kinds); i++) {
		u32 bit = i / 2 / ARRAY_SIZE(kinds);
		struct reserved_case c = { p,
					   at,
					   bit == END_BIT ? bits : BIT(bit) & bits,
					   bit < END_BIT,
					   i & 1,
					   kinds[i / 2 % ARRAY_SIZE(kinds)],
					   run->count % KEYS,
					   (u32)random_next() & ~KEY_0 };

		run->count += c.bits != 0;
		if (c.bits && rule_turn(&run->rule, 5))
			try_access(run, &c);
	}
}

static void try_pages(struct reserved_run *run)
{
	u64 flags = irq_save();
	u32 pkrs = (u32)this_cpu()->pkrs;

	own_enter(&run->space);
	if (pks_on())
		rights_put(ALL_OPEN);
	for (u32 i = run->largest ? 2 : 0; i < (run->smaller ? 2 : OWN_SIZES); i++)
		for (int at = run->space.pages[i].level; at && at <= run->space.pages[i].top; at++)
			try_level(run, &run->space.pages[i], at);
	if (pks_on())
		rights_put(pkrs);
	own_leave(&run->space);
	irq_restore(flags);
}

static void test_reserved(struct reserved_run *run)
{
	if (!own_space_create(&run->space))
		return;
	try_pages(run);
	own_space_destroy(&run->space);
	if (run->exact) /* it tries all bits */
		rule_observed("reserved_bit_at_each_level:PK", run->yes, run->no);
	rule_report(&run->rule);
}

static void bits_above_maxphyaddr_are_reserved(void)
{
	static struct reserved_run run;

	SKIP_IF(cpu_phys_bits() == END_BIT, "MAXPHYADDR is 52: no bit of an address is reserved");
	run = (struct reserved_run){
		.rule = RULE(SDM, "bits MAXPHYADDR to 51 of a present entry are reserved on each "
				  "level: an access through it faults with RSVD"),
		.bits = bits_from(32, END_BIT),
	};
	test_reserved(&run);
}
KTEST(bits_above_maxphyaddr_are_reserved, 0);

static void bits_below_a_2_mib_page_are_reserved(void)
{
	static struct reserved_run run;

	run = (struct reserved_run){
		.rule = RULE(SDM, "bits 13 to 20 of an entry that maps 2 MiB, and PS of a PML4E or "
				  "PML5E, are reserved: an access through the entry faults with "
				  "RSVD"),
		.bits = bits_from(0, 21),
		.smaller = true,
	};
	test_reserved(&run);
}
KTEST(bits_below_a_2_mib_page_are_reserved, 0);

static void bits_below_a_1_gib_page_are_reserved(void)
{
	static struct reserved_run run;

	SKIP_IF(!cpu_has(FEATURE_PAGE1GB), "this CPU has no 1 GiB pages");
	run = (struct reserved_run){
		.rule = RULE(SDM, "bits 13 to 29 of an entry that maps 1 GiB are reserved: an "
				  "access through it faults with RSVD"),
		.bits = bits_from(8, 30), /* without PS of the entries above it */
		.largest = true,
	};
	test_reserved(&run);
}
KTEST(bits_below_a_1_gib_page_are_reserved, 0);

static void reserved_bits_are_reported_with_the_access(void)
{
	static struct reserved_run run;

	run = (struct reserved_run){
		.rule = RULE(SDM, "the fault by a reserved bit reports P and RSVD beside W/R, U/S "
				  "and I/D of the access; if the entry is not present, it reports "
				  "neither"),
		.exact = true,
		.bits = ~0ULL,
	};
	test_reserved(&run);
}
KTEST(reserved_bits_are_reported_with_the_access, 0);
