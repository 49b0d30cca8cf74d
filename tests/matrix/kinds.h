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
	K(CALL_FAR, call_far, "call-far", STACK, WRITE, 16, KF_WORDS | KF_REX | KF_PUSHES, FAR_64) \
	K(RET_FAR, ret_far, "ret-far", STACK, READ, 16, KF_WORDS | KF_REX, FAR)               \
	K(RET_OUTER, ret_far, "ret-outer", STACK, READ, 32, KF_BYTES | KF_ONLY_CPL0, NOTHING)     \
	K(ENTER, enter, "enter", STACK, WRITE, 16, KF_WORDS | KF_PUSHES, NOTHING)                 \
	K(ENTER_NEST, enter_nest, "enter-nest", STACK, WRITE, 24, KF_WORDS | KF_PUSHES, NOTHING)  \
	K(ENTER_FROM, enter_from, "enter-from", PLAIN, READ, 8, KF_WORDS | KF_SCRATCH, NOTHING)   \
	K(LEAVE, leave, "leave", STACK, READ, 8, KF_WORDS | KF_VALUE, NOTHING)                    \
	K(IRET, iret, "iret", STACK, READ, 40, KF_BYTES | KF_REX, FAR)                        \
	K(IRET_OUTER, iret, "iret-outer", STACK, READ, 40, KF_BYTES | KF_ONLY_CPL0, NOTHING)      \
	K(IRET_COMPAT, iret, "iret-compat", STACK, READ, 40, KF_BYTES | KF_ONLY_64, FAR)

