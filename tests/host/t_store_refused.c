/* SPDX-License-Identifier: MIT */
/* What is no store, or cannot be one: refused with its reason, and not written. */
#include "tests/host/harness.h"

#include "tests/host/store_image.h"

static void images_that_are_no_store_are_refused(void **state)
{
	u64 x = 1;

	(void)state;
	for (u32 fill = 0; fill < 256; fill += 85) {
		power_on(&p, NULL, SIZE);
		memset(p.now, (int)fill, SIZE);
		assert_refused("there is no store: no superblock", -ENODEV, SIZE);
	}
	for (u32 round = 0; round < 100; round++) {
		power_on(&p, NULL, SIZE);
		for (u32 i = 0; i < POWER_WORDS; i++)
			p.now[i] = x = x * 6364136223846793005 + 1442695040888963407;
		assert_refused("there is no store: no superblock", -ENODEV, SIZE);
	}
}

static void a_truncated_image_is_refused(void **state)
{
	(void)state;
	for (u64 size = 0; size < SIZE; size += 1000) {
		power_on(&p, whole, SIZE);
		assert_refused(size < STORE_MIN_SIZE ? "the medium is too short for a store"
						     : "the store is longer than its medium",
			       -EINVAL, size);
	}
}

/* Both superblocks, with their CRC. */
static void write_super(const struct store_super *changed)
{
	struct store_super new = *changed;

	power_on(&p, whole, SIZE);
	new.crc = crc32c(0, &new, offsetof(struct store_super, crc));
	memcpy(byte(0), &new, sizeof(new));
	memcpy(byte(STORE_PAGE), &new, sizeof(new));
}

#define TAIL    "the log's end lies outside its area"
#define COUNTS  "the superblock counts more records than there can be"
#define SIZES   "a store cannot have this size"
#define VERSION "the store is of another version"
#define LONGER  "the store is longer than its medium"

static const struct {
	u32 at, width;
	u64 value;
	const char *why;
	int error;
} numbers[] = {
	{ 8, 4, 0, VERSION, -EINVAL },
	{ 8, 4, 2, VERSION, -EINVAL },
	{ 8, 4, ~0U, VERSION, -EINVAL },
	{ 12, 4, 0, "a record is damaged", -EIO },
	{ 12, 4, 5, "an id has no record", -EIO },
	{ 12, 4, STORE_IDS + 1, COUNTS, -EINVAL },
	{ 12, 4, ~0U, COUNTS, -EINVAL },
	{ 16, 8, SIZE + STORE_PAGE, LONGER, -EINVAL },
	{ 16, 8, ~0ULL, LONGER, -EINVAL },
	{ 16, 8, SIZE - 64, SIZES, -EINVAL },
	{ 16, 8, 0, SIZES, -EINVAL },
	{ 16, 8, STORE_LOG, SIZES, -EINVAL },
	{ 32, 8, OPERATIONS - 1, "a record is damaged", -EIO },
	{ 32, 8, OPERATIONS + 1, "a record is missing", -EIO },
	{ 40, 8, 0, TAIL, -EINVAL },
	{ 40, 8, STORE_LOG - 64, TAIL, -EINVAL },
	{ 40, 8, STORE_LOG + 65, TAIL, -EINVAL },
	{ 40, 8, SIZE, TAIL, -EINVAL },
	{ 40, 8, ~63ULL, TAIL, -EINVAL },
	{ 40, 8, STORE_LOG, COUNTS, -EINVAL },
	{ 48, 8, OPERATIONS - 1, "a record is missing", -EIO },
	{ 48, 8, OPERATIONS + 1, "a record is missing", -EIO },
	{ 48, 8, 1, COUNTS, -EINVAL },
	{ 48, 8, ~0ULL, COUNTS, -EINVAL },
	{ 56, 4, 1, TAIL, -EINVAL },
	{ 56, 4, 2, "a store has two areas", -EINVAL },
	{ 56, 4, ~0U, "a store has two areas", -EINVAL },
};

static void a_superblock_with_impossible_numbers_is_refused(void **state)
{
	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct store_super new = super;

		memcpy((u8 *)&new + numbers[i].at, &numbers[i].value, numbers[i].width);
		write_super(&new);
		assert_refused(numbers[i].why, numbers[i].error, SIZE);
	}
}

