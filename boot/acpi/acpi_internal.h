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

/* A table of which every byte can be read, and the checksum is right. */
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
 * The register that a Generic Address Structure describes. One whose address space is neither
 * memory nor I/O, or whose address is not in that space, is complained of by the name of `what`
 * and is no register. Silent on an address of 0.
 */
struct acpi_reg acpi_gas(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
			 const char *what);

/*
 * The table at phys, checked. signature: what it must be, or NULL; false: it cannot be used, and
 * that was complained of.
 */
bool acpi_table(const struct acpi_parser *p, u64 phys, const char *signature,
		struct acpi_view *table);

/* How an entry of the MADT (u8 type, u8 length) and of the NFIT (u16 type, u16 length) begins. */
enum acpi_entry_head { ACPI_ENTRY_U8 = 2, ACPI_ENTRY_U16 = 4 };

/*
 * The entry of a table at an offset; its length counts its head too. False at the table's end, and
 * at a length that cannot be, which is complained of by the name of `what`.
 */
bool acpi_entry(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
		enum acpi_entry_head head, const char *what, struct acpi_view *entry);

/* One for each table that is used. */
void acpi_madt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_fadt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_ssdt(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_spcr(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_hpet(const struct acpi_parser *p, const struct acpi_view *table);
void acpi_nfit(const struct acpi_parser *p, const struct acpi_view *table);

/* Looks for \_S5 in the AML of a DSDT or SSDT; false: not found, slp_typ is left. */
bool acpi_find_s5(const struct acpi_view *table, u8 slp_typ[2]);

#endif
