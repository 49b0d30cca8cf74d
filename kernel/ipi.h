/* SPDX-License-Identifier: MIT */
/*
 * Asking other processors: to run a function, to reschedule, to stop. Whoever waits for an answer
 * has interrupts on, so that it answers others meanwhile, and waits for a bounded time: it says
 * which processor is silent, and where that one is.
 */
#ifndef KEYWARD_KERNEL_IPI_H
#define KEYWARD_KERNEL_IPI_H

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/regs.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/types.h"

/* Gives the vectors their handlers. Boot, before the second processor. */
void ipi_init(void);

/*
 * Runs fn(arg) on `cpu` with interrupts off and returns when it has run. Thread context, interrupts
 * on where there are other processors. For all processors: ipi_run_on_all(), kernel/cpu/upcalls.h.
 */
void ipi_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg);

/* Makes `cpu` look at its run queue. Any context but NMI. */
void ipi_reschedule(struct cpu *cpu);

/* Sends an NMI: counted there, and given to the hook on its vector. Any context but NMI. */
void ipi_send_nmi(struct cpu *cpu);

/* Has each other processor print where it is, for a report. Any context. */
void ipi_ask_others_where(void);

/* Stops all other processors for good, wherever they are. Any context. */
void ipi_stop_others(void);

/*
 * Does what other processors have sent this NMI for, and returns whether they had; if it was to
 * stop, it does not return. NMI context.
 */
bool ipi_nmi(const struct regs *regs);

/*
 * How long an answer is waited for before it is asked for by NMI, and a warning printed; ns. A test
 * writes it, in thread context, while no other test runs; whoever waits reads it.
 */
#define IPI_TIMEOUT_NS 2000000000ULL
extern u64 ipi_timeout_ns;

/* Warnings given; for tests. Atomic, any context that may wait. */
extern u32 ipi_warnings;

#endif
