// SPDX-License-Identifier: MIT
/*
 * With EFER.NXE = 0 bit 63 of an entry is reserved instead of XD, all pages are executable, and
 * keys are as they were. Each case is made with NXE = 1 too, so that a machine that ignores the
 * change fails. On the boot CPU alone, as own_bare.S needs it. What this cannot know: translations
 * that a TLB keeps over a change of NXE; CR3 is written after it.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/lib/string.h"
#include "mm/page.h"
#include "mm/pgtable_internal.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/percpu_run.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define KEYS       16
#define IMAGE_PDES 4 /* of 2 MiB: more than the image can be, from address 0 on */

void own_shoot_bare(struct own_shot *shot, u64 cr3, u64 efer);

/* The space's lower half, and the image without XD. In the image, so below 4 GiB. */
static struct {
	u64 root[512], pml4[512], pdpt[512], pd[512];
} bare __attribute__((aligned(4096)));

static u64 image_phys(const void *p)
{
	return (u64)p - KERNEL_BASE;
}

static void fill_bare(const struct own_space *s)
{
	u64 link = PTE_P | PTE_W | PTE_A;

	memset(&bare, 0, sizeof(bare));
	memcpy(bare.root, phys_to_virt(s->us.root), sizeof(bare.root) / 2);
	if (pgtable_top() == 5) {
		bare.root[511] = image_phys(bare.pml4) | link;
		bare.pml4[511] = image_phys(bare.pdpt) | link;
	} else {
		bare.root[511] = image_phys(bare.pdpt) | link;
	}
	bare.pdpt[level_index(KERNEL_BASE, 3)] = image_phys(bare.pd) | link;
	for (u32 i = 0; i < IMAGE_PDES; i++)
		bare.pd[i] = i * level_size(2) | link | PTE_D | PTE_PS;
}

struct nxe_run {
	struct rule_tally rule;
	struct own_space space;
	bool exact; /* judges the whole error code, else RSVD and what no reserved bit is about */
	bool keys;  /* without bit 63, under rights that deny */
	u32 count;
};

struct nxe_case {
	const struct own_page *page;
	int at; /* the level with bit 63 set; 0: none */
	bool user, nxe, smep;
	enum oracle_access kind;
	u32 key, pkrs;
};

static struct fault make_access(const struct nxe_case *c, u64 va, u64 *value)
{
	static struct own_shot shot; /* in the image */
	const struct own_code *code = c->user ? &own_user_code[c->kind] : &own_kernel_code[c->kind];
	u64 efer = rdmsr(MSR_EFER), cr4 = read_cr4();
	u64 access = c->kind == ORACLE_FETCH ? va : code->access;

	shot = (struct own_shot){ .target = code->start,
				  .va = va,
				  .value = *value,
				  .user = c->user,
				  .frame = { code->start, SEL_USER_CS, RFLAGS_FIXED, USER_STACK - 8,
					     SEL_USER_DS } };
	write_cr4(c->smep ? cr4 | CR4_SMEP : cr4 & ~(u64)CR4_SMEP);
	if (pks_on())
		rights_put(c->pkrs);
	own_shoot_bare(&shot, image_phys(bare.root),
		       c->nxe ? efer | EFER_NXE : efer & ~(u64)EFER_NXE);
	if (pks_on())
		rights_put(ALL_OPEN);
	write_cr4(cr4);
	*value = shot.value;
	if (shot.vector == X86_BP && shot.rip == code->end)
		return NO_FAULT;
	if (shot.rip != access)
		ktest_error("vector %lu at %p, not at the access", shot.vector, (void *)shot.rip);
	return (struct fault){ shot.vector, shot.error, shot.cr2, 0 };
}

/* What the oracle says; with I/D as "Page-Fault Exceptions" has it: only with SMEP or NXE. */
static struct oracle_verdict verdict(const struct nxe_run *run, const struct nxe_case *c)
{
	struct oracle_cpu cpu = oracle_cpu_now(c->pkrs);
	struct oracle_page page = { .present = true,
				    .writable = true,
				    .user = c->user,
				    .reserved = c->at && !c->nxe,
				    .no_execute = c->at && c->nxe,
				    .key = c->key };
	struct oracle_verdict v;

	cpu.user_mode = c->user;
	cpu.cr4_smep = c->smep;
	v = oracle(cpu, page, c->kind);
	if (!c->smep && !c->nxe)
		v.error &= ~(u32)PF_I;
	if (page.reserved && !run->exact) /* matrix.error_code_describes_the_access checks them */
		v.unsettled |= PF_P | PF_W | PF_U | PF_I;
	return v;
}

