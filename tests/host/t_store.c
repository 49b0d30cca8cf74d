/* SPDX-License-Identifier: MIT */
/*
 * The store on a medium that is as the store left it: what it keeps, and what it refuses.
 */
#include "tests/host/harness.h"

#include "tests/host/power.h"
#include "tests/store/crc32c.h"
#include "tests/store/store_plain.h"
#include "tests/store/store_scan.h"
#include "tests/store/work.h"

#define SEED 5

static struct power p;
static struct store s;
static struct store_report report;
static struct store_work work;

/* A medium with a store after so many operations. */
static void make(u64 size, u32 ids, u32 longest, u64 operations)
{
	power_on(&p, NULL, size);
	assert_int_equal(store_format(&p.media), 0);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	store_work_begin(&work, SEED, ids, longest);
	while (work.done < operations)
		assert_int_equal(store_work_next(&work, &s), 0);
}

static void assert_holds_all(void)
{
	u32 id;
	const char *wrong = store_work_check(&work, &s, &id);

	if (wrong)
		fail_msg("%s, id %u", wrong, id);
}

static void the_crc_is_the_one_of_iscsi(void **state)
{
	u8 bytes[32];

	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes)); /* RFC 3720, B.4 */
	assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
	for (u8 i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(crc32c(crc32c(0, bytes, 7), bytes + 7, 25), 0x46dd794e);
	for (u32 byte = 0; byte < 256; byte++) { /* each entry of the table, by its definition */
		u8 b = (u8)byte;
		u32 crc = ~0U ^ byte;

		for (u32 bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
		assert_int_equal(crc32c(0, &b, 1), ~crc);
	}
}

static void records_come_back_as_they_were_written_last(void **state)
{
	(void)state;
	make(POWER_SIZE, 8, 300, 0);
	for (u32 i = 0; i < 200; i++) {
		assert_int_equal(store_work_next(&work, &s), 0);
		assert_holds_all();
	}
	for (u32 mode = STORE_LOOK; mode <= STORE_WORK; mode++) {
		assert_int_equal(store_open(&s, &p.media, (enum store_mode)mode, &report), 0);
		assert_true(store_is_clean(&report));
		assert_holds_all();
	}
}

/* Around the ends of lines and of the pieces that the store copies. */
static void a_record_can_have_each_length(void **state)
{
	static u8 bytes[2048], back[2048];

	(void)state;
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)(i * 7 + 1);
	make(POWER_SIZE, 1, 1, 0);
	assert_int_equal(store_append(&s, bytes, 0), 0);
	for (u32 length = 0; length <= 2000; length++) {
		assert_int_equal(store_update(&s, 0, bytes, length), 0);
		memset(back, 0x5a, sizeof(back));
		assert_int_equal(store_read(&s, 0, back, sizeof(back)), length);
		assert_memory_equal(back, bytes, length);
		assert_int_equal(back[length], 0x5a);
		assert_int_equal(store_record_size(length) % STORE_LINE, 0);
	}
	assert_int_equal(store_read(&s, 0, back, 3), 2000);
	assert_int_equal(store_verify(&p.media, &report), 0);
	assert_true(store_is_clean(&report));
}

static void a_full_store_says_so_and_keeps_all(void **state)
{
	static u8 bytes[4096];
	int id = 0;
	u32 n = 0;

	(void)state;
	make(POWER_SIZE, 1, 1, 0);
	while ((id = store_append(&s, bytes, 32)) >= 0)
		assert_int_equal(id, n++);
	assert_int_equal(id, -ENOSPC);
	assert_int_equal(n, store_area_size(POWER_SIZE) / STORE_LINE);
	assert_int_equal(store_update(&s, 3, bytes, 32), -ENOSPC); /* no place for both versions */
	assert_int_equal(store_append(&s, bytes, 4096), -ENOSPC);
	assert_int_equal(store_append(&s, bytes, ~0U), -ENOSPC);
	assert_int_equal(store_read(&s, n - 1, bytes, 0), 32);
	assert_int_equal(store_verify(&p.media, &report), 0);
	assert_int_equal(report.good, n);
	assert_true(store_is_clean(&report));
}

