/* SPDX-License-Identifier: MIT */
/* The FADT's registers, and \_S5 in the AML of DSDT and SSDTs. */
#include "tests/host/acpi_expect.h"

static void assert_port(const struct acpi_reg *reg, u64 port)
{
	assert_int_equal(reg->addr, port);
	assert_int_equal(reg->space, port ? ACPI_IO : 0);
}

static void an_acpi_1_fadt_is_read(void **state)
{
	(void)state;
	machine_pc(&image);
	parse_clean();
	assert_true(info->fadt.present);
	assert_port(&info->fadt.pm1_control[0], 0x604);
	assert_port(&info->fadt.pm1_control[1], 0);
	assert_port(&info->fadt.timer, 0x608);
	assert_false(info->fadt.timer_32bit);
	assert_port(&info->fadt.reset, 0);
	assert_int_equal(info->fadt.smi_cmd, 0xb2);
	assert_int_equal(info->fadt.acpi_enable, 0xf1);
	assert_false(info->fadt.no_8042);
	assert_true(info->fadt.s5);
	assert_int_equal(info->fadt.slp_typ[0], 0);
	/* ACPI 1.0 has no flag bits 10 and 20 and no newer fields, whatever is there. */
	change(find("FACP"), 112, 0xffffffff, 4);
	change(find("FACP"), 4, 244, 4);
	parse_clean();
	assert_false(info->fadt.hw_reduced);
	assert_port(&info->fadt.reset, 0);
	assert_port(&info->fadt.timer, 0x608);
	assert_true(info->fadt.timer_32bit);
}

static void an_acpi_2_fadt_is_read(void **state)
{
	(void)state;
	machine_q35(&image);
	parse_clean();
	assert_port(&info->fadt.pm1_control[0], 0x604);
	assert_int_equal(info->fadt.pm1_control[0].bits, 16);
	assert_port(&info->fadt.timer, 0x608);
	assert_port(&info->fadt.reset, 0xcf9);
	assert_int_equal(info->fadt.reset_value, 0xf);
	assert_false(info->fadt.no_8042);
	assert_false(info->fadt.no_vga);
	assert_int_equal(info->fadt.slp_typ[0], 5);
	assert_int_equal(info->fadt.slp_typ[1], 5);
	change(find("FACP"), 109, 4, 2);
	parse_clean();
	assert_true(info->fadt.no_8042);
	assert_true(info->fadt.no_vga);
}

static void reduced_hardware_has_no_pm_registers(void **state)
{
	(void)state;
	machine_server(&image);
	change(find("FACP"), 64, 0x604, 4);
	change(find("FACP"), 89, 2, 1);
	change(find("FACP"), 76, 0x608, 4);
	change(find("FACP"), 91, 4, 1);
	parse_clean();
	assert_true(info->fadt.hw_reduced);
	assert_int_equal(info->fadt.sleep_control.addr, 0xfe000020);
	assert_int_equal(info->fadt.sleep_control.space, ACPI_MEMORY);
	assert_int_equal(info->fadt.reset.addr, 0xfe000010);
	assert_int_equal(info->fadt.reset_value, 0x42);
	assert_port(&info->fadt.pm1_control[0], 0);
	assert_port(&info->fadt.timer, 0);
	assert_int_equal(info->fadt.slp_typ[0], 7);
	assert_int_equal(info->fadt.slp_typ[1], 1);
}

