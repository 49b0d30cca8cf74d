// SPDX-License-Identifier: MIT
/* The page that legacy.S works in, the tables of 32-bit and PAE paging, and the way there and back.
 */
#include "tests/matrix/legacy.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pks/pkrs.h"
#include "tests/harness/expect.h"
#include "tests/harness/pke.h"

#define CR4_PSE (1 << 4)
#define KEYS    16

/* The block: eight pages below 1 GiB. */
enum { WORK, TOP, PD_LOW, PT_LOW, PD_HIGH, PT_HIGH, DATA, BLOCK_PAGES = 8 };
#define BLOCK_ORDER 3
#define BLOCK_END   (1UL << 30)

/* Where the data page is mapped: by entries of 4 KiB, and inside entries of 2 or 4 MiB. */
#define VA_SMALL 0xf0000000u
#define VA_LARGE 0xf8000000u

static u64 phys_of(const struct legacy *l, u32 page)
{
	return page_to_phys(l->block) + page * PAGE_SIZE;
}

static u8 *virt_of(const struct legacy *l, u32 page)
{
	return (u8 *)phys_to_virt(phys_of(l, page));
}

static u32 rights_of(u32 entry)
{
	return PTE_P | (entry & LEGACY_READ_ONLY ? 0 : PTE_W) | (entry & LEGACY_USER ? PTE_U : 0);
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
		high[LEGACY_WITH_KEY + key] = pte_with_key(data | rights_of(0), key);
		first_large[LEGACY_WITH_KEY + key] = pte_with_key(large | rights_of(0), key);
		first_large[LEGACY_KEY_IN_PD + key] = pte_with_key(table, key);
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

bool legacy_setup(struct legacy *l, bool pae)
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

void legacy_teardown(struct legacy *l)
{
	if (l->root)
		pgtable_free_user(page_to_phys(l->root));
	if (l->block)
		page_free(l->block, BLOCK_ORDER);
}

void legacy_visit(const struct legacy *l, u32 pkrs, u32 pkru, u32 count)
{
	u64 flags = irq_save(), cr3 = read_cr3(), cr4 = read_cr4();
	bool pku = cpu_has(FEATURE_PKU);
	struct legacy_params *p = legacy_params(l);
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

u32 legacy_address(const struct legacy *l, u32 entry, bool large)
{
	u32 shift = l->pae ? 21 : 22, data = (u32)phys_of(l, DATA);

	if (entry >= LEGACY_KEY_IN_PD)
		return VA_LARGE + (entry << shift); /* the first page of the table */
	return large ? VA_LARGE + (entry << shift) + (data & ((1u << shift) - 1))
		     : VA_SMALL + (entry << PAGE_SHIFT);
}

volatile u32 *legacy_word(const struct legacy *l)
{
	return (volatile u32 *)virt_of(l, DATA);
}
