/* SPDX-License-Identifier: MIT */
/*
 * The store on a medium that is damaged, or no store at all: it is recovered byte for byte, or
 * refused with a reason and not written. tools/pmem-check reads each of these images too, and must
 * agree.
 */
#include "tests/host/harness.h"

#include "tests/host/pmem_check.h"
#include "tests/host/power.h"
#include "tests/store/crc32c.h"
#include "tests/store/store_scan.h"
#include "tests/store/work.h"

#define SIZE       POWER_SIZE
#define OPERATIONS 9

static struct power p;
static struct store s;
static struct store_report report;
static struct store_work work;
static u64 whole[POWER_WORDS]; /* a store with some records, clean */
static struct store_super super;
static FILE *nowhere;

static int setup(void **state)
{
	(void)state;
	nowhere = fopen("/dev/null", "w");
	power_on(&p, NULL, SIZE);
	assert_int_equal(store_format(&p.media), 0);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	store_work_begin(&work, 11, 4, 150);
	while (work.done < OPERATIONS)
		assert_int_equal(store_work_next(&work, &s), 0);
	assert_int_equal(s.super.area, 0);
	super = s.super;
	memcpy(whole, p.now, SIZE);
	return nowhere ? 0 : -1;
}

static u8 *byte(u64 at)
{
	return (u8 *)p.now + at;
}

/* The image in `p` opens in both modes, and is as `whole` again after a repair. */
static void assert_recovered(const char *what, u64 at)
{
	static u64 damaged[POWER_WORDS];
	const char *wrong;
	u32 id;

	memcpy(damaged, p.now, SIZE);
	if (pmem_check((u8 *)p.now, SIZE, false, nowhere) != CHECK_REPAIR)
		fail_msg("%s at %llu: tools/pmem-check sees no repair", what,
			 (unsigned long long)at);
	if (store_open(&s, &p.media, STORE_LOOK, &report))
		fail_msg("%s at %llu: refused: %s", what, (unsigned long long)at, report.why);
	assert_false(store_is_clean(&report));
	wrong = store_work_check(&work, &s, &id);
	if (wrong)
		fail_msg("%s at %llu: %s, id %u", what, (unsigned long long)at, wrong, id);
	assert_memory_equal(p.now, damaged, SIZE);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	if (memcmp(p.now, whole, SIZE))
		fail_msg("%s at %llu: the repair does not bring back each byte", what,
			 (unsigned long long)at);
}

/* It is refused in both modes, with this reason, and not written. */
static void assert_refused(const char *why, int error, u64 size)
{
	static u64 damaged[POWER_WORDS];
	u64 at;

	memcpy(damaged, p.now, SIZE);
	p.media.size = size;
	for (u32 mode = STORE_LOOK; mode <= STORE_WORK; mode++) {
		int got = store_open(&s, &p.media, (enum store_mode)mode, &report);

		if (got != error || !report.why || strcmp(report.why, why))
			fail_msg("expected %d, %s; got %d, %s", error, why, got, report.why);
		at = report.at;
		assert_int_equal(store_verify(&p.media, &report), error);
		assert_int_equal(report.at, at);
		assert_int_equal(store_append(&s, "a", 1), -EACCES);
		assert_memory_equal(p.now, damaged, SIZE);
		assert_int_equal(p.events, 0);
	}
	if (pmem_check((u8 *)p.now, size, false, nowhere) != CHECK_DAMAGED)
		fail_msg("tools/pmem-check does not agree: %s", why);
}

static void each_flipped_bit_of_a_superblock_is_mended(void **state)
{
	(void)state;
	for (u32 copy = 0; copy < 2; copy++) {
		for (u32 bit = 0; bit < STORE_LINE * 8; bit++) {
			u64 at = copy * STORE_PAGE + bit / 8;

			power_on(&p, whole, SIZE);
			*byte(at) ^= (u8)BIT(bit % 8);
			assert_recovered("a flipped bit", at);
		}
	}
}

static void each_flipped_bit_of_a_record_is_refused(void **state)
{
	u64 start = STORE_LOG;

	(void)state;
	for (u64 at = STORE_LOG; at < super.tail; at++) {
		for (u32 bit = 0; bit < 8; bit++) {
			struct store_record *r;

			power_on(&p, whole, SIZE);
			r = (struct store_record *)byte(start);
			if (at >= start + store_record_size(r->length))
				start += store_record_size(r->length);
			*byte(at) ^= (u8)BIT(bit);
			assert_refused("a record is damaged", -EIO, SIZE);
			assert_int_equal(report.at, start);
			assert_int_equal(report.good, super.records - 1); /* the others are found */
		}
	}
}

static void each_byte_that_should_be_zero_is_looked_at(void **state)
{
	u32 looked = 0;
	u64 from, to;

	(void)state;
	for (u32 i = 0; store_free_range(&super, i, &from, &to); i++) {
		looked += (u32)(to - from);
		for (u64 at = from; at < to; at++) {
			power_on(&p, whole, SIZE);
			*byte(at) ^= (u8)BIT(at % 8);
			assert_recovered("a bit in free memory", at);
			if (at % 64 == 0) {
				*byte(at) ^= 1;
				assert_int_equal(store_verify(&p.media, &report), 0);
				assert_int_equal(report.residue, 1);
				assert_int_equal(report.first, at);
			}
		}
	}
	assert_int_equal(looked + (super.tail - STORE_LOG) + 2 * STORE_LINE, SIZE);
}

