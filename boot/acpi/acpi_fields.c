// SPDX-License-Identifier: MIT
/* Reads a table's fields, never beyond its end; formats complaints. */
#include "boot/acpi/acpi_internal.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

void acpi_complain(const struct acpi_parser *p, const char *fmt, ...)
{
	char message[ACPI_MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	kvsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	p->source->complain(message, p->source->arg);
}

static bool has(const struct acpi_view *table, u32 offset, u32 len)
{
	return offset <= table->len && len <= table->len - offset;
}

u8 acpi_u8(const struct acpi_view *table, u32 offset)
{
	return has(table, offset, 1) ? table->bytes[offset] : 0;
}

u16 acpi_u16(const struct acpi_view *table, u32 offset)
{
	u16 value = 0;

	if (has(table, offset, sizeof(value)))
		memcpy(&value, table->bytes + offset, sizeof(value));
	return value;
}

u32 acpi_u32(const struct acpi_view *table, u32 offset)
{
	u32 value = 0;

	if (has(table, offset, sizeof(value)))
		memcpy(&value, table->bytes + offset, sizeof(value));
	return value;
}

u64 acpi_u64(const struct acpi_view *table, u32 offset)
{
	u64 value = 0;

	if (has(table, offset, sizeof(value)))
		memcpy(&value, table->bytes + offset, sizeof(value));
	return value;
}

/* u8 space, u8 width in bits, u8 bit offset, u8 access size (1: one byte, 4: eight), u64 addr */
struct acpi_reg acpi_gas(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
			 const char *what)
{
	struct acpi_reg reg = { .addr = acpi_u64(table, offset + 4) };
	u8 space = acpi_u8(table, offset), access = acpi_u8(table, offset + 3);

	if (!reg.addr || !has(table, offset, ACPI_GAS))
		return (struct acpi_reg){ 0 };
	if (space != ACPI_MEMORY && space != ACPI_IO) {
		acpi_complain(p, "%s: address space %u is not used here; ignoring it", what, space);
		return (struct acpi_reg){ 0 };
	}
	if (space == ACPI_IO ? reg.addr > 0xffff : reg.addr >> 52) {
		acpi_complain(p, "%s: there is no address 0x%lx; ignoring it", what, reg.addr);
		return (struct acpi_reg){ 0 };
	}
	reg.space = space;
	reg.bits = acpi_u8(table, offset + 1);
	reg.access = access >= 1 && access <= 4 ? (u8)(1 << (access - 1)) : 0;
	return reg;
}

bool acpi_entry(const struct acpi_parser *p, const struct acpi_view *table, u32 offset,
		enum acpi_entry_head head, const char *what, struct acpi_view *entry)
{
	u32 len = head == ACPI_ENTRY_U8 ? acpi_u8(table, offset + 1) : acpi_u16(table, offset + 2);

	if (offset >= table->len)
		return false;
	if (len < head || len > table->len - offset) {
		acpi_complain(p,
			      "%s: the entry at offset %u says that it has %u bytes; "
			      "ignoring the rest",
			      what, offset, len);
		return false;
	}
	*entry = (struct acpi_view){ table->bytes + offset, len };
	return true;
}
