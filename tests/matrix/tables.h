/* SPDX-License-Identifier: MIT */
/*
 * The page tables of the matrix. A row is 18 pages of one size that differ only in their keys: 15,
 * 0, 1, ... 15, 0, so that each key's page lies between those of the keys below and above it:
 *
 *   0x0000000000010000  text for CPL 3                          PT_LOW     (the machine's)
 *   0x0000000000020000  scratch page for CPL 3                  PT_LOW     (the machine's)
 *   0x0000000040000000  row of 4 KiB pages                      PT_4K
 *   0x0000000040020000  home page, tested page, home page       PT_4K      descriptor tables, TSS
 *   0x0000000080000000  row of 2 MiB pages                      PD_2M
 *   0x0000008000000000  row of 1 GiB pages                      PDPT_1G
 *   0x0001000000000000  all of it again, with 5-level paging
 *
 * All pages of a row map the same memory, the block: 2 MiB of the test's own. 4 KiB pages map its
 * first page, or for a fetch its second.
 */
#ifndef KEYWARD_TESTS_MATRIX_TABLES_H
#define KEYWARD_TESTS_MATRIX_TABLES_H

#include "tests/matrix/space.h"

enum table {
	TABLE_PML5,
	TABLE_PML4,
	TABLE_PDPT_LOW,
	TABLE_PDPT_1G,
	TABLE_PD_LOW,
	TABLE_PD_4K,
	TABLE_PD_2M,
	TABLE_PT_LOW,
	TABLE_PT_4K,
	TABLES
};

#define ROW_PAGES  18
#define VA_4K      0x40000000UL
#define VA_2M      0x80000000UL
#define VA_1G      0x8000000000UL
#define VA_TABLES  (VA_4K + 32 * 4096UL) /* home page, tested page, home page */
#define VA_TESTED  (VA_TABLES + 4096UL)
#define VA_ABSENT  (VA_4K + 64 * 4096UL) /* never present */
#define VA_LEVEL_5 (1UL << 48)
#define VA_TEXT    0x10000UL
#define VA_SCRATCH 0x20000UL /* an operand that is not under test; its key is the home's */

#define TSS_IN_TESTED 24 /* bytes of the TSS that lie in the tested page: RSP0, but no IST */

#define BLOCK_SIZE (2UL << 20)

/*
 * Offsets in the page. Code has a page of its own: some machines slow down where code and data are
 * neighbours.
 */
#define CODE_PAGE 0x1000
#define AT_DATA   0x100 /* the operand */
#define AT_CODE   0x200 /* JMP RBX, for the fetch; in the code page */
#define AT_STACK  0x400 /* top of the stack that takes a frame */

/* Filled by machine_setup(): memory and physical address of the tables, the block, the homes. */
struct tables {
	u64 *entries[TABLES];
	u64 phys[TABLES];
	u8 *block;
	u64 block_phys;
	u8 *scratch;          /* the page of VA_SCRATCH */
	u64 home_phys[2];     /* of the home pages below and above the tested page */
	bool avoid_set_dirty; /* no access must need to set D in an entry with R/W = 0 */
};
extern struct tables tables;

/* Links the tables. Call it once, when `tables` is filled. */
void tables_link(void);

/*
 * Writes all entries for the row of `c`; only the tested page between the homes depends on c's key.
 * Accessed and dirty are clear (but see case_dirty_before()). Flushes nothing.
 */
void tables_prepare(const struct mcase *c);

/* True if D is set from the start, so that the access need not set it; D is not judged then. */
bool case_dirty_before(const struct mcase *c);

/* Returns the entry of the page with `c`'s key. */
u64 *case_entry(const struct mcase *c);

/* Replaces that entry's old key by the case's key. Flushes nothing. */
void case_rekey(const struct mcase *c);

/* Returns the bytes from one key's page to the next key's; 0 if all keys share one page. */
u64 case_step(const struct mcase *c);

/*
 * Returns where in its table a kind's entry lies: the GDT's from entry 32 on, the IDT's at vector
 * 64 or 14, of the TSS the stack pointer for CPL 0.
 */
u64 table_offset(u32 kind);

/* Returns the address that the access uses (for a frame: the stack pointer). */
u64 case_address(const struct mcase *c);

#endif
