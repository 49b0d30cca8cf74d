/* SPDX-License-Identifier: MIT */
/*
 * An address space whose entries a test may write as it likes, and single accesses in it at CPL 0
 * and CPL 3 that return their fault as a value. For rules that are no axis of the matrix.
 *
 * The upper half is the kernel's, so that the kernel runs on. In the lower half three pages map the
 * same memory, a block of 2 MiB, one page of each size. Each has tables of its own below the top
 * level; with 5 levels all of them lie behind another entry of the PML5 than the user text does.
 *
 *   0x0000008000000000   4 KiB page: the block's first page     PML4E 1
 *   0x0000010000000000   2 MiB page                             PML4E 2
 *   0x0000018000000000   1 GiB page, with the block inside      PML4E 3
 *
 * One test at a time, on one CPU.
 */
#ifndef KEYWARD_TESTS_MATRIX_OWN_SPACE_H
#define KEYWARD_TESTS_MATRIX_OWN_SPACE_H

/* Offsets into struct own_shot. */
#define OWN_RSP    0
#define OWN_TARGET 8
#define OWN_VA     16
#define OWN_VALUE  24
#define OWN_USER   32
#define OWN_FRAME  40
#define OWN_VECTOR 80
#define OWN_ERROR  88
#define OWN_RIP    96
#define OWN_CR2    104

#ifndef __ASSEMBLER__

#include "kernel/cpu/extable.h"
#include "kernel/cpu/pte.h"
#include "kernel/uspace.h"
#include "tests/harness/access.h"
#include "tests/harness/pke.h"
#include "tests/oracle/oracle.h"

#define OWN_DATA 0x100              /* offset of the word that is accessed */
#define OWN_OLD  0x1111111122222222 /* what a test puts there, and what it writes */
#define OWN_NEW  0x3333333344444444
#define OWN_CODE 0x200 /* offset of the code that is fetched; it returns at once */

/* One of the three pages. */
struct own_page {
	int level;           /* of its leaf: 1, 2, 3; 0: this CPU has no pages of this size */
	int top;             /* the highest level: 4 or 5 */
	u64 va;              /* of the block's first byte */
	pte_t *entry[6];     /* by level, from the leaf to the top; in the direct map */
	pte_t first[6];      /* the entries as own_space_create() made them */
	volatile u8 *memory; /* the block's first two pages, 0 at first; in the direct map */
};

#define OWN_SIZES 3
#define OWN_IST   5 /* the stack of the exceptions; the kernel uses 1 to 4 */

struct own_space {
	struct uspace us;
	struct page *block;
	struct own_page pages[OWN_SIZES]; /* 4 KiB, 2 MiB, 1 GiB */
	u64 flags, cr0, cr3, cr4;         /* what own_leave() restores */
	struct rights_saved rights;       /* what own_leave_open() restores, too */
	struct pke_saved pke;
};

/*
 * Creates the space. Each entry is present, writable, executable, for supervisors and not accessed,
 * with key 0. False: out of memory; the test is in error. Thread context.
 */
bool own_space_create(struct own_space *s);
void own_space_destroy(struct own_space *s);

/*
 * Switch this CPU to the space, with interrupts off and its exceptions 3, 13 and 14 taken from the
 * kernel, and back, which restores CR0 and CR4 too. Between the two, own_access() may be called.
 */
void own_enter(struct own_space *s);
void own_leave(struct own_space *s);

/* The same, with IA32_PKRS and PKRU open and CR4.PKE = 1, as far as the CPU has them. */
void own_enter_open(struct own_space *s);
void own_leave_open(struct own_space *s);

/* Writes the page's entries as at first, but with this key, and U/S = `user` on each level. Flushes
 * nothing.
 */
void own_page_reset(const struct own_page *p, bool user, u32 key);

/* Write IA32_PKRS and its mirror, and PKRU, as far as the CPU has them and CR4.PKE is 1. */
void own_rights(u32 pkrs, u32 pkru);

/* Drops all translations of the space that are not global. */
void own_flush(const struct own_space *s);

/*
 * Makes one access to `va` at CPL 3 (`user`) or CPL 0: reads the word into *value, writes *value,
 * adds it, or executes the code there. Rights are those in the registers; they must permit key 0.
 * Returns the fault, or none. The saved RIP must be the access's: else the test is in error.
 */
struct fault own_access(bool user, enum oracle_access kind, u64 va, u64 *value);

/* Code that makes an access: addresses of its start, of the access, and behind its final INT3. */
struct own_code {
	u64 start, access, end;
};

/* The same with code of the test's own, in which RDI is `va` and RBX *value, before and after. */
struct fault own_run(bool user, const struct own_code *code, u64 va, u64 *value);

/* "read" and so on. */
const char *own_access_name(enum oracle_access kind);

/* "4 KiB" and so on, by the level of the leaf. */
const char *own_size_name(int level);

/* For own_shot.S. */
struct own_shot {
	u64 rsp;           /* the caller's */
	u64 target;        /* the code that makes the access */
	u64 va, value;     /* its RDI and RBX; RBX comes back */
	u64 user;          /* goes to CPL 3 */
	u64 frame[5];      /* by this IRET frame */
	u64 vector, error; /* how it ended; vector 3: done */
	u64 rip, cr2;
};
_Static_assert(offsetof(struct own_shot, rsp) == OWN_RSP, "own_shot.S");
_Static_assert(offsetof(struct own_shot, target) == OWN_TARGET, "own_shot.S");
_Static_assert(offsetof(struct own_shot, va) == OWN_VA, "own_shot.S");
_Static_assert(offsetof(struct own_shot, value) == OWN_VALUE, "own_shot.S");
_Static_assert(offsetof(struct own_shot, user) == OWN_USER, "own_shot.S");
_Static_assert(offsetof(struct own_shot, frame) == OWN_FRAME, "own_shot.S");
_Static_assert(offsetof(struct own_shot, vector) == OWN_VECTOR, "own_shot.S");
_Static_assert(offsetof(struct own_shot, error) == OWN_ERROR, "own_shot.S");
_Static_assert(offsetof(struct own_shot, rip) == OWN_RIP, "own_shot.S");
_Static_assert(offsetof(struct own_shot, cr2) == OWN_CR2, "own_shot.S");

void own_shoot(struct own_shot *shot);
extern struct own_shot *own_shot_now;
extern const char own_stub_bp[], own_stub_gp[], own_stub_pf[];

extern const struct own_code own_kernel_code[], own_user_code[]; /* by kind of access */

#endif
#endif
