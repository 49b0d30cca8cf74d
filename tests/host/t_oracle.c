/* SPDX-License-Identifier: MIT */
/*
 * The oracle, against cases written by hand: each names the sentence of the SDM (Vol. 3A) that
 * decides it. What this cannot know: whether the sentence was read rightly.
 */
#include "tests/host/harness.h"

#include "tests/oracle.h"

/* Bits of the error code, as "Page-Fault Exceptions" draws them. */
#define P  0x01u
#define W  0x02u
#define U  0x04u
#define ID 0x10u
#define PK 0x20u
#define NO 0xffffffffu /* no fault */

/* A supervisor with all protections on, and key 4's rights as given. */
static struct oracle_cpu supervisor(u32 rights_of_key_4)
{
	return (struct oracle_cpu){
		.pkrs = rights_of_key_4 << 8,
		.cr4_pks = true,
		.cr0_wp = true,
		.cr4_smep = true,
		.cr4_smap = true,
	};
}

static const struct oracle_page kernel_page = { .present = true, .writable = true, .key = 4 };
static const struct oracle_page user_page = {
	.present = true, .writable = true, .user = true, .key = 4
};

static void expect(struct oracle_cpu cpu, struct oracle_page page, enum oracle_access access,
		   u32 error)
{
	struct oracle_verdict v = oracle(cpu, page, access);

	assert_int_equal(v.fault, error != NO);
	assert_int_equal(v.error, error == NO ? 0 : error);
	assert_int_equal(v.unsettled, 0);
}

static void expect_three(struct oracle_cpu cpu, struct oracle_page page, u32 read, u32 write)
{
	expect(cpu, page, ORACLE_READ, read);
	expect(cpu, page, ORACLE_WRITE, write);
	expect(cpu, page, ORACLE_MODIFY, write);
}

/* "ADi: if set, the processor prevents any data accesses ... with protection key i." */
static void access_disable(void **state)
{
	(void)state;
	expect_three(supervisor(1), kernel_page, P | PK, P | W | PK);
	expect_three(supervisor(3), kernel_page, P | PK, P | W | PK);
}

/* "WDi: if set, the processor prevents write accesses" (to supervisor addresses if WP = 1). */
static void write_disable(void **state)
{
	struct oracle_cpu cpu = supervisor(2);

	(void)state;
	expect_three(cpu, kernel_page, NO, P | W | PK);
	cpu.cr0_wp = false;
	expect_three(cpu, kernel_page, NO, NO);
	cpu = supervisor(3);
	cpu.cr0_wp = false; /* AD does not look at WP */
	expect_three(cpu, kernel_page, P | PK, P | W | PK);
}

static void open_key(void **state)
{
	(void)state;
	expect_three(supervisor(0), kernel_page, NO, NO);
}

/* Each key has its own two bits, 2i and 2i + 1. */
static void keys_are_apart(void **state)
{
	(void)state;
	for (u32 key = 0; key < 16; key++) {
		struct oracle_page page = { .present = true, .writable = true, .key = key };
		struct oracle_cpu cpu = supervisor(0);

		cpu.pkrs = ~((u32)(3ull << (2 * key)));
		expect_three(cpu, page, NO, NO);
		cpu.pkrs = (u32)(1ull << (2 * key));
		expect_three(cpu, page, P | PK, P | W | PK);
		cpu.pkrs = (u32)(2ull << (2 * key));
		expect_three(cpu, page, NO, P | W | PK);
	}
}

/* "If CR4.PKS = 0, IA32_PKRS does not affect accesses." */
static void not_enabled(void **state)
{
	struct oracle_cpu cpu = supervisor(3);

	(void)state;
	cpu.cr4_pks = false;
	expect_three(cpu, kernel_page, NO, NO);
}

/* "Protection keys ... do not apply to instruction fetches." */
static void fetches(void **state)
{
	struct oracle_page page = kernel_page;

	(void)state;
	expect(supervisor(3), page, ORACLE_FETCH, NO);
	page.no_execute = true;
	expect(supervisor(3), page, ORACLE_FETCH, P | ID);
	expect(supervisor(0), user_page, ORACLE_FETCH, P | ID); /* SMEP */
}

