// SPDX-License-Identifier: MIT
/*
 * 32-bit paging and PAE paging know no keys. The SDM lists CR4.PKS and CR4.PKE among the
 * paging-mode modifiers ("Paging-Mode Modifiers") and says that 4-level and 5-level paging give
 * addresses keys; it restricts neither bit to IA-32e mode, as it does CR4.PCIDE, so MOV to CR4 must
 * not fault here. Bits 62:59 of a PAE entry are reserved ("PAE Paging"). Accesses are made at CPL
 * 0, to supervisor and user pages, without SMAP. What this cannot know: CPL 3, for which there is
 * no 32-bit TSS.
 */
#define KTEST_SUITE "matrix"

#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pks/pkrs.h"
#include "tests/harness/pke.h"
#include "tests/matrix/legacy.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/oracle/oracle.h"

#define SDM        "Paging-Mode Modifiers"
#define KEYS       16
#define CR4_PSE    (1 << 4)
#define OLD        0x11112222u
#define OPERAND    0x33334444u
#define ALL_DENIED 0xffffffffu /* key 0 too: nothing here has a key */

/* The block: eight pages below 1 GiB, so that the test's own addresses stand apart. */
enum { WORK, TOP, PD_LOW, PT_LOW, PD_HIGH, PT_HIGH, DATA, BLOCK_PAGES = 8 };
#define BLOCK_ORDER 3
#define BLOCK_END   (1UL << 30)

/* Where the data page is mapped: by entries of 4 KiB, and inside entries of 2 or 4 MiB. */
#define VA_SMALL 0xf0000000u
#define VA_LARGE 0xf8000000u

#define USER      1 /* number of an entry: these two bits ... */
#define READ_ONLY 2
#define WITH_KEY  16 /* ... or this plus a key, in PAE entries */
#define KEY_IN_PD 40 /* likewise: the key is in the entry above the page's */

struct legacy {
	struct rule_tally rule;
	struct page *block, *root;
	u8 *work; /* the page WORK, in the direct map */
	bool pae;
};

static u64 phys_of(const struct legacy *l, u32 page)
{
	return page_to_phys(l->block) + page * PAGE_SIZE;
}

static u8 *virt_of(const struct legacy *l, u32 page)
{
	return (u8 *)phys_to_virt(phys_of(l, page));
}

static struct legacy_params *params(const struct legacy *l)
{
	return (struct legacy_params *)(l->work + LEGACY_PARAMS);
}

static struct legacy_access *list(const struct legacy *l)
{
	return (struct legacy_access *)(l->work + LEGACY_LIST);
}

static u32 rights_of(u32 entry)
{
	return PTE_P | (entry & READ_ONLY ? 0 : PTE_W) | (entry & USER ? PTE_U : 0);
}

/* SDM Vol. 3A, "32-Bit Paging": entries of 32 bits, and large pages of 4 MiB. */
static void fill_32_bit(const struct legacy *l)
{
	u32 *pd = (u32 *)virt_of(l, TOP), *low = (u32 *)virt_of(l, PT_LOW);
	u32 *high = (u32 *)virt_of(l, PT_HIGH), work = (u32)phys_of(l, WORK);
	u32 data = (u32)phys_of(l, DATA), link = PTE_P | PTE_W | PTE_U;

	pd[work >> 22] = (u32)phys_of(l, PT_LOW) | link;
	low[work >> 12 & 1023] = work | PTE_P | PTE_W;
	pd[VA_SMALL >> 22] = (u32)phys_of(l, PT_HIGH) | link;
	for (u32 i = 0; i < 4; i++) {
		high[i] = data | rights_of(i);
		pd[(VA_LARGE >> 22) + i] = ALIGN_DOWN(data, 4u << 20) | rights_of(i) | PTE_PS;
	}
}

