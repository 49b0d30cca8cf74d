// SPDX-License-Identifier: MIT
#include "tests/matrix/tables.h"
#include "kernel/cpu/pte.h"

struct tables tables;

#define SIZE_OF_4K 4096UL
#define SIZE_OF_2M (2UL << 20)
#define SIZE_OF_1G (1UL << 30)

/* Farther than the largest operand is long. */
#define FIRST_STEP 0x800

/* Bit 13 of an entry that maps 2 MiB or 1 GiB is reserved, whatever MAXPHYADDR is. */
#define PTE_RESERVED BIT(13)

/* Keys of the non-leaf entries, which must be ignored; a different one on each level. */
enum { DECOY_PML5 = 6, DECOY_PML4 = 9, DECOY_PDPT = 12, DECOY_PD = 3 };

static void link(enum table from, u32 index, enum table to)
{
	tables.entries[from][index] = tables.phys[to] | PTE_P | PTE_W | PTE_U | PTE_A;
}

void tables_link(void)
{
	link(TABLE_PML5, 0, TABLE_PML4);
	link(TABLE_PML5, 1, TABLE_PML4);
	link(TABLE_PML5, 511, TABLE_PML4);
	link(TABLE_PML4, 0, TABLE_PDPT_LOW);
	link(TABLE_PML4, 1, TABLE_PDPT_1G);
	link(TABLE_PDPT_LOW, 0, TABLE_PD_LOW);
	link(TABLE_PDPT_LOW, 1, TABLE_PD_4K);
	link(TABLE_PDPT_LOW, 2, TABLE_PD_2M);
	link(TABLE_PD_LOW, 0, TABLE_PT_LOW);
	link(TABLE_PD_4K, 0, TABLE_PT_4K);
}

static u64 page_size(u32 size)
{
	return size == SIZE_4K ? SIZE_OF_4K : size == SIZE_2M ? SIZE_OF_2M : SIZE_OF_1G;
}

/* Returns the row's entries in its table. */
static u64 *row(u32 size)
{
	static const enum table table[SIZES] = { TABLE_PT_4K, TABLE_PD_2M, TABLE_PDPT_1G };

	return tables.entries[table[size]];
}

bool case_dirty_before(const struct mcase *c)
{
	bool wp_is_0 = c->v[AXIS_WP] != WP_ON || c->v[AXIS_TLB] == TLB_WP; /* at some time */

	return tables.avoid_set_dirty && c->v[AXIS_RW] == RW_LEAF_NO && wp_is_0;
}

/* Returns what all leaves of a row share. */
static u64 leaf(const struct mcase *c)
{
	u32 size = c->v[AXIS_SIZE], us = c->v[AXIS_US], present = c->v[AXIS_PRESENT];
	u64 phys = ALIGN_DOWN(tables.block_phys, page_size(size)), e = phys;

	if (size == SIZE_4K && matrix_kinds[c->v[AXIS_KIND]].group == GROUP_CODE)
		e += CODE_PAGE;
	e |= size == SIZE_4K ? 0 : PTE_PS;
	e |= us == US_U || us == US_UPPER_S ? PTE_U : 0;
	e |= c->v[AXIS_RW] == RW_LEAF_NO ? 0 : PTE_W;
	e |= c->v[AXIS_XD] == XD_LEAF ? PTE_NX : 0;
	e |= present == PRESENT_NO ? 0 : PTE_P;
	e |= present == PRESENT_RSVD ? PTE_RESERVED : 0;
	e |= case_dirty_before(c) ? PTE_D : 0;
	return e;
}

static void set_upper(enum table table, u32 index, u64 flags, u32 decoy)
{
	u64 *e = &tables.entries[table][index];

	*e = pte_with_key((*e & ~(PTE_U | PTE_W | PTE_NX)) | flags, decoy);
}

/* Sets U/S, R/W and XD of the entry above the leaf, and decoy keys in the non-leaf entries. */
static void prepare_upper(const struct mcase *c)
{
	u32 size = c->v[AXIS_SIZE], us = c->v[AXIS_US];
	bool on = c->v[AXIS_DECOY] == DECOY_KEYS, user = us == US_U || us == US_LEAF_S;
	u64 all = PTE_U | PTE_W, own = 0;

	own |= user ? PTE_U : 0;
	own |= c->v[AXIS_RW] == RW_UPPER_NO ? 0 : PTE_W;
	own |= c->v[AXIS_XD] == XD_UPPER ? PTE_NX : 0;
	set_upper(TABLE_PML5, 0, all, on ? DECOY_PML5 : 0);
	set_upper(TABLE_PML5, 1, all, on ? DECOY_PML5 : 0);
	set_upper(TABLE_PML4, 0, all, on ? DECOY_PML4 : 0);
	set_upper(TABLE_PML4, 1, size == SIZE_1G ? own : all, on ? DECOY_PML4 : 0);
	set_upper(TABLE_PDPT_LOW, 1, all, on ? DECOY_PDPT : 0);
	set_upper(TABLE_PDPT_LOW, 2, size == SIZE_2M ? own : all, on ? DECOY_PDPT : 0);
	set_upper(TABLE_PD_4K, 0, size == SIZE_4K ? own : all, on ? DECOY_PD : 0);
}

