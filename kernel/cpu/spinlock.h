/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks, always taken with interrupts off, as interrupts take every lock here too. Not for NMI
 * context. The first CPU to find a lock free gets it: a queue (ticket locks) would be fair, but
 * where an emulator has more CPUs than its host, the next in the queue is often not running. A spin
 * that lasts absurdly long panics instead of hanging.
 */
#ifndef KEYWARD_KERNEL_CPU_SPINLOCK_H
#define KEYWARD_KERNEL_CPU_SPINLOCK_H

#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/types.h"

#define SPIN_TSC_MAX (1ULL << 35) /* TSC ticks; ten seconds or so */

struct spinlock {
	u32 locked;
};

#define SPINLOCK_INIT \
	{             \
		0     \
	}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return READ_ONCE(lock->locked);
}

static inline void spin_lock(struct spinlock *lock)
{
	while (xchg(&lock->locked, 1)) {
		u64 since = rdtsc();

		while (spin_is_locked(lock)) { /* reads alone leave the cache line shared */
			if (rdtsc() - since > SPIN_TSC_MAX)
				spin_stuck(lock);
			cpu_relax();
		}
	}
}

/* Takes the lock if it is free; returns whether it was. Interrupts off. */
static inline bool spin_trylock(struct spinlock *lock)
{
	return !spin_is_locked(lock) && !xchg(&lock->locked, 1);
}

static inline void spin_unlock(struct spinlock *lock)
{
	smp_store_release(&lock->locked, 0);
}

/* Returns the flags for spin_unlock_irqrestore(). */
static inline u64 spin_lock_irqsave(struct spinlock *lock)
{
	u64 flags = irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock, u64 flags)
{
	spin_unlock(lock);
	irq_restore(flags);
}

#endif
