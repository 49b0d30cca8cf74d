/* SPDX-License-Identifier: MIT */
/*
 * Atomic accesses to plain variables, under Linux's names. The hardware already orders loads with
 * loads and stores with stores, and every locked instruction is a full barrier (SDM Vol. 3A,
 * "Memory Ordering"); these macros hold the compiler to the same order. `p` points to an integer or
 * a pointer of at most 8 bytes. Any context; pure.
 */
#ifndef KEYWARD_KERNEL_LIB_ATOMIC_H
#define KEYWARD_KERNEL_LIB_ATOMIC_H

/* Stops the compiler, but not the CPU, from moving an access across it. */
#define barrier() asm volatile("" : : : "memory")

/* Exactly one access each, without ordering. */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* Later accesses stay after the load; earlier accesses stay before the store. */
#define smp_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* Order loads with loads, stores with stores. */
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Fully ordered read-modify-writes; _return gives the new value, atomic_fetch_or() the old one. */
#define atomic_inc(p)            ((void)__atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST))
#define atomic_dec(p)            ((void)__atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST))
#define atomic_add(n, p)         ((void)__atomic_add_fetch((p), (n), __ATOMIC_SEQ_CST))
#define atomic_or(mask, p)       ((void)__atomic_or_fetch((p), (mask), __ATOMIC_SEQ_CST))
#define atomic_and(mask, p)      ((void)__atomic_and_fetch((p), (mask), __ATOMIC_SEQ_CST))
#define atomic_inc_return(p)     __atomic_add_fetch((p), 1, __ATOMIC_SEQ_CST)
#define atomic_dec_return(p)     __atomic_sub_fetch((p), 1, __ATOMIC_SEQ_CST)
#define atomic_add_return(n, p)  __atomic_add_fetch((p), (n), __ATOMIC_SEQ_CST)
#define atomic_fetch_or(mask, p) __atomic_fetch_or((p), (mask), __ATOMIC_SEQ_CST)

/* Stores `v` and returns the old value. */
#define xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

/* Stores `new` if *p equals *old; otherwise copies *p to *old. Returns true if it stored. */
#define try_cmpxchg(p, old, new) \
	__atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

#endif
