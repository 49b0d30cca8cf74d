/* SPDX-License-Identifier: MIT */
/*
 * The home: the pages that the CPU itself needs during an access (GDT, TSS, IDT, exception stacks)
 * and where shot.S records the outcome. They have a key of their own, so that key 0 can be denied,
 * and are not under test themselves. One CPU uses them, from C and from shot.S, with interrupts
 * off.
 */
#ifndef KEYWARD_TESTS_MATRIX_HOME_H
#define KEYWARD_TESTS_MATRIX_HOME_H

#include "kernel/cpu/layout.h"

#define HOME (TEST_BASE + 0x40000000) /* in the tests' window */

/* Offsets into struct home. */
#define HOME_RSP        0x00
#define HOME_NEW_RSP    0x08
#define HOME_NEW_FLAGS  0x10
#define HOME_TARGET     0x18
#define HOME_RBX        0x20
#define HOME_RSI        0x28
#define HOME_RDI        0x30
#define HOME_FRAME      0x38
#define HOME_PKRS       0x60
#define HOME_PKRS_AFTER 0x64
#define HOME_ARMED      0x68
#define HOME_USER       0x69
#define HOME_WRITE_PKRS 0x6a
#define HOME_OPEN_PKRS  0x6b
#define HOME_HAS_PKRS   0x6c
#define HOME_WRITE_PKRU 0x6d
#define HOME_VECTOR     0x70
#define HOME_ERROR      0x78
#define HOME_RIP        0x80
#define HOME_CS         0x88
#define HOME_CR2        0x90
#define HOME_PKRU       0x98
#define HOME_PKRU_OUT   0x9c
#define HOME_RCX_OUT    0xa0
#define HOME_RSI_OUT    0xa8
#define HOME_RDI_OUT    0xb0
#define HOME_RSP_AFTER  0xff8
#define HOME_SCRATCH_AT 0x5000

/* What accesses_plain.inc and the C code agree on. */
#define BIT_STRING  4096       /* bytes from a bit string's beginning to the tested bit */
#define FS_OFFSET   0x800      /* the base of FS; read-fs subtracts it */
#define PORT        0xed       /* no device is there */
#define OPERAND_IMM 0x01020304 /* MATRIX_OPERAND as an immediate */

#define OWN_PORT 0x80 /* own.h; nothing happens if it is read or written */

/* The matrix's GDT; the first five are the kernel's own selectors. */
#define SEL_USER_CS_32   0x3b
#define SEL_KERNEL_CS_32 0x40
#define SEL_TESTED       0x100 /* entry 32; its RPL is to be added */
#define SEL_TESTED_LDT   0x004 /* entry 0 of the LDT */
#define SEL_RING1_CS     0x49
#define SEL_RING2_CS     0x52
#define SEL_ABSENT       0x5b   /* CPL 3 data, P = 0 */
#define SEL_ABSENT_0     0x60   /* the same for CPL 0 */
#define SEL_LDT          0x68   /* 16 bytes */
#define SEL_GATE         0x7b   /* a call gate to matrix_own_target, 16 bytes */
#define SEL_BEYOND       0x1003 /* behind the GDT's limit */

/* Of the CPLs between, each code segment with its data segment behind it; entries 20 to 23. */
#define SEL_CPL1_CS 0xa1
#define SEL_CPL1_DS 0xa9
#define SEL_CPL2_CS 0xb2
#define SEL_CPL2_DS 0xba

/* Vectors: the access is done; frame on the current stack; frame on IST2; stack from the TSS. */
#define VECTOR_DONE      0xd0
#define VECTOR_FRAME     0xd1
#define VECTOR_FRAME_IST 0xd2
#define VECTOR_STACK     0xd3
#define VECTOR_CS        0xd4 /* its gate names SEL_TESTED as code segment */
#define VECTOR_RING      0xd5 /* + n, n = 1, 2: leads to CPL n */
#define VECTOR_IST       0xe0 /* + n: on ISTn */
#define VECTOR_GATE      0x40

/* An access ends by one exception. So many: the way out of it faults, again and again. */
#define SHOT_EXCEPTIONS 16

#ifndef __ASSEMBLER__

#include "kernel/cpu/percpu.h"

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};

