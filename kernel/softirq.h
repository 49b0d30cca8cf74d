/* SPDX-License-Identifier: MIT */
/*
 * Softirqs: work that an interrupt defers until interrupts are on again. They run on the way out of
 * an interrupt, on the interrupted thread's stack. Each is a context of its own: its handler starts
 * with the initial rights.
 */
#ifndef KEYWARD_KERNEL_SOFTIRQ_H
#define KEYWARD_KERNEL_SOFTIRQ_H

enum softirq { SOFTIRQ_WORK, SOFTIRQ_TEST, SOFTIRQ_TEST2, SOFTIRQS };

/* Installs the handler of `nr`. Thread context, before the first raise. */
void softirq_register(enum softirq nr, void (*handler)(void));

/*
 * Runs `nr` on this CPU: when the interrupt ends, or at once if a thread raises it. Interrupts are
 * on while the handler runs, so a thread that raises one must hold no lock. Raised while it runs,
 * even by itself, it runs once more. Any context; raised by an NMI, it may wait for the next
 * interrupt.
 */
void softirq_raise(enum softirq nr);

/* Runs what is pending, on the way out of an interrupt. Interrupts off, no interrupt or softirq. */
void softirq_run(void);

#endif
