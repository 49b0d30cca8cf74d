/* SPDX-License-Identifier: MIT */
/* Interrupt lines at boot, on a model of a local APIC's and an I/O APIC's registers. */
#include "tests/host/harness.h"

#include "kernel/apic_lines.h"

#define MASKED 0x10000

static struct {
	u32 reg[0x400];
	bool there[0x400]; /* else an access is #GP */
} model;

static u32 model_read(u32 reg)
{
	assert_true(reg < ARRAY_SIZE(model.reg) && model.there[reg]);
	return model.reg[reg];
}

static void model_write(u32 reg, u32 value)
{
	assert_true(reg < ARRAY_SIZE(model.reg) && model.there[reg]);
	model.reg[reg] = value;
}

static const struct apic_access access = { model_read, model_write };

/* The local vector table's registers, in the order in which CPUs gained them (SDM). */
static const u32 lvt[] = { 0x320, 0x350, 0x360, 0x370, 0x340, 0x330, 0x2f0 };

/* A local APIC with `entries` entries that all hold `line`. */
static void local_apic(u32 entries, u32 line)
{
	memset(&model, 0, sizeof(model));
	model.there[0x30] = true;
	model.reg[0x30] = 0x15 | (entries - 1) << 16;
	for (u32 i = 0; i < entries; i++) {
		model.there[lvt[i]] = true;
		model.reg[lvt[i]] = line;
	}
}

static const struct apic_pins none = { { MASKED, MASKED } };

static void every_local_line_is_masked(void **state)
{
	(void)state;
	for (u32 entries = 4; entries <= 7; entries++) {
		for (u32 vector = 0; vector < 256; vector += 51) {
			local_apic(entries, vector);
			apic_lines_start(&access, none);
			for (u32 i = 0; i < entries; i++)
				assert_true(model.reg[lvt[i]] & MASKED);
		}
	}
}

/* A thermal SMI, say, is the firmware's business, and no vector of the kernel's. */
static void the_firmwares_smi_stays(void **state)
{
	static const u32 may[] = { 0x330, 0x340, 0x2f0 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(may); i++) {
		local_apic(7, 0x700);
		model.reg[may[i]] = 0x200;
		apic_lines_start(&access, none);
		assert_int_equal(model.reg[may[i]], 0x200);
		model.reg[may[i]] = MASKED;
		for (u32 j = 0; j < ARRAY_SIZE(lvt); j++)
			assert_true(model.reg[lvt[j]] & MASKED);
	}
}

static void pins_are_as_acpi_says(void **state)
{
	static struct acpi_madt madt;

	(void)state;
	memset(&madt, 0, sizeof(madt));
	madt.cpu_count = 3;
	for (u32 i = 0; i < 3; i++)
		madt.cpus[i] = (struct acpi_cpu){ .apic_id = 0x100 * i, .uid = 10 + i };
	assert_int_equal(apic_pins_of(&madt, 0).lint[0], MASKED);
	assert_int_equal(apic_pins_of(&madt, 0).lint[1], MASKED);
	madt.nmi_count = 2;
	madt.nmis[0] = (struct acpi_nmi_pin){ ACPI_UID_ALL, 1, false };
	madt.nmis[1] = (struct acpi_nmi_pin){ 12, 0, true };
	for (u32 i = 0; i < 3; i++) {
		struct apic_pins pins = apic_pins_of(&madt, 0x100 * i);

		assert_int_equal(pins.lint[0], i == 2 ? 0x2400 : MASKED);
		assert_int_equal(pins.lint[1], 0x400);
	}
	assert_int_equal(apic_pins_of(&madt, 7).lint[0], MASKED); /* a CPU that is not listed */
	assert_int_equal(apic_pins_of(&madt, 7).lint[1], 0x400);
}

static void an_nmi_pin_is_open(void **state)
{
	(void)state;
	local_apic(6, 0x10700);
	apic_lines_start(&access, (struct apic_pins){ { MASKED, 0x400 } });
	assert_int_equal(model.reg[0x350], MASKED);
	assert_int_equal(model.reg[0x360], 0x400);
}

static void io_apic(u32 lines)
{
	memset(&model, 0, sizeof(model));
	model.there[1] = true;
	model.reg[1] = 0x20 | (lines - 1) << 16;
	for (u32 i = 0; i < 2 * lines; i++) {
		model.there[0x10 + i] = true;
		model.reg[0x10 + i] = i % 2 ? 0xff000000 : 0xa000 | i; /* level, active low */
	}
}

static void every_line_of_an_io_apic_is_masked(void **state)
{
	static const u32 counts[] = { 1, 16, 24, 120, 240 };

	(void)state;
	for (u32 c = 0; c < ARRAY_SIZE(counts); c++) {
		io_apic(counts[c]);
		model.reg[0x10] = 0x200; /* an SMI */
		assert_true(io_apic_mask(&access));
		assert_int_equal(model.reg[0x10], 0x200);
		for (u32 i = 1; i < counts[c]; i++) {
			assert_true(model.reg[0x10 + 2 * i] & MASKED);
			assert_int_equal(model.reg[0x11 + 2 * i], 0xff000000);
		}
	}
}

static void an_absent_io_apic_is_left_alone(void **state)
{
	(void)state;
	io_apic(1);
	model.reg[1] = ~0u;
	assert_false(io_apic_mask(&access));
	assert_int_equal(model.reg[0x10], 0xa000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_local_line_is_masked),
		cmocka_unit_test(the_firmwares_smi_stays),
		cmocka_unit_test(pins_are_as_acpi_says),
		cmocka_unit_test(an_nmi_pin_is_open),
		cmocka_unit_test(every_line_of_an_io_apic_is_masked),
		cmocka_unit_test(an_absent_io_apic_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