/* The new field counts if it can be used, else the old one. */
static void the_newer_field_counts_if_usable(void **state)
{
	u64 fadt;

	(void)state;
	machine_q35(&image);
	fadt = find("FACP");
	poke_gas(&image, fadt, 172, ACPI_MEMORY, 16, 2, 0xfe000004);
	parse_clean();
	assert_int_equal(info->fadt.pm1_control[0].addr, 0xfe000004);
	assert_int_equal(info->fadt.pm1_control[0].space, ACPI_MEMORY);
	poke_gas(&image, fadt, 172, 0x7f, 16, 2, 0xfe000004);
	parse_complains("FADT: PM1a control: address space 127 is not used here; ignoring it");
	assert_port(&info->fadt.pm1_control[0], 0x604);
	poke_gas(&image, fadt, 172, ACPI_IO, 16, 2, 0);
	change(fadt, 68, 0x704, 4);
	parse_clean();
	assert_port(&info->fadt.pm1_control[0], 0x604);
	assert_int_equal(info->fadt.pm1_control[0].bits, 16);
	assert_port(&info->fadt.pm1_control[1], 0x704);
	change(fadt, 68, 0x10704, 4);
	parse_complains("FADT: PM1b control: there is no port 0x10704; ignoring it");
	assert_port(&info->fadt.pm1_control[1], 0);
}

static void unusable_registers_are_absent(void **state)
{
	u64 fadt;

	(void)state;
	machine_pc(&image);
	fadt = find("FACP");
	change(fadt, 91, 0, 1); /* a PM timer of length 0 is absent */
	parse_clean();
	assert_port(&info->fadt.timer, 0);
	change(fadt, 89, 1, 1); /* SLP_EN is in the second byte */
	parse_clean();
	assert_port(&info->fadt.pm1_control[0], 0);
	change(fadt, 48, 0x100b2, 4);
	parse_complains("FADT: SMI_CMD: there is no port 0x100b2; ignoring it");
	assert_int_equal(info->fadt.smi_cmd, 0);
	machine_q35(&image);
	change(find("FACP"), 112, 0x80a5, 4); /* without RESET_REG_SUP */
	parse_clean();
	assert_port(&info->fadt.reset, 0);
	assert_int_equal(info->fadt.reset_value, 0);
}

static void a_short_fadt_is_ignored(void **state)
{
	(void)state;
	machine_pc(&image);
	change(find("FACP"), 4, 115, 4);
	parse_complains("FADT: too short; ignoring it");
	assert_false(info->fadt.present);
}

/* A newer FADT that ends early: the fields beyond its end are absent. */
static void fields_beyond_the_end_are_absent(void **state)
{
	(void)state;
	machine_server(&image);
	change(find("FACP"), 112, 0x500, 4);
	for (u32 len = 116; len <= 276; len++) {
		change(find("FACP"), 4, len, 4);
		parse_clean();
		assert_int_equal(info->fadt.reset.addr, len < 128 ? 0 : 0xfe000010);
		assert_int_equal(info->fadt.reset_value, len < 129 ? 0 : 0x42);
	}
}

static void the_64_bit_dsdt_address_counts(void **state)
{
	u64 fadt;

	(void)state;
	machine_q35(&image);
	fadt = find("FACP");
	change(fadt, 40, 0xdead0000, 4);
	parse_clean(); /* the 64-bit address counts */
	assert_true(info->fadt.s5);
	change(fadt, 140, 0, 8);
	parse_complains("the table at 0xdead0000 cannot be read");
	assert_int_equal(info->fadt.dsdt, 0xdead0000);
	assert_false(info->fadt.s5);
	assert_true(info->fadt.reset.addr); /* the rest stands */
	change(fadt, 40, 0, 4);
	parse_clean();
	change(fadt, 40, find("HPET"), 4);
	parse_complains("is HPET, not DSDT; ignoring it");
	machine_q35(&image);
	fadt = find("FACP");
	image_at(&image, IMAGE_BASE + 41)[40] ^= 1;
	parse_complains("DSDT at 0x7fe1029: wrong checksum; ignoring it");
	assert_false(info->fadt.s5);
}

/* Puts the bytes into a DSDT; true if \_S5 was found. */
static bool found(const void *aml, u32 len)
{
	static const struct fadt_fields fadt = { .revision = 1, .len = 116 };
	u64 dsdt;

	image_begin(&image);
	dsdt = table_begin(&image, "DSDT", 1);
	put_bytes(&image, aml, len);
	table_end(&image, dsdt);
	put_fadt(&image, &fadt, dsdt);
	image_end(&image, 0);
	parse_clean();
	return info->fadt.s5;
}