static void a_good_superblock_of_another_version_is_never_passed_over(void **state)
{
	(void)state;
	for (u32 copy = 0; copy < 2; copy++) {
		struct store_super *new;

		power_on(&p, whole, SIZE);
		new = (struct store_super *)byte(copy * STORE_PAGE);
		new->version = 2;
		new->generation = 0;
		new->crc = crc32c(0, new, offsetof(struct store_super, crc));
		assert_refused("the store is of another version", -EINVAL, SIZE);
	}
}

static void a_record_that_does_not_belong_there_is_refused(void **state)
{
	static const struct {
		u32 at, width;
		u64 value;
	} changes[] = {
		{ 8, 8, 0 },     { 8, 8, 1 },    { 8, 8, OPERATIONS + 1 },
		{ 8, 8, ~0ULL }, { 16, 4, 4 },   { 16, 4, ~0U },
		{ 4, 4, ~0U },   { 4, 4, SIZE }, { 4, 4, ~0U - 32 },
		{ 0, 4, 0 },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		u64 second = STORE_LOG, size;
		struct store_record *r;
		u32 crc;

		power_on(&p, whole, SIZE);
		second += store_record_size(((struct store_record *)byte(second))->length);
		r = (struct store_record *)byte(second);
		size = store_record_size(r->length);
		memcpy((u8 *)r + changes[i].at, &changes[i].value, changes[i].width);
		crc = crc32c(0, r, offsetof(struct store_record, crc));
		r->crc = crc32c(crc, r + 1, size - sizeof(*r));
		assert_refused("a record is damaged", -EIO, SIZE);
		assert_int_equal(report.at, second);
	}
}

static void a_record_that_does_not_end_in_the_log_is_none(void **state)
{
	u64 size = store_record_size(((struct store_record *)whole)[STORE_LOG / 32].length);
	struct store_record r;

	(void)state;
	power_on(&p, whole, SIZE);
	assert_int_equal(store_check_record(&p.media, STORE_LOG, STORE_LOG + size, &r), 0);
	for (u64 end = 0; end < STORE_LOG + size; end++)
		assert_int_equal(store_check_record(&p.media, STORE_LOG, end, &r), -ENOENT);
}

static u64 was_read;

static int counted_read(void *ctx, u64 at, void *buf, u64 n)
{
	was_read += n;
	memcpy(buf, (u8 *)ctx + at, n);
	return 0;
}

/* Each line claims to begin a record that goes on to the log's end; none has the right CRC. */
static void a_log_of_false_records_is_refused_without_reading_it_for_each(void **state)
{
	static u8 bytes[512 << 10];
	struct store_media media = p.media;
	struct store_super new = super;
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	new.size = sizeof(bytes);
	new.tail = STORE_LOG + store_area_size(new.size);
	new.crc = crc32c(0, &new, offsetof(struct store_super, crc));
	memcpy(bytes, &new, sizeof(new));
	memcpy(bytes + STORE_PAGE, &new, sizeof(new));
	for (u64 at = STORE_LOG; at < new.tail; at += STORE_LINE) {
		struct store_record r = { .magic = STORE_RECORD_MAGIC };

		r.length = (u32)(new.tail - at - sizeof(r));
		memcpy(bytes + at, &r, sizeof(r));
	}
	media.ctx = bytes;
	media.size = sizeof(bytes);
	media.read = counted_read;
	assert_int_equal(store_verify(&media, &report), -EIO);
	assert_string_equal(report.why, "a record is damaged");
	assert_int_equal(report.at, STORE_LOG);
	assert_true(was_read < 8 * sizeof(bytes));
	assert_int_equal(pmem_check(bytes, sizeof(bytes), false, out), CHECK_DAMAGED);
	fclose(out);
	assert_non_null(strstr(text, "the rest of the log is not looked at"));
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_that_are_no_store_are_refused),
		cmocka_unit_test(a_truncated_image_is_refused),
		cmocka_unit_test(a_superblock_with_impossible_numbers_is_refused),
		cmocka_unit_test(a_good_superblock_of_another_version_is_never_passed_over),
		cmocka_unit_test(a_record_that_does_not_belong_there_is_refused),
		cmocka_unit_test(a_record_that_does_not_end_in_the_log_is_none),
		cmocka_unit_test(a_log_of_false_records_is_refused_without_reading_it_for_each),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
