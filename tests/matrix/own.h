/* SPDX-License-Identifier: MIT */
/*
 * Where the operands of the CPU's own accesses lie: items of descriptor tables, of a TSS, or words
 * of a frame, at an edge of the tested page, with a home page on either side (tables.h).
 *
 *   begins with the page:   home | item ...   or, with `outside` bytes below:   ho[it|em] ...
 *   ends with it:       ... item | home       or, with `outside` bytes above:   ... [it|em]me
 *
 * The rest of the table lies on, too: what the CPU needs for the delivery of a fault must be on the
 * home's side. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_OWN_H
#define KEYWARD_TESTS_MATRIX_OWN_H

#include "tests/matrix/space.h"

/* Which table has the item. */
enum own_table { OWN_NONE, OWN_GDT, OWN_LDT, OWN_IDT, OWN_TSS, OWN_STACK };

struct own_place {
	u8 table;
	bool at_end; /* the item ends with the tested page, else it begins with it */
	u8 outside;  /* bytes of it beyond that edge, in a home page */
	u16 offset;  /* of the item in its table; of a frame's lowest byte: 0 */
};
extern const struct own_place own_places[KINDS];

/* Where items lie in their tables: the GDT's from entry 32 on; the TSS as the SDM draws it. */
#define OWN_GDT_ENTRY  (32 * 8)
#define OWN_TSS_RSP(n) (4 + 8 * (n))
#define OWN_TSS_IST(n) (36 + 8 * ((n)-1))

/* The vector of the interrupt that the CPU sends to itself: the highest, so that none comes before.
 */
#define OWN_IRQ 0xfe

/* The port of the I/O kinds, OWN_PORT (home.h), has its bit in byte 16 of the bitmap. */
#define OWN_PORT_BYTE      16
#define OWN_TSS_BITMAP     (104 + OWN_PORT_BYTE)
/* A bitmap whose byte 16 is the tested page's last, while the TSS ends with the page below. */
#define OWN_TSS_FAR_BITMAP (104 + 4095)

/* Of a kind in GROUP_TABLE: where its table begins, from VA_TESTED on. */
s64 own_base(u32 kind);

/* The bytes that lie in the tested page: the first one's offset in the table, and their number. */
u32 own_first(u32 kind);
u32 own_inside(u32 kind);

/* Writes `bytes` of a table, from its beginning, to where it lies. */
void own_put_table(u32 kind, const void *table, u32 bytes);

/* Writes the item; own_read() compares memory with it. */
void own_put_item(u32 kind, const void *item);

/* For memory.c: see memory_fill(), memory_read(), memory_after(). */
void own_fill(const struct mcase *c);
u32 own_read(const struct mcase *c);
u32 own_after(const struct mcase *c, bool done);

#endif
