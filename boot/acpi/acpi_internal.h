/* SPDX-License-Identifier: MIT */
/* What the parts of the ACPI parser share. */
#ifndef KEYWARD_BOOT_ACPI_ACPI_INTERNAL_H
#define KEYWARD_BOOT_ACPI_ACPI_INTERNAL_H

#include "boot/acpi/acpi_tables.h"

#define ACPI_HEADER 36 /* bytes of the header that every table has */
#define ACPI_GAS    12

struct acpi_parser {
	const struct acpi_source *source;
	struct acpi_info *out;
};

/* A table whose bytes are all readable and whose checksum is right. */
struct acpi_view {
	const u8 *bytes;
	u32 len;
};

void acpi_complain(const struct acpi_parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Little-endian numbers at an offset; 0 if they are not wholly inside the table. */
u8 acpi_u8(const struct acpi_view *table, u32 offset);
u16 acpi_u16(const struct acpi_view *table, u32 offset);
u32 acpi_u32(const struct acpi_view *table, u32 offset);
u64 acpi_u64(const struct acpi_view *table, u32 offset);

/*
 * Returns the register that a Generic Address Structure describes. If its address space is neither
 * memory nor I/O, or its address is not in that space, complains of `what` and returns no register,
 * addr 0. An address of 0 is no register either, without complaint.
 */
struct acpi_reg acpi_gas(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
			 const char *what);

/*
 * Maps and checks the table at `phys`, which must have `signature`. False: it is unusable, and a
 * complaint says why.
 */
bool acpi_table(const struct acpi_parser *p, u64 phys, const char *signature,
		struct acpi_view *table);

/* How an entry begins: in the MADT with u8 type, u8 length; in the NFIT with u16 type, u16 length.
 */
enum acpi_entry_head { ACPI_ENTRY_U8 = 2, ACPI_ENTRY_U16 = 4 };

/*
 * Finds the entry of a table at an offset; its length includes its head. Returns false at the
 * table's end, and at an impossible length, which it reports under the name `what`.
 */
bool acpi_entry(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
		enum acpi_entry_head head, const char *what, struct acpi_view *entry);

/* One parser per table used. */
void acpi_madt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_fadt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_ssdt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_spcr(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_hpet(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_nfit(const struct acpi_parser *p, const struct acpi_view *table);

/* Finds \_S5 in the AML of a DSDT or SSDT. False: not found, slp_typ unchanged. */
bool acpi_find_s5(const struct acpi_view *table, u8 slp_typ[2]);

#endif
