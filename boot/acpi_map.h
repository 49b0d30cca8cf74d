/* SPDX-License-Identifier: MIT */
/* Reading the ACPI tables, wherever in memory they are, into `acpi` of boot/acpi/acpi_registers.h.
 */
#ifndef KEYWARD_BOOT_ACPI_MAP_H
#define KEYWARD_BOOT_ACPI_MAP_H

#include "kernel/lib/boot_info.h"

/*
 * Follows the RSDP that the boot loader has given, or looks for one where a BIOS has it; complains
 * of what is wrong in the tables, and says what they have. Maps the registers that are in memory.
 * Without usable tables the boot goes on. Once, after mm_init(), before the allocator is shared.
 */
void acpi_init(const struct boot_info *info);

#endif