/* SDM Vol. 3A, "PAE Paging": entries of 64 bits, four PDPTEs, and large pages of 2 MiB. */
static void fill_pae(const struct legacy *l)
{
	u64 *pdpt = (u64 *)virt_of(l, TOP), *pd = (u64 *)virt_of(l, PD_HIGH);
	u64 *low = (u64 *)virt_of(l, PT_LOW), *high = (u64 *)virt_of(l, PT_HIGH);
	u64 work = phys_of(l, WORK), data = phys_of(l, DATA), link = PTE_P | PTE_W | PTE_U;
	u64 table = phys_of(l, PT_HIGH) | link, large = ALIGN_DOWN(data, 2UL << 20) | PTE_PS;
	u64 *first_large = &pd[level_index(VA_LARGE, 2)];

	pdpt[0] = phys_of(l, PD_LOW) | PTE_P; /* the block lies below 1 GiB */
	pdpt[3] = phys_of(l, PD_HIGH) | PTE_P;
	((u64 *)virt_of(l, PD_LOW))[level_index(work, 2)] = phys_of(l, PT_LOW) | link;
	low[level_index(work, 1)] = work | PTE_P | PTE_W;
	pd[level_index(VA_SMALL, 2)] = table;
	for (u32 i = 0; i < 4; i++) {
		high[i] = data | rights_of(i);
		first_large[i] = large | rights_of(i);
	}
	for (u32 key = 0; key < KEYS; key++) {
		high[WITH_KEY + key] = pte_with_key(data | rights_of(0), key);
		first_large[WITH_KEY + key] = pte_with_key(large | rights_of(0), key);
		first_large[KEY_IN_PD + key] = pte_with_key(table, key);
	}
}

/* SDM Vol. 3A, "IDT Descriptors": a 32-bit interrupt gate. */
static void put_gate(const struct legacy *l, u32 vector, const char *stub)
{
	u32 to = (u32)phys_of(l, WORK) + (u32)(stub - legacy_start);
	u32 *gate = (u32 *)(l->work + LEGACY_IDT + vector * 8);

	gate[0] = LEGACY_CS << 16 | (to & 0xffff);
	gate[1] = (to & 0xffff0000) | 0x8e00;
}

static void put_pseudo_descriptor(const struct legacy *l, u32 at, u32 table, u32 bytes)
{
	u64 base = phys_of(l, WORK) + table;

	*(u16 *)(l->work + at) = (u16)(bytes - 1);
	memcpy(l->work + at + 2, &base, sizeof(base) - 2); /* 4 bytes of it in 32-bit mode */
}

static void fill_work(const struct legacy *l)
{
	static const u64 gdt[] = { 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff };

	EXPECT(legacy_end - legacy_start <= LEGACY_PARAMS);
	memcpy(l->work, legacy_start, (u64)(legacy_end - legacy_start));
	memcpy(l->work + LEGACY_GDT, gdt, sizeof(gdt));
	put_pseudo_descriptor(l, LEGACY_GDTR, LEGACY_GDT, sizeof(gdt));
	put_pseudo_descriptor(l, LEGACY_IDTR, LEGACY_IDT, 32 * 8);
	put_gate(l, X86_GP, legacy_stub_gp);
	put_gate(l, X86_PF, legacy_stub_pf);
}

/* The kernel's half, and the work page at its physical address. */
static bool fill_root(const struct legacy *l)
{
	u64 *root = page_address(l->root), work = phys_of(l, WORK);

	memset(root, 0, PAGE_SIZE);
	memcpy(root + 256, (u64 *)phys_to_virt(kernel_root) + 256, PAGE_SIZE / 2);
	return !pgtable_map(page_to_phys(l->root), work, work, PAGE_SIZE, PTE_P | PTE_W | PTE_A, 1);
}

static bool legacy_setup(struct legacy *l, bool pae)
{
	l->pae = pae;
	l->block = page_alloc_below(BLOCK_ORDER, BLOCK_END);
	l->root = l->block ? page_alloc_below(0, BLOCK_END) : NULL;
	if (!l->root || !(l->work = page_address(l->block)) || !fill_root(l)) {
		ktest_error("no memory for 32-bit code and its tables");
		return false;
	}
	memset(l->work, 0, BLOCK_PAGES * PAGE_SIZE);
	fill_work(l);
	pae ? fill_pae(l) : fill_32_bit(l);
	return true;
}

static void legacy_teardown(struct legacy *l)
{
	if (l->root)
		pgtable_free_user(page_to_phys(l->root));
	if (l->block)
		page_free(l->block, BLOCK_ORDER);
}

