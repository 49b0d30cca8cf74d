/* SPDX-License-Identifier: MIT */
/*
 * What one context has open, besides its rights: its nested maps (mm/kmap_local.c) and the
 * instructions that it was pardoned for (pks/step.c). A thread has its own, and so has each
 * processor's softirq, interrupt and NMI context; exceptions and system calls use their thread's.
 * Only the context itself writes here, and what it interrupts is another's: no lock.
 */
#ifndef KEYWARD_KERNEL_LOCAL_H
#define KEYWARD_KERNEL_LOCAL_H

#include "kernel/types.h"

#define LOCAL_MAPS  16
#define LOCAL_STEPS 4

struct page;

struct local_map {
	struct page *page;
	u32 mask, found; /* its key's bits in IA32_PKRS, and what they were before; 0: no key */
	u32 site;        /* low half of the caller's address */
	u8 access;       /* enum pks_access */
	bool ordered;    /* to be unmapped in the opposite order: kmap_local_page() */
};

struct local_step {
	u64 rip;
	u32 closed;  /* bits of IA32_PKRS to be set again */
	bool traced; /* somebody else wanted the #DB as well */
	u8 kind;     /* enum step_kind */
};

struct local {
	u32 maps, steps; /* how many are in use */
	struct local_map map[LOCAL_MAPS];
	struct local_step step[LOCAL_STEPS];
};

/* The running context's. Any context. */
struct local *this_local(void);

#endif
