// SPDX-License-Identifier: MIT
/*
 * CR4.PKS decides whether IA32_PKRS counts, and neither changes the other. What this cannot know:
 * which rights a TLB keeps when the bit changes. Here each access is the first one since its
 * translation was flushed; matrix.cr4_pks_holds_at_once tests the other case.
 */
#define KTEST_SUITE "matrix"

#include "kernel/lib/random.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"
#include "tests/matrix/matrix_rule.h"

#define KEYS  16
#define KEY_0 3u /* both bits of key 0, the kernel's own */

/* Sets or clears CR4.PKS; it must not fault, and CR4 must read as written. */
static void try_cr4_pks(struct rule_tally *r, bool on)
{
	u64 cr4 = (read_cr4() & ~(u64)CR4_PKS) | (on ? CR4_PKS : 0);
	struct fault f = probe_write_cr4(cr4);

	RULE_FAULT(r, f, NO_FAULT, read_cr4() == cr4, "writing %lx to CR4", cr4);
}

static void cr4_pks_reads_back(void)
{
	struct rule_tally r = RULE("Control Registers",
				   "CR4.PKS can be set and cleared and reads as it was written");
	struct rights_saved saved = rights_begin();
	u64 cr4 = read_cr4();

	for (u32 i = 0; i < 64; i++) {
		rights_put((u32)random_next() & ~KEY_0);
		try_cr4_pks(&r, i & 1);
		try_cr4_pks(&r, !(i & 2));
	}
	write_cr4(cr4);
	rights_end(saved);
	rule_report(&r);
}
KTEST(cr4_pks_reads_back, KT_PKS);

/* Writes IA32_PKRS while CR4.PKS = 0, reads it while CR4.PKS is 0, 1 and 0 again. */
static void try_toggle(struct rule_tally *r, u64 cr4, u32 value)
{
	u32 off, on, off_again;

	write_cr4(cr4 & ~(u64)CR4_PKS);
	rights_put(value);
	off = (u32)rdmsr(MSR_IA32_PKRS);
	write_cr4(cr4 | CR4_PKS);
	on = (u32)rdmsr(MSR_IA32_PKRS);
	write_cr4(cr4 & ~(u64)CR4_PKS);
	off_again = (u32)rdmsr(MSR_IA32_PKRS);
	RULE_CASE(r, off == value && on == value && off_again == value,
		  "wrote %08x, read %08x with CR4.PKS = 0, %08x with 1, %08x with 0", value, off,
		  on, off_again);
}

static void pkrs_is_kept_while_pks_is_off(void)
{
	struct rule_tally r =
		RULE("Protection Keys",
		     "IA32_PKRS can be read and written while CR4.PKS = 0, and no change of "
		     "CR4.PKS changes it");
	struct rights_saved saved = rights_begin();
	u64 cr4 = read_cr4();

	for (u32 bit = 2; bit < 32; bit++) {
		try_toggle(&r, cr4, 1u << bit);
		try_toggle(&r, cr4, ~(1u << bit) & ~KEY_0);
	}
	for (u32 i = 0; i < 1024; i++)
		try_toggle(&r, cr4, (u32)random_next() & ~KEY_0);
	rights_put(saved.pkrs);
	write_cr4(cr4);
	rights_end(saved);
	rule_report(&r);
}
KTEST(pkrs_is_kept_while_pks_is_off, KT_PKS);

/* One page of memory, mapped once with each key. */
static volatile u64 *page_of_key(u32 key)
{
	return (volatile u64 *)(WINDOW + (key << PAGE_SHIFT));
}

static bool map_each_key(const struct page *page)
{
	for (u32 key = 0; key < KEYS; key++)
		if (!window_map(key << PAGE_SHIFT, page_to_phys(page), PAGE_SIZE,
				PTE_RW_DATA | window_key(key), 1))
			return false;
	return true;
}

/* MOV to CR4, and the access in the instruction after it. */
#define DEFINE_AFTER_CR4(name, insn)                                             \
	PROBE struct fault name(u64 cr4, volatile void *p, u64 *value)           \
	{                                                                        \
		struct fault f = { .vector = FAULT_NONE };                       \
		asm volatile("mov %[cr4], %%cr4\n"                               \
			     "1: " insn "\n2:\n" EXTABLE("1b", "2b", KIND_PROBE) \
			     : FAULT_OPERANDS(f), [v] "+r"(*value)               \
			     : [cr4] "r"(cr4), [p] "r"(p)                        \
			     : "memory", "cc");                                  \
		return f;                                                        \
	}
