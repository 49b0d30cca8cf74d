// SPDX-License-Identifier: MIT
/*
 * The persistent store, in memory and on each device of persistent memory.
 *
 * What this cannot know: whether a line that is not flushed would be lost. Emulators have no caches
 * that lose it; tests/host/t_store_cuts.c has.
 */
#define KTEST_SUITE "store"

#include "kernel/lib/string.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"
#include "tests/store/device.h"
#include "tests/store/device_test.h"
#include "tests/store/store_plain.h"
#include "tests/store/work.h"

#define SIZE       (64 << 10) /* of a store: small, so that its log is soon full */
#define OPERATIONS 150
#define IDS        12
#define LONGEST    700

/* One test at a time has them. */
static u8 ram[SIZE];
static struct store store;
static struct store_media media;
static struct store_report report;
static struct store_work work;

static const struct store_media ram_media = {
	ram, SIZE, store_plain_read, store_plain_write, store_no_flush, store_no_fence
};

static bool expect_content(u64 operations)
{
	u32 id;
	const char *wrong = store_work_check(&work, &store, &id);

	if (wrong)
		ktest_fail(__FILE__, __LINE__, "after %lu operations: %s, id %u", operations, wrong,
			   id);
	ktest_checked();
	return !wrong;
}

/* A new store on `media` that works, is opened again, and works on. */
static void play(u32 operations)
{
	REQUIRE(store_format(&media) == 0);
	store_work_begin(&work, options.seed, IDS, LONGEST);
	for (u32 part = 0; part < 3; part++) {
		REQUIRE(store_open(&store, &media, STORE_WORK, &report) == 0);
		EXPECT(store_is_clean(&report));
		REQUIRE(expect_content(work.done));
		for (u32 i = 0; i < operations; i++)
			REQUIRE(store_work_next(&work, &store) == 0);
		REQUIRE(expect_content(work.done));
	}
	EXPECT_EQ(store_verify(&media, &report), 0);
	EXPECT(store_is_clean(&report));
	EXPECT_EQ(report.super.seq, 3 * operations);
	EXPECT(report.super.generation > 3 * operations + 1); /* at least one compaction */
}

static void a_store_in_memory_keeps_its_records(void)
{
	media = ram_media;
	play(OPERATIONS);
}
KTEST(a_store_in_memory_keeps_its_records, KT_STRESS);

/* Fills the medium with one of three kinds of bytes that are no store. */
static void fill(u32 kind, u64 size)
{
	for (u64 at = 0; at < size; at += 8) {
		u64 word = kind == 0 ? 0 : kind == 1 ? ~0ULL : (at + 1) * 0x9e3779b97f4a7c15;

		REQUIRE(media.write(media.ctx, at, &word, 8) == 0);
	}
}

static u64 sum(u64 size)
{
	u64 words[8], sum = 0;

	for (u64 at = 0; at < size; at += sizeof(words)) {
		if (!EXPECT(media.read(media.ctx, at, words, sizeof(words)) == 0))
			break;
		for (u32 i = 0; i < ARRAY_SIZE(words); i++)
			sum = (sum ^ words[i]) * 0x100000001b3;
	}
	return sum;
}

static void a_medium_without_a_store_is_refused_and_not_written(void)
{
	for (u32 kind = 0; kind < 3; kind++) {
		u64 before;

		media = ram_media;
		fill(kind, SIZE);
		before = sum(SIZE);
		EXPECT_EQ(store_open(&store, &media, STORE_WORK, &report), (u64)-ENODEV);
		EXPECT(report.why != NULL);
		EXPECT_EQ(store_append(&store, "a", 1), (u64)-EACCES);
		EXPECT_EQ(sum(SIZE), before);
	}
}
KTEST(a_medium_without_a_store_is_refused_and_not_written, 0);

static void a_store_on_each_device_keeps_its_records(void)
{
	struct pmem *pmem;

	SKIP_WITHOUT_DEVICE(SIZE);
	for (u32 i = 0; (pmem = device_next(&i, SIZE));) {
		media = store_device_media(pmem, SIZE);
		play(ktest_part(3) == 1 ? OPERATIONS : OPERATIONS / 2);
	}
}
KTEST(a_store_on_each_device_keeps_its_records, KT_STRESS);

