/* SPDX-License-Identifier: MIT */
/*
 * Builds ACPI tables, valid or broken, in simulated physical memory: the RSDP first, then the
 * tables, their list last.
 */
#ifndef KEYWARD_TESTS_HOST_ACPI_IMAGE_H
#define KEYWARD_TESTS_HOST_ACPI_IMAGE_H

#include <string.h>

#include "kernel/lib/types.h"

#define IMAGE_MAX    32768
#define IMAGE_BASE   0x7fe1000 /* the image's physical address; no table is aligned to a page */
#define IMAGE_TABLES 96

struct image {
	u8 bytes[IMAGE_MAX];
	u32 len;
	u32 count;
	u64 tables[IMAGE_TABLES]; /* for the list */
	u64 list;
};

static inline void put(struct image *m, u64 value, u32 bytes)
{
	memcpy(m->bytes + m->len, &value, bytes);
	m->len += bytes;
}

static inline void put_bytes(struct image *m, const void *bytes, u32 len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
}

static inline u8 *image_at(struct image *m, u64 phys)
{
	return m->bytes + (phys - IMAGE_BASE);
}

/* Changes a field of a table, or of the RSDP. */
static inline void poke(struct image *m, u64 phys, u32 offset, u64 value, u32 bytes)
{
	memcpy(image_at(m, phys) + offset, &value, bytes);
}

static inline u8 image_sum(const u8 *bytes, u32 len)
{
	u8 total = 0;

	for (u32 i = 0; i < len; i++)
		total = (u8)(total + bytes[i]);
	return total;
}

static inline u32 image_len(struct image *m, u64 phys)
{
	u32 len;

	memcpy(&len, image_at(m, phys) + 4, 4);
	return len;
}

/* Makes the checksum right again. */
static inline void table_mend(struct image *m, u64 phys)
{
	u8 *table = image_at(m, phys);

	table[9] = (u8)(table[9] - image_sum(table, image_len(m, phys)));
}

static inline void rsdp_mend(struct image *m)
{
	m->bytes[8] = (u8)(m->bytes[8] - image_sum(m->bytes, 20));
	m->bytes[32] = (u8)(m->bytes[32] - image_sum(m->bytes, 36));
}

static inline void image_begin(struct image *m)
{
	memset(m, 0, sizeof(*m));
	m->len = 41; /* the RSDP, and tables at odd addresses */
}

/* Opens a table, which goes into the list unless it is a DSDT, XSDT or RSDT. */
static inline u64 table_begin(struct image *m, const char *signature, u8 revision)
{
	u64 phys = IMAGE_BASE + m->len;

	if (strcmp(signature, "DSDT") && strcmp(signature, "XSDT") && strcmp(signature, "RSDT"))
		m->tables[m->count++] = phys;
	put_bytes(m, signature, 4);
	put(m, 0, 4);
	put(m, revision, 1);
	put(m, 0, 1);
	put_bytes(m, "KEYWRDHOSTTEST\1\0\0\0TEST\1\0\0\0", 26);
	return phys;
}

static inline void table_end(struct image *m, u64 phys)
{
	poke(m, phys, 4, IMAGE_BASE + m->len - phys, 4);
	table_mend(m, phys);
	m->len += 5;
}

static inline void put_gas(struct image *m, u8 space, u8 bits, u8 access, u64 addr)
{
	put(m, space, 1);
	put(m, bits, 1);
	put(m, 0, 1);
	put(m, access, 1);
	put(m, addr, 8);
}

/* Writes the lists and the RSDP; revision 0 has an RSDT alone. */
static inline void image_end(struct image *m, u8 revision)
{
	u64 rsdt = table_begin(m, "RSDT", 1), xsdt = 0;

	for (u32 i = 0; i < m->count; i++)
		put(m, m->tables[i], 4);
	table_end(m, rsdt);
	m->list = rsdt;
	if (revision >= 2) {
		m->list = xsdt = table_begin(m, "XSDT", 1);
		for (u32 i = 0; i < m->count; i++)
			put(m, m->tables[i], 8);
		table_end(m, xsdt);
	}
	memcpy(m->bytes, "RSD PTR ", 8);
	memcpy(m->bytes + 9, "KEYWRD", 6);
	m->bytes[15] = revision;
	poke(m, IMAGE_BASE, 16, rsdt, 4);
	poke(m, IMAGE_BASE, 20, revision >= 2 ? 36 : 0, 4);
	poke(m, IMAGE_BASE, 24, xsdt, 8);
	rsdp_mend(m);
}

/* ---- the entries of an MADT ---- */

static inline u64 madt_begin(struct image *m, u32 flags)
{
	u64 phys = table_begin(m, "APIC", 3);

	put(m, 0xfee00000, 4);
	put(m, flags, 4);
	return phys;
}

