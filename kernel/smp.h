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

/*
 * Starts the processors with these APIC ids, but for the running one and at most `limit` in all;
 * one that cannot be started is reported and left out. The clock must run. Boot, thread context.
 */
void smp_start(const u32 *apic_ids, u32 count, u32 limit);

#endif
#endif
