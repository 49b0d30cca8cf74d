/* SPDX-License-Identifier: MIT */
/* What decides about a whole table: its revision, and how many there are of its kind. */
#include "tests/host/acpi_expect.h"

/* Gives the table each checksum in turn, by its OEM ID: the byte beside the revision. */
static void change_checksum(u64 table, u32 value)
{
	change(table, 10, value, 1);
}

/* Revision 3 of the SPCR has the clock, revision 4 the rate. */
static void the_spcr_has_what_its_revision_says(void **state)
{
	(void)state;
	for (u8 revision = 1; revision <= 5; revision++) {
		u64 table;

		image_begin(&image);
		table = put_spcr(&image, revision, 0, ACPI_IO, 8, 0, 0x3f8, 3);
		poke(&image, table, 76, 1843200, 4);
		image.len -= 5;
		put(&image, 921600, 4);
		table_end(&image, table);
		image_end(&image, 2);
		for (u32 value = 0; value < 256; value++) {
			change_checksum(table, value);
			parse_clean();
			assert_int_equal(info->spcr.clock, revision >= 3 ? 1843200 : 0);
			assert_int_equal(info->spcr.baud, revision >= 4 ? 921600 : 9600);
		}
	}
}

/* Revision 2 of the FADT, that of ACPI 2.0, has a reset register. */
static void the_fadt_has_what_its_revision_says(void **state)
{
	(void)state;
	for (u8 revision = 0; revision <= 6; revision++) {
		machine_q35(&image);
		poke(&image, find("FACP"), 8, revision, 1);
		for (u32 value = 0; value < 256; value++) {
			change_checksum(find("FACP"), value);
			parse_clean();
			assert_int_equal(info->fadt.reset.addr, revision >= 2 ? 0xcf9 : 0);
			assert_int_equal(info->fadt.timer.addr, 0x608);
		}
	}
}

/* One table of each kind, with number n in it. */
static void put_tables(u8 n)
{
	const struct fadt_fields fadt = { .revision = 1, .len = 116, .smi_cmd = n };
	u64 table = madt_begin(&image, 1);

	put_lapic(&image, n, n, 1);
	table_end(&image, table);
	put_fadt(&image, &fadt, 0);
	put_spcr(&image, 2, 0, ACPI_IO, 8, 0, n, 7);
	put_hpet(&image, 0, n);
	table = table_begin(&image, "NFIT", 1);
	put(&image, 0, 4);
	put_spa(&image, guid_pmem, n, 1);
	table_end(&image, table);
}

static void expect_tables(u8 n)
{
	assert_int_equal(info->madt.cpu_count, 1);
	assert_int_equal(info->madt.cpus[0].uid, n);
	assert_int_equal(info->fadt.smi_cmd, n);
	assert_int_equal(info->spcr.reg.addr, n);
	assert_int_equal(info->hpet.addr, n);
	assert_int_equal(info->pmem_count, 1);
	assert_int_equal(info->pmem[0].base, n);
}

/* The second and the third of each kind do not count, and the next counts for a broken one. */
static void one_table_of_each_kind_counts(void **state)
{
	(void)state;
	image_begin(&image);
	for (u8 n = 1; n <= 3; n++)
		put_tables(n);
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->table_count, 15);
	expect_tables(1);
	for (u32 i = 0; i < 5; i++)
		image_at(&image, image.tables[i])[10] ^= 1;
	assert_int_equal(parse(), 0);
	assert_int_equal(run.complaints, 5);
	expect_tables(2);
}

/* All of them are searched for \_S5: it may be in the first or in the last. */
static void each_ssdt_counts(void **state)
{
	(void)state;
	for (u32 at = 0; at < 3; at++) {
		image_begin(&image);
		for (u32 i = 0; i < 3; i++) {
			u64 table = table_begin(&image, "SSDT", 2);

			put_bytes(&image, i == at ? "\x08_S5_\x12\x06\x02\x0a\x05\x0a\x06" : "-",
				  i == at ? 12 : 1);
			table_end(&image, table);
		}
		image_end(&image, 2);
		parse_clean();
		assert_true(info->fadt.s5);
		assert_int_equal(info->fadt.slp_typ[0], 5);
		assert_int_equal(info->fadt.slp_typ[1], 6);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_spcr_has_what_its_revision_says),
		cmocka_unit_test(the_fadt_has_what_its_revision_says),
		cmocka_unit_test(one_table_of_each_kind_counts),
		cmocka_unit_test(each_ssdt_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
