/* SPDX-License-Identifier: MIT */
/*
 * Stray writes, drawn from a seed: each depends on seed and number alone, so a single one can be
 * looked at again. Pure, also built on the host.
 */
#ifndef KEYWARD_TESTS_STRAY_WILD_H
#define KEYWARD_TESTS_STRAY_WILD_H

#include "kernel/lib/options.h"
#include "kernel/lib/types.h"

/*
 * The pages of the range that the campaign uses. Strays are aimed at the store; those that a writer
 * makes in its own window, which keys cannot stop, at pages kept for them, so that the store's
 * damage is that of the others. The buffers are ordinary memory that overruns begin in. No stray is
 * aimed at the note, from which a second boot knows what to expect.
 */
enum stray_layout {
	STRAY_BUFFER = 0,
	STRAY_STORE = 1,
	STRAY_STORE_PAGES = 190,
	STRAY_OWN_BUFFER = 191,
	STRAY_OWN = 192,
	STRAY_OWN_PAGES = 62,
	STRAY_LOG = 254, /* written while there is no store to write to */
	STRAY_NOTE = 255,
	STRAY_PAGES = 256,
};

/* Who makes a stray write. The last four are asked by the thread that writes the store. */
enum stray_by {
	BY_THREAD, /* the one that writes the store */
	BY_WORK,   /* a work item */
	BY_SOFTIRQ,
	BY_INTERRUPT,
	BY_EXCEPTION, /* #BP in that thread */
	BY_NMI,
	BY_OTHER_THREAD,
	BY_OTHER_INTERRUPT, /* of that other thread */
	BY_OTHER_CPU,
	STRAY_BYS,
};

enum stray_kind {
	STRAY_WILD,       /* to a random place */
	STRAY_OVERRUN,    /* a `rep movs` that goes on beyond its buffer */
	STRAY_AFTER_FREE, /* through an address that was mapped, used and unmapped before */
	STRAY_KINDS,
};

#define STRAY_LONGEST 64 /* bytes */

struct stray {
	u64 number;
	enum stray_by by;
	enum stray_kind kind;
	bool in_window; /* while a writer of the store has its window open */
	bool late;      /* behind what the writer writes, not before */
	bool near;      /* in a page of that window */
	u32 page, offset, length;
	u32 before; /* OVERRUN: bytes that go to the buffer's end first */
	u8 bytes[2 * STRAY_LONGEST];
};

/* How a range is protected, and how its legitimate writer gets at it. */
enum stray_guard {
	GUARD_GRANT,     /* a key; pks_grant() around each write */
	GUARD_KMAP,      /* a key; kmap() around each write, which the policy pardons */
	GUARD_UNMAP,     /* the pages are not present; the writer's CPU alone is flushed */
	GUARD_UNMAP_ALL, /* the same; all CPUs are flushed */
	GUARD_CR0_WP,    /* the pages are read-only; CR0.WP is cleared around each write */
	STRAY_GUARDS,
};

struct stray_arm {
	const char *name;
	enum stray_guard guard;
	struct pks_policy policy;
	bool own_at_store; /* strays in the writer's own window are aimed at the store too */
};

/* Draws the stray write with this number. */
void stray_draw(struct stray *s, u64 seed, u64 number);

/* Changes what the arm, or a machine of so many CPUs, cannot do into what it can. */
void stray_fit(struct stray *s, const struct stray_arm *arm, u32 cpus);

/* Fills `bytes` with `n` bytes that seed and number decide. */
void stray_bytes(u8 *bytes, u32 n, u64 seed, u64 number);

extern const char *const stray_by_names[STRAY_BYS];
extern const char *const stray_kind_names[STRAY_KINDS];

#endif