/* Goes there with these rights and keys on, makes `count` accesses, and comes back. */
static void visit(const struct legacy *l, u32 pkrs, u32 pkru, u32 count)
{
	u64 flags = irq_save(), cr3 = read_cr3(), cr4 = read_cr4();
	bool pku = cpu_has(FEATURE_PKU);
	struct legacy_params *p = params(l);
	u32 old_pkru = 0;

	if (pku) {
		write_cr4(cr4 | CR4_PKE);
		old_pkru = pkru_now();
	}
	*p = (struct legacy_params){
		.cr3 = (u32)phys_of(l, TOP),
		.cr4 = (u32)(cr4 & CR4_MCE) | CR4_PSE | (l->pae ? CR4_PAE : 0) |
		       (pks_on() ? CR4_PKS : 0) | (pku ? CR4_PKE : 0),
		.cr3_long = (u32)page_to_phys(l->root),
		.cr4_long = (u32)cr4 | (pku ? CR4_PKE : 0),
		.pkrs = pkrs,
		.pkrs_long = (u32)this_cpu()->pkrs,
		.pkru = pkru,
		.has = (pks_on() ? 1 : 0) | (pku ? 2 : 0),
		.count = count,
	};
	write_cr3(page_to_phys(l->root));
	legacy_run((u32)phys_of(l, WORK));
	write_cr3(cr3);
	if (pku)
		probe_wrpkru(old_pkru, 0, 0);
	write_cr4(cr4);
	irq_restore(flags);
}

/* Returns where the data page's word is mapped by this entry. */
static u32 address_of(const struct legacy *l, u32 entry, bool large)
{
	u32 shift = l->pae ? 21 : 22, data = (u32)phys_of(l, DATA);

	if (entry >= KEY_IN_PD)
		return VA_LARGE + (entry << shift); /* the first page of the table */
	return large ? VA_LARGE + (entry << shift) + (data & ((1u << shift) - 1))
		     : VA_SMALL + (entry << PAGE_SHIFT);
}

/* An entry of the tables and an access by it. */
struct attempt {
	u32 entry, kind;
	bool large;
};

static bool has_key(const struct attempt *t)
{
	return t->entry > WITH_KEY && t->entry != KEY_IN_PD;
}

/* Returns what the oracle says where no address has a key. */
static struct oracle_verdict verdict(const struct attempt *t, u32 rights)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_MODIFY };
	struct oracle_cpu cpu = { .pkrs = rights, .pkru = rights, .cr0_wp = true };
	struct oracle_page page = { .present = true,
				    .reserved = has_key(t),
				    .writable = t->entry >= WITH_KEY || !(t->entry & READ_ONLY),
				    .user = t->entry < WITH_KEY && t->entry & USER };
	struct oracle_verdict v = oracle(cpu, page, kinds[t->kind]);

	if (t->kind == LEGACY_MODIFY) /* matrix.modify_is_a_write checks it */
		v.unsettled |= PF_W;
	if (page.reserved) /* matrix.error_code_describes_the_access checks them */
		v.unsettled |= PF_P | PF_W;
	return v;
}

/* Checks an access, and the word as it is read after it; *word is what memory should hold. */
static void check(struct legacy *l, const struct attempt *t, const struct legacy_access *a,
		  u32 rights, u32 *word)
{
	const struct legacy_access *after = a + 1;
	static const char *const names[] = { "read", "write", "read-modify-write" };
	struct oracle_verdict v = verdict(t, rights);
	struct fault want = NO_FAULT, got = NO_FAULT;
	u32 read = t->kind == LEGACY_READ && !v.fault ? *word : OPERAND;

	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, a->address, 0 };
	else if (t->kind != LEGACY_READ)
		*word = t->kind == LEGACY_WRITE ? OPERAND : *word + OPERAND;
	if (a->vector != LEGACY_NONE)
		got = (struct fault){ a->vector, a->error & ~v.unsettled, a->addr, 0 };
	RULE_FAULT(
		&l->rule, got, want,
		a->value == read && after->vector == LEGACY_NONE && after->value == *word,
		"%s by entry %u of a %s page, %s paging, IA32_PKRS and PKRU %08x: memory is %08x",
		names[t->kind], t->entry, t->large ? "large" : "4 KiB", l->pae ? "PAE" : "32-bit",
		rights, after->value);
}

