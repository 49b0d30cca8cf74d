/* SPDX-License-Identifier: MIT */
/*
 * Ticket spinlocks, taken with interrupts off throughout: every lock here is also wanted by some
 * interrupt. Not for NMI context. A spin that lasts absurdly long panics instead of hanging.
 */
#ifndef KEYWARD_KERNEL_SPINLOCK_H
#define KEYWARD_KERNEL_SPINLOCK_H

#include "kernel/insn.h"
#include "kernel/types.h"

struct spinlock {
	u16 next;  /* the ticket that the next taker draws */
	u16 owner; /* the ticket that is served */
};

#define SPINLOCK_INIT \
	{             \
		0, 0  \
	}

void spin_stuck(struct spinlock *lock);

static inline void spin_lock(struct spinlock *lock)
{
	u16 ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	for (u32 spins = 0; __atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket; spins++) {
		if (spins == 1u << 24)
			spin_stuck(lock);
		cpu_relax();
	}
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->owner, (u16)(lock->owner + 1), __ATOMIC_RELEASE);
}

static inline bool spin_is_locked(struct spinlock *lock)
{
	return __atomic_load_n(&lock->owner, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&lock->next, __ATOMIC_RELAXED);
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
