/* SPDX-License-Identifier: MIT */
/*
 * The interrupt lines that firmware may leave open: a local APIC's local vector table (SDM Vol. 3A,
 * "Local Vector Table") and an I/O APIC's redirection table (82093AA, "I/O Redirection Table
 * Registers"). The kernel uses the timer alone. Pure.
 */
#ifndef KEYWARD_KERNEL_APIC_LINES_H
#define KEYWARD_KERNEL_APIC_LINES_H

#include "boot/acpi/acpi_tables.h"

/* How to access the 32-bit registers of one interrupt controller. */
struct apic_access {
	u32 (*read)(u32 reg);
	void (*write)(u32 reg, u32 value);
};

/* What the pins LINT0 and LINT1 of one CPU are for, as entries of its local vector table. */
struct apic_pins {
	u32 lint[2];
};

/* Returns them for the CPU with this APIC ID: NMIs where the MADT says so, else nothing. */
struct apic_pins apic_pins_of(const struct acpi_madt *madt, u32 apic_id);

/*
 * Masks all of this CPU's local interrupts, except those that `pins` opens for NMIs, and those that
 * firmware has turned into SMIs for itself. Touches no entry that this APIC does not have. The APIC
 * is enabled, as a disabled one opens no entry. Boot of a CPU, interrupts off.
 */
void apic_lines_start(const struct apic_access *lapic, struct apic_pins pins);

/*
 * Masks all lines of an I/O APIC, except SMIs. False: there is none at these registers. Boot,
 * interrupts off.
 */
bool io_apic_mask(const struct apic_access *io);

#endif
