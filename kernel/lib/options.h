/* SPDX-License-Identifier: MIT */
/* The settings of the command line. Read-only after boot; a test that changes one restores it. */
#ifndef KEYWARD_KERNEL_LIB_OPTIONS_H
#define KEYWARD_KERNEL_LIB_OPTIONS_H

#include "kernel/lib/types.h"

/* How the kernel answers a protection-key fault: see pks/policy/policy.c. */
enum pks_mode { PKS_MODE_OFF, PKS_MODE_STRICT, PKS_MODE_RELAXED, PKS_MODE_SILENT, PKS_MODES };

/* Which protected pages can be pardoned: only those marked by kmap(), or any devmap page. */
enum pks_gate { PKS_GATE_KMAPPED, PKS_GATE_ANY, PKS_GATES };

/* How far pardons go: the rest of the context, one instruction, every context. */
enum pks_scope { PKS_SCOPE_CONTEXT, PKS_SCOPE_INSTRUCTION, PKS_SCOPE_GLOBAL, PKS_SCOPES };

/* What decides on protection-key faults. Read by pks_policy_get(), changed by pks_policy_set(). */
struct pks_policy {
	enum pks_mode mode;
	enum pks_gate gate;
	enum pks_scope scope;
};

/* Where kmap() counts a page's marks: see pks/policy/marks.h. */
enum pks_marks { PKS_MARKS_PAGE, PKS_MARKS_HASH, PKS_MARKS };

enum exit_action { EXIT_POWEROFF, EXIT_REBOOT, EXIT_HALT, EXIT_MONITOR };

/* How much of the architecture matrix to run; MATRIX_LIST also names every divergent case. */
enum matrix_extent { MATRIX_EVERYDAY, MATRIX_FULL, MATRIX_LIST, MATRIX_EXTENTS };

/* Points where magic= can switch on a magic breakpoint (xchg %bx,%bx, see Bochs). */
enum magic_point {
	MAGIC_WRITE = 1,  /* a rights write */
	MAGIC_SWITCH = 2, /* a context switch */
	MAGIC_FAULT = 4,  /* a protection-key fault reaches the policy */
	MAGIC_PARDON = 8, /* a pardon is written into the frame */
};

/* A physical range from the command line; size 0: not given. start + size does not wrap. */
struct options_range {
	u64 start, size;
};

#define OPTIONS_RESERVE 8

/*
 * One field for each word of the table in option_table.c. The table says what a word accepts, the
 * comments here what its value means.
 */
struct options {
	struct pks_policy policy; /* pks=, gate=, pardon= */
	enum pks_marks marks;     /* marks= */
	bool early;               /* early=: see mm/kmap/kmap_check.h */
	char tests[256];          /* tests=, globs; empty: all */
	u64 seed;                 /* seed=; 0: take one from the TSC and print it */
	u32 repeat;               /* repeat=, runs of each test */
	enum exit_action exit;    /* exit= */
	u32 cpus;                 /* cpus=: start at most this many */
	u32 paging;               /* paging=, levels; 0: as many as the CPU has */
	u64 mem;                  /* mem=: use at most this many bytes of RAM; 0: all */
	struct options_range reserve[OPTIONS_RESERVE]; /* reserve=: left unused, RAM or not */
	u32 magic;                                     /* magic=: a mask of enum magic_point */
	enum matrix_extent matrix;                     /* matrix= */
	char matrix_case[256]; /* case=, axis:value,...: run only these; empty: all */
	bool avoid_set_dirty;  /* avoid=set-dirty: a machine crashes on it, see machines/bochs */
	bool x2apic;           /* apic=x2apic: use that mode, whatever the firmware left */
	bool trace;            /* trace=: trace everything from the start, and dump it at the end */
	bool bench;            /* bench=: run the benches instead of the tests */
};

extern struct options options;

#endif