/* The CPU's own accesses. */
#define KINDS_OWN(K)                                                                              \
	K(FRAME, frame, "frame", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)                 \
	K(FRAME_IST, frame_ist, "frame-ist", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)     \
	K(GDT, gdt, "gdt", TABLE, READ, 8, KF_OWN, NOTHING)                                       \
	K(GDT_MARK, gdt, "gdt-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                           \
	K(IDT, idt, "idt", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                        \
	K(TSS, tss, "tss", TABLE, READ, 8, KF_OWN | KF_DELIVERS | KF_ONLY_CPL3, NOTHING)          \
	K(FRAME_DF, read, "frame-df", FRAME, WRITE, 48, KF_OWN | KF_IN_FAULT, NOTHING)            \
	K(IDT_DF, read, "idt-df", TABLE, READ, 16, KF_OWN | KF_IN_FAULT, NOTHING)                 \
	/* Frames of exceptions, and of a call gate; frames across two pages. */                  \
	K(FRAME_BP, bp, "frame-bp", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(FRAME_UD, ud, "frame-ud", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(FRAME_DE, de, "frame-de", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(FRAME_GP, gdt, "frame-gp", FRAME, WRITE, 48, KF_OWN | KF_DELIVERS, NOTHING)             \
	K(FRAME_NP, gdt, "frame-np", FRAME, WRITE, 48, KF_OWN | KF_DELIVERS, NOTHING)             \
	K(FRAME_SS, ss, "frame-ss", FRAME, WRITE, 48, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(FRAME_IRQ, irq, "frame-irq", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)           \
	K(FRAME_NMI, nmi, "frame-nmi", FRAME, WRITE, 40, KF_OWN | KF_DELIVERS, NOTHING)           \
	K(FRAME_GATE, far_call, "frame-gate", FRAME, WRITE, 32, KF_OWN | KF_ONLY_CPL3, NOTHING)   \
	K(FRAME_TOP, frame, "frame-top", TABLE, WRITE, 40,                                        \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_END, frame, "frame-end", TABLE, WRITE, 40,                                        \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_IST_TOP, frame_ist, "frame-ist-top", TABLE, WRITE, 40,                            \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_IST_END, frame_ist, "frame-ist-end", TABLE, WRITE, 40,                            \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_GP_TOP, gdt, "frame-gp-top", TABLE, WRITE, 48,                                    \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_GP_END, gdt, "frame-gp-end", TABLE, WRITE, 48,                                    \
	  KF_OWN | KF_DELIVERS | KF_BESIDE, NOTHING)                                              \
	K(FRAME_GATE_1, far_call, "frame-gate-1", TABLE, WRITE, 32,                               \
	  KF_OWN | KF_ONLY_CPL3 | KF_BESIDE, NOTHING)                                             \
	K(FRAME_GATE_2, far_call, "frame-gate-2", TABLE, WRITE, 32,                               \
	  KF_OWN | KF_ONLY_CPL3 | KF_BESIDE, NOTHING)                                             \
	K(FRAME_GATE_3, far_call, "frame-gate-3", TABLE, WRITE, 32,                               \
	  KF_OWN | KF_ONLY_CPL3 | KF_BESIDE, NOTHING)                                             \
	/* Gates of the IDT, and the code segment that one names. */                              \
	K(IDT_LOW, idt, "idt-low", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                \
	K(IDT_BP, bp, "idt-bp", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                   \
	K(IDT_BP_HIGH, bp, "idt-bp-high", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)         \
	K(IDT_OF, of, "idt-of", TABLE, READ, 16, KF_OWN | KF_DELIVERS | KF_ONLY_32, NOTHING)      \
	K(IDT_UD, ud, "idt-ud", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                   \
	K(IDT_DE, de, "idt-de", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                   \
	K(IDT_GP, gdt, "idt-gp", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                  \
	K(IDT_IRQ, irq, "idt-irq", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                \
	K(IDT_NMI, nmi, "idt-nmi", TABLE, READ, 16, KF_OWN | KF_DELIVERS, NOTHING)                \
	K(IDT_CS, int_cs, "idt-cs", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)                \
	K(IDT_CS_MARK, int_cs, "idt-cs-mark", TABLE, MODIFY, 8, KF_OWN | KF_DELIVERS, NOTHING)    \
	/* Descriptors of the GDT: segments, and what marks them as accessed. */                  \
	K(GDT_FS, fs, "gdt-fs", TABLE, READ, 8, KF_OWN, NOTHING)                                  \
	K(GDT_FS_MARK, fs, "gdt-fs-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                      \
	K(GDT_SS, ss, "gdt-ss", TABLE, READ, 8, KF_OWN, NOTHING)                                  \
	K(GDT_SS_MARK, ss, "gdt-ss-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                      \
	K(GDT_JMP, far_jmp, "gdt-jmp", TABLE, READ, 8, KF_OWN, NOTHING)                           \
	K(GDT_JMP_MARK, far_jmp, "gdt-jmp-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)               \
	K(GDT_CALL, far_call, "gdt-call", TABLE, READ, 8, KF_OWN, NOTHING)                        \
	K(GDT_CALL_MARK, far_call, "gdt-call-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)            \
	K(GDT_RETF, retf, "gdt-retf", TABLE, READ, 8, KF_OWN, NOTHING)                            \
	K(GDT_RETF_MARK, retf, "gdt-retf-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                \
	K(GDT_IRET, own_iret, "gdt-iret", TABLE, READ, 8, KF_OWN, NOTHING)                            \
	K(GDT_IRET_MARK, own_iret, "gdt-iret-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                \
	K(GDT_IRET_SS, own_iret, "gdt-iret-ss", TABLE, READ, 8, KF_OWN | KF_ONLY_64, NOTHING)         \
	K(GDT_IRET_SS_MARK, own_iret, "gdt-iret-ss-mark", TABLE, MODIFY, 8,                           \
	  KF_OWN | KF_ONLY_64, NOTHING)                                                           \
	K(GDT_LOW, gdt, "gdt-low", TABLE, READ, 8, KF_OWN, NOTHING)                               \
	K(GDT_MARK_LOW, gdt, "gdt-mark-low", TABLE, MODIFY, 8, KF_OWN, NOTHING)                   \
	K(LAR, lar, "lar", TABLE, READ, 8, KF_OWN, NOTHING)                                       \
	K(LSL, lsl, "lsl", TABLE, READ, 8, KF_OWN, NOTHING)                                       \
	K(VERR, verr, "verr", TABLE, READ, 8, KF_OWN, NOTHING)                                    \
	K(VERW, verw, "verw", TABLE, READ, 8, KF_OWN, NOTHING)                                    \
	K(LLDT, lldt, "lldt", TABLE, READ, 16, KF_OWN | KF_ONLY_CPL0, NOTHING)                    \
	K(LLDT_LOW, lldt, "lldt-low", TABLE, READ, 16, KF_OWN | KF_ONLY_CPL0, NOTHING)            \
	K(LTR, ltr, "ltr", TABLE, MODIFY, 16, KF_OWN | KF_ONLY_CPL0, NOTHING)                     \
	K(LTR_LOW, ltr, "ltr-low", TABLE, READ, 16, KF_OWN | KF_ONLY_CPL0 | KF_BESIDE, NOTHING)   \
	K(GATE, far_call, "gate", TABLE, READ, 16, KF_OWN | KF_ONLY_CPL3, NOTHING)                \
	K(GATE_LOW, far_call, "gate-low", TABLE, READ, 16, KF_OWN | KF_ONLY_CPL3, NOTHING)        \
	K(GATE_CS, far_call, "gate-cs", TABLE, READ, 8, KF_OWN | KF_ONLY_CPL3, NOTHING)           \
	K(GATE_CS_MARK, far_call, "gate-cs-mark", TABLE, MODIFY, 8,                               \
	  KF_OWN | KF_ONLY_CPL3, NOTHING)                                                         \
	/* Descriptors of an LDT. */                                                              \
	K(LDT, gdt, "ldt", TABLE, READ, 8, KF_OWN, NOTHING)                                       \
	K(LDT_MARK, gdt, "ldt-mark", TABLE, MODIFY, 8, KF_OWN, NOTHING)                           \
	K(LDT_LOW, gdt, "ldt-low", TABLE, MODIFY, 8, KF_OWN, NOTHING)                             \
	K(LDT_HIGH, gdt, "ldt-high", TABLE, READ, 8, KF_OWN, NOTHING)                             \
	K(LDT_JMP, far_jmp, "ldt-jmp", TABLE, MODIFY, 8, KF_OWN, NOTHING)                         \
	K(LDT_GATE_HIGH, far_call, "ldt-gate-high", TABLE, READ, 16,                              \
	  KF_OWN | KF_ONLY_CPL3, NOTHING)                                                         \
	/* The TSS: stack pointers and the I/O permission bitmap. */                              \
	K(TSS_GATE, far_call, "tss-gate", TABLE, READ, 8, KF_OWN | KF_ONLY_CPL3, NOTHING)         \
	K(TSS_LOW, tss, "tss-low", TABLE, READ, 8, KF_OWN | KF_DELIVERS | KF_ONLY_CPL3, NOTHING)  \
	K(TSS_RSP1, ring1, "tss-rsp1", TABLE, READ, 8,                                            \
	  KF_OWN | KF_DELIVERS | KF_ONLY_CPL3, NOTHING)                                           \
	K(TSS_RSP2, ring2, "tss-rsp2", TABLE, READ, 8,                                            \
	  KF_OWN | KF_DELIVERS | KF_ONLY_CPL3, NOTHING)                                           \
	K(TSS_IST1, ist1, "tss-ist1", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST2, ist2, "tss-ist2", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST3, ist3, "tss-ist3", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST4, ist4, "tss-ist4", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST5, ist5, "tss-ist5", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST6, ist6, "tss-ist6", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST7, ist7, "tss-ist7", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)              \
	K(TSS_IST_HIGH, ist2, "tss-ist-high", TABLE, READ, 8, KF_OWN | KF_DELIVERS, NOTHING)      \
	K(IO_IN, io_in, "io-in", TABLE, READ, 2, KF_OWN | KF_ONLY_CPL3, NOTHING)                  \
	K(IO_OUT, io_out, "io-out", TABLE, READ, 2, KF_OWN | KF_ONLY_CPL3, NOTHING)               \
	K(IO_LOW, io_in, "io-low", TABLE, READ, 2, KF_OWN | KF_ONLY_CPL3, NOTHING)                \
	K(IO_HIGH, io_in, "io-high", TABLE, READ, 2, KF_OWN | KF_ONLY_CPL3, NOTHING)              \
	/* What must touch nothing: I/O that asks no bitmap, and calls that use no stack. */      \
	K(IO_KERNEL, io_in, "io-kernel", TABLE, NONE, 2, KF_OWN | KF_ONLY_CPL0, NOTHING)          \
	K(IO_IOPL, io_in, "io-iopl", TABLE, NONE, 2, KF_OWN | KF_ONLY_CPL3, NOTHING)              \
	K(SYSCALL, syscall, "syscall", FRAME, NONE, 40,                                           \
	  KF_OWN | KF_ONLY_CPL3 | KF_ONLY_64, NOTHING)                                            \
	K(SYSRET, sysret, "sysret", FRAME, NONE, 40, KF_OWN | KF_ONLY_CPL0, NOTHING)

/* Instructions of the system whose operand is in memory: explicit accesses. */
#define KINDS_SYSTEM(K)                                                                           \
	K(SGDT, sgdt, "sgdt", PLAIN, WRITE, 10, KF_4_LESS_IN_32, NOTHING)                         \
	K(SIDT, sidt, "sidt", PLAIN, WRITE, 10, KF_4_LESS_IN_32, NOTHING)                         \
	K(SLDT, sldt, "sldt", PLAIN, WRITE, 2, KF_SPAN, NOTHING)                                  \
	K(STR, str, "str", PLAIN, WRITE, 2, KF_SPAN, NOTHING)                                     \
	K(SMSW, smsw, "smsw", PLAIN, WRITE, 2, KF_SPAN, NOTHING)                                  \
	K(LGDT, lgdt, "lgdt", PLAIN, READ, 10, KF_SPAN | KF_IMAGE | KF_ONLY_CPL0, NOTHING)        \
	K(LIDT, lidt, "lidt", PLAIN, READ, 10, KF_SPAN | KF_IMAGE | KF_ONLY_CPL0, NOTHING)        \
	K(LFS, lfs, "lfs", PLAIN, READ, 6, KF_SPAN | KF_IMAGE, NOTHING)                           \
	K(VERR_M, verr_m, "verr-m", PLAIN, READ, 2, KF_SPAN, NOTHING)                             \
	K(LAR_M, lar_m, "lar-m", PLAIN, READ, 2, KF_SPAN, NOTHING)                                \
	K(INVPCID, invpcid, "invpcid", PLAIN, READ, 16, KF_SPAN | KF_IMAGE | KF_ONLY_CPL0, INVPCID)
/* clang-format on */

#define MATRIX_KINDS(K) KINDS_PLAIN(K) KINDS_STACK(K) KINDS_OWN(K) KINDS_SYSTEM(K)

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

#define KIND_ENUM(id, ...) KIND_##id,
enum kind { MATRIX_KINDS(KIND_ENUM) KINDS };
_Static_assert(KINDS <= 256, "struct mcase has a byte for each value");

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

#define KF_SPAN         0x01 /* its operand may lie in two pages */
#define KF_VALUE        0x02 /* it leaves what it read in RBX */
#define KF_HALF_IN_32   0x04
#define KF_OWN          0x08 /* an access by the CPU itself: a supervisor's at any CPL */
#define KF_IN_FAULT     0x10 /* ... while it delivers a page fault: a fault of it is a #DF */
#define KF_ONLY_64      0x20 /* 32-bit code does not have it, or not these bytes */
#define KF_ONLY_CPL0    0x40
#define KF_ONLY_CPL3    0x80
#define KF_ONLY_32      0x100  /* 64-bit code does not have it */
#define KF_DELIVERS     0x200  /* it delivers an exception or interrupt that is no page fault */
#define KF_BESIDE       0x1000 /* the CPU writes to the page beside the tested one, too */
#define KF_IMAGE        0x400  /* operand_image() says what its operand is before the access */
#define KF_4_LESS_IN_32 0x800  /* 32-bit code has a shorter address in it */
/* Of stack instructions (stack.h): */
#define KF_STACK        0x2000  /* the stack pointer that it leaves is checked */
#define KF_SCRATCH      0x4000  /* its stack is in the scratch page, another operand is tested */
#define KF_PUSHES       0x8000  /* it pushes several words: the first can stay if another faults */
#define KF_REX          0x10000 /* REX.W comes first, an instruction of its own in 32-bit code */
/* Of ordinary instructions (plain.h): */
#define KF_STRING       0x00020000 /* RCX, RSI and RDI say how far it came; part of its value */
#define KF_REP          0x00040000 /* it goes on from element to element, one page after the other */
#define KF_DOWN         0x00080000 /* with DF = 1: from the last element to the first */
#define KF_AT_RSI       0x00100000 /* RSI has the address; RDI has the scratch operand's */
#define KF_FROM_RSI     0x00200000 /* RSI has the scratch operand's */
#define KF_VECTOR       0x00400000 /* its register is XMM0, YMM0 or ZMM0 */
#define KF_PARTS        0x00800000 /* of a denied span the part in the other page may be written */
#define KF_AREA         0x01000000 /* FXSAVE's or XSAVE's area */
#define KF_LOWER        0x02000000 /* it touches the lower half alone: the rest is masked off */
#define KF_OPEN_A       0x04000000 /* the manual leaves open whether it sets A */
#define KF_OPEN_AD      0x08000000 /* ... A and D */
#define KF_LOCK         0x10000000 /* a locked access: across two lines it is a split lock */

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
	NEED_INVPCID,
	NEED_FAR,    /* far RET and IRET whose stack is in the tested page, */
	NEED_FAR_64, /* ... far CALL with a pointer of 64 bits, by REX.W; AMD has none */
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

/* True for KINDS_PLAIN, ordinary instructions, but the fetch (plain.h). */
static inline bool kind_is_plain(u32 kind)
{
	return kind < KIND_PUSH && matrix_kinds[kind].group == GROUP_PLAIN;
}

/* True for accesses to descriptor tables and the TSS, in 4 KiB pages of their own (tables.h). */
static inline bool kind_in_table(u32 kind)
{
	return matrix_kinds[kind].group == GROUP_TABLE;
}

/* True if the CPU reads a descriptor and then marks it as accessed or busy. */
static inline bool kind_marks(u32 kind)
{
	return kind_in_table(kind) && matrix_kinds[kind].access == ACCESS_MODIFY;
}

/* True if the tested page is written, alone or after a read. */
static inline bool kind_writes(u32 kind)
{
	return matrix_kinds[kind].access == ACCESS_WRITE ||
	       matrix_kinds[kind].access == ACCESS_MODIFY;
}

#endif
#endif
