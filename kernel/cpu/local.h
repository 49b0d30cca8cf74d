/* SPDX-License-Identifier: MIT */
/*
 * What one context has open, besides its rights: its nested maps (mm/kmap/kmap_local.c) and the
 * instructions that it was pardoned for (pks/policy/step.c). A thread has its own, and so has each
 * processor's softirq, interrupt and NMI context. Exceptions, system calls and work items use
 * their thread's, and an NMI inside a machine check that one's: on top of what is open there,
 * between local_enter() and local_leave().
 * Only the context itself writes here, and what it interrupts is another's: no lock.
 */
#ifndef KEYWARD_KERNEL_CPU_LOCAL_H
#define KEYWARD_KERNEL_CPU_LOCAL_H

#include "kernel/cpu/upcalls.h"
#include "kernel/lib/types.h"

#define LOCAL_MAPS  16
#define LOCAL_STEPS 4

struct page;
struct regs;

struct local_map {
	struct page *page;
	u32 mask, found; /* its key's bits in IA32_PKRS, and what they were before; 0: no key */
	u32 site;        /* low half of the caller's address */
	u8 access;       /* enum pks_access */
	bool ordered;    /* to be unmapped in the opposite order: kmap_local_page() */
};

struct local_step {
	const struct regs *frame; /* of the trap that came in between; NULL: none */
	u64 rip;
	u32 closed;  /* bits of IA32_PKRS to be set again */
	bool traced; /* somebody else wanted the #DB as well */
	u8 kind;     /* enum step_kind */
};

struct local {
	u32 maps, steps; /* how many are in use */
	u32 base;        /* maps below are those of the context that this one has interrupted */
	struct local_map map[LOCAL_MAPS];
	struct local_step step[LOCAL_STEPS];
};

#define CPU_LOCAL 56 /* struct cpu's field local_now, which kernel/cpu/percpu.c asserts */

/* The running context's. Any context. */
static inline struct local *this_local(void)
{
	struct local *local;

	asm volatile("movq %%gs:%c1, %0" : "=r"(local) : "i"(CPU_LOCAL));
	return local;
}

/*
 * From now on `local` is the running context's; the one before. For who begins a context that has
 * a struct local of its own, on a processor that it does not leave.
 */
static inline struct local *local_set(struct local *local)
{
	struct local *outer = this_local();

	asm volatile("movq %0, %%gs:%c1" : : "r"(local), "i"(CPU_LOCAL) : "memory");
	return outer;
}

/* A context begins on `local`; what local_leave() must be given at its end. Any context. */
static inline u32 local_enter(struct local *local)
{
	u32 outer = local->base;

	local->base = local->maps;
	return outer;
}

static inline void local_leave(struct local *local, u32 outer)
{
	if (unlikely(local->maps != local->base))
		kmap_left_open(local);
	local->base = outer;
}

#endif