static void a_device_without_a_store_is_written_only_with_format_yes(void)
{
	struct pmem *pmem;

	SKIP_WITHOUT_DEVICE(SIZE);
	for (u32 i = 0; (pmem = device_next(&i, SIZE));) {
		u64 before;

		media = store_device_media(pmem, SIZE);
		fill(2, SIZE);
		before = sum(SIZE);
		options.format = false;
		EXPECT_EQ(store_device_open(&store, &media, pmem, SIZE), (u64)-ENODEV);
		options.format = true;
		EXPECT_EQ(sum(SIZE), before);
		EXPECT_EQ(store_device_open(&store, &media, pmem, SIZE), 0);
		EXPECT_EQ(store_append(&store, "a", 1), 0);
		EXPECT_EQ(store_device_open(&store, &media, pmem, SIZE), 0);
		EXPECT_EQ(store.super.seq, 1); /* a store that is there is not made anew */
	}
}
KTEST(a_device_without_a_store_is_written_only_with_format_yes, 0);

/* Bits of both superblocks, of the first record and of free memory. */
static void a_flipped_bit_on_a_device_is_found(void)
{
	static const u64 places[] = { 0,          59,        STORE_PAGE,     STORE_PAGE + 63,
				      STORE_LINE, STORE_LOG, STORE_LOG + 40, SIZE - 1 };

	u32 first_one = 0;

	SKIP_WITHOUT_DEVICE(SIZE);
	media = store_device_media(device_next(&first_one, SIZE), SIZE);
	REQUIRE(store_format(&media) == 0);
	REQUIRE(store_open(&store, &media, STORE_WORK, &report) == 0);
	EXPECT_EQ(store_append(&store, "a record of some bytes", 22), 0);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		bool record = places[i] / STORE_LINE == STORE_LOG / STORE_LINE;
		u8 byte;

		REQUIRE(media.read(media.ctx, places[i], &byte, 1) == 0);
		byte ^= (u8)BIT(i);
		REQUIRE(media.write(media.ctx, places[i], &byte, 1) == 0);
		EXPECT_EQ(store_verify(&media, &report), record ? (u64)-EIO : 0);
		EXPECT(!store_is_clean(&report));
		EXPECT_EQ(store_open(&store, &media, STORE_WORK, &report), record ? (u64)-EIO : 0);
		if (record) {
			byte ^= (u8)BIT(i);
			REQUIRE(media.write(media.ctx, places[i], &byte, 1) == 0);
		}
		EXPECT_EQ(store_verify(&media, &report), 0);
		EXPECT(store_is_clean(&report));
	}
}
KTEST(a_flipped_bit_on_a_device_is_found, 0);

/* Media that look, before each access of the store, whether the device is denied. */
static struct store_media inner;
static struct prot_page first;
static u32 looks;

static void look(void)
{
	if (looks++ % 16 == 0)
		EXPECT_DENIED(&first);
}

static int look_read(void *ctx, u64 at, void *buf, u64 n)
{
	look();
	return inner.read(ctx, at, buf, n);
}

static int look_write(void *ctx, u64 at, const void *buf, u64 n)
{
	look();
	return inner.write(ctx, at, buf, n);
}

static void look_flush(void *ctx, u64 at, u64 n)
{
	look();
	inner.flush(ctx, at, n);
	look();
}

static void a_device_is_open_only_within_the_stores_copies(void)
{
	struct pmem *pmem;

	SKIP_WITHOUT_DEVICE(SIZE);
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (u32 i = 0; (pmem = device_next(&i, SIZE));) {
		void *va;

		inner = media = store_device_media(pmem, SIZE);
		REQUIRE(dax_direct_access(media.ctx, 0, 1, &va) == 1);
		first = (struct prot_page){ virt_to_page(va), va };
		media.read = look_read;
		media.write = look_write;
		media.flush = look_flush;
		play(OPERATIONS / 2);
		EXPECT_DENIED(&first);
		EXPECT_RIGHTS(PKRS_INIT);
	}
}
KTEST(a_device_is_open_only_within_the_stores_copies, KT_PKS);