/* Makes the accesses under these rights in both registers, and reads the word after each. */
static void play(struct legacy *l, const struct attempt *t, u32 count, u32 rights)
{
	struct legacy_access *a = list(l);
	u32 word = OLD;

	if (!EXPECT(2 * count <= LEGACY_ACCESSES))
		return;
	*(volatile u32 *)virt_of(l, DATA) = OLD;
	for (u32 i = 0; i < count; i++) {
		a[2 * i] = (struct legacy_access){ .address = address_of(l, t[i].entry, t[i].large),
						   .kind = t[i].kind,
						   .value = OPERAND };
		a[2 * i + 1] = (struct legacy_access){ .address = VA_SMALL };
	}
	visit(l, rights, rights, 2 * count);
	EXPECT_EQ(params(l)->pkrs_seen, params(l)->has & 1 ? rights : 0);
	EXPECT_EQ(params(l)->pkru_seen, params(l)->has & 2 ? rights : 0);
	EXPECT_EQ(params(l)->cr4_seen, params(l)->cr4);
	RULE_CASE(&l->rule, params(l)->vector_cr4 == LEGACY_NONE,
		  "MOV to CR4 of %08x with %s paging raised vector %u", params(l)->cr4,
		  l->pae ? "PAE" : "32-bit", params(l)->vector_cr4);
	for (u32 i = 0; i < count && params(l)->vector_cr4 == LEGACY_NONE; i++)
		check(l, &t[i], &a[2 * i], rights, &word);
}

/* Each key's rights alone, and all keys denied. */
static void try_rights(struct legacy *l)
{
	struct attempt t[24];

	for (u32 i = 0; i < ARRAY_SIZE(t); i++)
		t[i] = (struct attempt){ i & 3, i / 4 % 3, i >= 12 };
	for (u32 i = 0; i < 3 * KEYS; i += ktest_part(7))
		play(l, t, ARRAY_SIZE(t), (1 + i % 3) << (2 * (i / 3)));
	play(l, t, ARRAY_SIZE(t), ALL_DENIED);
	play(l, t, ARRAY_SIZE(t), 0);
}

/* On the CPU that the test's thread is on. */
static void test_legacy(bool pae, void (*tests)(struct legacy *l), struct rule_tally rule)
{
	struct legacy l = { .rule = rule };

	if (legacy_setup(&l, pae))
		tests(&l);
	legacy_teardown(&l);
	rule_report(&l.rule);
}

static bool has_keys(void)
{
	return pks_on() || cpu_has(FEATURE_PKU);
}

#define NO_KEYS "this CPU has no protection keys"

static void paging_of_32_bits_knows_no_keys(void)
{
	struct rule_tally r = RULE(SDM, "with 32-bit paging CR4.PKS and CR4.PKE can be 1, and "
					"neither IA32_PKRS nor PKRU restricts anything");

	SKIP_IF(!has_keys(), NO_KEYS);
	test_legacy(false, try_rights, r);
}
KTEST(paging_of_32_bits_knows_no_keys, 0);

static void pae_paging_knows_no_keys(void)
{
	struct rule_tally r = RULE(SDM, "with PAE paging CR4.PKS and CR4.PKE can be 1, and "
					"neither IA32_PKRS nor PKRU restricts anything");

	SKIP_IF(!has_keys(), NO_KEYS);
	test_legacy(true, try_rights, r);
}
KTEST(pae_paging_knows_no_keys, 0);

/* Key 0 is the control: those entries are like the others. */
static void try_key_bits(struct legacy *l)
{
	for (u32 key = 0; key < KEYS; key += ktest_part(3)) {
		struct attempt t[9];

		for (u32 i = 0; i < ARRAY_SIZE(t); i++) {
			u32 first = i % 3 == 2 ? KEY_IN_PD : WITH_KEY;

			t[i] = (struct attempt){ first + key, i / 3, i % 3 == 1 };
		}
		play(l, t, ARRAY_SIZE(t), 0);
		play(l, t, ARRAY_SIZE(t), 3u << (2 * key));
	}
}

static void key_bits_of_pae_entries_are_reserved(void)
{
	struct rule_tally r = RULE("PAE Paging", "bits 62:59 of a PDE or PTE are reserved: an "
						 "access through one that has them faults with "
						 "RSVD, and PK is 0");

	test_legacy(true, try_key_bits, r);
}
KTEST(key_bits_of_pae_entries_are_reserved, 0);
