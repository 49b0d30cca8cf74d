/* SPDX-License-Identifier: MIT */
/*
 * The oracle, against cases written by hand: each names the sentence of the SDM (Vol. 3A) that
 * decides it. What this cannot know: whether the sentence was read correctly.
 */
#include "tests/host/harness.h"

#include "tests/oracle/oracle.h"

/* Bits of the error code, as "Page-Fault Exceptions" draws them. */
#define P    0x01u
#define W    0x02u
#define U    0x04u
#define RSVD 0x08u
#define ID   0x10u
#define PK   0x20u
#define NO   0xffffffffu /* no fault */

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
static void ad_denies_data_accesses(void **state)
{
	(void)state;
	expect_three(supervisor(1), kernel_page, P | PK, P | W | PK);
	expect_three(supervisor(3), kernel_page, P | PK, P | W | PK);
}

/* "WDi: if set, the processor prevents write accesses" (to supervisor addresses if WP = 1). */
static void wd_denies_writes_if_wp_is_1(void **state)
{
	struct oracle_cpu cpu = supervisor(2);

	(void)state;
	expect_three(cpu, kernel_page, NO, P | W | PK);
	cpu.cr0_wp = false;
	expect_three(cpu, kernel_page, NO, NO);
	cpu = supervisor(3);
	cpu.cr0_wp = false; /* AD does not depend on WP */
	expect_three(cpu, kernel_page, P | PK, P | W | PK);
}

static void an_open_key_denies_nothing(void **state)
{
	(void)state;
	expect_three(supervisor(0), kernel_page, NO, NO);
}

/* Each key has its own two bits, 2i and 2i + 1. */
static void each_key_has_its_own_bits(void **state)
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
static void pkrs_does_nothing_while_pks_is_off(void **state)
{
	struct oracle_cpu cpu = supervisor(3);

	(void)state;
	cpu.cr4_pks = false;
	expect_three(cpu, kernel_page, NO, NO);
}

/* "Protection keys ... do not apply to instruction fetches." */
static void fetches_ignore_keys(void **state)
{
	struct oracle_page page = kernel_page;

	(void)state;
	expect(supervisor(3), page, ORACLE_FETCH, NO);
	page.no_execute = true;
	expect(supervisor(3), page, ORACLE_FETCH, P | ID);
	expect(supervisor(0), user_page, ORACLE_FETCH, P | ID); /* SMEP */
}

/* PK is set if the key denies, even if R/W denies the write too; and only if the page exists. */
static void pk_is_set_beside_other_reasons(void **state)
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

/* With WP = 0 neither R/W nor WD stops a supervisor's write; AD does. */
static void with_wp_0_only_ad_denies(void **state)
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

/* A supervisor at a user-mode address obeys SMAP and PKRU, not IA32_PKRS. */
static void a_supervisor_at_a_user_address_obeys_smap_and_pkru(void **state)
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

/* User mode obeys PKRU, whose WD holds whatever WP says, and never IA32_PKRS. */
static void user_mode_obeys_pkru_only(void **state)
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

/* What the rules leave open is unsettled, and nothing else. */
static void open_corners_are_unsettled(void **state)
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

/*
 * "Some operations implicitly access system data structures with linear addresses; the resulting
 * accesses to those data structures are supervisor-mode accesses regardless of CPL": U is 0, and
 * CR0.WP counts.
 */
static void implicit_accesses_are_supervisor_accesses(void **state)
{
	struct oracle_cpu cpu = supervisor(1);

	(void)state;
	cpu.implicit = cpu.user_mode = true;
	expect_three(cpu, kernel_page, P | PK, P | W | PK);
	cpu.pkrs = 2 << 8;
	expect_three(cpu, kernel_page, NO, P | W | PK);
	cpu.cr0_wp = false;
	expect_three(cpu, kernel_page, NO, NO);
	cpu.pkrs = 0;
	cpu.user_mode = false;
	expect_three(cpu, kernel_page, NO, NO);
}

/*
 * With SMAP, "if EFLAGS.AC = 0 or the access is implicit, data may not be read from any user-mode
 * address", nor written. Without it PKRU rules, as for a supervisor.
 */
