/* SPDX-License-Identifier: MIT */
/* One access by this process, in 64-bit or in 32-bit code (shoot.S). One thread uses it. */
#ifndef KEYWARD_TESTS_LINUX_SHOOT_H
#define KEYWARD_TESTS_LINUX_SHOOT_H

/* Offsets into struct linux_way. */
#define WAY_RBX  0x00
#define WAY_RSI  0x08
#define WAY_RDI  0x10
#define WAY_RSP  0x18
#define WAY_RIP  0x20 /* with WAY_CS behind it: a far pointer, m16:32 */
#define WAY_CS   0x24
#define WAY_PKRU 0x28
#define WAY_BACK 0x30

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

struct linux_way {
	u64 rbx, rsi, rdi, rsp;
	u32 rip; /* below 4 GiB */
	u32 cs;
	u32 pkru; /* during the access */
	u32 fill;
	u64 back; /* out: the stack pointer with which linux_back() goes on */
};
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
