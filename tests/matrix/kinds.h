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

/* clang-format off */
#define KINDS_PLAIN(K)                                                                            \
	K(READ,      read,      "read",      PLAIN, READ,   4, KF_SPAN | KF_VALUE, NOTHING)       \
	K(WRITE,     write,     "write",     PLAIN, WRITE,  4, KF_SPAN,            NOTHING)       \
	K(ADD,       add,       "add",       PLAIN, MODIFY, 4, KF_SPAN,            NOTHING)       \
	K(LOCK_ADD,  lock_add,  "lock-add",  PLAIN, MODIFY, 4, KF_SPAN,            NOTHING)       \
	K(XCHG,      xchg,      "xchg",      PLAIN, MODIFY, 4, KF_SPAN | KF_VALUE, NOTHING)       \
	K(CMPXCHG,   cmpxchg,   "cmpxchg",   PLAIN, MODIFY, 4, 0,                  NOTHING)       \
	K(LODS,      lods,      "lods",      PLAIN, READ,   4, KF_VALUE,           NOTHING)       \
	K(STOS,      stos,      "stos",      PLAIN, WRITE,  4, 0,                  NOTHING)       \
	K(REP_STOS,  rep_stos,  "rep-stos",  PLAIN, WRITE,  4, 0,                  NOTHING)       \
	K(FETCH,     fetch,     "fetch",     CODE,  FETCH,  1, 0,                  NOTHING)

/* Where one operand is under test, the other lies in the scratch page (stack.h). */
#define KF_BYTES (KF_STACK | KF_SPAN)
#define KF_WORDS (KF_STACK | KF_SPAN | KF_HALF_IN_32)
#define KINDS_STACK(K)                                                                            \
	K(PUSH, push, "push", STACK, WRITE, 8, KF_WORDS, NOTHING)                                 \
	K(POP, pop, "pop", STACK, READ, 8, KF_WORDS | KF_VALUE, NOTHING)                          \
	K(PUSH_IMM, push_imm, "push-imm", STACK, WRITE, 8, KF_WORDS, NOTHING)                     \
	K(PUSH_M, push_m, "push-m", STACK, WRITE, 8, KF_WORDS, NOTHING)                           \
	K(PUSH_FROM, push_from, "push-from", PLAIN, READ, 8, KF_WORDS | KF_SCRATCH, NOTHING)      \
	K(POP_M, pop_m, "pop-m", STACK, READ, 8, KF_WORDS | KF_VALUE, NOTHING)                    \
	K(POP_TO, pop_to, "pop-to", PLAIN, WRITE, 8, KF_WORDS | KF_SCRATCH, NOTHING)              \
	K(PUSH_16, push_16, "push-16", STACK, WRITE, 2, KF_BYTES, NOTHING)                        \
	K(POP_16, pop_16, "pop-16", STACK, READ, 2, KF_BYTES | KF_VALUE, NOTHING)                 \
	K(PUSH_FS, push_fs, "push-fs", STACK, WRITE, 8, KF_STACK | KF_ONLY_64, NOTHING)           \
	K(POP_FS, pop_fs, "pop-fs", STACK, READ, 8, KF_STACK | KF_ONLY_64 | KF_VALUE, NOTHING)    \
	K(PUSHF, pushf, "pushf", STACK, WRITE, 8, KF_WORDS, NOTHING)                              \
	K(POPF, popf, "popf", STACK, READ, 8, KF_WORDS | KF_VALUE, NOTHING)                       \
	K(PUSHA, pusha, "pusha", STACK, WRITE, 32, KF_BYTES | KF_ONLY_32 | KF_PUSHES, NOTHING)    \
	K(POPA, popa, "popa", STACK, READ, 32, KF_BYTES | KF_ONLY_32 | KF_VALUE, NOTHING)         \
	K(CALL, call, "call", STACK, WRITE, 8, KF_WORDS, NOTHING)                                 \
	K(CALL_R, call_r, "call-r", STACK, WRITE, 8, KF_WORDS, NOTHING)                           \
	K(CALL_M, call_m, "call-m", STACK, WRITE, 8, KF_WORDS, NOTHING)                           \
	K(CALL_FROM, call_from, "call-from", PLAIN, READ, 8, KF_WORDS | KF_SCRATCH, NOTHING)      \
	K(RET, ret, "ret", STACK, READ, 8, KF_WORDS, NOTHING)                                     \
	K(RET_N, ret_n, "ret-n", STACK, READ, 8, KF_WORDS, NOTHING)                               \
	K(CALL_FAR, call_far, "call-far", STACK, WRITE, 16, KF_WORDS | KF_REX | KF_PUSHES, NOTHING) \
	K(RET_FAR, ret_far, "ret-far", STACK, READ, 16, KF_WORDS | KF_REX, NOTHING)               \
	K(RET_OUTER, ret_far, "ret-outer", STACK, READ, 32, KF_BYTES | KF_ONLY_CPL0, NOTHING)     \
	K(ENTER, enter, "enter", STACK, WRITE, 16, KF_WORDS | KF_PUSHES, NOTHING)                 \
	K(ENTER_NEST, enter_nest, "enter-nest", STACK, WRITE, 24, KF_WORDS | KF_PUSHES, NOTHING)  \
	K(ENTER_FROM, enter_from, "enter-from", PLAIN, READ, 8, KF_WORDS | KF_SCRATCH, NOTHING)   \
	K(LEAVE, leave, "leave", STACK, READ, 8, KF_WORDS | KF_VALUE, NOTHING)                    \
	K(IRET, iret, "iret", STACK, READ, 40, KF_BYTES | KF_REX, NOTHING)                        \
	K(IRET_OUTER, iret, "iret-outer", STACK, READ, 40, KF_BYTES | KF_ONLY_CPL0, NOTHING)      \
	K(IRET_COMPAT, iret, "iret-compat", STACK, READ, 40, KF_BYTES | KF_ONLY_64, NOTHING)

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
/* Of stack instructions (stack.h): */
#define KF_STACK      0x10000  /* the stack pointer that it leaves is checked */
#define KF_SCRATCH    0x20000  /* its stack is in the scratch page, another operand is tested */
#define KF_PUSHES     0x40000  /* it pushes several words: the first can stay if another faults */
#define KF_REX        0x80000  /* REX.W comes first, an instruction of its own in 32-bit code */
#define KF_ONLY_32    0x100000 /* 64-bit code does not have it */

/* What only some CPUs have: machine_can.needs is a mask of these. */
enum need { NEED_NOTHING, NEEDS };

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
