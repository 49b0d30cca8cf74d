/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of PKRS values, against the processor's rules written out here: for key i, AD is
 * bit 2i and denies all, WD is bit 2i + 1 and denies writes (SDM Vol. 3A, "Protection Keys").
 */
#include "tests/host/harness.h"

#include "kernel/cpu/pkrs_bits.h"

static const u32 samples[] = { 0, 0xffffffff, 0x55555555, 0xaaaaaaaa, 0xfffffffc, 1,
			       2, 0x80000000, 0x40000000, 0xc0000000, 0x12345678, PKRS_INIT };

static bool read_allowed(u32 pkrs, unsigned key)
{
	return !(pkrs >> (2 * key) & 1);
}

static bool write_allowed(u32 pkrs, unsigned key)
{
	return read_allowed(pkrs, key) && !(pkrs >> (2 * key + 1) & 1);
}

/* All values with a key's neighbours in any state: shifts that are off by one show here. */
static void each_key_has_its_own_bits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		for (u32 key = 0; key < PKS_KEYS; key++) {
			u32 pkrs = samples[i];
			u32 expected = (u32)((u64)pkrs / (1ull << (2 * key)) % 4);

			assert_int_equal(pkrs_rights(pkrs, key), expected);
			assert_int_equal(pkrs_mask(key), 3ull << (2 * key));
			assert_int_equal(pkrs_permits(pkrs, key, PKS_READ),
					 read_allowed(pkrs, key));
			assert_int_equal(pkrs_permits(pkrs, key, PKS_WRITE),
					 write_allowed(pkrs, key));
		}
	}
}

static void each_right_permits_what_it_names(void **state)
{
	(void)state;
	for (u32 key = 0; key < PKS_KEYS; key++) {
		for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
			u32 none = pkrs_with(samples[i], key, PKS_NOACCESS);
			u32 nowrite = pkrs_with(samples[i], key, PKS_NOWRITE);
			u32 all = pkrs_with(samples[i], key, PKS_READWRITE);

			assert_false(read_allowed(none, key));
			assert_false(write_allowed(none, key));
			assert_true(read_allowed(nowrite, key));
			assert_false(write_allowed(nowrite, key));
			assert_true(read_allowed(all, key));
			assert_true(write_allowed(all, key));
		}
	}
}

static void setting_a_key_leaves_the_others(void **state)
{
	static const u32 rights[] = { PKS_NOACCESS, PKS_NOWRITE, PKS_READWRITE, 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		for (u32 key = 0; key < PKS_KEYS; key++) {
			for (size_t r = 0; r < ARRAY_SIZE(rights); r++) {
				u32 after = pkrs_with(samples[i], key, rights[r]);

				assert_int_equal(pkrs_rights(after, key), rights[r]);
				assert_int_equal((after ^ samples[i]) & ~(3ull << (2 * key)), 0);
			}
		}
	}
}

/* Clearing the bits that a grant needs clear gives just that access, and takes none away. */
static void grants_only_widen(void **state)
{
	static const enum pks_access accesses[] = { PKS_READ, PKS_WRITE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		for (u32 key = 0; key < PKS_KEYS; key++) {
			for (size_t a = 0; a < ARRAY_SIZE(accesses); a++) {
				u32 bits = pkrs_needs_clear(key, accesses[a]);
				u32 after = samples[i] & ~bits;

				assert_int_equal(bits & ~(3ull << (2 * key)), 0);
				assert_true(pkrs_permits(after, key, accesses[a]));
				assert_true(read_allowed(after, key));
				assert_true(write_allowed(after, key) || accesses[a] == PKS_READ);
				if (write_allowed(samples[i], key))
					assert_int_equal(after, samples[i]);
			}
		}
	}
}

/* A grant to read from "no access" does not also let writes through. */
static void a_read_grant_is_not_a_write_grant(void **state)
{
	(void)state;
	for (u32 key = 0; key < PKS_KEYS; key++) {
		u32 none = pkrs_with(0, key, PKS_NOACCESS);
		u32 read = none & ~pkrs_needs_clear(key, PKS_READ);

		assert_true(read_allowed(read, key));
		assert_false(write_allowed(read, key));
	}
}

static void initial_rights_permit_writes_to_key_0_only(void **state)
{
	(void)state;
	assert_true(write_allowed(PKRS_INIT, PKS_KEY_DEFAULT));
	assert_false(read_allowed(PKRS_INIT, PKS_KEY_DEVMAP));
	assert_true(read_allowed(PKRS_INIT, PKS_KEY_RO));
	assert_false(write_allowed(PKRS_INIT, PKS_KEY_RO));
	for (unsigned key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++)
		assert_int_equal(pkrs_rights(PKRS_INIT, key), PKS_NOACCESS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_its_own_bits),
		cmocka_unit_test(each_right_permits_what_it_names),
		cmocka_unit_test(setting_a_key_leaves_the_others),
		cmocka_unit_test(grants_only_widen),
		cmocka_unit_test(a_read_grant_is_not_a_write_grant),
		cmocka_unit_test(initial_rights_permit_writes_to_key_0_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
