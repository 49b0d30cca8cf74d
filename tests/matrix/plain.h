/* SPDX-License-Identifier: MIT */
/* What the instructions of KINDS_PLAIN make of memory and registers, by their pages in the SDM's
 * Vol. 2. Pure. */
#ifndef KEYWARD_TESTS_MATRIX_PLAIN_H
#define KEYWARD_TESTS_MATRIX_PLAIN_H

#include "tests/matrix/judge.h"

/* Bytes of a string's element; the elements of the whole operand; those in the page reached first.
 */
u32 plain_element(u32 kind);
u32 plain_elements(u32 kind);
u32 plain_elements_first(const struct mcase *c);

/* Does to the operand's bytes what the access does; of a repeated string's, the first `elements`.
 */
void plain_write(const struct mcase *c, u8 *memory, u32 elements);

/* Prepares what must be more than a pattern in the operand: an area that XRSTOR accepts. */
void plain_fill(u32 kind, u8 *memory);

/* Makes equal what the manual leaves open in the operand: reserved fields of an area, a port's
 * data. */
void plain_settle(u32 kind, u8 *memory);

/* Fills the scratch operand; a hash of it, and what that must be after so many elements. */
void plain_fill_scratch(u32 kind);
u32 plain_scratch(u32 kind);
u32 plain_scratch_after(const struct mcase *c, u32 elements);

/* What the registers of a string instruction hold, in one number. */
static inline u32 plain_registers(u32 rbx, u32 rcx, u32 rsi_moved, u32 rdi_moved)
{
	return rbx ^ rcx * 0x9e3779b1u ^ rsi_moved * 0x85ebca77u ^ rdi_moved * 0xc2b2ae3du;
}

/* What RBX holds, in one number: RBX itself, if its upper half is 0. */
static inline u32 plain_register(u64 rbx)
{
	return (u32)rbx + 3 * (u32)(rbx >> 32);
}

/* Bytes of the vector register that an access loads or stores. */
u32 plain_vector_bytes(u32 kind);

/* What an access finds in vector registers: 0, 1 and 2, of which `bytes` bytes count. */
struct vectors {
	u8 data[64], index[64], mask[64];
	u32 bytes;
	u32 opmask; /* in K1; only for 64 bytes */
};
void vectors_before(u32 kind, struct vectors *v);

/* The number on the x87 stack, which FSTP stores. */
extern const u8 plain_m80[10];

/* What `bytes` bytes of memory or of a vector register hold, in one number. */
u32 plain_fold(const void *data, u32 bytes);

/* What an access leaves in the registers: struct outcome's value. `elements`: how many were done.
 */
u32 plain_value(const struct mcase *c, bool done, u32 elements);

#endif