static void implicit_accesses_obey_smap_and_pkru(void **state)
{
	struct oracle_cpu cpu = supervisor(3);

	(void)state;
	cpu.implicit = cpu.user_mode = cpu.ac = true;
	expect_three(cpu, user_page, P, P | W);
	cpu.implicit = false;
	expect_three(cpu, user_page, NO, NO); /* explicit, by user mode */
	cpu.user_mode = false;
	expect_three(cpu, user_page, NO, NO); /* explicit, by a supervisor with AC = 1 */
	cpu.implicit = true;
	cpu.cr4_smap = false;
	expect_three(cpu, user_page, NO, NO);
	cpu.cr4_pke = true;
	cpu.pkru = 2 << 8;
	expect_three(cpu, user_page, NO, P | W | PK);
	cpu.cr0_wp = false;
	expect_three(cpu, user_page, NO, NO);
}

/*
 * "This flag is 1 if there is no translation for the linear address because a reserved bit was
 * set"; "because reserved bits are not checked in a paging-structure entry whose P flag is 0, bit 3
 * of the error code can be set only if bit 0 is also set".
 */
static void a_reserved_bit_sets_rsvd(void **state)
{
	struct oracle_page page = kernel_page;
	struct oracle_verdict v;

	(void)state;
	page.reserved = true;
	expect_three(supervisor(0), page, P | RSVD, P | W | RSVD);
	expect(supervisor(3), page, ORACLE_FETCH, P | ID | RSVD);
	v = oracle(supervisor(1), page, ORACLE_READ);
	assert_int_equal(v.unsettled, PK); /* whether the key is checked too is open */
	assert_int_equal(v.error & ~v.unsettled, P | RSVD);
	page.present = false;
	expect_three(supervisor(3), page, 0, W);
}

static void expect_flags(struct oracle_cpu cpu, enum oracle_access access, bool accessed,
			 bool dirty)
{
	struct oracle_verdict v = oracle(cpu, kernel_page, access);

	assert_int_equal(v.accessed, accessed);
	assert_int_equal(v.dirty, dirty);
}

/*
 * "Whenever the processor uses a paging-structure entry as part of linear-address translation, it
 * sets the accessed flag"; "whenever there is a write to a linear address, the processor sets the
 * dirty flag". A denied access is not a write.
 */
static void permitted_access_sets_a_and_d(void **state)
{
	struct oracle_cpu implicit = supervisor(0);

	(void)state;
	expect_flags(supervisor(0), ORACLE_READ, true, false);
	expect_flags(supervisor(0), ORACLE_FETCH, true, false);
	expect_flags(supervisor(0), ORACLE_WRITE, true, true);
	expect_flags(supervisor(0), ORACLE_MODIFY, true, true);
	expect_flags(supervisor(1), ORACLE_READ, false, false);
	expect_flags(supervisor(2), ORACLE_READ, true, false);
	expect_flags(supervisor(2), ORACLE_WRITE, false, false);
	expect_flags(supervisor(3), ORACLE_MODIFY, false, false);
	expect_flags(supervisor(3), ORACLE_FETCH, true, false);
	implicit.implicit = implicit.user_mode = true;
	expect_flags(implicit, ORACLE_WRITE, true, true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ad_denies_data_accesses),
		cmocka_unit_test(wd_denies_writes_if_wp_is_1),
		cmocka_unit_test(an_open_key_denies_nothing),
		cmocka_unit_test(each_key_has_its_own_bits),
		cmocka_unit_test(pkrs_does_nothing_while_pks_is_off),
		cmocka_unit_test(fetches_ignore_keys),
		cmocka_unit_test(pk_is_set_beside_other_reasons),
		cmocka_unit_test(with_wp_0_only_ad_denies),
		cmocka_unit_test(a_supervisor_at_a_user_address_obeys_smap_and_pkru),
		cmocka_unit_test(user_mode_obeys_pkru_only),
		cmocka_unit_test(open_corners_are_unsettled),
		cmocka_unit_test(implicit_accesses_are_supervisor_accesses),
		cmocka_unit_test(implicit_accesses_obey_smap_and_pkru),
		cmocka_unit_test(a_reserved_bit_sets_rsvd),
		cmocka_unit_test(permitted_access_sets_a_and_d),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
