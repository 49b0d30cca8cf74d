/* SPDX-License-Identifier: MIT */
/*
 * The interface of a machine under test. Two implement it: the CPU that the kernel runs on (cpu.c,
 * shot.S), and on the host a software one that can be broken on purpose (tests/host/soft.c). One
 * thread uses it; interrupts are off between machine_enter() and machine_leave().
 */
#ifndef KEYWARD_TESTS_MATRIX_MACHINE_H
#define KEYWARD_TESTS_MATRIX_MACHINE_H

#include "tests/matrix/space.h"

/* What the machine can do; fixed once machine_setup() has returned. */
struct machine_can {
	bool pks, pku, smap, page_1g, la57;
	u32 needs;         /* a mask of enum need: what the kinds may rely on */
	bool process;      /* an ordinary process: what it can neither set nor see is in no case */
	u32 process_sizes; /* a mask of enum size */
	bool no_split_locks; /* no locked access may lie in two pages */
};
extern struct machine_can machine_can;

/* CR0.WP, CR4.PKS, CR4.PKE, CR4.SMAP with CR4.SMEP, and PKRU with key 0 open. */
struct control {
	bool wp, pks, pke, smap;
	u32 pkru;
};

/* One access. */
struct shot {
	u16 kind;    /* enum kind */
	u8 mode;     /* enum mode */
	bool ac;     /* EFLAGS.AC */
	u64 address; /* see case_address(); changes most often */
	u32 pkrs;    /* in force during the access; outside of it with key 0 open */
	u32 pkru;    /* likewise, if CR4.PKE = 1 */
	/* A run's first accesses; `first` is their kind, or KINDS if there are none. */
	u16 first;
	u64 first_address;
	u32 first_pkrs, first_pkru;
};

/* The outcome of a shot. Without a fault vector is SHOT_DONE; error and cr2 then mean nothing. */
#define SHOT_DONE 0xd0
struct outcome {
	u32 vector, error;
	u64 cr2;
	u32 pkrs;       /* IA32_PKRS after the access, before anything else */
	u32 value;      /* what was read, for the kinds that read */
	int rsp_moved;  /* the stack pointer: by so many bytes; means nothing for other kinds */
	bool rip_right; /* the saved CS:RIP is the access's or, if done, that of its end */
};

/* What memory holds before an access, and the operand of a write. */
#define MATRIX_PATTERN 0x11223344u
#define MATRIX_OPERAND 0x01020304u

/* Where code goes on behind an access, and selectors that its frame can have. */
struct landing {
	u64 rip;
	u16 cs, ss;
};

/* For the code of a kind, run in that mode; `first`: for a run's first accesses. */
struct landing machine_landing(u32 kind, u32 mode, bool first);
/* Where the scratch operand lies in its page, as the tested one in the data page. */
#define AT_SCRATCH 0x100

/* Allocate and free what the suite needs; return NULL, or why not (static text). */
const char *machine_setup(void);
void machine_teardown(void);

/* Switch to the matrix's own page tables (4 or 5 levels), descriptor tables and stacks, and back.
 */
void machine_enter(u32 levels);
void machine_leave(void);

void machine_control(const struct control *control);

/* Sets the key of the home: the pages that the CPU itself needs. */
void machine_home_key(u32 key);

/* The rows' pages of this case come next. */
void machine_row(const struct mcase *row);

void machine_flush(void);
void machine_invlpg(u64 va);
void machine_shoot(const struct shot *shot, struct outcome *outcome);

#endif