#define FOUND(text) found(text, sizeof(text) - 1)

static void every_encoding_of_s5_is_read(void **state)
{
	static const struct {
		const char *aml;
		u32 len;
		u8 a, b;
	} cases[] = {
		{ "\x08_S5_\x12\x06\x04\0\0\0\0", 12, 0, 0 },
		{ "\x08_S5_\x12\x06\x04\1\0\0\0", 12, 1, 0 },
		{ "\x08\\_S5_\x12\x06\x04\0\1\0\0", 13, 0, 1 },
		{ "\x08_S5_\x12\x06\x02\x0a\x07\x0a\x06", 12, 7, 6 },
		{ "\x08_S5_\x12\x08\x02\x0b\x05\0\x0b\x04\0", 14, 5, 4 },
		{ "\x08_S5_\x12\x0c\x02\x0c\x05\0\0\0\x0c\x03\0\0\0", 18, 5, 3 },
		{ "\x08_S5_\x12\x0c\x02\x0e\x05\0\0\0\0\0\0\0\x01", 18, 5, 1 },
		{ "\x08_S5_\x12\x04\x02\1\1", 10, 1, 1 },
		/* the length in two, three and four bytes */
		{ "\x08_S5_\x12\x45\0\x02\1\1", 11, 1, 1 },
		{ "\x08_S5_\x12\x75\0\x02\1\1", 11, 1, 1 }, /* bits 5:4 mean nothing then */
		{ "\x08_S5_\x12\x86\0\0\x02\1\1", 12, 1, 1 },
		{ "\x08_S5_\x12\xc7\0\0\0\x02\1\1", 13, 1, 1 },
		/* one integer for both */
		{ "\x08_S5_\x12\x05\x01\x0b\x05\x03", 11, 5, 3 },
		{ "\x08_S5_\x12\x04\x01\x0a\x05", 10, 5, 0 },
		/* only the second one is valid */
		{ "_S5_\x12\x04\x02\1\1\x08_S5_\x12\x04\x02\0\1", 19, 0, 1 },
		{ "\x08_S5_\x12\x04\x02\x0a\x08\x08_S5_\x12\x04\x02\0\1", 20, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(found(cases[i].aml, cases[i].len));
		assert_int_equal(info->fadt.slp_typ[0], cases[i].a);
		assert_int_equal(info->fadt.slp_typ[1], cases[i].b);
	}
}

static void invalid_s5_is_not_found(void **state)
{
	(void)state;
	assert_false(FOUND(""));
	assert_false(FOUND("\x08_S5"));
	assert_false(FOUND("\x08_S5_"));
	assert_false(FOUND("\x08_S5_\x12"));
	assert_false(FOUND("\x08_S5_\x12\x04"));
	assert_false(FOUND("\x08_S5_\x12\x04\x02"));
	assert_false(FOUND("\x08_S5_\x12\x04\x02\0"));
	assert_false(FOUND("\x08_S5_\x12\x05\x02\0\x0a"));
	assert_false(FOUND("\x08_S5_\x12\x04\x02\0\x0a"));
	assert_false(FOUND("\x08_S5_\x12\x04\x02\0\x0a\x05"));
	assert_false(FOUND("\x08_S5_\x12\x0d\x02\x0d\x05\0\0\0\0\0\0\0\1\0"));
	assert_false(FOUND("\x08_S5_\x12\x03\x02\0\0"));         /* ends after the first */
	assert_false(FOUND("\x08_S5_\x12\x05\x02\0\0"));         /* goes on behind the table */
	assert_false(FOUND("\x08_S5_\x12\x00\x02\0\0"));         /* shorter than its own length */
	assert_false(FOUND("\x08_S5_\x12\x44\x10\x02\0\0"));     /* 260 bytes */
	assert_false(FOUND("\x08_S5_\x12\xc4\0\0\x10\x02\0\0")); /* 256 MiB */
	assert_false(FOUND("\x08_S5_\x12\x04\x00\0\0"));         /* of no elements */
	assert_false(FOUND("\x08_S5_\x12\x04\x02\x0a\x08\0"));   /* 8 does not fit */
	assert_false(FOUND("\x08_S5_\x12\x04\x02\xff\0"));       /* Ones */
	assert_false(FOUND("\x08_S5_\x12\x06\x02\x0d\x31\0\0")); /* a string */
	assert_false(FOUND("\x08_S5_\x12\x06\x02_FOO\0"));       /* a name */
	assert_false(FOUND("\x08_S5_\x12\x05\x01\x0b\x05\x08"));
	assert_false(FOUND("\x08_S5_\x12\x07\x01\x0c\x05\0\1\0"));
	assert_false(FOUND("\x14\x0b_S5_\0\xa4\x12\x04\x02\0\0")); /* a method */
	assert_false(FOUND("\x08_S4_\x12\x04\x02\0\0"));
	assert_false(FOUND("\x09_S5_\x12\x04\x02\0\0"));
	assert_false(FOUND("\x09\\_S5_\x12\x04\x02\0\0"));
}

/* The header is not AML, though its last bytes and the body's first may look like it. */
static void s5_in_the_header_is_not_found(void **state)
{
	static const struct fadt_fields fadt = { .revision = 1, .len = 116 };
	static const struct {
		u32 in_header, len;
		const char *aml;
	} cases[] = {
		{ 1, 10, "\x08_S5_\x12\x04\x02\1\1" },
		{ 1, 11, "\x08\\_S5_\x12\x04\x02\1\1" },
		{ 2, 11, "\x08\\_S5_\x12\x04\x02\1\1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u64 dsdt;

		image_begin(&image);
		dsdt = table_begin(&image, "DSDT", 1);
		image.len -= cases[i].in_header;
		put_bytes(&image, cases[i].aml, cases[i].len);
		table_end(&image, dsdt);
		put_fadt(&image, &fadt, dsdt);
		image_end(&image, 0);
		parse_clean();
		assert_false(info->fadt.s5);
	}
}

/* \_S5 in an SSDT, before or after the FADT; one in the DSDT takes precedence. */
static void s5_is_found_in_an_ssdt(void **state)
{
	(void)state;
	for (int order = 0; order < 4; order++) {
		const struct fadt_fields fadt = { .revision = 1, .len = 116 };
		u64 ssdt, dsdt;

		image_begin(&image);
		dsdt = put_dsdt(&image, order < 2 ? "\xff\0" : "\x0a\4\0", order < 2 ? 2 : 3, 2);
		if (order & 1)
			put_fadt(&image, &fadt, dsdt);
		table_end(&image, table_begin(&image, "SSDT", 1));
		ssdt = table_begin(&image, "SSDT", 1);
		put_bytes(&image, "\x08_S5_\x12\x05\x02\x0a\5\1", 11);
		table_end(&image, ssdt);
		if (!(order & 1))
			put_fadt(&image, &fadt, dsdt);
		image_end(&image, 0);
		parse_clean();
		assert_true(info->fadt.s5);
		assert_int_equal(info->fadt.slp_typ[0], order < 2 ? 5 : 4);
		assert_int_equal(info->fadt.slp_typ[1], order < 2 ? 1 : 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_acpi_1_fadt_is_read),
		cmocka_unit_test(an_acpi_2_fadt_is_read),
		cmocka_unit_test(reduced_hardware_has_no_pm_registers),
		cmocka_unit_test(the_newer_field_counts_if_usable),
		cmocka_unit_test(unusable_registers_are_absent),
		cmocka_unit_test(a_short_fadt_is_ignored),
		cmocka_unit_test(fields_beyond_the_end_are_absent),
		cmocka_unit_test(the_64_bit_dsdt_address_counts),
		cmocka_unit_test(every_encoding_of_s5_is_read),
		cmocka_unit_test(invalid_s5_is_not_found),
		cmocka_unit_test(s5_in_the_header_is_not_found),
		cmocka_unit_test(s5_is_found_in_an_ssdt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