static void a_record_may_fill_an_area(void **state)
{
	static u8 bytes[4096];
	u32 most = (u32)store_area_size(POWER_SIZE) - sizeof(struct store_record);

	(void)state;
	memset(bytes, 0xc3, sizeof(bytes));
	make(POWER_SIZE, 1, 1, 0);
	assert_int_equal(store_append(&s, bytes, most + 1), -ENOSPC);
	assert_int_equal(store_append(&s, bytes, most), 0);
	assert_int_equal(store_append(&s, bytes, 0), -ENOSPC);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(store_read(&s, 0, bytes, sizeof(bytes)), most);
	assert_int_equal(bytes[most - 1], 0xc3);
}

static void all_ids_can_be_used_and_no_more(void **state)
{
	static u8 bytes[STORE_LOG + 2 * (STORE_IDS + 1) * STORE_LINE + STORE_PAGE];
	static struct store_media media = {
		bytes,          sizeof(bytes), store_plain_read, store_plain_write,
		store_no_flush, store_no_fence
	};
	u8 byte = 0;

	(void)state;
	assert_int_equal(store_format(&media), 0);
	assert_int_equal(store_open(&s, &media, STORE_WORK, &report), 0);
	assert_int_equal(store_update(&s, 0, "", 0), -ENOENT);
	assert_int_equal(store_read(&s, 0, &byte, 0), -ENOENT);
	for (int id = 0; id < STORE_IDS; id++)
		assert_int_equal(store_append(&s, "", 0), id);
	assert_int_equal(store_append(&s, "", 0), -ENOSPC);
	assert_int_equal(store_update(&s, STORE_IDS, "a", 1), -ENOENT);
	assert_int_equal(store_update(&s, STORE_IDS - 1, "a", 1), 0);
	assert_int_equal(store_open(&s, &media, STORE_LOOK, &report), 0);
	assert_true(store_is_clean(&report));
	assert_int_equal(s.super.ids, STORE_IDS);
	assert_int_equal(store_read(&s, STORE_IDS - 1, &byte, 1), 1);
	assert_int_equal(byte, 'a');
}

static void a_store_opened_to_be_looked_at_is_not_written(void **state)
{
	u64 events;

	(void)state;
	make(POWER_SIZE, 4, 100, 20);
	p.now[STORE_LINE / 8] = 1; /* something to repair */
	events = p.events;
	assert_int_equal(store_open(&s, &p.media, STORE_LOOK, &report), 0);
	assert_int_equal(report.residue, 1);
	assert_int_equal(report.first, STORE_LINE);
	assert_int_equal(store_append(&s, "a", 1), -EACCES);
	assert_int_equal(store_update(&s, 0, "a", 1), -EACCES);
	assert_holds_all();
	assert_int_equal(p.events, events);
}

static u32 good_writes;

static int write_fails(void *ctx, u64 at, const void *buf, u64 n)
{
	if (!good_writes)
		return -EIO;
	good_writes--;
	memcpy((u8 *)((struct power *)ctx)->now + at, buf, n);
	return 0;
}

/* Each write of an operation with a compaction fails in turn. */
static void after_an_error_of_the_medium_the_store_wants_to_be_opened_again(void **state)
{
	(void)state;
	for (u32 good = 0;; good++) {
		int err = 0;

		make(POWER_SIZE, 4, 300, 12);
		p.media.write = write_fails;
		good_writes = good;
		for (u32 i = 0; !err && i < 12; i++)
			err = store_work_next(&work, &s);
		if (!err)
			break;
		assert_int_equal(err, -EIO);
		assert_int_equal(store_append(&s, "a", 1), -EACCES);
		store_read(&s, 0, work.got,
			   sizeof(work.got)); /* finds or refuses; never beyond the medium */
		good_writes = ~0U;
		assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
		while (work.done < s.super.seq)
			store_work_skip(&work);
		assert_holds_all();
	}
}

