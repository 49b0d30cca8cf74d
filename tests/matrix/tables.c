// SPDX-License-Identifier: MIT
#include "tests/matrix/tables.h"
#include "kernel/cpu/pte.h"
#include "tests/matrix/own.h"
#include "tests/matrix/state.h"

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

/* The entries that lead to the rows, the most specific table last. */
static const struct link {
	u16 from, index, to, decoy;
} links[] = {
	{ TABLE_PML5, 0, TABLE_PML4, DECOY_PML5 },
	{ TABLE_PML5, PML5_ROWS, TABLE_PML4, DECOY_PML5 },
	{ TABLE_PML5, IN_HIGH + PML5_ROWS, TABLE_PML4, DECOY_PML5 },
	{ TABLE_PML4, 0, TABLE_PDPT_LOW, DECOY_PML4 },
	{ TABLE_PML4, PML4_1G, TABLE_PDPT_1G, DECOY_PML4 },
	{ TABLE_PML4, PML4_ROWS, TABLE_PDPT_LOW, DECOY_PML4 },
	{ TABLE_PML4, IN_HIGH + PML4_1G, TABLE_PDPT_1G, DECOY_PML4 },
	{ TABLE_PML4, IN_HIGH + PML4_ROWS, TABLE_PDPT_LOW, DECOY_PML4 },
	{ TABLE_PDPT_LOW, 1, TABLE_PD_4K, DECOY_PDPT },
	{ TABLE_PDPT_LOW, 2, TABLE_PD_2M, DECOY_PDPT },
	{ TABLE_PD_4K, 0, TABLE_PT_4K, DECOY_PD },
};

static void link(u32 from, u32 index, u32 to, u32 decoy)
{
	u64 e = tables.phys[to] | PTE_P | PTE_W | PTE_U | PTE_A;

	tables.entries[from][index] = pte_with_key(e, decoy);
}

/* Nothing is denied above the leaves. */
static void link_rows(bool decoys)
{
	for (u32 i = 0; i < ARRAY_SIZE(links); i++)
		link(links[i].from, links[i].index, links[i].to, decoys ? links[i].decoy : 0);
}

