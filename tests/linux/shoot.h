/* SPDX-License-Identifier: MIT */
/* One access by this process, in 64-bit or in 32-bit code (shoot.S). One thread uses it. */
#ifndef KEYWARD_TESTS_LINUX_SHOOT_H
#define KEYWARD_TESTS_LINUX_SHOOT_H

/* Offsets into struct linux_way. */
#define WAY_RBX    0x00
#define WAY_RSI    0x08
#define WAY_RDI    0x10
#define WAY_RSP    0x18
#define WAY_DATA   0x28
#define WAY_INDEX  0x68
#define WAY_MASK   0xa8
#define WAY_BYTES  0xe8
#define WAY_OPMASK 0xec
#define WAY_M80    0xf0
#define WAY_RIP    0xfc /* with WAY_CS behind it: a far pointer, m16:32 */
#define WAY_CS     0x100
#define WAY_PKRU   0x104
#define WAY_BACK   0x108

#ifndef __ASSEMBLER__

#include "tests/matrix/plain.h"
#include "tests/matrix/registers.h"

struct linux_way {
	struct registers registers;
	struct vectors vectors; /* its data also come out, from vector register 0 */
	u8 m80[10];             /* on the x87 stack */
	u8 fill[2];
	u32 rip; /* below 4 GiB */
	u32 cs;
	u32 pkru; /* during the access */
	u64 back; /* out: the stack pointer with which linux_back() goes on */
	u64 fs;   /* base of FS during an access that uses it; 0: the program's own */
};
_Static_assert(offsetof(struct linux_way, registers.rsp) == WAY_RSP, "shoot.S");
_Static_assert(offsetof(struct linux_way, vectors) == WAY_DATA, "shoot.S");
_Static_assert(offsetof(struct linux_way, vectors.index) == WAY_INDEX, "shoot.S");
_Static_assert(offsetof(struct linux_way, vectors.mask) == WAY_MASK, "shoot.S");
_Static_assert(offsetof(struct linux_way, vectors.bytes) == WAY_BYTES, "shoot.S");
_Static_assert(offsetof(struct linux_way, vectors.opmask) == WAY_OPMASK, "shoot.S");
_Static_assert(offsetof(struct linux_way, m80) == WAY_M80, "shoot.S");
_Static_assert(offsetof(struct linux_way, rip) == WAY_RIP, "shoot.S");
_Static_assert(offsetof(struct linux_way, cs) == WAY_CS, "shoot.S");
_Static_assert(offsetof(struct linux_way, pkru) == WAY_PKRU, "shoot.S");
_Static_assert(offsetof(struct linux_way, back) == WAY_BACK, "shoot.S");

/*
 * Makes the access. It ends in a signal: the handler must go to linux_back() with the stack pointer
 * way->back, CS 0x33 and clear flags; then this returns, with PKRU 0.
 */
void linux_shoot(struct linux_way *way);
void linux_back(void);

#endif
#endif
