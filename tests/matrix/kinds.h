/* SPDX-License-Identifier: MIT */
/*
 * The kinds: each way of the architecture to touch memory that a case can name. One row each, in
 * the order of enum kind, the simplest first; accesses.S includes the rows too.
 *
 *   K(ID, label, "name", group, access, bytes, flags, needs)
 *
 *   label   its code is at shot_label, its access at access_label, its end at end_label
 *   group   where its operand lies, enum kind_group
 *   access  what it does to the tested page, enum kind_access
 *   bytes   of its operand; 32-bit code has half of them if KF_HALF_IN_32
 *   needs   what the CPU must have beside the matrix's own needs, enum need
 *
 * docs/PKS.md, "The kinds of the matrix", says which instructions a kind stands for. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_KINDS_H
#define KEYWARD_TESTS_MATRIX_KINDS_H

#include "tests/matrix/kinds_plain.h"

/* clang-format off */
#define KINDS_STACK(K)                                                                            \
	K(PUSH,      push,      "push",      STACK, WRITE,  8, KF_HALF_IN_32,            NOTHING) \
	K(POP,       pop,       "pop",       STACK, READ,   8, KF_HALF_IN_32 | KF_VALUE, NOTHING)

/* The CPU's own accesses. */
#define KINDS_OWN(K)                                                                              \
	K(FRAME,     frame,     "frame",     FRAME, WRITE,  40, KF_OWN,               NOTHING)    \
	K(FRAME_IST, frame_ist, "frame-ist", FRAME, WRITE,  40, KF_OWN,               NOTHING)    \
	K(GDT,       gdt,       "gdt",       TABLE, READ,   8,  KF_OWN,               NOTHING)    \
	K(GDT_MARK,  gdt,       "gdt-mark",  TABLE, MODIFY, 8,  KF_OWN,               NOTHING)    \
	K(IDT,       idt,       "idt",       TABLE, READ,   16, KF_OWN,               NOTHING)    \
	K(TSS,       tss,       "tss",       TABLE, READ,   8,  KF_OWN,               NOTHING)    \
	K(FRAME_DF,  read,      "frame-df",  FRAME, WRITE,  40, KF_OWN | KF_IN_FAULT, NOTHING)    \
	K(IDT_DF,    read,      "idt-df",    TABLE, READ,   16, KF_OWN | KF_IN_FAULT, NOTHING)
/* clang-format on */

#define MATRIX_KINDS(K) KINDS_PLAIN(K) KINDS_STACK(K) KINDS_OWN(K)

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

#define KIND_ENUM(id, ...) KIND_##id,
enum kind { MATRIX_KINDS(KIND_ENUM) KINDS };

enum kind_group {
	GROUP_PLAIN, /* an operand in the data page, or at its end and in the next page */
	GROUP_CODE,  /* an instruction in the code page */
	GROUP_STACK, /* an operand in the data page that the stack pointer finds */
	GROUP_FRAME, /* what the CPU pushes below AT_STACK */
	GROUP_TABLE, /* a descriptor table or TSS that lies half in a 4 KiB page of its own */
};

/* As enum oracle_access has them, and one more. */
enum kind_access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_MODIFY,
	ACCESS_FETCH,
	ACCESS_NONE, /* it touches nothing, so it never faults */
};

#define KF_SPAN       0x01 /* its operand may lie in two pages */
#define KF_VALUE      0x02 /* it leaves what it read in RBX */
#define KF_HALF_IN_32 0x04
#define KF_OWN        0x08 /* an access by the CPU itself: a supervisor's at any CPL */
#define KF_IN_FAULT   0x10 /* ... while it delivers a page fault: a fault of it is a #DF */
#define KF_ONLY_64    0x20 /* 32-bit code does not have it, or not these bytes */
#define KF_ONLY_CPL0  0x40
#define KF_ONLY_CPL3  0x80
#define KF_STRING     0x00010000 /* RCX, RSI and RDI say how far it came; part of its value */
#define KF_REP        0x00020000 /* it goes on from element to element, one page after the other */
#define KF_DOWN       0x00040000 /* with DF = 1: from the last element to the first */
#define KF_AT_RSI     0x00080000 /* RSI has the address; RDI has the scratch operand's */
#define KF_FROM_RSI   0x00100000 /* RSI has the scratch operand's */
#define KF_VECTOR     0x00200000 /* its register is XMM0, YMM0 or ZMM0 */
#define KF_PARTS      0x00400000 /* of a denied span the part in the other page may be written */
#define KF_AREA       0x00800000 /* FXSAVE's or XSAVE's area */
#define KF_LOWER      0x01000000 /* it touches the lower half alone: the rest is masked off */
#define KF_OPEN_A     0x02000000 /* the manual leaves open whether it sets A */
#define KF_OPEN_AD    0x04000000 /* ... A and D */

/* What only some CPUs have: machine_can.needs is a mask of these. */
enum need {
	NEED_NOTHING,
	NEED_MOVBE,
	NEED_MOVDIRI,
	NEED_MOVDIR64B,
	NEED_CMPXCHG16B,
	NEED_SSE41,
	NEED_AVX,
	NEED_AVX2,
	NEED_AVX512,
	NEED_XSAVE,
	NEED_XSAVEC,
	NEED_CLFLUSH,
	NEED_CLFLUSHOPT,
	NEED_CLWB,
	NEED_MONITOR,
	NEED_WAITPKG,
	NEEDS
};
_Static_assert(NEEDS <= 32, "a mask of them has 32 bits");

struct kind_row {
	const char *name;
	u8 group, access, need;
	u16 bytes;
	u32 flags;
};
extern const struct kind_row matrix_kinds[KINDS];

/* True for what the CPU accesses by itself. */
static inline bool kind_is_implicit(u32 kind)
{
	return matrix_kinds[kind].flags & KF_OWN;
}

/* True for accesses to descriptor tables and the TSS, in 4 KiB pages of their own (tables.h). */
static inline bool kind_in_table(u32 kind)
{
	return matrix_kinds[kind].group == GROUP_TABLE;
}

/* True if the tested page is written, alone or after a read. */
static inline bool kind_writes(u32 kind)
{
	return matrix_kinds[kind].access == ACCESS_WRITE ||
	       matrix_kinds[kind].access == ACCESS_MODIFY;
}

#endif
#endif
