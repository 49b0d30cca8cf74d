/* SPDX-License-Identifier: MIT */
/* The tables of whole machines: two shaped like QEMU's, and a large server's. */
#ifndef KEYWARD_TESTS_HOST_ACPI_MACHINES_H
#define KEYWARD_TESTS_HOST_ACPI_MACHINES_H

#include "tests/host/acpi_image.h"

static const u8 guid_pmem[16] = { 0x79, 0xd3, 0xf0, 0x66, 0xf3, 0xb4, 0x74, 0x40,
				  0xac, 0x43, 0x0d, 0x33, 0x18, 0xb7, 0x8c, 0xdb };
static const u8 guid_control[16] = { 0x30, 0x19, 0xf6, 0x92 };

/* QEMU's board "pc" under SeaBIOS: ACPI 1.0, everything by I/O port. */
static inline void machine_pc(struct image *m)
{
	static const struct fadt_fields fadt = {
		.revision = 1,
		.len = 116,
		.smi_cmd = 0xb2,
		.enable = 0xf1,
		.pm1a = 0x604,
		.pm1_len = 2,
		.timer = 0x608,
		.timer_len = 4,
		.flags = 0x80a5,
	};
	u64 madt, waet;

	image_begin(m);
	put_fadt(m, &fadt, put_dsdt(m, "\0\0\0\0", 4, 4));
	madt = madt_begin(m, 1);
	put_lapic(m, 0, 0, 1);
	put_lapic(m, 1, 1, 1);
	put_lapic(m, 2, 2, 0);
	put_io(m);
	table_end(m, madt);
	put_hpet(m, 0, 0xfed00000);
	waet = table_begin(m, "WAET", 1);
	put(m, 2, 4);
	table_end(m, waet);
	image_end(m, 0);
}

/* Board "q35" under OVMF: ACPI 2.0, registers in both forms, a reset register. */
static inline void machine_q35(struct image *m)
{
	static const struct fadt_fields fields = {
		.revision = 3,
		.len = 244,
		.smi_cmd = 0xb2,
		.enable = 2,
		.pm1a = 0x604,
		.pm1_len = 2,
		.timer = 0x608,
		.timer_len = 4,
		.boot = 2,
		.flags = 0x84a5,
	};
	u64 fadt, madt;

	image_begin(m);
	fadt = put_fadt(m, &fields, put_dsdt(m, "\x0a\5\x0a\5\0\0", 6, 4));
	poke_gas(m, fadt, 116, 1, 8, 0, 0xcf9);
	poke(m, fadt, 128, 0xf, 1);
	poke_gas(m, fadt, 172, 1, 16, 0, 0x604);
	poke_gas(m, fadt, 208, 1, 32, 0, 0x608);
	madt = madt_begin(m, 1);
	for (u8 i = 0; i < 4; i++)
		put_lapic(m, i, i, 1);
	put_io(m);
	table_end(m, madt);
	put_hpet(m, 0, 0xfed00000);
	image_end(m, 2);
}

/* A server: x2APIC ids, registers in memory, a serial port in memory, persistent memory. */
static inline void machine_server(struct image *m)
{
	static const struct fadt_fields fields = { .revision = 6, .len = 276, .flags = 0x100400 };
	u64 fadt, madt, nfit;

	image_begin(m);
	fadt = put_fadt(m, &fields, put_dsdt(m, "\x0a\7\1\0\0", 5, 4));
	poke_gas(m, fadt, 116, 0, 8, 1, 0xfe000010);
	poke(m, fadt, 128, 0x42, 1);
	poke_gas(m, fadt, 244, 0, 8, 1, 0xfe000020);
	madt = madt_begin(m, 0);
	put_bytes(m, "\5\14\0\0\0\0\0\0\1\0\0\0", 12); /* the local APICs at 4 GiB */
	for (u32 i = 0; i < 4; i++)
		put_x2apic(m, 0x100 + i, 0x1000 + 2 * i, i < 3 ? 1 : 2);
	table_end(m, madt);
	put_spcr(m, 3, 0x12, 0, 32, 3, 0xfe001000, 7);
	nfit = table_begin(m, "NFIT", 1);
	put(m, 0, 4);
	put_spa(m, guid_pmem, 0x100000000, 0x40000000);
	put_spa(m, guid_control, 0x200000000, 0x1000);
	put_bytes(m, "\1\0\4\0", 4); /* a structure that is not used here */
	put_spa(m, guid_pmem, 0x300000000, 0x200000);
	table_end(m, nfit);
	image_end(m, 2);
}

#endif
