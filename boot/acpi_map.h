/* SPDX-License-Identifier: MIT */
/* Reads the ACPI tables, wherever they are in memory, into `acpi` (boot/acpi/acpi_registers.h). */
#ifndef KEYWARD_BOOT_ACPI_MAP_H
#define KEYWARD_BOOT_ACPI_MAP_H

#include "kernel/lib/boot_info.h"

/*
 * Parses the tables from the boot loader's RSDP, or from one where a BIOS puts it. Prints what is
 * wrong in them and what they contain, and maps the registers that are in memory. Without usable
 * tables the boot goes on. Call once, after mm_init(), before other threads or CPUs run.
 */
void acpi_init(const struct boot_info *info);

/*
 * Whether a device can have its registers there: not beyond the physical address space, nor in RAM
 * or persistent memory, where a write would destroy data. Boot, after acpi_init() has parsed.
 */
bool registers_can_be(u64 phys, u64 len);

#endif