/* The home pages on both sides of the tested page have the home's key. */
static void prepare_tested(const struct mcase *c)
{
	u64 *entry = &tables.entries[TABLE_PT_4K][(VA_TABLES - VA_4K) / SIZE_OF_4K];
	u64 home = PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX;

	entry[0] = pte_with_key(tables.home_phys[0] | home, case_home_key(c));
	entry[1] = pte_with_key(leaf(c), case_key(c));
	entry[2] = pte_with_key(tables.home_phys[1] | home, case_home_key(c));
}

void tables_prepare(const struct mcase *c)
{
	u64 *entry = row(c->v[AXIS_SIZE]), e = leaf(c);
	bool rekey = c->v[AXIS_TLB] >= TLB_REKEY;

	prepare_upper(c);
	for (u32 i = 0; i < ROW_PAGES; i++) {
		u32 key = (i + KEY_NUMBERS - 1) % KEY_NUMBERS;

		entry[i] = pte_with_key(e, rekey ? key ^ 5 : key);
	}
	if (kind_in_table(c->v[AXIS_KIND]))
		prepare_tested(c);
}

u64 *case_entry(const struct mcase *c)
{
	if (kind_in_table(c->v[AXIS_KIND]))
		return &tables.entries[TABLE_PT_4K][(VA_TESTED - VA_4K) / SIZE_OF_4K];
	return &row(c->v[AXIS_SIZE])[case_key(c) + 1];
}

void case_rekey(const struct mcase *c)
{
	u64 *entry = case_entry(c);

	*entry = pte_with_key(*entry, case_key(c));
}

/* Returns the page's address. */
static u64 case_page(const struct mcase *c)
{
	static const u64 first[SIZES] = { VA_4K, VA_2M, VA_1G };
	u32 size = c->v[AXIS_SIZE];
	bool high = c->v[AXIS_LEVELS] == LEVELS_5 && c->v[AXIS_MODE] != MODE_COMPAT;
	u64 va = first[size] + (case_key(c) + 1) * page_size(size);

	if (kind_in_table(c->v[AXIS_KIND]))
		va = VA_TESTED;
	return va + (high ? VA_LEVEL_5 : 0);
}

u64 case_step(const struct mcase *c)
{
	return kind_in_table(c->v[AXIS_KIND]) ? 0 : page_size(c->v[AXIS_SIZE]);
}

u64 table_offset(u32 kind)
{
	switch (kind) {
	case KIND_GDT:
	case KIND_GDT_MARK:
		return 32 * 8;
	case KIND_IDT:
		return 64 * 16;
	case KIND_IDT_DF:
		return 14 * 16;
	default:
		return 4; /* KIND_TSS */
	}
}

/*
 * Returns where a descriptor table that lies half in the tested page begins. What the CPU needs to
 * deliver the fault lies in a home page, what is tested beside it.
 */
static u64 table_base(u32 kind)
{
	if (kind == KIND_TSS) /* its end is not under test, so the home lies above */
		return VA_TESTED + SIZE_OF_4K - TSS_IN_TESTED;
	return VA_TESTED - table_offset(kind);
}

s64 case_first_step(const struct mcase *c)
{
	return c->v[AXIS_SPAN] == SPAN_LOW ? -FIRST_STEP : FIRST_STEP;
}

u64 case_address(const struct mcase *c)
{
	u64 page = case_page(c), size = page_size(c->v[AXIS_SIZE]);
	u64 block =
		page + (tables.block_phys & (size - 1)); /* the block begins inside a 1 GiB page */

	switch (c->v[AXIS_SPAN]) {
	case SPAN_LOW:
		return page + size - case_split(c);
	case SPAN_HIGH:
		return page - case_split(c);
	}
	switch (matrix_kinds[c->v[AXIS_KIND]].group) {
	case GROUP_CODE:
		return block + AT_CODE + (c->v[AXIS_SIZE] == SIZE_4K ? 0 : CODE_PAGE);
	case GROUP_FRAME:
		return block + AT_STACK;
	case GROUP_TABLE:
		return table_base(c->v[AXIS_KIND]) + (page - VA_TESTED);
	default:
		return block + AT_DATA;
	}
}
