/* SPDX-License-Identifier: MIT */
/*
 * kernel/lib/qr.c against libqrencode 4.1.1, an independent encoder: a hash of all modules that it
 * makes of the same bytes. Where several masks have almost the same penalty the two may choose
 * differently, as libqrencode counts finder-like patterns in its own way; these are texts on whose
 * mask they agree. Each version is here, and each mask. What this cannot know: whether a camera
 * reads the code; tests/system/screen/test_codes.py goes from pixels to text.
 */
#include "tests/host/harness.h"

#include "kernel/lib/qr.h"

static const struct {
	u32 version, seed, mask;
	u64 hash;
} made[] = {
	{ 1, 0, 4, 0x6be8b83968fa16cc },  { 2, 1, 2, 0x9b4881d717e3cc42 },
	{ 3, 2, 6, 0x52e5be02a773fbb0 },  { 4, 7, 2, 0x58755a8b72161f05 },
	{ 5, 2, 6, 0x5483776afbc79852 },  { 6, 3, 1, 0xb60aafcccfa1bda8 },
	{ 7, 1, 2, 0xc7c838937f11a25c },  { 8, 0, 2, 0x1fa795986db7afba },
	{ 9, 0, 2, 0x92a8da212105a8c2 },  { 10, 3, 3, 0xe13bb63033e2d22c },
	{ 11, 0, 2, 0x744580ef6d9c351e }, { 12, 0, 2, 0x28041953abfbebf6 },
	{ 13, 0, 2, 0x0a1aaf9d5a1cffe0 }, { 14, 1, 2, 0xc06d324b5dd7e1bc },
	{ 15, 2, 2, 0x53a2d6075e8a03d8 }, { 3, 34, 0, 0xf6dd3bc6ae523682 },
	{ 7, 20, 5, 0x469fddb4ebae456c }, { 3, 39, 7, 0x94f99f7d41d17faa },
};

static struct qr qr;

/* The text that libqrencode was given: full but for some bytes, so that there are pads too. */
static u8 *text(u32 version, u32 seed, u32 n)
{
	u8 *bytes = malloc(n ? n : 1);

	for (u32 i = 0; i < n; i++)
		bytes[i] = (u8)(33 + (i * 7 + version + seed * 13) % 90);
	return bytes;
}

static u64 hash_of_modules(void)
{
	u64 hash = 0;

	for (u32 y = 0; y < qr.size; y++)
		for (u32 x = 0; x < qr.size; x++)
			hash = (hash ^ qr_dark(&qr, x, y)) * 0x100000001b3;
	return hash;
}

static void modules_are_those_of_libqrencode(void **state)
{
	u32 masks = 0;

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(made); i++) {
		u32 version = made[i].version, n = qr_capacity(version) - version % 3;
		u8 *bytes = text(version, made[i].seed, n);

		assert_true(qr_make(&qr, version, bytes, n));
		free(bytes);
		assert_int_equal(qr.size, 17 + 4 * version);
		assert_int_equal(qr.mask, made[i].mask);
		if (hash_of_modules() != made[i].hash)
			fail_msg("version %u, mask %u: other modules", version, qr.mask);
		masks |= 1u << qr.mask;
	}
	assert_int_equal(masks, 0xff);
}

/* The standard's table of capacities, byte mode, level M. */
static void capacities_are_those_of_the_standard(void **state)
{
	static const u32 bytes[] = { 14,  26,  42,  62,  84,  106, 122, 152,
				     180, 213, 251, 287, 331, 362, 412 };

	(void)state;
	for (u32 version = 1; version <= QR_VERSION_MAX; version++)
		assert_int_equal(qr_capacity(version), bytes[version - 1]);
}

static void any_length_up_to_the_capacity_is_taken_and_no_more(void **state)
{
	(void)state;
	for (u32 version = 1; version <= QR_VERSION_MAX; version++) {
		u32 most = qr_capacity(version);

		for (u32 n = 0; n <= most; n += n < 8 || n + 8 > most ? 1 : 13) {
			u8 *bytes = text(version, 1, n);

			assert_true(qr_make(&qr, version, bytes, n));
			free(bytes);
		}
		assert_false(qr_make(&qr, version, "", most + 1));
	}
}

static void nothing_outside_the_code_is_dark(void **state)
{
	(void)state;
	assert_true(qr_make(&qr, 15, "x", 1));
	assert_true(qr_make(&qr, 1, "x", 1)); /* smaller than the one before */
	for (u32 y = 0; y < 200; y++)
		for (u32 x = 0; x < 200; x++)
			if (x >= 21 || y >= 21)
				assert_false(qr_dark(&qr, x, y));
	assert_false(qr_dark(&qr, ~0u, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_are_those_of_libqrencode),
		cmocka_unit_test(capacities_are_those_of_the_standard),
		cmocka_unit_test(any_length_up_to_the_capacity_is_taken_and_no_more),
		cmocka_unit_test(nothing_outside_the_code_is_dark),
	};

	return cmocka_run_group_tests_name("qr", tests, NULL, NULL);
}
