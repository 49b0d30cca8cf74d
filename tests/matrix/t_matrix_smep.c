// SPDX-License-Identifier: MIT
/*
 * SMEP and SMAP are two bits: one denies a supervisor's fetches from user-mode addresses, the other
 * its data accesses unless EFLAGS.AC is 1. The matrix sets them together. Here each of the four
 * pairs meets each kind of access, with and without AC. What this cannot know: implicit accesses,
 * which the matrix makes.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/random.h"
#include "tests/harness/access.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM   "Determination of Access Rights"
#define KEYS  16
#define KEY_0 3u /* both bits of key 0, which the kernel's pages have */

struct smep_run {
	struct rule_tally rule;
	struct own_space space;
	bool keys; /* rights in both registers, by turns; else all keys are open */
	u32 count;
};

/* One access at CPL 0. */
struct smep_case {
	const struct own_page *page;
	bool smep, smap, ac;
	int supervisor; /* the level with U/S = 0; 0: none, a user-mode address */
	enum oracle_access kind;
	u32 key, pkrs, pkru;
};

static struct fault make_access(const struct smep_case *c, u64 va, u64 *value)
{
	u64 cr4 = read_cr4();
	struct fault f;

	write_cr4((cr4 & ~(u64)(CR4_SMEP | CR4_SMAP)) | (c->smep ? CR4_SMEP : 0) |
		  (c->smap ? CR4_SMAP : 0));
	own_rights(c->pkrs, c->pkru);
	if (c->ac)
		asm volatile("stac" : : : "memory", "cc");
	f = own_access(false, c->kind, va, value); /* returns with AC = 0 */
	own_rights(ALL_OPEN, 0);
	write_cr4(cr4);
	return f;
}

static void try_access(struct smep_run *run, const struct smep_case *c)
{
	const struct own_page *p = c->page;
	volatile u64 *word = (volatile u64 *)(p->memory + OWN_DATA);
	struct oracle_page page = {
		.present = true, .writable = true, .user = !c->supervisor, .key = c->key
	};
	struct oracle_cpu cpu = oracle_cpu_now(c->pkrs);
	u64 va = p->va + (c->kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA), value = OWN_NEW;
	struct fault want = NO_FAULT, f;
	struct oracle_verdict v;

	cpu.pkru = c->pkru;
	cpu.cr4_smep = c->smep;
	cpu.cr4_smap = c->smap;
	cpu.ac = c->ac;
	v = oracle(cpu, page, c->kind);
	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, va, 0 };
	own_page_reset(p, true, c->key);
	if (c->supervisor)
		*(volatile pte_t *)p->entry[c->supervisor] &= ~PTE_U;
	own_flush(&run->space);
	*word = OWN_OLD;
	f = make_access(c, va, &value);
	f.error &= ~(u64)v.unsettled;
	RULE_FAULT(&run->rule, f, want,
		   *word == (c->kind == ORACLE_WRITE && !v.fault ? OWN_NEW : OWN_OLD) &&
			   (c->kind != ORACLE_READ || v.fault || value == OWN_OLD),
		   "%s of a %s page, SMEP %u, SMAP %u, AC %u, U/S = 0 at level %d, key %u, "
		   "IA32_PKRS %08x, PKRU %08x",
		   own_access_name(c->kind), own_size_name(p->level), c->smep, c->smap, c->ac,
		   c->supervisor, c->key, c->pkrs, c->pkru);
}

static void try_page(struct smep_run *run, const struct own_page *p, int supervisor)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_FETCH };

	for (u32 i = 0; i < 8 * ARRAY_SIZE(kinds); i++) {
		struct smep_case c = { .page = p,
				       .smep = i & 1,
				       .smap = i & 2,
				       .ac = i & 4,
				       .supervisor = supervisor,
				       .kind = kinds[i / 8],
				       .key = run->count++ % KEYS };

		if (run->keys) {
			c.pkrs = (u32)random_next() & ~KEY_0;
			c.pkru = (u32)random_next() & ~KEY_0;
		}
		if (rule_turn(&run->rule, run->keys ? 13 : 5))
			try_access(run, &c);
	}
}

/*
 * With keys the leaf is never the one supervisor level: matrix.one_supervisor_level_suffices checks
 * that, so that a machine that differs in it alone still passes here.
 */
static void try_pages(struct smep_run *run)
{
	for (u32 i = 0; i < OWN_SIZES; i++) {
		const struct own_page *p = &run->space.pages[i];

		for (u32 round = 0; p->level && round < (run->keys ? 5 : 1); round++) {
			try_page(run, p, 0);
			for (int at = p->level + run->keys; at <= p->top; at++)
				try_page(run, p, at);
		}
	}
}

static void test_smep(struct smep_run *run)
{
	SKIP_IF(!cpu_has(FEATURE_SMAP) || !cpu_has(FEATURE_SMEP), "this CPU has no SMAP or SMEP");
	if (!own_space_create(&run->space))
		return;
	own_enter_open(&run->space);
	try_pages(run);
	own_leave_open(&run->space);
	own_space_destroy(&run->space);
	rule_report(&run->rule);
}

static void smep_rules_fetches_and_smap_data(void)
{
	static struct smep_run run;

	run = (struct smep_run){ .rule = RULE(SDM, "CR4.SMEP alone denies a supervisor's fetches "
						   "from user-mode addresses, and CR4.SMAP alone "
						   "its data accesses while EFLAGS.AC = 0") };
	test_smep(&run);
}
KTEST(smep_rules_fetches_and_smap_data, 0);

static void keys_rule_with_smep_or_smap_alone(void)
{
	static struct smep_run run;

	run = (struct smep_run){ .rule = RULE(SDM, "whichever of CR4.SMEP and CR4.SMAP is set, "
						   "keys rule data accesses and no fetches"),
				 .keys = true };
	test_smep(&run);
}
KTEST(keys_rule_with_smep_or_smap_alone, 0);