static void try_access(struct nxe_run *run, const struct nxe_case *c)
{
	const struct own_page *p = c->page;
	volatile u64 *word = (volatile u64 *)(p->memory + OWN_DATA);
	u64 va = p->va + (c->kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA), value = OWN_NEW;
	struct oracle_verdict v = verdict(run, c);
	struct fault want = NO_FAULT, f;

	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, va, 0 };
	own_page_reset(p, c->user, c->key);
	if (c->at)
		*(volatile pte_t *)p->entry[c->at] |= PTE_NX;
	fill_bare(&run->space); /* the top level's entry may be the one */
	*word = OWN_OLD;
	f = make_access(c, va, &value);
	f.error &= ~(u64)v.unsettled;
	RULE_FAULT(&run->rule, f, want,
		   *word == (c->kind == ORACLE_WRITE && !v.fault ? OWN_NEW : OWN_OLD) &&
			   (c->kind != ORACLE_READ || v.fault || value == OWN_OLD),
		   "%s at CPL %u of a %s page, bit 63 at level %d, NXE %u, SMEP %u, key %u, "
		   "IA32_PKRS %08x",
		   own_access_name(c->kind), c->user ? 3 : 0, own_size_name(p->level), c->at,
		   c->nxe, c->smep, c->key, c->pkrs);
}

/* Keys come by turns; with `keys` each has all rights, else the page's own is open. */
static void try_level(struct nxe_run *run, const struct own_page *p, int at)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_FETCH };

	for (u32 i = 0; i < 8 * ARRAY_SIZE(kinds); i++) {
		u32 key = run->count++ % KEYS, rights = run->keys && key ? run->count / KEYS : 0;
		struct nxe_case c = {
			p,     at,
			i & 1, i & 2,
			i & 4, kinds[i / 8],
			key,   OF_KEY(key, rights & 3, rights & 4 ? ALL_OPEN : ALL_DENIED)
		};

		if ((cpu_has(FEATURE_SMEP) || !c.smep) && rule_turn(&run->rule, 13))
			try_access(run, &c);
	}
}

static void try_pages(void *arg)
{
	struct nxe_run *run = arg;
	u64 flags = irq_save();
	u32 pkrs = (u32)this_cpu()->pkrs;

	own_enter(&run->space);
	if (pks_on())
		rights_put(ALL_OPEN);
	for (u32 i = 0; i < OWN_SIZES; i++) {
		const struct own_page *p = &run->space.pages[i];

		for (u32 round = 0; p->level && round < (run->keys ? 8 : 1); round++)
			try_level(run, p, 0);
		for (int at = p->level; !run->keys && p->level && at <= p->top; at++)
			try_level(run, p, at);
	}
	if (pks_on())
		rights_put(pkrs);
	own_leave(&run->space);
	irq_restore(flags);
}

static void test_nxe(struct nxe_run *run)
{
	if (!own_space_create(&run->space))
		return;
	percpu_run_on(&boot_cpu, try_pages, run);
	own_space_destroy(&run->space);
	rule_report(&run->rule);
}

static void bit_63_is_reserved_without_nxe(void)
{
	static struct nxe_run run;

	run = (struct nxe_run){
		.rule = RULE("Page-Fault Exceptions",
			     "with EFER.NXE = 0 bit 63 of an entry is reserved: an access through "
			     "it faults with RSVD, and all other pages can be executed")
	};
	test_nxe(&run);
}
KTEST(bit_63_is_reserved_without_nxe, 0);

static void bit_63_is_reported_as_any_reserved_bit(void)
{
	static struct nxe_run run;

	run = (struct nxe_run){
		.rule = RULE("Page-Fault Exceptions",
			     "the fault by bit 63 with EFER.NXE = 0 reports P and RSVD beside W/R "
			     "and U/S of the access; I/D of a fetch only with CR4.SMEP or NXE"),
		.exact = true,
	};
	test_nxe(&run);
}
KTEST(bit_63_is_reported_as_any_reserved_bit, 0);

static void keys_rule_without_nxe(void)
{
	static struct nxe_run run;

	run = (struct nxe_run){ .rule = RULE("Protection Keys",
					     "keys rule data accesses, and no fetches, whatever "
					     "EFER.NXE is"),
				.exact = true,
				.keys = true };
	test_nxe(&run);
}
KTEST(keys_rule_without_nxe, KT_PKS);
