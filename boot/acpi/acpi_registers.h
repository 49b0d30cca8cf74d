/* SPDX-License-Identifier: MIT */
/* What the ACPI tables report of this machine, and access to the few registers used. */
#ifndef KEYWARD_BOOT_ACPI_ACPI_REGISTERS_H
#define KEYWARD_BOOT_ACPI_ACPI_REGISTERS_H

#include "boot/acpi/acpi_tables.h"

/* Written by acpi_init() in boot/acpi_map.h, read-only after boot; all 0 without usable tables. */
extern struct acpi_info acpi;

enum acpi_register {
	ACPI_PM1A_CONTROL,
	ACPI_PM1B_CONTROL,
	ACPI_SLEEP_CONTROL,
	ACPI_RESET,
	ACPI_PM_TIMER,
	ACPI_HPET, /* the first of a block of 1 KiB */
	ACPI_REGISTERS,
};

#define ACPI_PM_TIMER_HZ 3579545

/* Returns a register's place, with addr 0 if there is none, and its name. Any context. */
struct acpi_reg *acpi_register(enum acpi_register which);
const char *acpi_register_name(enum acpi_register which);

/* Sets where a register in memory space has been mapped, uncached. Boot only. */
void acpi_register_map(enum acpi_register which, volatile void *va);

/* True if the register exists and is accessible. Any context. */
bool acpi_has(enum acpi_register which);

/* One access of 1, 2 or 4 bytes at a byte offset in a register that acpi_has(). Any context. */
u32 acpi_read(enum acpi_register which, u32 offset, u32 bytes);
void acpi_write(enum acpi_register which, u32 offset, u32 bytes, u32 value);

/*
 * Powers the machine off by S5, or resets it by the FADT's reset register. Returns, within a second
 * or so, if the tables offer no way or it does not work. A second call does nothing, so that a
 * fault in the first cannot repeat itself. Any context, interrupts off.
 */
void acpi_power_off(void);
void acpi_reset(void);

#endif
