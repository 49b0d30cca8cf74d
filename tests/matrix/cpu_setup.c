// SPDX-License-Identifier: MIT
#include "kernel/cpu/cpuid.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "pks/pkrs.h"
#include "tests/harness/window.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/cpu_needs.h"
#include "tests/matrix/cpu_run.h"
#include "tests/matrix/tables.h"

struct machine_can machine_can;

static struct page *block;
static struct page *home_pages[HOME_PAGES], *beside[2];
static pte_t *home_entries[HOME_PAGES];
static struct page *table_pages[TABLES];

/* In the image, so below 4 GiB: CR3 has 32 bits while paging is off. */
static u64 pml5[512] __attribute__((aligned(4096))), pml4[512] __attribute__((aligned(4096)));

pte_t *cpu_home_entry(u32 i)
{
	return home_entries[i];
}

pte_t *cpu_scratch_entry(void)
{
	return &tables.entries[TABLE_PT_LOW][VA_SCRATCH >> PAGE_SHIFT];
}

u64 cpu_tss_descriptor(u64 base, u32 limit)
{
	return 0x0000890000000000 | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
}

static bool get_page(struct page **page)
{
	*page = page_alloc(0);
	if (*page)
		memset(page_address(*page), 0, PAGE_SIZE);
	return *page;
}

static bool get_memory(void)
{
	block = page_alloc(9);
	if (!block || !get_page(&beside[0]) || !get_page(&beside[1]))
		return false;
	for (u32 i = 0; i < HOME_PAGES; i++)
		if (!get_page(&home_pages[i]))
			return false;
	for (u32 i = 0; i < TABLES; i++)
		if (i != TABLE_PML5 && i != TABLE_PML4 && !get_page(&table_pages[i]))
			return false;
	return true;
}

static bool map_home(void)
{
	for (u32 i = 0; i < HOME_PAGES; i++) {
		u64 offset = HOME - WINDOW + i * PAGE_SIZE;

		if (!window_map(offset, page_to_phys(home_pages[i]), PAGE_SIZE, PTE_RW_DATA, 1))
			return false;
		home_entries[i] = window_entry(HOME + i * PAGE_SIZE, 1);
	}
	return true;
}

static struct gate gate_to(const char *stub, u8 ist, u8 type)
{
	u64 to = (u64)stub;

	return (struct gate){ .offset_low = (u16)to,
			      .selector = SEL_KERNEL_CS,
			      .ist = ist,
			      .type = type,
			      .offset_middle = (u16)(to >> 16),
			      .offset_high = (u32)(to >> 32) };
}

/* Interrupt gates that user mode may call. Everything that ends an access uses IST1. */
static void fill_idt(void)
{
	for (u32 v = 0; v < VECTORS; v++)
		home->idt[v] = gate_to(matrix_stubs + 16 * v, 1, 0xee);
	home->idt[X86_NMI] = gate_to(matrix_nmi, 3, 0x8e);
	home->idt[VECTOR_FRAME].ist = 0;
	home->idt[VECTOR_FRAME_IST].ist = 2;
	home->idt[VECTOR_STACK].ist = 0;
	cpu_own_gates();
}

/* SDM Vol. 3A, "Segment Descriptors"; all marked as accessed, so that none is written. */
static void fill_gdt(void)
{
	static const u64 gdt[] = {
		[SEL_KERNEL_CS / 8] = 0x00af9b000000ffff,
		[SEL_KERNEL_DS / 8] = 0x00cf93000000ffff,
		[SEL_USER_DS / 8] = 0x00cff3000000ffff,
		[SEL_USER_CS / 8] = 0x00affb000000ffff,
		[SEL_USER_CS_32 / 8] = 0x00cffb000000ffff,
		[SEL_KERNEL_CS_32 / 8] = 0x00cf9b000000ffff,
		[SEL_RING1_CS / 8] = 0x00afbb000000ffff,
		[SEL_RING2_CS / 8] = 0x00afdb000000ffff,
		[SEL_ABSENT / 8] = 0x00cf73000000ffff,
		[SEL_ABSENT_0 / 8] = 0x00cf13000000ffff,
		[SEL_CPL1_CS / 8] = 0x00afbb000000ffff,
		[SEL_CPL1_DS / 8] = 0x00cfb3000000ffff,
		[SEL_CPL2_CS / 8] = 0x00afdb000000ffff,
		[SEL_CPL2_DS / 8] = 0x00cfd3000000ffff,
	};

	_Static_assert(sizeof(gdt) == sizeof(home->gdt), "home.h");
	memcpy(home->gdt, gdt, sizeof(gdt));
}