void tables_link(void)
{
	link(TABLE_PML5, 511, TABLE_PML4, 0);
	link(TABLE_PDPT_LOW, 0, TABLE_PD_LOW, 0);
	link(TABLE_PD_LOW, 0, TABLE_PT_LOW, 0);
	link_rows(false);
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

u64 case_flags_before(const struct mcase *c)
{
	bool wp_is_0 = c->v[AXIS_WP] != WP_ON || c->v[AXIS_TLB] == TLB_WP; /* at some time */
	bool dirty = tables.avoid_set_dirty && wp_is_0 &&
		     (c->v[AXIS_RW] == RW_LEAF_NO || c->v[AXIS_TLB] == TLB_RW);

	return (c->v[AXIS_FLAGS] & FLAGS_A ? PTE_A : 0) |
	       (dirty || c->v[AXIS_FLAGS] & FLAGS_D ? PTE_D : 0);
}

/* Returns what all leaves of a row share. */
static u64 leaf(const struct mcase *c)
{
	u32 size = c->v[AXIS_SIZE], us = c->v[AXIS_US], present = c->v[AXIS_PRESENT];
	u64 phys = ALIGN_DOWN(tables.block_phys, page_size(size)), e = phys;

	if (size == SIZE_4K && matrix_kinds[c->v[AXIS_KIND]].group == GROUP_CODE)
		e += CODE_PAGE;
	e |= size == SIZE_4K ? 0 : PTE_PS;
	e |= us == US_S || us == US_LEAF_S ? 0 : PTE_U;
	e |= c->v[AXIS_RW] == RW_LEAF_NO ? 0 : PTE_W;
	e |= c->v[AXIS_XD] == XD_LEAF ? PTE_NX : 0;
	e |= present == PRESENT_NO ? 0 : PTE_P;
	e |= present == PRESENT_RSVD ? PTE_RESERVED : 0;
	return e | case_flags_before(c);
}

/* The halves share their low bits: 47 of them, with 5-level paging 56. */
static u32 pml4_index(const struct mcase *c)
{
	u32 index = c->v[AXIS_SIZE] == SIZE_1G ? PML4_1G : PML4_ROWS;

	if (c->v[AXIS_MODE] == MODE_COMPAT)
		return 0;
	return index + (c->v[AXIS_HALF] == HALF_HIGH && case_levels(c) == 4 ? IN_HIGH : 0);
}

static u32 pml5_index(const struct mcase *c)
{
	if (c->v[AXIS_MODE] == MODE_COMPAT)
		return 0;
	return PML5_ROWS + (c->v[AXIS_HALF] == HALF_HIGH ? IN_HIGH : 0);
}

u64 *case_entry_above(const struct mcase *c, u32 above)
{
	u32 level = case_leaf_level(c) + above;

	if (level > case_levels(c))
		return NULL;
	switch (level) {
	case 2:
		return &tables.entries[TABLE_PD_4K][0];
	case 3:
		return &tables.entries[TABLE_PDPT_LOW][c->v[AXIS_SIZE] == SIZE_4K ? 1 : 2];
	case 4:
		return &tables.entries[TABLE_PML4][pml4_index(c)];
	default:
		return &tables.entries[TABLE_PML5][pml5_index(c)];
	}
}

/* Sets in an entry above the leaf what the case says of it. U/S = 0: the leaf's, or its own. */
static void prepare_above(const struct mcase *c, u32 above, u64 *e)
{
	u32 level = case_leaf_level(c) + above, us = c->v[AXIS_US], present = c->v[AXIS_PRESENT];
	bool ps = present == (level == 4 ? PRESENT_PML4_PS : PRESENT_PML5_PS) && level >= 4;

	if (above == us_above(us) || (above == 1 && us == US_S))
		*e &= ~(u64)PTE_U;
	if (above == rw_above(c->v[AXIS_RW]))
		*e &= ~(u64)PTE_W;
	if (above == absent_above(present))
		*e &= ~(u64)PTE_P;
	if (c->v[AXIS_ABOVE] != ABOVE_SET)
		*e &= ~(u64)PTE_A;
	*e |= (above == xd_above(c->v[AXIS_XD]) ? PTE_NX : 0) | (ps ? PTE_PS : 0);
}

static void prepare_upper(const struct mcase *c)
{
	u64 *e;

	link_rows(c->v[AXIS_DECOY] == DECOY_KEYS);
	for (u32 above = 1; (e = case_entry_above(c, above)); above++)
		prepare_above(c, above, e);
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

	prepare_upper(c);
	for (u32 i = 0; i < ROW_PAGES; i++) {
		u32 key = (i + KEY_NUMBERS - 1) % KEY_NUMBERS;

		entry[i] = pte_with_key(e, key);
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

/* What was the opposite at the access before. */
static u64 reversed_bits(const struct mcase *c)
{
	switch (c->v[AXIS_TLB]) {
	case TLB_RW:
	case TLB_UPPER_RW:
		return PTE_W;
	case TLB_US:
	case TLB_UPPER_US:
		return PTE_U;
	case TLB_XD:
		return PTE_NX;
	case TLB_P:
		return PTE_P;
	default:
		return (u64)(case_key(c) ^ case_old_key(c)) << PTE_KEY_SHIFT;
	}
}

void case_reverse(const struct mcase *c)
{
	bool upper = c->v[AXIS_TLB] == TLB_UPPER_RW || c->v[AXIS_TLB] == TLB_UPPER_US;

	*(upper ? case_entry_above(c, 1) : case_entry(c)) ^= reversed_bits(c);
}

/* Returns the address of the PML4E's 512 GiB: canonical, so the highest bit is extended. */
static u64 region(const struct mcase *c)
{
	u64 va = (u64)pml4_index(c) << 39;
	u32 bits = 48;

	if (case_levels(c) == 5) {
		va |= (u64)pml5_index(c) << 48;
		bits = 57;
	}
	return (u64)((s64)(va << (64 - bits)) >> (64 - bits));
}

/* Returns the page's address. */
static u64 case_page(const struct mcase *c)
{
	static const u64 first[SIZES] = { VA_4K, VA_2M, 0 };
	u32 size = c->v[AXIS_SIZE];

	if (kind_in_table(c->v[AXIS_KIND]))
		return region(c) + VA_TESTED;
	return region(c) + first[size] + (case_key(c) + 1) * page_size(size);
}

u64 case_step(const struct mcase *c)
{
	return kind_in_table(c->v[AXIS_KIND]) ? 0 : page_size(c->v[AXIS_SIZE]);
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
		return page + (u64)own_base(c->v[AXIS_KIND]);
	default:
		return block + AT_DATA;
	}
}

/* The 4 KiB that the access touches first, where they lie in memory. */
static u64 touched_page(const struct mcase *c)
{
	u64 address = case_address(c);

	switch (matrix_kinds[c->v[AXIS_KIND]].group) {
	case GROUP_TABLE:
		address = case_page(c);
		break;
	case GROUP_FRAME:
		address -= 8;
		break;
	}
	return ALIGN_DOWN(address, SIZE_OF_4K);
}

u64 case_fill_address(const struct mcase *c)
{
	bool fetch = c->v[AXIS_TLB] == TLB_FETCH_0 || c->v[AXIS_TLB] == TLB_FETCH_3;

	return touched_page(c) + (fetch ? AT_CODE : AT_DATA);
}

u64 case_alias_address(const struct mcase *c)
{
	struct mcase other = *c;

	other.v[AXIS_HALF] ^= HALF_HIGH;
	return case_address(&other);
}

/* A 4 KiB page maps one page of the block, a larger one all of it. */
void case_put_code(const struct mcase *c)
{
	u64 offset = touched_page(c) & (BLOCK_SIZE - 1);

	if (c->v[AXIS_SIZE] == SIZE_4K)
		offset = matrix_kinds[c->v[AXIS_KIND]].group == GROUP_CODE ? CODE_PAGE : 0;
	*(u16 *)(tables.block + offset + AT_CODE) = JMP_RBX;
}