DEFINE_AFTER_CR4(probe_cr4_read, "movq (%[p]), %[v]")
DEFINE_AFTER_CR4(probe_cr4_write, "movq %[v], (%[p])")
DEFINE_AFTER_CR4(probe_cr4_add, "lock addq %[v], (%[p])")

/* Accesses the key's page right after writing CR4, with its translation in no TLB. */
static void try_after_cr4(struct rule_tally *r, u64 cr4, u32 pkrs, u32 key, enum oracle_access kind)
{
	static struct fault (*const probes[])(u64, volatile void *, u64 *) = {
		[ORACLE_READ] = probe_cr4_read,
		[ORACLE_WRITE] = probe_cr4_write,
		[ORACLE_MODIFY] = probe_cr4_add,
	};
	struct oracle_page page = { .present = true, .writable = true, .key = key };
	struct oracle_cpu cpu = oracle_cpu_now(pkrs);
	struct oracle_verdict want;
	struct fault f, expected = NO_FAULT;

	cpu.cr4_pks = cr4 & CR4_PKS;
	want = oracle(cpu, page, kind);
	if (kind == ORACLE_MODIFY)
		want.unsettled |= PF_W; /* matrix.modify_is_a_write checks it */
	if (want.fault)
		expected = (struct fault){ X86_PF, want.error & ~want.unsettled,
					   (u64)page_of_key(key), 0 };
	write_cr4(cr4 & ~(u64)CR4_PKS);
	rights_put(pkrs);
	tlb_flush_page((u64)page_of_key(key));
	f = probes[kind](cr4, page_of_key(key), &(u64){ 1 });
	f.error &= ~(u64)want.unsettled;
	RULE_FAULT(r, f, expected, true, "access %u, key %u, IA32_PKRS %08x, CR4.PKS = %u", kind,
		   key, pkrs, !!(cr4 & CR4_PKS));
}

/* Tries each key's rights with the other keys open and denied; key 0's rights are `key_0`. */
static void try_all_rights(struct rule_tally *r, u64 cr4, u32 first_key, u32 key_0)
{
	for (u32 key = first_key; key < KEYS; key++) {
		for (u32 i = 0; i < 8; i++) {
			u32 others = i & 4 ? ALL_DENIED : ALL_OPEN;
			u32 pkrs = OF_KEY(key, i & 3, others | key_0);

			try_after_cr4(r, cr4, pkrs, key, ORACLE_READ);
			try_after_cr4(r, cr4, pkrs, key, ORACLE_WRITE);
			try_after_cr4(r, cr4, pkrs, key, ORACLE_MODIFY);
		}
	}
}

/* Maps the keys' pages, runs `tests`, and restores CR4. */
static void with_pages(struct rule_tally *r, void (*tests)(struct rule_tally *r, u64 cr4))
{
	struct page *page = window_page(0);
	struct rights_saved saved;
	u64 cr4;

	REQUIRE(page);
	policy_mode_set(PKS_MODE_STRICT);
	if (map_each_key(page)) {
		saved = rights_begin();
		cr4 = read_cr4();
		tests(r, cr4);
		rights_put(saved.pkrs);
		write_cr4(cr4);
		rights_end(saved);
	}
	window_clear();
	page_free(page, 0);
}

static void try_while_off(struct rule_tally *r, u64 cr4)
{
	cr4 &= ~(u64)CR4_PKS;
	try_all_rights(r, cr4, 1, 0);
	if (!r->divergent) /* a machine that diverges already would not survive this */
		try_all_rights(r, cr4, 0, KEY_0);
}

static void rights_mean_nothing_while_pks_is_off(void)
{
	struct rule_tally r =
		RULE("Protection Keys", "with CR4.PKS = 0 IA32_PKRS restricts nothing");

	with_pages(&r, try_while_off);
	rule_report(&r);
}
KTEST(rights_mean_nothing_while_pks_is_off, KT_PKS);

static void try_leftovers(struct rule_tally *r, u64 cr4)
{
	try_all_rights(r, cr4 | CR4_PKS, 1, 0);
}

static void rights_in_pkrs_hold_once_pks_is_on(void)
{
	struct rule_tally r =
		RULE("Protection Keys",
		     "rights that IA32_PKRS has when CR4.PKS is set hold from the next "
		     "instruction on");

	with_pages(&r, try_leftovers);
	rule_report(&r);
}
KTEST(rights_in_pkrs_hold_once_pks_is_on, KT_PKS);