static u32 good_reads;

static int read_fails(void *ctx, u64 at, void *buf, u64 n)
{
	if (!good_reads)
		return -EIO;
	good_reads--;
	memcpy(buf, (u8 *)((struct power *)ctx)->now + at, n);
	return 0;
}

/* What looks like damage or an empty medium may be a store: nobody may make a new one over it. */
static void a_medium_that_fails_when_it_is_opened_is_not_formatted(void **state)
{
	int err = -EIO;
	u32 good = 0;

	(void)state;
	for (; err; good++) {
		make(POWER_SIZE, 4, 100, 12);
		p.media.read = read_fails;
		good_reads = good;
		err = store_open(&s, &p.media, STORE_WORK, &report);
		assert_int_equal(report.failed, err != 0);
		assert_false(store_may_format(err, &report));
	}
	assert_true(good > 20);
	for (err = -EIO, good = 0; err; good++) { /* each write of a repair */
		make(POWER_SIZE, 4, 100, 12);
		memset((u8 *)p.now + STORE_PAGE, 0, STORE_PAGE);
		memset((u8 *)p.now + STORE_LINE, 1, 600);
		p.media.write = write_fails;
		good_writes = good;
		err = store_open(&s, &p.media, STORE_WORK, &report);
		assert_int_equal(report.failed, err != 0);
		assert_true(!err == !report.why);
		assert_false(store_may_format(err, &report));
	}
	assert_int_equal(good, 5);
}

static void what_is_no_store_may_be_formatted(void **state)
{
	(void)state;
	power_on(&p, NULL, POWER_SIZE);
	assert_true(store_may_format(store_open(&s, &p.media, STORE_WORK, &report), &report));
	make(POWER_SIZE, 4, 100, 12);
	assert_false(store_may_format(store_open(&s, &p.media, STORE_WORK, &report), &report));
	((u8 *)p.now)[STORE_LOG + 40] ^= 1;
	assert_true(store_may_format(store_open(&s, &p.media, STORE_WORK, &report), &report));
}

/* A record is damaged under an open store: the next compaction refuses it, and keeps the old area.
 */
static void a_read_and_a_compaction_do_not_pass_damage_on(void **state)
{
	u64 at;
	int err = 0;

	(void)state;
	make(POWER_SIZE, 4, 200, 6);
	at = s.where[1] + sizeof(struct store_record);
	((u8 *)p.now)[at] ^= 4;
	assert_int_equal(store_read(&s, 1, work.got, sizeof(work.got)), -EIO);
	for (u32 i = 0; !err && i < 100; i++)
		err = store_update(&s, 0, "a short record", 14);
	assert_int_equal(err, -EIO);
	assert_int_equal(store_append(&s, "a", 1), -EACCES);
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), -EIO);
	((u8 *)p.now)[at] ^= 4;
	assert_int_equal(store_open(&s, &p.media, STORE_WORK, &report), 0);
	assert_int_equal(s.super.area, 0);
	assert_int_equal(store_read(&s, 0, work.got, sizeof(work.got)), 14);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_crc_is_the_one_of_iscsi),
		cmocka_unit_test(records_come_back_as_they_were_written_last),
		cmocka_unit_test(a_record_can_have_each_length),
		cmocka_unit_test(a_full_store_says_so_and_keeps_all),
		cmocka_unit_test(a_record_may_fill_an_area),
		cmocka_unit_test(all_ids_can_be_used_and_no_more),
		cmocka_unit_test(a_store_opened_to_be_looked_at_is_not_written),
		cmocka_unit_test(a_read_and_a_compaction_do_not_pass_damage_on),
		cmocka_unit_test(after_an_error_of_the_medium_the_store_wants_to_be_opened_again),
		cmocka_unit_test(a_medium_that_fails_when_it_is_opened_is_not_formatted),
		cmocka_unit_test(what_is_no_store_may_be_formatted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