/* PK tells of the key even if R/W denies the write too; and only if the translation exists. */
static void with_other_reasons(void **state)
{
	struct oracle_page read_only = kernel_page, absent = kernel_page;

	(void)state;
	read_only.writable = false;
	absent.present = false;
	expect_three(supervisor(0), read_only, NO, P | W);
	expect_three(supervisor(1), read_only, P | PK, P | W | PK);
	expect_three(supervisor(2), read_only, NO, P | W | PK);
	expect_three(supervisor(0), absent, 0, W);
	expect_three(supervisor(3), absent, 0, W);
	expect(supervisor(3), absent, ORACLE_FETCH, ID);
}

/* With WP = 0 neither R/W nor WD holds a supervisor's write; AD does. */
static void without_write_protection(void **state)
{
	struct oracle_page read_only = kernel_page;

	(void)state;
	read_only.writable = false;
	for (u32 rights = 0; rights < 4; rights++) {
		struct oracle_cpu cpu = supervisor(rights);

		cpu.cr0_wp = false;
		if (rights & 1)
			expect_three(cpu, read_only, P | PK, P | W | PK);
		else
			expect_three(cpu, read_only, NO, NO);
	}
}

/* A supervisor at a user-mode address: SMAP, and IA32_PKRS is not asked; PKRU is. */
static void supervisor_at_user_address(void **state)
{
	struct oracle_cpu cpu = supervisor(3);

	(void)state;
	expect_three(cpu, user_page, P, P | W);
	cpu.ac = true;
	expect_three(cpu, user_page, NO, NO);
	cpu.cr4_pke = true;
	cpu.pkru = 1 << 8;
	expect_three(cpu, user_page, P | PK, P | W | PK);
	cpu.pkru = 2 << 8;
	expect_three(cpu, user_page, NO, P | W | PK);
	cpu.cr0_wp = false;
	expect_three(cpu, user_page, NO, NO);
}

/* User mode: PKRU, whose WD holds whatever WP says; IA32_PKRS never. */
static void user_mode(void **state)
{
	struct oracle_cpu cpu = supervisor(3);

	(void)state;
	cpu.user_mode = true;
	cpu.cr0_wp = false;
	expect_three(cpu, user_page, NO, NO);
	cpu.cr4_pke = true;
	cpu.pkru = 2 << 8;
	expect_three(cpu, user_page, NO, P | W | U | PK);
	cpu.pkru = 1 << 8;
	expect_three(cpu, user_page, P | U | PK, P | W | U | PK);
	cpu = supervisor(0);
	cpu.user_mode = true;
	expect_three(cpu, kernel_page, P | U, P | W | U);
	expect(cpu, kernel_page, ORACLE_FETCH, P | U | ID);
	expect(cpu, user_page, ORACLE_FETCH, NO);
}

/* What the rules leave open is said to be open, and only that. */
static void open_corners(void **state)
{
	struct oracle_cpu cpu = supervisor(3);
	struct oracle_verdict v;

	(void)state;
	cpu.user_mode = true;
	v = oracle(cpu, kernel_page, ORACLE_READ);
	assert_true(v.fault);
	assert_int_equal(v.unsettled, PK);
	assert_int_equal(v.error & ~v.unsettled, P | U);
	cpu = supervisor(0);
	cpu.cr4_pke = true;
	cpu.pkru = 3 << 8;
	v = oracle(cpu, user_page, ORACLE_WRITE);
	assert_int_equal(v.unsettled, PK);
	assert_int_equal(v.error & ~v.unsettled, P | W);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_disable),
		cmocka_unit_test(write_disable),
		cmocka_unit_test(open_key),
		cmocka_unit_test(keys_are_apart),
		cmocka_unit_test(not_enabled),
		cmocka_unit_test(fetches),
		cmocka_unit_test(with_other_reasons),
		cmocka_unit_test(without_write_protection),
		cmocka_unit_test(supervisor_at_user_address),
		cmocka_unit_test(user_mode),
		cmocka_unit_test(open_corners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
