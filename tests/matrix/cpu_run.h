/* SPDX-License-Identifier: MIT */
/*
 * Runs: the same place of memory is accessed twice, the rights change, and the access of the case
 * follows, all in a straight line of code (AXIS_TLB: TLB_RUN to TLB_RUN_WRITE). An implementation
 * that keeps what it knows of a page, as of the stack's, has no other occasion to forget it.
 */
#ifndef KEYWARD_TESTS_MATRIX_CPU_RUN_H
#define KEYWARD_TESTS_MATRIX_CPU_RUN_H

#include "tests/matrix/home.h"

/* Where struct run lies in the scratch page; its addresses for CPL 0 and CPL 3. */
#define RUN_AT   0xe00
#define HOME_RUN (HOME + HOME_SCRATCH_AT + RUN_AT)
#define VA_RUN   0x20e00 /* VA_SCRATCH + RUN_AT */

#define VA_RUN_TEXT 0x30000 /* runs.S for CPL 3 */

/* Offsets into struct run, and into its struct run_access. */
#define RUN_FIRST      0
#define RUN_LAST       40
#define RUN_PASSES     80
#define RUN_PKRU       84
#define RUN_PKRS       88
#define RUN_WRITE_PKRU 92
#define RUN_WRITE_PKRS 93
#define RUN_TARGET     0
#define RUN_RSP        8
#define RUN_RBX        16
#define RUN_RSI        24
#define RUN_RDI        32

#ifndef __ASSEMBLER__

#include "tests/matrix/cpu.h"

/* Where an access's code begins, and its registers. */
struct run_access {
	u64 target, rsp, rbx, rsi, rdi;
};

struct run {
	struct run_access first, last;
	u32 passes;     /* of the first access that are left */
	u32 pkru, pkrs; /* of the last access; written before it, if the next two say so */
	bool write_pkru, write_pkrs;
};

_Static_assert(offsetof(struct run, first) == RUN_FIRST, "run_switch.inc");
_Static_assert(offsetof(struct run, last) == RUN_LAST, "run_switch.inc");
_Static_assert(offsetof(struct run, passes) == RUN_PASSES, "run_switch.inc");
_Static_assert(offsetof(struct run, pkru) == RUN_PKRU, "run_switch.inc");
_Static_assert(offsetof(struct run, pkrs) == RUN_PKRS, "run_switch.inc");
_Static_assert(offsetof(struct run, write_pkru) == RUN_WRITE_PKRU, "run_switch.inc");
_Static_assert(offsetof(struct run, write_pkrs) == RUN_WRITE_PKRS, "run_switch.inc");
_Static_assert(offsetof(struct run_access, rsp) == RUN_RSP, "run_switch.inc");
_Static_assert(offsetof(struct run_access, rbx) == RUN_RBX, "run_switch.inc");
_Static_assert(offsetof(struct run_access, rsi) == RUN_RSI, "run_switch.inc");
_Static_assert(offsetof(struct run_access, rdi) == RUN_RDI, "run_switch.inc");
_Static_assert(offsetof(struct home, scratch) == HOME_SCRATCH_AT, "run_switch.inc");

/* runs.S: as matrix_text and matrix_shots in accesses.S (home.h). */
extern const struct shot_code matrix_run_shots[];
extern const char matrix_run_text[], matrix_run_text_end[];

/* The home is filled for the last access: puts the first accesses before it. */
void cpu_run_aim(const struct shot *s);

#endif
#endif
