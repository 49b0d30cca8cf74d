/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks, always taken with interrupts off, as interrupts take every lock here too. Not for NMI
 * context. The first CPU to find a lock free gets it: a queue (ticket locks) would be fair, but
 * where an emulator has more CPUs than its host, the next in the queue is often not running. A spin
 * that lasts absurdly long panics instead of hanging.
 *
 * A lock names the CPU that holds it, and each CPU lists the locks that it holds, so that die() can
 * tell whether data is half-changed, and a report can name the lock.
 */
#ifndef KEYWARD_KERNEL_CPU_SPINLOCK_H
#define KEYWARD_KERNEL_CPU_SPINLOCK_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/config.h"
#include "kernel/lib/types.h"

#define SPIN_TSC_MAX (1ULL << 35) /* TSC ticks; ten seconds or so */

/*
 * How long a spin may last, in TSC ticks; kernel/cpu/percpu.c. A test writes it, in thread context,
 * while no other test runs; waiting CPUs read it.
 */
extern u64 spin_tsc_max;

struct cpu;

struct spinlock {
	struct cpu *holder; /* NULL: free */
	/*
	 * Only the holder writes these, after it has taken the lock with spin_lock_irqsave(). An
	 * NMI may read them if the lock is in its CPU's list.
	 */
	struct spinlock *outer; /* which this CPU took before; NULL: none */
	void *site;             /* where it took this one */
};

#define SPINLOCK_INIT          \
	{                      \
		.holder = NULL \
	}

/* Offset of struct cpu's `locks`, the innermost listed lock; kernel/cpu/percpu.c asserts it. */
#define CPU_LOCKS 56

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return READ_ONCE(lock->holder);
}

/* this_cpu(), which needs struct cpu and so struct spinlock. */
static inline struct cpu *spin_cpu(void)
{
	struct cpu *cpu;

	asm volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* Returns the innermost lock in this CPU's list, or NULL; its `outer` leads to the others. */
static inline struct spinlock *spin_innermost(void)
{
	struct spinlock *lock;

	asm volatile("movq %%gs:%c1, %0" : "=r"(lock) : "i"(CPU_LOCKS) : "memory");
	return lock;
}

static inline void spin_innermost_set(struct spinlock *lock)
{
	asm volatile("movq %0, %%gs:%c1" : : "r"(lock), "i"(CPU_LOCKS) : "memory");
}

/*
 * These two, with interrupts off, do not list the lock: for the run queues and the page tables,
 * where each instruction is counted. locks_held() knows such locks and finds them by their holder.
 */
static inline void spin_lock(struct spinlock *lock)
{
	for (struct cpu *none = NULL; !try_cmpxchg(&lock->holder, &none, spin_cpu()); none = NULL) {
		u64 since = rdtsc();

		while (spin_is_locked(lock)) { /* reads alone leave the cache line shared */
			if (rdtsc() - since > spin_tsc_max)
				spin_stuck(lock);
			cpu_relax();
		}
	}
}

/* Takes the lock if it is free; returns whether it was. Interrupts off. */
static inline bool spin_trylock(struct spinlock *lock)
{
	struct cpu *none = NULL;

	return !spin_is_locked(lock) && try_cmpxchg(&lock->holder, &none, spin_cpu());
}

static inline void spin_unlock(struct spinlock *lock)
{
	if (CONFIG_PARANOID && lock->holder != spin_cpu())
		spin_not_held(lock);
	smp_store_release(&lock->holder, NULL);
}

/*
 * Lists a lock that this CPU has just taken, in instructions that cannot fault as the lock has just
 * been written. Interrupts off.
 */
static inline void spin_list(struct spinlock *lock)
{
	lock->outer = spin_innermost();
	asm volatile("1: movq $1b, %0" : "=m"(lock->site));
	spin_innermost_set(lock);
}

/*
 * Takes and lists the lock. Release locks in the opposite order. Returns the flags for
 * spin_unlock_irqrestore().
 */
static inline u64 spin_lock_irqsave(struct spinlock *lock)
{
	u64 flags = irq_save();

	spin_lock(lock);
	spin_list(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, u64 flags)
{
	spin_innermost_set(lock->outer);
	spin_unlock(lock);
	irq_restore(flags);
}

#endif
