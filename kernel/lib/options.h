/* SPDX-License-Identifier: MIT */
/* What the command line can set. Read-only after boot, except what a test changes and restores. */
#ifndef KEYWARD_KERNEL_LIB_OPTIONS_H
#define KEYWARD_KERNEL_LIB_OPTIONS_H

#include "kernel/lib/types.h"

/* What a protection-key fault leads to: see pks/policy/policy.c. */
enum pks_mode { PKS_MODE_OFF, PKS_MODE_STRICT, PKS_MODE_RELAXED, PKS_MODE_SILENT, PKS_MODES };

/* Which protected pages can be pardoned: only those marked by kmap(), or any devmap page. */
enum pks_gate { PKS_GATE_KMAPPED, PKS_GATE_ANY, PKS_GATES };

/* How wide a pardon is: the rest of the context, one instruction, every context
 * (pks/policy/policy.c). */
enum pks_scope { PKS_SCOPE_CONTEXT, PKS_SCOPE_INSTRUCTION, PKS_SCOPE_GLOBAL, PKS_SCOPES };

/* What decides on protection-key faults. Read by pks_policy_get(), changed by pks_policy_set(). */
struct pks_policy {
	enum pks_mode mode;
	enum pks_gate gate;
	enum pks_scope scope;
};

/* Where kmap() counts a page's users: see pks/policy/marks.h. */
enum pks_marks { PKS_MARKS_PAGE, PKS_MARKS_HASH, PKS_MARKS };

enum exit_action { EXIT_POWEROFF, EXIT_REBOOT, EXIT_HALT, EXIT_MONITOR };

/* How much of the architecture matrix is run; MATRIX_LIST also names every divergent case. */
enum matrix_extent { MATRIX_EVERYDAY, MATRIX_FULL, MATRIX_LIST, MATRIX_EXTENTS };

/* Points at which a magic breakpoint (xchg %bx,%bx, see Bochs) can be switched on: magic=... */
enum magic_point {
	MAGIC_WRITE = 1,  /* a rights write */
	MAGIC_SWITCH = 2, /* a context switch */
	MAGIC_FAULT = 4,  /* a protection-key fault reaches the policy */
	MAGIC_PARDON = 8, /* a pardon is written into the frame */
};

/* Physical addresses that the command line names; size 0: not given. start + size does not wrap. */
struct options_range {
	u64 start, size;
};

#define OPTIONS_RESERVE 8

/*
 * A field for each word of the table in option_words.c, which says what the word accepts. The
 * comments say what the value means.
 */
struct options {
	struct pks_policy policy; /* pks=, gate=, pardon= */
	enum pks_marks marks;     /* marks= */
	bool early;               /* early=: see mm/kmap/kmap_check.h */
	char tests[256];          /* tests=, globs; empty: all */
	u64 seed;                 /* seed=; 0: take one from the TSC and print it */
	u32 repeat;               /* repeat=, runs of each test */
	enum exit_action exit;    /* exit= */
	u32 cpus;                 /* cpus=: at most so many processors */
	u32 paging;               /* paging=, levels; 0: as many as there are */
	u64 mem;                  /* mem=: use at most so many bytes of RAM; 0: all */
	struct options_range reserve[OPTIONS_RESERVE]; /* reserve=: is no RAM */
	u32 magic;                                     /* magic=: a mask of enum magic_point */
	enum matrix_extent matrix;                     /* matrix= */
	char matrix_case[256]; /* case=, axis:value,...: only these cases; empty: the slice */
	bool avoid_set_dirty;  /* avoid=set-dirty: a machine dies of it, see machines/bochs */
	bool x2apic;           /* apic=x2apic: in that mode, not as the firmware left it */
	bool trace; /* trace=: everything is traced from the start, and dumped at the end */
	bool bench; /* bench=: run the benches instead of the tests */
};

extern struct options options;

#endif
