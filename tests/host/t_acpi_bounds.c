/* SPDX-License-Identifier: MIT */
/* The last value that counts and the first that does not, for each bound of the ACPI parser. */
#include "tests/host/acpi_expect.h"

static void each_byte_of_the_signature_counts(void **state)
{
	u8 area[48] = { 0 };

	(void)state;
	for (u32 i = 0; i < 8; i++) {
		machine_q35(&image);
		image.bytes[i] ^= 1;
		rsdp_mend(&image);
		assert_int_equal(parse(), -EINVAL);
		assert_string_equal(run.text, "RSDP: bad signature\n");
		memcpy(area, image.bytes, 36);
		assert_null(acpi_find_rsdp(area, sizeof(area)));
	}
}

/* Without its 20th byte there is no RSDP; with it there is. */
static void an_rsdp_at_the_end_of_an_area_is_found(void **state)
{
	u8 *area;

	(void)state;
	machine_pc(&image);
	for (size_t at = 0; at < 64; at += 16) {
		area = calloc(1, at + 20);
		memcpy(area + at, image.bytes, 20);
		assert_ptr_equal(acpi_find_rsdp(area, at + 20), area + at);
		assert_null(acpi_find_rsdp(area, at + 19));
		free(area);
	}
}

static void revision_1_has_no_second_half(void **state)
{
	(void)state;
	machine_q35(&image);
	image.bytes[15] = 1;
	poke(&image, IMAGE_BASE, 24, 0x123, 8); /* no table is there */
	rsdp_mend(&image);
	parse_clean();
	assert_int_equal(info->madt.cpu_count, 4);
	assert_int_equal(info->revision, 1);
}

static void a_tables_revision_is_noted(void **state)
{
	(void)state;
	image_begin(&image);
	table_end(&image, table_begin(&image, "AAAA", 7));
	table_end(&image, table_begin(&image, "BBBB", 0xfe));
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->table_count, 2);
	assert_int_equal(info->tables[0].revision, 7);
	assert_int_equal(info->tables[1].revision, 0xfe);
}

/* The bytes on both sides of what can be printed; a blank would look like the end. */
static void a_strange_signature_is_printed_with_marks(void **state)
{
	u64 table;

	(void)state;
	image_begin(&image);
	table = table_begin(&image, "!~\x7f ", 1);
	table_end(&image, table);
	image_end(&image, 2);
	poke(&image, table, 4, ACPI_TABLE_LEN_MAX + 1, 4);
	parse_complains("!~?? at 0x");
}

/* The longest table is mapped, which fails here; a longer one is not. */
static void the_longest_table_is_looked_at(void **state)
{
	u64 madt;

	(void)state;
	machine_q35(&image);
	madt = find("APIC");
	poke(&image, madt, 4, ACPI_TABLE_LEN_MAX, 4);
	parse_complains("its 4194304 bytes cannot be read");
	poke(&image, madt, 4, ACPI_TABLE_LEN_MAX + 1, 4);
	parse_complains("a length of 4194305 bytes is out of range");
	poke(&image, madt, 4, 35, 4);
	parse_complains("a length of 35 bytes is out of range");
}

/* A list of zeros: no table at all. */
static void parse_empty_list(u32 entries)
{
	u64 list;

	image_begin(&image);
	image_end(&image, 2);
	list = table_begin(&image, "XSDT", 1);
	image.len += 8 * entries;
	table_end(&image, list);
	poke(&image, IMAGE_BASE, 24, list, 8);
	rsdp_mend(&image);
}

static void a_list_of_just_the_limit_is_no_complaint(void **state)
{
	(void)state;
	parse_empty_list(ACPI_ENTRIES_MAX);
	parse_clean();
	assert_int_equal(info->tables_dropped, 0);
	parse_empty_list(ACPI_ENTRIES_MAX + 1);
	parse_complains("ignoring 1 tables beyond the first 64, of any kind beyond 256");
}

