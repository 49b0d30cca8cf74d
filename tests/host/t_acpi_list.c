/* SPDX-License-Identifier: MIT */
/* Long lists of tables, and the MADT's entries for interrupt lines. */
#include "tests/host/acpi_expect.h"

/* A table that is in use counts wherever it stands: the last of the list, or one behind the 64th.
 */
static void a_needed_table_counts_behind_the_limit(void **state)
{
	static const struct fadt_fields fadt = { .revision = 1, .len = 116, .smi_cmd = 0xb2 };
	u64 madt;

	(void)state;
	for (u32 before = ACPI_TABLES_MAX - 3; before < IMAGE_TABLES - 3; before++) {
		image_begin(&image);
		for (u32 i = 0; i < before; i++)
			table_end(&image, table_begin(&image, "OEM0", 1));
		madt = madt_begin(&image, 1);
		put_lapic(&image, 7, 3, 1);
		table_end(&image, madt);
		put_fadt(&image, &fadt, put_dsdt(&image, "\0\0\0\0", 4, 4));
		put_hpet(&image, 0, 0xfed00000);
		image_end(&image, before & 2);
		assert_int_equal(parse(), 0);
		assert_int_equal(info->madt.cpu_count, 1);
		assert_int_equal(info->madt.cpus[0].uid, 7);
		assert_int_equal(info->fadt.smi_cmd, 0xb2);
		assert_int_equal(info->hpet.addr, 0xfed00000);
		assert_int_equal(info->table_count, MIN(before + 3, ACPI_TABLES_MAX));
		assert_int_equal(info->tables_dropped,
				 before > ACPI_TABLES_MAX ? before - ACPI_TABLES_MAX : 0);
		assert_int_equal(run.complaints, before > ACPI_TABLES_MAX);
	}
}

/* The list itself is long: entries up to the 256th count, and what lies behind is reported. */
static void the_bound_of_the_list_is_reported(void **state)
{
	u64 table, madt, list;

	(void)state;
	for (u32 at = ACPI_ENTRIES_MAX - 2; at < ACPI_ENTRIES_MAX + 2; at++) {
		image_begin(&image);
		table = table_begin(&image, "OEM0", 1);
		table_end(&image, table);
		madt = madt_begin(&image, 1);
		table_end(&image, madt);
		list = table_begin(&image, "RSDT", 1);
		for (u32 i = 0; i <= at; i++)
			put(&image, i == at ? madt : table, 4);
		table_end(&image, list);
		memcpy(image.bytes, "RSD PTR ", 8);
		poke(&image, IMAGE_BASE, 16, list, 4);
		rsdp_mend(&image);
		parse_complains(at < ACPI_ENTRIES_MAX ? "beyond the first 64"
						      : ", of any kind beyond 256");
		assert_int_equal(info->madt.present, at < ACPI_ENTRIES_MAX);
		assert_int_equal(info->tables_dropped,
				 at + (at >= ACPI_ENTRIES_MAX) - ACPI_TABLES_MAX);
	}
}

/* Begins an image with an MADT; the next function ends it. */
static u64 sources_begin(void)
{
	image_begin(&image);
	return madt_begin(&image, 1);
}

static void sources_end(u64 madt)
{
	table_end(&image, madt);
	image_end(&image, 2);
}

static void put_io_apic(u8 len, u32 phys)
{
	put(&image, 1 | len << 8 | 9 << 16, 4); /* type, length, its id */
	put(&image, phys, 4);
	put(&image, 0x18, len - 8);
}

static void io_apics_are_found(void **state)
{
	u64 madt = sources_begin();

	(void)state;
	put_io_apic(12, 0xfec00000);
	put_io_apic(11, 0xfec10000); /* too short */
	put_lapic(&image, 0, 0, 1);
	put_io_apic(12, 0xfec20000);
	sources_end(madt);
	parse_clean();
	assert_int_equal(info->madt.io_apic_count, 2);
	assert_int_equal(info->madt.io_apics[0], 0xfec00000);
	assert_int_equal(info->madt.io_apics[1], 0xfec20000);
	machine_pc(&image);
	parse_clean();
	assert_int_equal(info->madt.io_apic_count, 1);
	assert_int_equal(info->madt.io_apics[0], 0xfec00000);
}

static void nmi_pins_are_found(void **state)
{
	u64 madt = sources_begin();

	(void)state;
	put_bytes(&image, "\4\6\377\5\0\1", 6);                      /* all CPUs, LINT1, high */
	put_bytes(&image, "\4\6\3\17\0\0", 6);                       /* CPU 3, LINT0, low */
	put_bytes(&image, "\12\14\0\0\377\377\377\377\1\0\0\0", 12); /* all, LINT1, bus's */
	put_bytes(&image, "\12\14\3\0\0\1\0\0\0\0\0\0", 12);         /* CPU 0x100, LINT0, low */
	sources_end(madt);
	parse_clean();
	assert_int_equal(info->madt.nmi_count, 4);
	assert_int_equal(info->madt.nmis[0].uid, ACPI_UID_ALL);
	assert_int_equal(info->madt.nmis[0].lint, 1);
	assert_false(info->madt.nmis[0].active_low);
	assert_int_equal(info->madt.nmis[1].uid, 3);
	assert_int_equal(info->madt.nmis[1].lint, 0);
	assert_true(info->madt.nmis[1].active_low);
	assert_int_equal(info->madt.nmis[2].uid, ACPI_UID_ALL);
	assert_int_equal(info->madt.nmis[2].lint, 1);
	assert_false(info->madt.nmis[2].active_low);
	assert_int_equal(info->madt.nmis[3].uid, 0x100);
	assert_int_equal(info->madt.nmis[3].lint, 0);
	assert_true(info->madt.nmis[3].active_low);
}

/* Pins that no local APIC has, entries that are too short, and more than there is room for. */
static void impossible_sources_are_left_out(void **state)
{
	u64 madt = sources_begin();

	(void)state;
	put_bytes(&image, "\4\6\377\0\0\2", 6);
	put_bytes(&image, "\4\5\377\0\0", 5);
	put_bytes(&image, "\12\13\0\0\377\377\377\377\1\0\0", 11);
	for (u32 i = 0; i < ACPI_IO_APICS_MAX + 2; i++)
		put_io_apic(12, 0xfec00000 + i * 0x1000);
	for (u32 i = 0; i < ACPI_NMIS_MAX + 3; i++)
		put_bytes(&image, "\4\6\1\0\0\1", 6);
	sources_end(madt);
	parse_complains("MADT: leaving out 2 I/O APICs and 4 NMI pins");
	assert_int_equal(info->madt.io_apic_count, ACPI_IO_APICS_MAX);
	assert_int_equal(info->madt.nmi_count, ACPI_NMIS_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_needed_table_counts_behind_the_limit),
		cmocka_unit_test(the_bound_of_the_list_is_reported),
		cmocka_unit_test(io_apics_are_found),
		cmocka_unit_test(nmi_pins_are_found),
		cmocka_unit_test(impossible_sources_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
