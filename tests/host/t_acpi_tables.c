/* SPDX-License-Identifier: MIT */
/* The content of the tables MADT, SPCR, HPET, NFIT. */
#include "tests/host/acpi_expect.h"

static void cpus_of_whole_machines_are_read(void **state)
{
	(void)state;
	machine_pc(&image);
	parse_clean();
	assert_true(info->madt.present);
	assert_true(info->madt.pcat_compat);
	assert_int_equal(info->madt.lapic, 0xfee00000);
	assert_int_equal(info->madt.cpu_count, 2);
	assert_int_equal(info->madt.cpus[1].apic_id, 1);
	assert_int_equal(info->madt.cpus[1].uid, 1);
	assert_true(info->madt.cpus[1].enabled);
	assert_int_equal(info->madt.cpus_disabled, 1);
	machine_server(&image);
	parse_clean();
	assert_false(info->madt.pcat_compat);
	assert_int_equal(info->madt.lapic, 0x100000000);
	assert_int_equal(info->madt.cpu_count, 4);
	assert_int_equal(info->madt.cpus[2].apic_id, 0x1004);
	assert_int_equal(info->madt.cpus[2].uid, 0x102);
	assert_true(info->madt.cpus[2].enabled);
	assert_false(info->madt.cpus[3].enabled);
	assert_int_equal(info->madt.cpus[3].apic_id, 0x1006);
}

/* Makes an MADT with these bytes as its entries, in an image of its own. */
static void only_madt(const void *entries, u32 len)
{
	u64 madt;

	image_begin(&image);
	madt = madt_begin(&image, 1);
	put_bytes(&image, entries, len);
	table_end(&image, madt);
	image_end(&image, 2);
}

static void a_duplicate_apic_id_is_left_out(void **state)
{
	u64 madt;

	(void)state;
	image_begin(&image);
	madt = madt_begin(&image, 1);
	put_lapic(&image, 0, 7, 1);
	put_lapic(&image, 1, 7, 1);
	put_lapic(&image, 2, 8, 0); /* disabled, so the next is no duplicate */
	put_lapic(&image, 3, 8, 1);
	put_x2apic(&image, 4, 7, 1);
	put_x2apic(&image, 5, 9, 1);
	table_end(&image, madt);
	image_end(&image, 2);
	parse_complains("MADT: 2 CPUs repeat an APIC ID, the first 7;");
	assert_int_equal(info->madt.cpu_count, 3);
	assert_int_equal(info->madt.cpus_duplicate, 2);
	assert_int_equal(info->madt.cpus_disabled, 1);
	assert_int_equal(info->madt.cpus[0].uid, 0);
	assert_int_equal(info->madt.cpus[1].uid, 3);
	assert_int_equal(info->madt.cpus[2].uid, 5);
}

/* All ones is the broadcast id; in an x2APIC's entry 255 is an ordinary id. */
static void the_broadcast_id_is_no_cpu(void **state)
{
	u64 madt;

	(void)state;
	image_begin(&image);
	madt = madt_begin(&image, 1);
	put_lapic(&image, 0, 0xff, 1);
	put_x2apic(&image, 1, 0xffffffff, 1);
	put_x2apic(&image, 2, 0xff, 1);
	table_end(&image, madt);
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->madt.cpu_count, 1);
	assert_int_equal(info->madt.cpus[0].uid, 2);
}

static void cpus_beyond_the_limit_are_counted(void **state)
{
	u64 madt;

	(void)state;
	image_begin(&image);
	madt = madt_begin(&image, 1);
	for (u32 i = 0; i < ACPI_CPUS_MAX + 9; i++)
		put_x2apic(&image, i, i, i == 3 ? 0 : 1);
	put_x2apic(&image, 600, 5, 1); /* a duplicate still, though there is no room */
	table_end(&image, madt);
	image_end(&image, 2);
	assert_int_equal(parse(), 0);
	assert_int_equal(run.complaints, 2);
	assert_int_equal(info->madt.cpus_disabled, 1);
	assert_int_equal(info->madt.cpus_dropped, 8);
	assert_int_equal(info->madt.cpus_duplicate, 1);
}