static void fill_home(void)
{
	home->has_pkrs = machine_can.pks;
	home->tss.rsp[0] = (u64)home->user_stack + sizeof(home->user_stack);
	for (u32 i = 0; i < 7; i++)
		home->tss.ist[i] = (u64)home->exception_stack + sizeof(home->exception_stack);
	home->tss.ist[2] = (u64)home->nmi_stack + sizeof(home->nmi_stack);
	home->tss.iomap_base = sizeof(struct tss);
	fill_gdt();
	fill_idt();
}

/* Returns the kernel's PML4: its top-level table or, with 5 levels, the last one below that. */
static pte_t *kernel_pml4(void)
{
	return (pte_t *)ALIGN_DOWN((u64)pgtable_entry(kernel_root, KERNEL_BASE, 4, false),
				   PAGE_SIZE);
}

/* Maps whole pages of the kernel's text for CPL 3. */
static void map_text(u64 *table, const char *from, const char *to, u64 va)
{
	u64 phys = (u64)from - KERNEL_BASE, size = (u64)(to - from);

	for (u64 at = 0; at < size; at += PAGE_SIZE)
		table[(va + at) >> PAGE_SHIFT] = (phys + at) | PTE_P | PTE_U | PTE_A;
}

static void fill_tables(void)
{
	u64 *low;

	for (u32 i = 0; i < TABLES; i++) {
		tables.entries[i] = table_pages[i] ? page_address(table_pages[i]) : NULL;
		tables.phys[i] = table_pages[i] ? page_to_phys(table_pages[i]) : 0;
	}
	tables.entries[TABLE_PML5] = pml5;
	tables.phys[TABLE_PML5] = (u64)pml5 - KERNEL_BASE;
	tables.entries[TABLE_PML4] = pml4;
	tables.phys[TABLE_PML4] = (u64)pml4 - KERNEL_BASE;
	memcpy(&pml4[256], kernel_pml4() + 256, 256 * 8);
	tables_link();
	low = tables.entries[TABLE_PT_LOW];
	map_text(low, matrix_text, matrix_text_end, VA_TEXT);
	map_text(low, matrix_run_text, matrix_run_text_end, VA_RUN_TEXT);
	*cpu_scratch_entry() = page_to_phys(home_pages[HOME_SCRATCH]) | PTE_P | PTE_W | PTE_U |
			       PTE_A | PTE_D | PTE_NX;
	low[KERNEL_LMA >> PAGE_SHIFT] = KERNEL_LMA | PTE_P | PTE_A; /* for paging_cross() */
	tables.block = page_address(block);
	tables.block_phys = page_to_phys(block);
	*(u16 *)(tables.block + CODE_PAGE + AT_CODE) = JMP_RBX; /* it continues there */
	tables.scratch = home->scratch;
	tables.home_phys[0] = page_to_phys(beside[0]);
	tables.home_phys[1] = page_to_phys(beside[1]);
	tables.home[0] = page_address(beside[0]);
	tables.home[1] = page_address(beside[1]);
}

const char *machine_setup(void)
{
	machine_can = (struct machine_can){
		.pks = pks_on(),
		.pku = cpu_has(FEATURE_PKU),
		.smap = cpu_has(FEATURE_SMAP) && cpu_has(FEATURE_SMEP),
		.page_1g = cpu_has(FEATURE_PAGE1GB),
		.la57 = cpu_has(FEATURE_LA57),
		.needs = cpu_needs(cpu_plain_components()),
	};
	if (!get_memory() || !map_home()) {
		machine_teardown();
		return "no memory for the matrix";
	}
	fill_home();
	fill_tables();
	return NULL;
}

static void give_back(struct page **page, u32 order)
{
	if (*page)
		page_free(*page, order);
	*page = NULL;
}

void machine_teardown(void)
{
	window_clear();
	give_back(&block, 9);
	give_back(&beside[0], 0);
	give_back(&beside[1], 0);
	for (u32 i = 0; i < HOME_PAGES; i++)
		give_back(&home_pages[i], 0);
	for (u32 i = 0; i < TABLES; i++)
		give_back(&table_pages[i], 0);
}
