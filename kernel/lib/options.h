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

struct options {
	enum pks_mode pks;     /* pks=off|strict|relaxed|silent */
	enum pks_gate gate;    /* gate=kmapped|any */
	enum pks_scope pardon; /* pardon=context|instruction|global */
	enum pks_marks marks;  /* marks=page|hash */
	bool early;            /* early=on|off: see mm/kmap/kmap_check.h */
	char tests[256];       /* tests=GLOB[,GLOB]; empty: all */
	u64 seed;              /* seed=N; 0: take one from the TSC and print it */
	u32 repeat;            /* repeat=N, 1..1000000 */
	enum exit_action exit; /* exit=poweroff|reboot|halt|monitor */
	u32 cpus;              /* cpus=N, 1..4096: at most so many processors */
	u32 paging;            /* paging=4|5|max: levels; 0: as many as there are */
	u64 mem;               /* mem=SIZE[K|M|G|T]: use at most so many bytes of RAM; 0: all */
	struct options_range reserve[OPTIONS_RESERVE]; /* reserve=START+SIZE,...: is no RAM */
	u32 magic;                 /* magic=write,switch,fault,pardon: a mask of enum magic_point */
	enum matrix_extent matrix; /* matrix=everyday|full|list */
	char matrix_case[256];     /* case=axis:value,...: only these cases; empty: the slice */
	bool avoid_set_dirty;      /* avoid=set-dirty: a machine dies of it, see machines/bochs */
	bool x2apic; /* apic=found|x2apic: as the firmware left it, or in x2APIC mode */
	bool trace;  /* trace=off|on: everything is traced from the start, and dumped at the end */
	bool bench;  /* bench=on|off: run the benches instead of the tests */
};

extern struct options options;

#endif