struct home {
	/* Into the access: */
	u64 rsp; /* the C caller's */
	u64 new_rsp, new_flags, target, rbx, rsi, rdi;
	u64 frame[5]; /* for IRET, to another CPL */
	u32 pkrs, pkrs_after;
	bool armed;      /* from entry to exit: any exception belongs to the access */
	bool user;       /* goes to another CPL, by IRET */
	bool write_pkrs; /* the register does not hold pkrs yet */
	bool open_pkrs;  /* pkrs denies key 0: the exit must open it before it touches the kernel */
	bool has_pkrs;
	bool write_pkru; /* load pkru for the access, and pkru_outside after it */
	/* Out of it: */
	u64 vector, error, rip, cs, cr2;
	u32 pkru, pkru_outside; /* inputs: see write_pkru */
	u64 rcx_after, rsi_after, rdi_after;
	/* Used by the CPU: */
	u64 gdt[24];
	struct tss tss;
	u8 fill[4096 - 0xb8 - 24 * 8 - sizeof(struct tss) - 8];
	u64 rsp_after; /* out of it: the interrupted stack pointer */
	struct gate idt[256];
	u8 exception_stack[4096], user_stack[4096], nmi_stack[4096];
	u8 scratch[4096]; /* an operand that is not under test; CPL 3 has it at VA_SCRATCH */
};

#define HOME_PAGES   (sizeof(struct home) / 4096)
#define HOME_SCRATCH (HOME_PAGES - 1)
_Static_assert(offsetof(struct home, rsp) == HOME_RSP, "shot.S");
_Static_assert(offsetof(struct home, new_rsp) == HOME_NEW_RSP, "shot.S");
_Static_assert(offsetof(struct home, new_flags) == HOME_NEW_FLAGS, "shot.S");
_Static_assert(offsetof(struct home, target) == HOME_TARGET, "shot.S");
_Static_assert(offsetof(struct home, rbx) == HOME_RBX, "shot.S");
_Static_assert(offsetof(struct home, rsi) == HOME_RSI, "shot.S");
_Static_assert(offsetof(struct home, rdi) == HOME_RDI, "shot.S");
_Static_assert(offsetof(struct home, frame) == HOME_FRAME, "shot.S");
_Static_assert(offsetof(struct home, pkrs) == HOME_PKRS, "shot.S");
_Static_assert(offsetof(struct home, pkrs_after) == HOME_PKRS_AFTER, "shot.S");
_Static_assert(offsetof(struct home, armed) == HOME_ARMED, "shot.S");
_Static_assert(offsetof(struct home, user) == HOME_USER, "shot.S");
_Static_assert(offsetof(struct home, write_pkrs) == HOME_WRITE_PKRS, "shot.S");
_Static_assert(offsetof(struct home, open_pkrs) == HOME_OPEN_PKRS, "shot.S");
_Static_assert(offsetof(struct home, has_pkrs) == HOME_HAS_PKRS, "shot.S");
_Static_assert(offsetof(struct home, write_pkru) == HOME_WRITE_PKRU, "shot.S");
_Static_assert(offsetof(struct home, pkru) == HOME_PKRU, "shot.S");
_Static_assert(offsetof(struct home, pkru_outside) == HOME_PKRU_OUT, "shot.S");
_Static_assert(offsetof(struct home, vector) == HOME_VECTOR, "shot.S");
_Static_assert(offsetof(struct home, rcx_after) == HOME_RCX_OUT, "shot.S");
_Static_assert(offsetof(struct home, rsi_after) == HOME_RSI_OUT, "shot.S");
_Static_assert(offsetof(struct home, rdi_after) == HOME_RDI_OUT, "shot.S");
_Static_assert(offsetof(struct home, error) == HOME_ERROR, "shot.S");
_Static_assert(offsetof(struct home, rip) == HOME_RIP, "shot.S");
_Static_assert(offsetof(struct home, cs) == HOME_CS, "shot.S");
_Static_assert(offsetof(struct home, cr2) == HOME_CR2, "shot.S");
_Static_assert(offsetof(struct home, rsp_after) == HOME_RSP_AFTER, "shot.S");
_Static_assert(sizeof(struct home) % 4096 == 0, "whole pages");

/* shot.S: makes the access that the home describes; returns once it is done or has faulted. */
void matrix_shoot(void);

/* accesses.S: text in whole pages; for each kind the start of its code, its access, and its end. */
struct shot_code {
	u64 start, access, end;
};
extern const struct shot_code matrix_shots[];
extern const char matrix_text[], matrix_text_end[];

/* accesses_own.inc: where gates and SYSCALL lead; ends by VECTOR_DONE. */
extern const char matrix_own_target[], matrix_own_target_end[];

/* shot.S: the stub of vector n is at matrix_stubs + 16 * n. */
extern const char matrix_stubs[], matrix_nmi[];

/*
 * Panic, and name the case: an exception outside of an access is a bug of the matrix, or of the
 * machine; shot.S calls the other one after SHOT_EXCEPTIONS of a single access.
 */
_Noreturn void matrix_stray(void);
_Noreturn void matrix_endless(u64 vector, u64 error, u64 rip);

#endif
#endif
