/* SPDX-License-Identifier: MIT */
/* The other processors: started, counted. What they do then is the scheduler's. */
#ifndef KEYWARD_KERNEL_SMP_H
#define KEYWARD_KERNEL_SMP_H

/* Fields of struct trampoline_data, for boot/trampoline.S. */
#define TRAMPOLINE_CR3       0
#define TRAMPOLINE_CR4       8
#define TRAMPOLINE_STACK     16
#define TRAMPOLINE_CPU       24
#define TRAMPOLINE_MAIN      32
#define TRAMPOLINE_DATA_SIZE 40

#ifndef __ASSEMBLER__

#include "kernel/percpu.h"
#include "kernel/types.h"

/* Whether the MADT has processors that only x2APIC mode reaches. Boot. */
bool smp_wants_x2apic(void);

/*
 * Starts the processors that the MADT has as enabled, to at most cpus= in all; one that cannot be
 * started is reported and left out. The clock must run. Boot, thread context, once.
 */
void smp_start(void);

#endif
#endif
