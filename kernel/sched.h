/* SPDX-License-Identifier: MIT */
/* Decides which thread runs where: turns, sleep, wake-ups, migration. */
#ifndef KEYWARD_KERNEL_SCHED_H
#define KEYWARD_KERNEL_SCHED_H

#include "kernel/thread.h"

/* Makes the running code thread "main" of this CPU, and gives the CPU an idle thread. Boot. */
void sched_init(void);

/* Creates another CPU's idle thread, on whose stack that CPU starts. NULL: out of memory. Boot. */
struct thread *sched_add_cpu(struct cpu *cpu);

/* The idle loop: takes threads from other CPUs, or halts. A CPU starts it with interrupts off. */
_Noreturn void sched_idle(void);

/*
 * Moves the running thread to `cpu` and keeps it there; NULL lets it run anywhere. Threads that it
 * creates inherit this. Thread context.
 */
void thread_pin(struct cpu *cpu);

/* Gives the CPU to the next ready thread, if any. Thread context. */
void thread_yield(void);

/* Sleeps for at least `ns`. Thread context. */
void thread_sleep(u64 ns);

/* Makes a blocked thread runnable; does nothing to any other. Any context but NMI. */
void thread_wake(struct thread *t);

/* Preempts the running thread: called on the way out of an interrupt, interrupts off. */
void schedule(void);

/* Keeps the running thread off the CPU until it is woken; call with its state set. */
void thread_block(void);

/*
 * Marks the running thread dead, so that no wake-up finds it, and takes it off the sleepers if it
 * has died on its way to sleep. Interrupts off.
 */
void thread_mark_dead(void);

/* Wakes the threads that sleep until `now` (ns) or earlier. Called by the tick. */
void sched_tick(u64 now);

#endif