static void one_lost_superblock_page_is_mended_and_two_are_refused(void **state)
{
	(void)state;
	for (u32 copy = 0; copy < 2; copy++) {
		for (u32 fill = 0; fill < 256; fill += 255) {
			power_on(&p, whole, SIZE);
			memset(byte(copy * STORE_PAGE), (int)fill, STORE_PAGE);
			assert_recovered("a lost page", copy * STORE_PAGE);
		}
	}
	power_on(&p, whole, SIZE);
	memset(byte(0), 0, STORE_LOG);
	assert_refused("there is no store: no superblock", -ENODEV, SIZE);
	power_on(&p, whole, SIZE);
	*byte(20) ^= 1;
	*byte(STORE_PAGE + 63) ^= 1;
	assert_refused("both superblocks are damaged", -EIO, SIZE);
}

static void an_overrun_into_the_log_is_refused(void **state)
{
	(void)state;
	for (u64 at = STORE_LOG - 40; at < super.tail; at += 24) {
		power_on(&p, whole, SIZE);
		memset(byte(at), 0xe7, 64);
		assert_refused("a record is damaged", -EIO, SIZE);
	}
}

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

static void a_superblock_with_impossible_numbers_is_refused(void **state)
{
	static const char tail[] = "the log's end lies outside its area";
	static const char counts[] = "the superblock counts more records than there can be";
	static const char size[] = "a store cannot have this size";
	static const struct {
		u32 at, width;
		u64 value;
		const char *why;
		int error;
	} changes[] = {
		{ 8, 4, 0, "the store is of another version", -EINVAL },
		{ 8, 4, 2, "the store is of another version", -EINVAL },
		{ 8, 4, ~0U, "the store is of another version", -EINVAL },
		{ 12, 4, 0, "a record is damaged", -EIO },
		{ 12, 4, 5, "an id has no record", -EIO },
		{ 12, 4, STORE_IDS + 1, counts, -EINVAL },
		{ 12, 4, ~0U, counts, -EINVAL },
		{ 16, 8, SIZE + STORE_PAGE, "the store is longer than its medium", -EINVAL },
		{ 16, 8, ~0ULL, "the store is longer than its medium", -EINVAL },
		{ 16, 8, SIZE - 64, size, -EINVAL },
		{ 16, 8, 0, size, -EINVAL },
		{ 16, 8, STORE_LOG, size, -EINVAL },
		{ 32, 8, OPERATIONS - 1, "a record is damaged", -EIO },
		{ 32, 8, OPERATIONS + 1, "a record is missing", -EIO },
		{ 40, 8, 0, tail, -EINVAL },
		{ 40, 8, STORE_LOG - 64, tail, -EINVAL },
		{ 40, 8, STORE_LOG + 65, tail, -EINVAL },
		{ 40, 8, SIZE, tail, -EINVAL },
		{ 40, 8, ~63ULL, tail, -EINVAL },
		{ 40, 8, STORE_LOG, counts, -EINVAL },
		{ 48, 8, OPERATIONS - 1, "a record is missing", -EIO },
		{ 48, 8, OPERATIONS + 1, "a record is missing", -EIO },
		{ 48, 8, 1, counts, -EINVAL },
		{ 48, 8, ~0ULL, counts, -EINVAL },
		{ 56, 4, 1, tail, -EINVAL },
		{ 56, 4, 2, "a store has two areas", -EINVAL },
		{ 56, 4, ~0U, "a store has two areas", -EINVAL },
	};

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(changes); i++) {
		struct store_super new = super;

		memcpy((u8 *)&new + changes[i].at, &changes[i].value, changes[i].width);
		write_super(&new);
		assert_refused(changes[i].why, changes[i].error, SIZE);
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

static void the_newer_superblock_counts(void **state)
{
	(void)state;
	for (u32 older = 0; older < 2; older++) {
		struct store_super *old;

		power_on(&p, whole, SIZE);
		old = (struct store_super *)byte(older * STORE_PAGE);
		old->generation--;
		old->seq--;
		old->records--;
		old->crc = crc32c(0, old, offsetof(struct store_super, crc));
		assert_int_equal(store_verify(&p.media, &report), 0);
		assert_int_equal(report.copy[older], STORE_COPY_OLD);
		assert_int_equal(report.copy[!older], STORE_COPY_GOOD);
		assert_recovered("an old superblock", older * STORE_PAGE);
	}
}

static void tools_pmem_check_prints_what_is_there(void **state)
{
	char *text;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	char want[64];

	(void)state;
	assert_int_equal(pmem_check((u8 *)whole, SIZE, true, out), CHECK_CLEAN);
	fclose(out);
	snprintf(want, sizeof(want), "operation %u, generation %u, 4 ids, %u records, area 0",
		 OPERATIONS, OPERATIONS + 1, OPERATIONS);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "\npmem-check: clean\n"));
	for (u32 id = 0; id < work.ids; id++) {
		snprintf(want, sizeof(want), "id %u: operation %llu, ", id,
			 (unsigned long long)work.last[id]);
		assert_non_null(strstr(text, want));
	}
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flipped_bit_of_a_superblock_is_mended),
		cmocka_unit_test(each_flipped_bit_of_a_record_is_refused),
		cmocka_unit_test(each_byte_that_should_be_zero_is_looked_at),
		cmocka_unit_test(one_lost_superblock_page_is_mended_and_two_are_refused),
		cmocka_unit_test(an_overrun_into_the_log_is_refused),
		cmocka_unit_test(images_that_are_no_store_are_refused),
		cmocka_unit_test(a_truncated_image_is_refused),
		cmocka_unit_test(a_superblock_with_impossible_numbers_is_refused),
		cmocka_unit_test(a_good_superblock_of_another_version_is_never_passed_over),
		cmocka_unit_test(a_record_that_does_not_belong_there_is_refused),
		cmocka_unit_test(the_newer_superblock_counts),
		cmocka_unit_test(tools_pmem_check_prints_what_is_there),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