/* A second MADT is known, though it is not used: it is not dropped for want of room. */
static void a_duplicate_behind_the_limit_is_not_dropped(void **state)
{
	(void)state;
	image_begin(&image);
	table_end(&image, madt_begin(&image, 1));
	for (u32 i = 1; i < ACPI_TABLES_MAX; i++)
		table_end(&image, table_begin(&image, "AAAA", 1));
	table_end(&image, madt_begin(&image, 1));
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->tables_dropped, 0);
	assert_int_equal(info->table_count, ACPI_TABLES_MAX);
}

static void parse_spcr(u8 space, u8 access, u64 addr)
{
	image_begin(&image);
	put_spcr(&image, 2, 0, space, 8, access, addr, 7);
	image_end(&image, 2);
}

static void the_last_address_of_each_space_is_one(void **state)
{
	(void)state;
	parse_spcr(ACPI_IO, 0, 0xffff);
	parse_clean();
	assert_int_equal(info->spcr.reg.addr, 0xffff);
	parse_spcr(ACPI_MEMORY, 0, (1ULL << 52) - 1);
	parse_clean();
	assert_int_equal(info->spcr.reg.addr, (1ULL << 52) - 1);
	parse_spcr(ACPI_MEMORY, 0, 1ULL << 52);
	parse_complains("there is no address 0x10000000000000");
}

static void every_access_size_is_read(void **state)
{
	static const u8 sizes[] = { 0, 1, 2, 4, 8, 0, 0 };

	(void)state;
	for (u8 i = 0; i < ARRAY_SIZE(sizes); i++) {
		parse_spcr(ACPI_MEMORY, i, 0x1000);
		parse_clean();
		assert_int_equal(info->spcr.reg.access, sizes[i]);
	}
}

/* A field that is not there is 0: the rate of a table that ends before it, half a length. */
static void fields_that_are_cut_are_0(void **state)
{
	u64 table;

	(void)state;
	image_begin(&image);
	table = put_spcr(&image, 4, 0, ACPI_IO, 8, 0, 0x3f8, 3); /* 80 bytes, no rate */
	image_end(&image, 2);
	assert_int_equal(image_len(&image, table), 80);
	parse_clean();
	assert_int_equal(info->spcr.baud, 9600);
	for (u32 stray = 1; stray < 4; stray++) {
		image_begin(&image);
		table = table_begin(&image, "NFIT", 1);
		put(&image, 0, 4);
		put(&image, ~0ULL, stray);
		table_end(&image, table);
		image_end(&image, 2);
		parse_complains("NFIT: the entry at offset 40 says that it has 0 bytes");
	}
}

/* One byte too short for the address that it says it has: the first one stays. */
static void a_short_address_entry_does_not_move_the_apic(void **state)
{
	static const u8 entry[] = { 5, 12, 0, 0, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0 };

	(void)state;
	for (u8 len = 11; len <= 12; len++) {
		u64 madt;

		image_begin(&image);
		madt = madt_begin(&image, 1);
		put(&image, 5 | len << 8, 2);
		put_bytes(&image, entry + 2, len - 2U);
		table_end(&image, madt);
		image_end(&image, 2);
		parse_clean();
		assert_int_equal(info->madt.lapic, len == 12 ? 0x12345678 : 0xfee00000);
	}
}

/* A local APIC has LINT0 and LINT1. */
static void a_third_pin_is_none(void **state)
{
	(void)state;
	for (u8 lint = 0; lint < 4; lint++) {
		u64 madt;

		image_begin(&image);
		madt = madt_begin(&image, 1);
		put_bytes(&image, "\4\6\377\0\0", 5);
		put(&image, lint, 1);
		table_end(&image, madt);
		image_end(&image, 2);
		assert_int_equal(parse(), 0);
		assert_int_equal(info->madt.nmi_count, lint < 2);
		assert_int_equal(info->madt.nmis_dropped, lint >= 2);
		assert_int_equal(run.complaints, lint >= 2);
	}
}

/* ACPI Specification, "Fixed ACPI Description Table Fixed Feature Flags". */
static void each_flag_of_the_fadt_is_one_bit(void **state)
{
	(void)state;
	for (u32 bit = 0; bit < 32; bit++) {
		machine_q35(&image);
		change(find("FACP"), 112, 1ULL << bit, 4);
		parse_clean();
		assert_int_equal(info->fadt.timer_32bit, bit == 8);
		assert_int_equal(info->fadt.reset.addr != 0, bit == 10);
		assert_int_equal(info->fadt.hw_reduced, bit == 20);
	}
	for (u32 bit = 0; bit < 16; bit++) {
		machine_q35(&image);
		change(find("FACP"), 109, 1ULL << bit, 2);
		parse_clean();
		assert_int_equal(info->fadt.no_8042, bit != 1);
		assert_int_equal(info->fadt.no_vga, bit == 2);
	}
}