static inline void put_lapic(struct image *m, u8 uid, u8 apic_id, u32 flags)
{
	put_bytes(m, "\0\10", 2);
	put(m, uid, 1);
	put(m, apic_id, 1);
	put(m, flags, 4);
}

static inline void put_x2apic(struct image *m, u32 uid, u32 apic_id, u32 flags)
{
	put_bytes(m, "\11\20\0\0", 4);
	put(m, apic_id, 4);
	put(m, flags, 4);
	put(m, uid, 4);
}

/* An I/O APIC, an interrupt source override, and NMIs on LINT1, as QEMU has them. */
static inline void put_io(struct image *m)
{
	put_bytes(m, "\1\14\0\0\0\0\300\376\0\0\0\0", 12);
	put_bytes(m, "\2\12\0\0\2\0\0\0\0\0", 10);
	put_bytes(m, "\4\6\377\0\0\1", 6);
}

/* ---- the rest of the tables ---- */

/* A DSDT with some bytes around a \_S5 package whose elements are these bytes. */
static inline u64 put_dsdt(struct image *m, const void *elements, u8 len, u8 count)
{
	u64 phys = table_begin(m, "DSDT", 1);

	put_bytes(m, "\x10\x49\x04_SB_\x08_HID\x0c\x41\xd0\x0a\x03", 16);
	put_bytes(m, "\x08_S5_\x12", 6);
	put(m, 2 + len, 1);
	put(m, count, 1);
	put_bytes(m, elements, len);
	put_bytes(m, "\x14\x08_PTS\x01\xa4\x00", 9);
	table_end(m, phys);
	return phys;
}

/* The fields of a FADT that are used; all else is 0. */
struct fadt_fields {
	u8 revision;
	u32 len; /* 116, 244, 268 or 276 */
	u32 smi_cmd, pm1a, pm1b, timer, flags;
	u16 boot;
	u8 enable, pm1_len, timer_len;
};

static inline u64 put_fadt(struct image *m, const struct fadt_fields *f, u64 dsdt)
{
	u64 phys = table_begin(m, "FACP", f->revision);

	m->len += f->len - 36;
	poke(m, phys, 40, dsdt, 4);
	poke(m, phys, 48, f->smi_cmd, 4);
	poke(m, phys, 52, f->enable, 1);
	poke(m, phys, 64, f->pm1a, 4);
	poke(m, phys, 68, f->pm1b, 4);
	poke(m, phys, 76, f->timer, 4);
	poke(m, phys, 89, f->pm1_len, 1);
	poke(m, phys, 91, f->timer_len, 1);
	poke(m, phys, 109, f->boot, 2);
	poke(m, phys, 112, f->flags, 4);
	if (f->len >= 244)
		poke(m, phys, 140, dsdt, 8);
	table_end(m, phys);
	return phys;
}

/* Writes a register of a FADT: the GAS at an offset. */
static inline void poke_gas(struct image *m, u64 phys, u32 offset, u8 space, u8 bits, u8 access,
			    u64 addr)
{
	u32 len = m->len;

	m->len = (u32)(phys - IMAGE_BASE) + offset;
	put_gas(m, space, bits, access, addr);
	m->len = len;
	table_mend(m, phys);
}

static inline u64 put_hpet(struct image *m, u8 space, u64 addr)
{
	u64 phys = table_begin(m, "HPET", 1);

	put(m, 0x8086a201, 4);
	put_gas(m, space, 0, 0, addr);
	put(m, 0, 4);
	table_end(m, phys);
	return phys;
}

static inline u64 put_spcr(struct image *m, u8 revision, u8 type, u8 space, u8 bits, u8 access,
			   u64 addr, u8 baud)
{
	u64 phys = table_begin(m, "SPCR", revision);

	put(m, type, 4);
	put_gas(m, space, bits, access, addr);
	put(m, 3 | 4 << 8, 6); /* interrupt: 8259, IRQ 4 */
	put(m, baud, 1);
	put(m, 0x0301, 5);
	put(m, ~0ULL, 4); /* no PCI device */
	put(m, 0, 8);
	put(m, revision >= 3 ? 1843200 : 0, 4);
	table_end(m, phys);
	return phys;
}

static inline void put_spa(struct image *m, const u8 guid[16], u64 base, u64 len)
{
	put(m, 0 | 56 << 16, 4);
	put(m, 1 | 2 << 16, 4); /* index 1; the proximity domain is valid */
	put(m, 0, 4);
	put(m, 7, 4);
	put_bytes(m, guid, 16);
	put(m, base, 8);
	put(m, len, 8);
	put(m, 0x8008, 8); /* write-back, non-volatile */
}

#endif
