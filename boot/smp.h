/* SPDX-License-Identifier: MIT */
/* Starts and counts the other CPUs, then leaves them to the scheduler. */
#ifndef KEYWARD_BOOT_SMP_H
#define KEYWARD_BOOT_SMP_H

/* Fields of struct paging_boot and struct ap_start, for boot/trampoline.S. */
#define PAGING_BOOT_CR3  0
#define PAGING_BOOT_CR4  4
#define PAGING_BOOT_SIZE 8
#define AP_START_STACK   0
#define AP_START_CPU     8
#define AP_START_MAIN    16

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

/* True if the MADT has CPUs that only x2APIC mode can address. Boot. */
bool smp_wants_x2apic(void);

/*
 * Starts the CPUs that the MADT calls enabled, up to cpus= in all. Reports one that does not start
 * and leaves it out. The clock must run. Call once, at boot, in thread context.
 */
void smp_start(void);

struct cpu;

/*
 * Sends INIT and start-up IPIs to a CPU that smp_start() has started. It begins in main(cpu) on the
 * stack below `stack`, as after a reset of all but its MSRs: with the boot GDT and no TSS, IDT or
 * GS, interrupts off. `main` must call smp_restarted() within a second. Returns why it has not, or
 * NULL. For tests; thread context of another CPU, one at a time.
 */
const char *smp_restart(struct cpu *cpu, u64 stack, void (*main)(struct cpu *cpu));

/* Tells the caller of smp_restart() that this CPU runs again; stops if that has given up. */
void smp_restarted(void);

#endif
#endif