static void cpus_up_to_the_limit_are_kept(void **state)
{
	u64 madt;

	(void)state;
	image_begin(&image);
	madt = madt_begin(&image, 1);
	for (u32 i = 0; i < ACPI_CPUS_MAX; i++)
		put_x2apic(&image, i, i + 2, 1);
	table_end(&image, madt);
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->madt.cpu_count, ACPI_CPUS_MAX);
	image_begin(&image);
	madt = madt_begin(&image, 1);
	for (u32 i = 0; i < ACPI_CPUS_MAX + 8; i++)
		put_x2apic(&image, i, i + 2, 1);
	table_end(&image, madt);
	image_end(&image, 2);
	parse_complains("MADT: leaving out 8 CPUs beyond the first 512");
	assert_int_equal(info->madt.cpu_count, ACPI_CPUS_MAX);
	assert_int_equal(info->madt.cpus_dropped, 8);
	assert_int_equal(info->madt.cpus[ACPI_CPUS_MAX - 1].apic_id, ACPI_CPUS_MAX + 1);
}

static void a_wrong_madt_entry_length_ends_the_table(void **state)
{
	(void)state;
	only_madt("\0\10\0\3\1\0\0\0\0\0\0\10\1\4\1\0\0\0", 18); /* the second has length 0 */
	parse_complains("MADT: the entry at offset 52 says that it has 0 bytes; ignoring the rest");
	assert_int_equal(info->madt.cpu_count, 1);
	only_madt("\0\1\0\3\1\0\0\0", 8);
	parse_complains("offset 44 says that it has 1 bytes");
	only_madt("\0\11\0\3\1\0\0\0", 8);
	parse_complains("offset 44 says that it has 9 bytes");
	assert_int_equal(info->madt.cpu_count, 0);
	assert_true(info->madt.present);
	only_madt("\0\10\0\3\1\0\0\0\0", 9); /* one byte, in which no length fits */
	parse_complains("offset 52 says that it has 0 bytes");
	assert_int_equal(info->madt.cpu_count, 1);
	/* Unknown entries and short ones are skipped. Longer ones count: later versions append. */
	only_madt("\377\3\0\0\7\0\3\1\0\0\5\5\1\1\1\11\4\0\0\0\12\0\3\1\0\0\0\0\0", 29);
	parse_clean();
	assert_int_equal(info->madt.cpu_count, 1);
	assert_int_equal(info->madt.cpus_disabled, 0);
	assert_int_equal(info->madt.lapic, 0xfee00000);
	only_madt("\11\17\0\0\1\0\0\0\1\0\0\0\0\0\0", 15);
	parse_clean();
	assert_int_equal(info->madt.cpu_count, 0);
}

static void a_short_madt_is_ignored(void **state)
{
	u64 madt;

	(void)state;
	image_begin(&image);
	madt = table_begin(&image, "APIC", 3);
	put(&image, 0xfee00000, 7);
	table_end(&image, madt);
	image_end(&image, 2);
	parse_complains("MADT: too short; ignoring it");
	assert_false(info->madt.present);
}

static void only_spcr(u8 revision, u8 type, u8 space, u8 bits, u8 access, u64 addr, u8 baud)
{
	image_begin(&image);
	put_spcr(&image, revision, type, space, bits, access, addr, baud);
	image_end(&image, 2);
}

