/* SPDX-License-Identifier: MIT */
/*
 * What a context has open besides its rights: its nested maps (mm/kmap/kmap_local.c) and the
 * instructions that it was pardoned for (pks/policy/step.c). Each thread has one, and so has the
 * softirq, interrupt and NMI context of each CPU. A work item uses its thread's, an exception or
 * system call that of the context it interrupts, and an NMI nested in a machine check the machine
 * check's: on top of what is open there, between local_enter() and local_leave(). Only its own
 * context writes here: no lock.
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
	u64 what;        /* the page's address and its kind, in one word: mm/kmap/kmap_stack.h */
	u32 mask, found; /* its key's bits in IA32_PKRS; all rights before the map */
	u32 site;        /* low half of the caller's address */
	u32 access;      /* enum pks_access */
};

struct local_step {
	const struct regs *frame; /* of a trap taken before the step ended; NULL: none */
	u64 rip;
	u32 closed;  /* bits of IA32_PKRS to set again */
	bool traced; /* TF was set before the step: others get the #DB too */
	u8 kind;     /* enum step_kind */
};

/*
 * The first two words are compared as one: local_leave() must be short. Other CPUs read `maps`,
 * `map`, `pardoned` and `steps`, to find who has a page or a key open (mm/kmap/kmap_holder.c).
 */
struct local {
	union {
		struct {
			u32 maps;     /* how many are in use */
			u32 pardoned; /* keys that pardons may have opened, a bit for each */
		};
		u64 open;
	};
	union { /* the same two when the context began: they belong to the interrupted one */
		struct {
			u32 base, base_pardoned;
		};
		u64 base_open;
	};
	u32 steps; /* how many are in use */
	struct local_map map[LOCAL_MAPS];
	struct local_step step[LOCAL_STEPS];
};

#define CPU_LOCAL 64 /* offset of struct cpu's local_now; kernel/cpu/percpu.c asserts it */

/* Returns the running context's state. Any context. */
static inline struct local *this_local(void)
{
	struct local *local;

	asm volatile("movq %%gs:%c1, %0" : "=r"(local) : "i"(CPU_LOCAL));
	return local;
}

/*
 * Installs `local` as the running context's state and returns the previous one. For code that
 * begins a context with a struct local of its own, on a CPU that it does not leave.
 */
static inline struct local *local_set(struct local *local)
{
	struct local *outer = this_local();

	asm volatile("movq %0, %%gs:%c1" : : "r"(local), "i"(CPU_LOCAL) : "memory");
	return outer;
}

/* Begins a context on top of `local`. Returns what local_leave() needs to end it. Any context. */
static inline u64 local_enter(struct local *local)
{
	u64 outer = local->base_open;

	local->base_open = local->open;
	return outer;
}

static inline void local_leave(struct local *local, u64 outer)
{
	if (unlikely(local->open != local->base_open)) {
		if (local->maps != local->base)
			kmap_left_open(local);
		local->pardoned = local->base_pardoned;
	}
	local->base_open = outer;
}

#endif
