// SPDX-License-Identifier: MIT
/* ACPI Specification, "Multiple APIC Description Table (MADT)". */
#include "boot/acpi/acpi_internal.h"

#define MADT_LAPIC   36
#define MADT_FLAGS   40
#define MADT_ENTRIES 44

enum {
	TYPE_LAPIC = 0,
	TYPE_IO_APIC = 1,
	TYPE_LAPIC_NMI = 4,
	TYPE_LAPIC_ADDRESS = 5,
	TYPE_X2APIC = 9,
	TYPE_X2APIC_NMI = 10,
};
enum {
	LEN_LAPIC = 8,
	LEN_IO_APIC = 12,
	LEN_LAPIC_NMI = 6,
	LEN_LAPIC_ADDRESS = 12,
	LEN_X2APIC = 16,
	LEN_X2APIC_NMI = 12,
};

/* MPS INTI flags, polarity: 3 is active low; 0 is the bus's own, active high for NMIs. */
#define POLARITY     3
#define POLARITY_LOW 3

#define CPU_ENABLED        BIT(0)
#define CPU_ONLINE_CAPABLE BIT(1)

struct first {
	bool duplicate;
	u32 apic_id; /* of the first duplicate */
};

static bool known(const struct acpi_madt *madt, u32 apic_id)
{
	for (u32 i = 0; i < madt->cpu_count; i++)
		if (madt->cpus[i].apic_id == apic_id)
			return true;
	return false;
}

static void add_cpu(struct acpi_madt *madt, struct acpi_cpu cpu, u32 flags, struct first *first)
{
	if (!(flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE))) {
		madt->cpus_disabled++;
		return;
	}
	if (known(madt, cpu.apic_id)) {
		if (!first->duplicate)
			*first = (struct first){ true, cpu.apic_id };
		madt->cpus_duplicate++;
		return;
	}
	if (madt->cpu_count == ACPI_CPUS_MAX) {
		madt->cpus_dropped++;
		return;
	}
	cpu.enabled = flags & CPU_ENABLED;
	madt->cpus[madt->cpu_count++] = cpu;
}

static void add_io_apic(struct acpi_madt *madt, u64 phys)
{
	if (madt->io_apic_count < ACPI_IO_APICS_MAX)
		madt->io_apics[madt->io_apic_count++] = phys;
	else
		madt->io_apics_dropped++;
}

/* A local APIC has two pins, LINT0 and LINT1. */
static void add_nmi(struct acpi_madt *madt, u32 uid, u16 flags, u8 lint)
{
	if (lint > 1 || madt->nmi_count == ACPI_NMIS_MAX) {
		madt->nmis_dropped++;
		return;
	}
	madt->nmis[madt->nmi_count++] =
		(struct acpi_nmi_pin){ uid, lint, (flags & POLARITY) == POLARITY_LOW };
}

/* Takes an entry that names an interrupt controller or source, not a CPU. */
static void take_source(struct acpi_madt *madt, const struct acpi_view *entry)
{
	u8 uid;

	switch (entry->bytes[0]) {
	case TYPE_IO_APIC:
		if (entry->len >= LEN_IO_APIC)
			add_io_apic(madt, acpi_u32(entry, 4));
		break;
	case TYPE_LAPIC_NMI:
		uid = acpi_u8(entry, 2);
		if (entry->len >= LEN_LAPIC_NMI)
			add_nmi(madt, uid == 0xff ? ACPI_UID_ALL : uid, acpi_u16(entry, 3),
				acpi_u8(entry, 5));
		break;
	case TYPE_X2APIC_NMI:
		if (entry->len >= LEN_X2APIC_NMI)
			add_nmi(madt, acpi_u32(entry, 4), acpi_u16(entry, 2), acpi_u8(entry, 8));
		break;
	case TYPE_LAPIC_ADDRESS:
		if (entry->len >= LEN_LAPIC_ADDRESS)
			madt->lapic = acpi_u64(entry, 4);
		break;
	default: /* what the kernel does not use */
		break;
	}
}

/* An APIC ID of all ones addresses all CPUs, so no CPU has it. */
static void take_entry(struct acpi_madt *madt, const struct acpi_view *entry, struct first *first)
{
	struct acpi_cpu cpu = { 0 };

	switch (entry->bytes[0]) {
	case TYPE_LAPIC:
		cpu.uid = acpi_u8(entry, 2);
		cpu.apic_id = acpi_u8(entry, 3);
		if (entry->len >= LEN_LAPIC && cpu.apic_id != 0xff)
			add_cpu(madt, cpu, acpi_u32(entry, 4), first);
		break;
	case TYPE_X2APIC:
		cpu.apic_id = acpi_u32(entry, 4);
		cpu.uid = acpi_u32(entry, 12);
		if (entry->len >= LEN_X2APIC && cpu.apic_id != ~0u)
			add_cpu(madt, cpu, acpi_u32(entry, 8), first);
		break;
	default:
		take_source(madt, entry);
		break;
	}
}

void acpi_madt(const struct acpi_parser *p, const struct acpi_view *table)
{
	struct acpi_madt *madt = &p->out->madt;
	struct first first = { 0 };
	struct acpi_view entry;

	if (table->len < MADT_ENTRIES) {
		acpi_complain(p, "MADT: too short; ignoring it");
		return;
	}
	madt->present = true;
	madt->lapic = acpi_u32(table, MADT_LAPIC);
	madt->pcat_compat = acpi_u32(table, MADT_FLAGS) & 1;
	for (u32 at = MADT_ENTRIES; acpi_entry(p, table, at, ACPI_ENTRY_U8, "MADT", &entry);
	     at += entry.len)
		take_entry(madt, &entry, &first);
	if (madt->cpus_duplicate)
		acpi_complain(p, "MADT: %u CPUs repeat an APIC ID, the first %u; leaving them out",
			      madt->cpus_duplicate, first.apic_id);
	if (madt->io_apics_dropped || madt->nmis_dropped)
		acpi_complain(p, "MADT: leaving out %u I/O APICs and %u NMI pins",
			      madt->io_apics_dropped, madt->nmis_dropped);
	if (madt->cpus_dropped)
		acpi_complain(p, "MADT: leaving out %u CPUs beyond the first %u",
			      madt->cpus_dropped, ACPI_CPUS_MAX);
}
