// SPDX-License-Identifier: MIT
/* The tables of single devices: serial port, event timer, persistent memory. */
#include "boot/acpi/acpi_internal.h"
#include "kernel/lib/string.h"

/* "Serial Port Console Redirection Table (SPCR)", published by Microsoft. */
enum {
	SPCR_TYPE = 36,
	SPCR_BASE = 40,
	SPCR_BAUD = 58,
	SPCR_CLOCK = 76, /* revision 3 */
	SPCR_RATE = 80,  /* revision 4: the baud rate as a number */
	SPCR_LEN = 80,
};

static u32 spcr_baud(const struct acpi_parser *p, const struct acpi_view *table)
{
	u8 code = acpi_u8(table, SPCR_BAUD);
	u32 rate = acpi_u8(table, 8) >= 4 ? acpi_u32(table, SPCR_RATE) : 0;

	if (rate)
		return rate;
	switch (code) {
	case 0:
		return 0;
	case 3:
		return 9600;
	case 4:
		return 19200;
	case 6:
		return 57600;
	case 7:
		return 115200;
	default:
		acpi_complain(p, "SPCR: baud rate code %u is unknown; leaving the rate as it is",
			      code);
		return 0;
	}
}

/* In memory, and for ACPI_UART_16550_GAS, the register width is the distance between registers. */
static u8 spcr_stride(const struct acpi_spcr *spcr)
{
	u8 stride = spcr->reg.bits / 8;

	if (spcr->reg.space == ACPI_IO && spcr->type != ACPI_UART_16550_GAS)
		return 1;
	if (stride != 2 && stride != 4 && stride != 8)
		stride = 1;
	return MAX(stride, spcr->reg.access);
}

void acpi_spcr(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_spcr *spcr = &p->out->spcr;

	if (table->len < SPCR_LEN) {
		acpi_complain(p, "SPCR: too short; ignoring it");
		return;
	}
	/* An address of 0 means that the console is not redirected. */
	spcr->reg = acpi_gas(p, table, SPCR_BASE, "SPCR: port");
	if (!spcr->reg.addr)
		return;
	spcr->present = true;
	spcr->type = acpi_u8(table, SPCR_TYPE);
	spcr->stride = spcr_stride(spcr);
	spcr->baud = spcr_baud(p, table);
	if (acpi_u8(table, 8) >= 3)
		spcr->clock = acpi_u32(table, SPCR_CLOCK);
}

/* "IA-PC HPET Specification", "The ACPI 2.0 HPET Description Table (HPET)". */
enum { HPET_BASE = 40, HPET_LEN = 56 };

void acpi_hpet(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_reg reg;

	if (table->len < HPET_LEN) {
		acpi_complain(p, "HPET: too short; ignoring it");
		return;
	}
	reg = acpi_gas(p, table, HPET_BASE, "HPET");
	if (reg.addr && reg.space == ACPI_MEMORY)
		p->out->hpet = reg;
	else
		acpi_complain(p, "HPET: its registers are not in memory; ignoring it");
}

/* ACPI Specification, "NVDIMM Firmware Interface Table (NFIT)". */
enum {
	NFIT_ENTRIES = 40,
	NFIT_SPA = 0,
	SPA_FLAGS = 6,
	SPA_PROXIMITY = 12,
	SPA_GUID = 16,
	SPA_BASE = 32,
	SPA_LENGTH = 40,
	SPA_ATTRIBUTES = 48,
	SPA_LEN = 56,
};

#define SPA_PROXIMITY_VALID BIT(1)

static void take_spa(struct acpi_info *out, const struct acpi_view *entry)
{
	/* 66F0D379-B4F3-4074-AC43-0D3318B78CDB in memory order: persistent memory */
	static const u8 guid[16] = { 0x79, 0xd3, 0xf0, 0x66, 0xf3, 0xb4, 0x74, 0x40,
				     0xac, 0x43, 0x0d, 0x33, 0x18, 0xb7, 0x8c, 0xdb };
	struct acpi_pmem pmem = {
		.base = acpi_u64(entry, SPA_BASE),
		.len = acpi_u64(entry, SPA_LENGTH),
		.attributes = acpi_u64(entry, SPA_ATTRIBUTES),
		.proximity = acpi_u32(entry, SPA_PROXIMITY),
		.proximity_valid = acpi_u16(entry, SPA_FLAGS) & SPA_PROXIMITY_VALID,
	};
	u64 end;

	if (entry->len < SPA_LEN || memcmp(entry->bytes + SPA_GUID, guid, sizeof(guid)))
		return;
	if (!pmem.len || __builtin_add_overflow(pmem.base, pmem.len, &end) ||
	    out->pmem_count == ACPI_PMEM_MAX)
		out->pmem_dropped++;
	else
		out->pmem[out->pmem_count++] = pmem;
}

void acpi_nfit(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_view entry;

	for (u32 at = NFIT_ENTRIES; acpi_entry(p, table, at, ACPI_ENTRY_U16, "NFIT", &entry);
	     at += entry.len)
		if (acpi_u16(&entry, 0) == NFIT_SPA)
			take_spa(p->out, &entry);
	if (p->out->pmem_dropped)
		acpi_complain(p,
			      "NFIT: leaving out %u ranges that are empty, wrap, or are too many",
			      p->out->pmem_dropped);
}
