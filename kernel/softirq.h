/* SPDX-License-Identifier: MIT */
/*
 * Softirqs: work that an interrupt leaves for the moment when interrupts are on again. They run on
 * the way out of an interrupt, on the interrupted thread's stack, and are contexts of their own:
 * each handler starts with the initial rights.
 */
#ifndef KEYWARD_KERNEL_SOFTIRQ_H
#define KEYWARD_KERNEL_SOFTIRQ_H

enum softirq { SOFTIRQ_WORK, SOFTIRQ_TEST, SOFTIRQ_TEST2, SOFTIRQS };

/* Who handles `nr`. Thread context, before it is raised. */
void softirq_register(enum softirq nr, void (*handler)(void));

/*
 * Runs `nr` soon on this processor: when the interrupt ends, or at once from a thread, with
 * interrupts on while the handler runs; so a thread that raises one holds no lock.
 */
void softirq_raise(enum softirq nr);

/* Runs what is pending. Interrupts off, in no interrupt or softirq: the way out of interrupts. */
void softirq_run(void);

#endif
