/* SPDX-License-Identifier: MIT */
/* The local APIC, in xAPIC or x2APIC mode (SDM Vol. 3A, "APIC"). */
#ifndef KEYWARD_KERNEL_APIC_H
#define KEYWARD_KERNEL_APIC_H

#include "kernel/lib/types.h"

/*
 * Chooses the mode for all CPUs: the one that the firmware left on this CPU, or x2APIC if
 * `want_x2apic` and the CPU has it. Panics without a local APIC. Boot, before other CPUs start.
 */
void apic_choose_mode(bool want_x2apic);

/* Returns the physical address of the registers; 0 in x2APIC mode, where they are MSRs. */
u64 apic_mmio_address(void);

/*
 * Masks the two 8259As and enables this CPU's APIC. `mmio` maps apic_mmio_address(), or is NULL in
 * x2APIC mode. Boot.
 */
void apic_init(volatile void *mmio);

/*
 * Enables this CPU's APIC, and masks its local interrupts but for the NMIs that the MADT names.
 * Once per CPU, interrupts off.
 */
void apic_init_cpu(void);

/* Returns a register of this CPU's local vector table. For tests. Interrupts off. */
u32 apic_line(u32 reg);

#define APIC_BROADCAST 0xff /* all CPUs, in xAPIC mode, whose ids have 8 bits */

u32 apic_id(void);
void apic_eoi(void);

/* Returns whether this CPU can send interrupts to the CPU with this id. Any context. */
bool apic_reaches(u32 id);

/*
 * Send an interrupt or an NMI to this CPU, or to the one with that id. Any context but an NMI that
 * returns: in xAPIC mode it might come between the two writes of the ICR.
 */
void apic_self_ipi(u8 vector);
void apic_self_nmi(void);
void apic_send_ipi(u32 id, u8 vector);
void apic_send_nmi(u32 id);

/*
 * Put a CPU into wait-for-SIPI state, and start a CPU in that state in real mode at the 4 KiB
 * `page` below 1 MiB (SDM Vol. 3A, "MP Initialization Protocol Algorithm").
 */
void apic_send_init(u32 id);
void apic_send_startup(u32 id, u32 page);

/* Start the timer at `count` (bus clocks / 16). At 0 it interrupts, unless masked. */
void apic_timer_start(u32 count);
void apic_timer_start_masked(u32 count);
u32 apic_timer_left(void);

#endif
