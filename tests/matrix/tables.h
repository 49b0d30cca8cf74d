/* SPDX-License-Identifier: MIT */
/*
 * The page tables of the matrix. A row is 18 pages of one size that differ only in their keys: 15,
 * 0, 1, ... 15, 0, so that each key's page lies between those of the keys below and above it:
 *
 *   0x0000000000010000  text for CPL 3                          PT_LOW     (the machine's)
 *   0x0000000000020000  scratch page for CPL 3                  PT_LOW     (the machine's)
 *   0x0000000000030000  text of runs for CPL 3                  PT_LOW     (the machine's)
 *   0x0000000040000000  row of 4 KiB pages                      PT_4K
 *   0x0000000040020000  home page, tested page, home page       PT_4K      descriptor tables, TSS
 *   0x0000000080000000  row of 2 MiB pages                      PD_2M
 *   0x0000008000000000  row of 1 GiB pages                      PDPT_1G
 *   0x0000010000000000  the first 512 GiB again
 *   0x0001000000000000  all of it again, with 5-level paging
 *   with bit 47, or 56 with 5-level paging, and those above it: the upper half, all of it again
 *
 * 32-bit code uses the rows below 4 GiB, 64-bit code those of PML4E 1 and 2 of either half, so that
 * each entry above its leaves is theirs alone: the matrix may clear A, R/W, U/S or P in it.
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
#define VA_TABLES  (VA_4K + 32 * 4096UL) /* home page, tested page, home page */
#define VA_TESTED  (VA_TABLES + 4096UL)
#define VA_ABSENT  (VA_4K + 64 * 4096UL) /* never present */
#define VA_TEXT    0x10000UL
#define VA_SCRATCH 0x20000UL /* an operand that is not under test; its key is the home's */

/* PML4E of the rows: of 1 GiB pages, and of smaller ones; PML5E; both in the upper half. */
#define PML4_1G   1
#define PML4_ROWS 2
#define PML5_ROWS 1
#define IN_HIGH   256

#define BLOCK_SIZE (2UL << 20)

/*
 * Offsets in the page. Code has a page of its own: some machines slow down where code and data are
 * neighbours.
 */
#define CODE_PAGE 0x1000
#define AT_DATA   0x100 /* the operand */
#define AT_CODE   0x200 /* JMP RBX, for the fetch; in the code page */
#define JMP_RBX   0xe3ff
#define AT_STACK  0x400 /* top of the stack that takes a frame */

/* Filled by machine_setup(): memory and physical address of the tables, the block, the homes. */
struct tables {
	u64 *entries[TABLES];
	u64 phys[TABLES];
	u8 *block;
	u64 block_phys;
	u8 *scratch;           /* the page of VA_SCRATCH */
	u64 home_phys[2];      /* of the home pages below and above the tested page */
	u8 *home[2];           /* and their memory */
	u8 gdtr[10], idtr[10]; /* what SGDT and SIDT store during an access, */
	u16 tr, msw;           /* STR and SMSW */
	bool avoid_set_dirty;  /* no access must need to set D in an entry with R/W = 0 */
};
extern struct tables tables;

/* Links the tables. Call it once, when `tables` is filled. */
void tables_link(void);

/*
 * Writes all entries for the row of `c`; only the tested page between the homes depends on c's key.
 * Flushes nothing.
 */
void tables_prepare(const struct mcase *c);

/* A and D that are set in the leaf from the start, as bits of the entry. */
u64 case_flags_before(const struct mcase *c);

/* Returns the entry of the page with `c`'s key. */
u64 *case_entry(const struct mcase *c);

/* Returns the entry so many levels above it, 1 to ABOVE_MAX; NULL if there is none. */
#define ABOVE_MAX 4
u64 *case_entry_above(const struct mcase *c, u32 above);

/*
 * Reverses what AXIS_TLB says was different at the access before: called before that access, and
 * again after it. Flushes nothing.
 */
void case_reverse(const struct mcase *c);

/* Where that access is made, by an instruction of another kind (tlb_is_fill()), or at TLB_ALIAS. */
u64 case_fill_address(const struct mcase *c);
u64 case_alias_address(const struct mcase *c);

/* Puts an instruction for the fetch into the page, where case_fill_address() finds it. */
void case_put_code(const struct mcase *c);

/* Returns the bytes from one key's page to the next key's; 0 if all keys share one page. */
u64 case_step(const struct mcase *c);

/*
 * Returns the address that the access uses; for a frame: the stack pointer, for what lies beside a
 * home page: where its table begins (own.h).
 */
u64 case_address(const struct mcase *c);

/* Returns how far above that a run's first accesses are made, in the same page. */
s64 case_first_step(const struct mcase *c);

#endif
