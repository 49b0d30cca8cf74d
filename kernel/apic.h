/* SPDX-License-Identifier: MIT */
/* The local APIC, in xAPIC or x2APIC mode as the firmware left it (SDM Vol. 3A, "APIC"). */
#ifndef KEYWARD_KERNEL_APIC_H
#define KEYWARD_KERNEL_APIC_H

#include "kernel/lib/types.h"

/*
 * Chooses the mode of all processors: as the firmware left this one, or x2APIC if that is wanted
 * and there. Boot, before the others.
 */
void apic_choose_mode(bool want_x2apic);

/* Where the xAPIC's registers are; 0 in x2APIC mode, where they are MSRs. */
u64 apic_mmio_address(void);

/*
 * Silences the PC's old interrupt controllers and switches this processor's APIC on; `mmio` maps
 * apic_mmio_address(), or is NULL. Boot.
 */
void apic_init(volatile void *mmio);

/* Switches this processor's APIC on. Once a processor, interrupts off. */
void apic_init_cpu(void);

#define APIC_BROADCAST 0xff /* in xAPIC mode, whose ids have 8 bits: all processors */

u32 apic_id(void);
void apic_eoi(void);

/* Whether a message can be sent to the processor with this id. Any context. */
bool apic_reaches(u32 id);

/*
 * Interrupts, or NMIs, this processor, or the one with that id. Any context, but not from an NMI
 * that returns: in xAPIC mode it might come between the two halves of the ICR.
 */
void apic_self_ipi(u8 vector);
void apic_self_nmi(void);
void apic_send_ipi(u32 id, u8 vector);
void apic_send_nmi(u32 id);

/*
 * Puts a processor into wait-for-SIPI state; lets one that is in it start in real mode at the
 * 4 KiB `page` below 1 MiB (SDM Vol. 3A, "MP Initialization Protocol Algorithm").
 */
void apic_send_init(u32 id);
void apic_send_startup(u32 id, u32 page);

/* Starts the timer to count down from `count`, of bus clocks / 16; interrupts at 0 unless masked.
 */
void apic_timer_start(u32 count);
void apic_timer_start_masked(u32 count);
u32 apic_timer_left(void);

#endif