static void each_register_of_the_fadt_has_its_place(void **state)
{
	static const struct {
		u32 offset;
		const struct acpi_reg *reg;
	} places[] = {
		{ 116, &run.info.fadt.reset },
		{ 172, &run.info.fadt.pm1_control[0] },
		{ 184, &run.info.fadt.pm1_control[1] },
		{ 208, &run.info.fadt.timer },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		machine_q35(&image);
		change(find("FACP"), 112, 1ULL << 10, 4);
		poke_gas(&image, find("FACP"), places[i].offset, ACPI_MEMORY, 32, 3,
			 0x123456789abcULL);
		parse_clean();
		assert_int_equal(places[i].reg->addr, 0x123456789abcULL);
		assert_int_equal(places[i].reg->space, ACPI_MEMORY);
		assert_int_equal(places[i].reg->bits, 32);
		assert_int_equal(places[i].reg->access, 4);
		for (size_t k = 0; k < ARRAY_SIZE(places); k++)
			assert_int_equal(places[k].reg->addr == 0x123456789abcULL, k == i);
	}
}

static void the_last_port_of_the_fadt_is_one(void **state)
{
	u64 fadt;

	(void)state;
	machine_pc(&image);
	parse_clean();
	assert_int_equal(info->fadt.timer.bits, 32);
	assert_int_equal(info->fadt.pm1_control[0].bits, 16);
	for (u64 port = 0xffff; port <= 0x10000; port++) {
		machine_q35(&image);
		fadt = find("FACP");
		change(fadt, 48, port, 4); /* SMI_CMD */
		change(fadt, 68, port, 4); /* PM1b control */
		assert_int_equal(parse(), 0);
		assert_int_equal(run.complaints, port > 0xffff ? 2 : 0);
		assert_int_equal(info->fadt.smi_cmd, port > 0xffff ? 0 : 0xffff);
		assert_int_equal(info->fadt.pm1_control[1].addr, port > 0xffff ? 0 : 0xffff);
	}
}

/* 0 and 1 are integers by themselves; other bytes below the prefixes are none, small as they are.
 */
static void a_byte_without_a_prefix_is_no_sleep_type(void **state)
{
	static const struct fadt_fields fields = { .revision = 1, .len = 116 };

	(void)state;
	for (u8 op = 0; op < 10; op++) {
		u8 elements[] = { op, op };

		image_begin(&image);
		put_fadt(&image, &fields, put_dsdt(&image, elements, 2, 2));
		image_end(&image, 0);
		parse_clean();
		assert_int_equal(info->fadt.s5, op < 2);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_of_the_signature_counts),
		cmocka_unit_test(an_rsdp_at_the_end_of_an_area_is_found),
		cmocka_unit_test(revision_1_has_no_second_half),
		cmocka_unit_test(a_tables_revision_is_noted),
		cmocka_unit_test(a_strange_signature_is_printed_with_marks),
		cmocka_unit_test(the_longest_table_is_looked_at),
		cmocka_unit_test(a_list_of_just_the_limit_is_no_complaint),
		cmocka_unit_test(a_duplicate_behind_the_limit_is_not_dropped),
		cmocka_unit_test(the_last_address_of_each_space_is_one),
		cmocka_unit_test(every_access_size_is_read),
		cmocka_unit_test(fields_that_are_cut_are_0),
		cmocka_unit_test(a_short_address_entry_does_not_move_the_apic),
		cmocka_unit_test(a_third_pin_is_none),
		cmocka_unit_test(each_flag_of_the_fadt_is_one_bit),
		cmocka_unit_test(each_register_of_the_fadt_has_its_place),
		cmocka_unit_test(the_last_port_of_the_fadt_is_one),
		cmocka_unit_test(a_byte_without_a_prefix_is_no_sleep_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
