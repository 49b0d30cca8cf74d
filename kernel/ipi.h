/* SPDX-License-Identifier: MIT */
/*
 * Asks other CPUs to run a function, to reschedule, to stop. A CPU that waits for an answer keeps
 * interrupts on, so that it answers others meanwhile, and waits for a bounded time: it reports
 * which CPU does not answer, and where that CPU is.
 */
#ifndef KEYWARD_KERNEL_IPI_H
#define KEYWARD_KERNEL_IPI_H

#include "kernel/cpu/percpu.h"
#include "kernel/cpu/regs.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/types.h"

/* Installs the vectors' handlers. Boot, before the second CPU. */
void ipi_init(void);

/*
 * Runs fn(arg) on `cpu` with interrupts off and returns when it has run. Thread context, interrupts
 * on if `cpu` is another CPU. For all CPUs: ipi_run_on_all(), kernel/cpu/upcalls.h.
 */
void ipi_run_on(struct cpu *cpu, void (*fn)(void *arg), void *arg);

/* Makes `cpu` look at its run queue. Any context but NMI. */
void ipi_reschedule(struct cpu *cpu);

/* Sends `cpu` an NMI, which it counts and passes to the vector's hook. Any context but NMI. */
void ipi_send_nmi(struct cpu *cpu);

/* Prints where each other CPU is, for a report. Any context. */
void ipi_ask_others_where(void);

/* Stops all other CPUs for good, wherever they are. Any context. */
void ipi_stop_others(void);

/*
 * Does what other CPUs sent this NMI for; returns whether any did. Does not return if one asked to
 * stop. NMI context.
 */
bool ipi_nmi(const struct regs *regs);

/*
 * How long a CPU waits for an answer before it warns and sends an NMI; ns. A test writes it, in
 * thread context, while no other test runs; waiting CPUs read it.
 */
#define IPI_TIMEOUT_NS 2000000000ULL
extern u64 ipi_timeout_ns;

/* Warnings printed; for tests. Atomic, any context that may wait. */
extern u32 ipi_warnings;

#endif