static void the_spcr_is_read(void **state)
{
	(void)state;
	only_spcr(1, 0, ACPI_IO, 8, 0, 0x2f8, 3);
	parse_clean();
	assert_int_equal(info->spcr.reg.space, ACPI_IO);
	assert_int_equal(info->spcr.reg.addr, 0x2f8);
	assert_int_equal(info->spcr.stride, 1);
	assert_int_equal(info->spcr.baud, 9600);
	assert_int_equal(info->spcr.clock, 0);
	machine_server(&image);
	parse_clean();
	assert_int_equal(info->spcr.type, ACPI_UART_16550_GAS);
	assert_int_equal(info->spcr.reg.space, ACPI_MEMORY);
	assert_int_equal(info->spcr.reg.addr, 0xfe001000);
	assert_int_equal(info->spcr.reg.access, 4);
	assert_int_equal(info->spcr.stride, 4);
	assert_int_equal(info->spcr.baud, 115200);
	assert_int_equal(info->spcr.clock, 1843200);
}

static void the_stride_follows_type_and_width(void **state)
{
	static const struct {
		u8 type, space, bits, access, stride;
	} cases[] = {
		{ 0, ACPI_MEMORY, 8, 1, 1 },     { 0, ACPI_MEMORY, 32, 3, 4 },
		{ 0, ACPI_MEMORY, 32, 0, 4 },    { 0, ACPI_MEMORY, 8, 3, 4 },
		{ 0, ACPI_MEMORY, 0, 0, 1 },     { 0, ACPI_MEMORY, 24, 9, 1 },
		{ 0x12, ACPI_MEMORY, 16, 1, 2 }, { 0x12, ACPI_MEMORY, 64, 1, 8 },
		{ 0x12, ACPI_IO, 32, 1, 4 },     { 0, ACPI_IO, 32, 3, 1 },
		{ 1, ACPI_IO, 8, 1, 1 },         { 3, ACPI_MEMORY, 32, 3, 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		only_spcr(2, cases[i].type, cases[i].space, cases[i].bits, cases[i].access, 0x1000,
			  0);
		parse_clean();
		assert_int_equal(info->spcr.type, cases[i].type);
		assert_int_equal(info->spcr.stride, cases[i].stride);
	}
}

static void an_unusable_serial_port_is_absent(void **state)
{
	(void)state;
	only_spcr(2, 0, ACPI_IO, 8, 0, 0, 7);
	parse_clean();
	assert_false(info->spcr.present);
	only_spcr(2, 0, 2, 8, 0, 0x3f8, 7); /* in PCI's configuration space */
	parse_complains("SPCR: port: address space 2 is not used here; ignoring it");
	only_spcr(2, 0, ACPI_IO, 8, 0, 0x10000, 7);
	parse_complains("SPCR: port: there is no address 0x10000; ignoring it");
	only_spcr(2, 0, ACPI_MEMORY, 8, 0, 1ULL << 52, 7);
	parse_complains("there is no address 0x10000000000000");
	assert_false(info->spcr.present);
	change(find("SPCR"), 4, 79, 4);
	parse_complains("SPCR: too short; ignoring it");
}

static void unknown_rates_leave_the_rate(void **state)
{
	static const u32 rates[] = { 0, 0, 0, 9600, 19200, 0, 57600, 115200, 0 };

	(void)state;
	for (u8 i = 0; i < ARRAY_SIZE(rates); i++) {
		only_spcr(2, 0, ACPI_IO, 8, 0, 0x3f8, i);
		if (i && !rates[i])
			parse_complains("is unknown; leaving the rate as it is");
		else
			parse_clean();
		assert_int_equal(info->spcr.baud, rates[i]);
		assert_true(info->spcr.present);
	}
	image_begin(&image); /* revision 4 has the rate as a number */
	put_spcr(&image, 4, 0, ACPI_IO, 8, 0, 0x3f8, 3);
	image.len -= 5;
	put(&image, 921600, 4);
	table_end(&image, image.tables[0]);
	image_end(&image, 2);
	parse_clean();
	assert_int_equal(info->spcr.baud, 921600);
	change(image.tables[0], 80, 0, 4);
	parse_clean();
	assert_int_equal(info->spcr.baud, 9600);
	change(image.tables[0], 8, 3, 1); /* where revision 3 has something else */
	change(image.tables[0], 80, 77, 4);
	parse_clean();
	assert_int_equal(info->spcr.baud, 9600);
}

static void the_hpet_must_be_in_memory(void **state)
{
	(void)state;
	machine_q35(&image);
	parse_clean();
	assert_int_equal(info->hpet.addr, 0xfed00000);
	change(find("HPET"), 40, ACPI_IO, 1);
	change(find("HPET"), 44, 0x400, 8);
	parse_complains("HPET: its registers are not in memory; ignoring it");
	change(find("HPET"), 44, 0, 8);
	parse_complains("HPET: its registers are not in memory; ignoring it");
	assert_int_equal(info->hpet.addr, 0);
	change(find("HPET"), 4, 55, 4);
	parse_complains("HPET: too short; ignoring it");
}

static void persistent_memory_is_read(void **state)
{
	(void)state;
	machine_server(&image);
	parse_clean();
	assert_int_equal(info->pmem_count, 2);
	assert_int_equal(info->pmem[0].base, 0x100000000);
	assert_int_equal(info->pmem[0].len, 0x40000000);
	assert_int_equal(info->pmem[0].attributes, 0x8008);
	assert_int_equal(info->pmem[0].proximity, 7);
	assert_true(info->pmem[0].proximity_valid);
	assert_int_equal(info->pmem[1].base, 0x300000000);
	change(find("NFIT"), 40 + 6, 0, 2); /* the first range's flags */
	parse_clean();
	assert_false(info->pmem[0].proximity_valid);
	change(find("NFIT"), 40 + 2, 55, 2); /* too short for what it is */
	parse_complains("NFIT: the entry at offset 95");
	assert_int_equal(info->pmem_count, 0);
}

static void odd_ranges_are_left_out(void **state)
{
	u64 nfit;

	(void)state;
	image_begin(&image);
	nfit = table_begin(&image, "NFIT", 1);
	put(&image, 0, 4);
	put_spa(&image, guid_pmem, 0x1000, 0);
	put_spa(&image, guid_pmem, ~0ULL, 1);
	for (u32 i = 0; i <= ACPI_PMEM_MAX; i++)
		put_spa(&image, guid_pmem, i + 1, ~0ULL - i - 1);
	table_end(&image, nfit);
	image_end(&image, 2);
	parse_complains("NFIT: leaving out 3 ranges that are empty, wrap, or are too many");
	assert_int_equal(info->pmem_count, ACPI_PMEM_MAX);
	assert_int_equal(info->pmem_dropped, 3);
	assert_int_equal(info->pmem[0].base, 1);
	change(nfit, 40 + 2, 0, 2);
	parse_complains("NFIT: the entry at offset 40 says that it has 0 bytes; ignoring the rest");
	change(nfit, 40 + 2, 0xffff, 2);
	parse_complains("NFIT: the entry at offset 40 says that it has 65535 bytes");
	change(nfit, 4, 39, 4); /* its reserved field is cut: there are no entries */
	parse_clean();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_of_whole_machines_are_read),
		cmocka_unit_test(a_duplicate_apic_id_is_left_out),
		cmocka_unit_test(the_broadcast_id_is_no_cpu),
		cmocka_unit_test(cpus_beyond_the_limit_are_counted),
		cmocka_unit_test(cpus_up_to_the_limit_are_kept),
		cmocka_unit_test(a_wrong_madt_entry_length_ends_the_table),
		cmocka_unit_test(a_short_madt_is_ignored),
		cmocka_unit_test(the_spcr_is_read),
		cmocka_unit_test(the_stride_follows_type_and_width),
		cmocka_unit_test(an_unusable_serial_port_is_absent),
		cmocka_unit_test(unknown_rates_leave_the_rate),
		cmocka_unit_test(the_hpet_must_be_in_memory),
		cmocka_unit_test(persistent_memory_is_read),
		cmocka_unit_test(odd_ranges_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
