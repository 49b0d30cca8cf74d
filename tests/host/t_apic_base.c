/* SPDX-License-Identifier: MIT */
/* The local APIC's address in IA32_APIC_BASE, for each width of physical addresses. */
#include "tests/host/harness.h"

#include "kernel/cpu/msr.h"

static void all_bits_of_the_address_count(void **state)
{
	(void)state;
	for (u32 width = 32; width <= 52; width++)
		for (u32 bit = 12; bit < 64; bit++)
			assert_int_equal(apic_base_address(BIT(bit) | APIC_BASE_ENABLE, width),
					 bit < width ? BIT(bit) : 0);
	assert_int_equal(apic_base_address(0xfee00900, 46), 0xfee00000);
	assert_int_equal(apic_base_address(0xfffffffffffff8ff, 46), 0x3ffffffff000);
}

static void x2apic_mode_has_no_address(void **state)
{
	(void)state;
	assert_int_equal(apic_base_address(0xfee00d00, 46), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bits_of_the_address_count),
		cmocka_unit_test(x2apic_mode_has_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
