/* SPDX-License-Identifier: MIT */
/*
 * Ways to keep stray writes from a range of memory, compared by what they stop and what they cost.
 * A writer opens a window around what it writes. Outside of windows:
 *
 *   none         nothing stops a write
 *   grant        the range has a key; a window is pks_grant() to pks_revoke()
 *   readwrite    the same by pks_set_readwrite() and pks_set_noaccess(), as Linux's pgmap calls do
 *   kmap_local   the same by kmap_local_page(), a page at a time
 *   unmap        its pages are not present; the end of a window flushes this CPU's TLB alone, so
 *                another CPU that used a page in a window can go on
 *   unmap_all    the same, and the end of a window flushes every CPU's TLB
 *   cr0_wp       its pages are read-only; in a window CR0.WP = 0 and preemption is off
 *
 * The windows of grant, readwrite and kmap_local are their context's; that of cr0_wp is its CPU's,
 * interrupts and NMIs included, and opens everything that is read-only; those of unmap and
 * unmap_all are everybody's.
 */
#ifndef KEYWARD_TESTS_ARMS_WRITE_ARM_H
#define KEYWARD_TESTS_ARMS_WRITE_ARM_H

#include "mm/page.h"
#include "pks/rights.h"

/* An open window. Lies on the stack of its writer, which alone uses it. */
struct write_window {
	struct page *first;
	u64 pages;
	union {
		struct pks_token token;
		u64 cr0;
	};
};

struct write_arm {
	const char *name;
	bool keyed;     /* the range must carry a key that is denied to all: PGMAP_PROTECTION */
	u64 pages_most; /* that one window can open; 0: any number */
	/*
	 * Protect a range, while nobody has a window, and end that. NULL: nothing to do. -ENOMEM or
	 * -EINVAL: as set_memory_ro(); nothing has changed. Contexts as tlb_shootdown().
	 */
	int (*protect)(struct page *first, u64 pages);
	int (*unprotect)(struct page *first, u64 pages);
	/*
	 * Open and close a window of first and pages, for the direct map. Close in the context that
	 * opened. grant, readwrite, kmap_local: any context. cr0_wp: any context but NMI. unmap:
	 * the same, on one CPU from open to close. unmap_all: as tlb_shootdown().
	 */
	void (*open)(struct write_window *w);
	void (*close)(struct write_window *w);
};

enum write_arm_id {
	ARM_NONE,
	ARM_GRANT,
	ARM_READWRITE,
	ARM_KMAP_LOCAL,
	ARM_UNMAP,
	ARM_UNMAP_ALL,
	ARM_CR0_WP,
	WRITE_ARMS,
};

extern const struct write_arm write_arms[WRITE_ARMS];

/*
 * Copies `size` bytes to byte `at` of the range that begins at `first`, in windows of their own
 * pages: in one, where the arm allows that. Contexts as open().
 */
void write_arm_copy(const struct write_arm *arm, struct page *first, u64 at, const void *from,
		    u64 size);

#endif
