/* SPDX-License-Identifier: MIT */
/* The other processors: started, counted. What they do then is the scheduler's. */
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

/* Whether the MADT has processors that only x2APIC mode reaches. Boot. */
bool smp_wants_x2apic(void);

/*
 * Starts the processors that the MADT has as enabled, to at most cpus= in all; one that cannot be
 * started is reported and left out. The clock must run. Boot, thread context, once.
 */
void smp_start(void);

#endif
#endif
