/* SPDX-License-Identifier: MIT */
/* The local APIC, in xAPIC or x2APIC mode as the firmware left it (SDM Vol. 3A, "APIC"). */
#ifndef KEYWARD_KERNEL_APIC_H
#define KEYWARD_KERNEL_APIC_H

#include "kernel/types.h"

/* Where the xAPIC's registers are; 0 in x2APIC mode, where they are MSRs. */
u64 apic_mmio_address(void);

/* Switches this processor's APIC on; `mmio` maps apic_mmio_address(), or is NULL. */
void apic_init_cpu(volatile void *mmio);

u32 apic_id(void);
void apic_eoi(void);

/* Interrupts, or NMIs, this processor. Any context. */
void apic_self_ipi(u8 vector);
void apic_self_nmi(void);

/* Starts the timer to count down from `count`, of bus clocks / 16; interrupts at 0 unless masked.
 */
void apic_timer_start(u32 count);
void apic_timer_start_masked(u32 count);
u32 apic_timer_left(void);

#endif
