/* SPDX-License-Identifier: MIT */
/*
 * Accesses in 32-bit protected mode, with 32-bit or PAE paging: legacy.S leaves IA-32e mode, makes
 * a list of accesses at CPL 0 and comes back. All that it needs there lies in one page below 1 GiB,
 * whose linear address is its physical one, before and after the switch and in between:
 *
 *   0x000   legacy.S, as it was copied
 *   0x300   parameters, descriptor tables' pseudo-descriptors, GDT
 *   0x400   IDT of 32-bit gates, for vectors 0 to 31
 *   0x500   accesses, LEGACY_ACCESSES of 32 bytes
 *   0x1000  top of the stack
 */
#ifndef KEYWARD_TESTS_MATRIX_LEGACY_H
#define KEYWARD_TESTS_MATRIX_LEGACY_H

#define LEGACY_PARAMS     0x300
#define LEGACY_CR3        0x300
#define LEGACY_CR4        0x304
#define LEGACY_CR3_LONG   0x308
#define LEGACY_CR4_LONG   0x30c
#define LEGACY_PKRS       0x310 /* IA32_PKRS while there, and afterwards */
#define LEGACY_PKRS_LONG  0x314
#define LEGACY_PKRU       0x318 /* PKRU while there; 0 afterwards */
#define LEGACY_HAS        0x31c /* bit 0: IA32_PKRS exists, bit 1: PKRU and CR4.PKE */
#define LEGACY_COUNT      0x320 /* of accesses */
#define LEGACY_VECTOR_CR4 0x324 /* of the exception that MOV to CR4 raised; LEGACY_NONE: none */
#define LEGACY_PKRS_SEEN  0x328 /* IA32_PKRS, PKRU and CR4 when the accesses were over */
#define LEGACY_PKRU_SEEN  0x32c
#define LEGACY_CR4_SEEN   0x330
#define LEGACY_GDTR       0x360
#define LEGACY_IDTR       0x370
#define LEGACY_GDT        0x340
#define LEGACY_IDT        0x400
#define LEGACY_LIST       0x500
#define LEGACY_STACK      0x1000

#define LEGACY_ACCESSES 64
#define LEGACY_NONE     0xff

/* Selectors of its GDT; the first two are the kernel's. */
#define LEGACY_CS_64 0x08
#define LEGACY_DS    0x10
#define LEGACY_CS    0x18

/* Fields of an access, and what `kind` can be. */
#define LEGACY_ADDRESS 0
#define LEGACY_KIND    4
#define LEGACY_VALUE   8
#define LEGACY_VECTOR  12
#define LEGACY_ERROR   16
#define LEGACY_ADDR    20
#define LEGACY_SIZE    32
#define LEGACY_READ    0
#define LEGACY_WRITE   1
#define LEGACY_MODIFY  2

#ifndef __ASSEMBLER__

#include "mm/page.h"

struct legacy_access {
	u32 address, kind;
	u32 value;               /* of a read: what was read */
	u32 vector, error, addr; /* of its fault; LEGACY_NONE: it was made */
	u32 unused[2];
};
_Static_assert(sizeof(struct legacy_access) == LEGACY_SIZE, "legacy.S");

/* As LEGACY_PARAMS has them. */
struct legacy_params {
	u32 cr3, cr4, cr3_long, cr4_long;
	u32 pkrs, pkrs_long, pkru, has;
	u32 count, vector_cr4;
	u32 pkrs_seen, pkru_seen, cr4_seen;
};

/*
 * The page, and tables that map one page of data with different rights. All of it lies below 1 GiB,
 * apart from the addresses under test.
 */
struct legacy {
	struct page *block, *root;
	u8 *work; /* the page, in the direct map */
	bool pae;
};

/* Numbers of the entries that map the data: two bits, or in PAE entries one of these and a key. */
#define LEGACY_USER      1
#define LEGACY_READ_ONLY 2
#define LEGACY_WITH_KEY  16
#define LEGACY_KEY_IN_PD 40 /* the key is in the entry above the page's */

/* Allocate and free; false: out of memory, and the test is in error. Thread context. */
bool legacy_setup(struct legacy *l, bool pae);
void legacy_teardown(struct legacy *l);

static inline struct legacy_params *legacy_params(const struct legacy *l)
{
	return (struct legacy_params *)(l->work + LEGACY_PARAMS);
}

static inline struct legacy_access *legacy_list(const struct legacy *l)
{
	return (struct legacy_access *)(l->work + LEGACY_LIST);
}

/* Returns where the data's word is mapped by this entry, of 4 KiB or `large`. */
u32 legacy_address(const struct legacy *l, u32 entry, bool large);

/* Returns the word in the direct map. */
volatile u32 *legacy_word(const struct legacy *l);

/*
 * Goes there with CR4.PKS and CR4.PKE as far as they exist and with these rights, makes the first
 * `count` accesses of the list, and comes back. Any CPU; thread context.
 */
void legacy_visit(const struct legacy *l, u32 pkrs, u32 pkru, u32 count);

/*
 * legacy.S: makes the accesses of `page`. The current tables must map it at its physical address,
 * and the kernel. Interrupts off; not within own_enter(). Changes no selector but DS and ES, which
 * are 0 afterwards.
 */
void legacy_run(u32 page);

/* legacy.S: what is copied to the page. */
extern const char legacy_start[], legacy_end[], legacy_stub_gp[], legacy_stub_pf[];

#endif
#endif
