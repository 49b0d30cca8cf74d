/* SPDX-License-Identifier: MIT */
/* Where a device's registers cannot be: each reason, to the byte. */
#include "tests/host/harness.h"

#include "kernel/cpu/x86.h"
#include "mm/ram.h"

#define MIB        (1ULL << 20)
#define GIB        (1ULL << 30)
#define KERNEL_END (3 * MIB)
#define END        (1ULL << 40)
#define LEN        MIB

static struct boot_info info;
static struct range devices[2];
static const struct pmem_limits limits = { &info, devices, 2, NULL, KERNEL_END, END };

static int start(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	memset(devices, 0, sizeof(devices));
	return 0;
}

static void can_be(uint64_t at, uint64_t size)
{
	const char *why = registers_refusal(&limits, at, size);

	if (why)
		fail_msg("%#lx+%#lx is refused: %s", at, size, why);
}

static void cannot_be(uint64_t at, uint64_t size, const char *reason)
{
	const char *why = registers_refusal(&limits, at, size);

	if (!why)
		fail_msg("%#lx+%#lx is not refused", at, size);
	else
		assert_non_null(strstr(why, reason));
}

/* Looks at a range that is taken: what touches it by a byte is refused, and what does not is not.
 */
static void taken(uint64_t at, uint64_t len, const char *reason)
{
	can_be(at - LEN, LEN);
	cannot_be(at - LEN + 1, LEN, reason);
	cannot_be(at, LEN, reason);
	cannot_be(at + len - 1, LEN, reason);
	can_be(at + len, LEN);
	cannot_be(at - 1, len + 2, reason); /* all around it */
	cannot_be(at + len / 2, 1, reason);
}

static void registers_have_a_size_and_an_address(void **state)
{
	(void)state;
	cannot_be(GIB, 0, "no size");
	cannot_be(0, 0, "no size");
	cannot_be(0, LEN, "no address");
	can_be(GIB, 1);
}

static void registers_end_where_addresses_do(void **state)
{
	(void)state;
	can_be(END - LEN, LEN);
	cannot_be(END - LEN + 1, LEN, "physical addresses");
	cannot_be(END, 1, "physical addresses");
	cannot_be(~0ULL - 15, 16, "physical addresses"); /* wraps */
	cannot_be(1ULL << 63, 1ULL << 63, "physical addresses");
	cannot_be(GIB, ~0ULL, "physical addresses");
}

static void registers_are_no_memory(void **state)
{
	static const uint32_t types[] = { BOOT_MEM_RAM, BOOT_MEM_ACPI, BOOT_MEM_NVS, BOOT_MEM_BAD,
					  BOOT_MEM_PMEM };

	(void)state;
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		info.mem_count = 2;
		info.mem[0] = (struct boot_mem){ 8 * GIB, 4096, BOOT_MEM_RAM };
		info.mem[1] = (struct boot_mem){ 4 * GIB + 5, 2 * MIB + 3, types[i] };
		taken(4 * GIB + 5, 2 * MIB + 3, "has memory");
		taken(8 * GIB, 4096, "has memory");
	}
}

/* Firmware lists registers as reserved (2), or not at all; other types say nothing. */
static void registers_may_be_reserved(void **state)
{
	static const uint32_t types[] = { 2, 6, 12, 0xdeadbeef };

	(void)state;
	info.mem_count = 1;
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		info.mem[0] = (struct boot_mem){ 4 * GIB, GIB, types[i] };
		can_be(4 * GIB, LEN);
	}
}

static void registers_are_not_the_kernels_or_anothers(void **state)
{
	(void)state;
	cannot_be(KERNEL_END - 1, LEN, "kernel");
	cannot_be(0xa0000, 16, "kernel");
	can_be(KERNEL_END, LEN);
	devices[0] = (struct range){ 0xfec00000, 0xfec01000 };
	devices[1] = (struct range){ 0xfef00000, 0xfef00400 };
	taken(0xfec00000, 0x1000, "another device");
	taken(0xfef00000, 0x400, "another device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers_have_a_size_and_an_address, start),
		cmocka_unit_test_setup(registers_end_where_addresses_do, start),
		cmocka_unit_test_setup(registers_are_no_memory, start),
		cmocka_unit_test_setup(registers_may_be_reserved, start),
		cmocka_unit_test_setup(registers_are_not_the_kernels_or_anothers, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
