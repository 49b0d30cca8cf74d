/* SPDX-License-Identifier: MIT */
/*
 * The store on a medium that is damaged, or no store at all: it is recovered byte for byte, or
 * refused with a reason and not written. tools/pmem-check reads each of these images too, and must
 * agree.
 */
#include "tests/host/harness.h"

#include "tests/host/store_image.h"

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

/* As nothing writes them. */
static void of_two_superblocks_of_one_generation_the_first_counts(void **state)
{
	struct store_super *second;

	(void)state;
	power_on(&p, whole, SIZE);
	second = (struct store_super *)byte(STORE_PAGE);
	second->seq++;
	second->crc = crc32c(0, second, offsetof(struct store_super, crc));
	assert_recovered("a superblock of the same generation", STORE_PAGE);
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
		cmocka_unit_test(the_newer_superblock_counts),
		cmocka_unit_test(of_two_superblocks_of_one_generation_the_first_counts),
		cmocka_unit_test(tools_pmem_check_prints_what_is_there),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
