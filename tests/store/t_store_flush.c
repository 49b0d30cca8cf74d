// SPDX-License-Identifier: MIT
/*
 * That the store's flushes and fences become instructions: an operation on a device is watched
 * instruction by instruction.
 *
 * What this cannot know: whether a line has reached memory, which no emulator models.
 */
#define KTEST_SUITE "store"

#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/mm/pmem/write_back.h"
#include "tests/store/device.h"
#include "tests/store/device_test.h"

#define SIZE       STORE_MIN_SIZE
#define UPDATE     70 /* bytes */
#define LINES_KEPT 256

/* One test at a time has them. */
static struct store store;
static struct store_media media, inner;
static u8 data[200];

/* Lines of the device that were written and have not been written back; or only not fenced. */
static struct {
	u64 line[LINES_KEPT];
	u32 lines, sent, superblocks, too_early;
} dirty;

/* Runs under the single step of the operation, and is stepped itself. */
static int watched_write(void *ctx, u64 at, const void *buf, u64 n)
{
	if (at < STORE_LOG && n) {
		dirty.superblocks++;
		dirty.too_early += dirty.lines + dirty.sent;
	}
	for (u64 line = at / STORE_LINE; n && line <= (at + n - 1) / STORE_LINE; line++) {
		u32 i = 0;

		while (i < dirty.lines && dirty.line[i] != line)
			i++;
		if (i == dirty.lines && i < LINES_KEPT)
			dirty.line[dirty.lines++] = line;
	}
	return inner.write(ctx, at, buf, n);
}

static u64 device_start;

static bool look(struct regs *regs)
{
	u64 line = (regs->rax - device_start) / STORE_LINE;

	if (at_sfence(regs->rip))
		dirty.sent = 0;
	if (!at_write_back(regs->rip, wb_cache))
		return true;
	for (u32 i = 0; i < dirty.lines; i++) {
		if (dirty.line[i] == line) {
			dirty.line[i] = dirty.line[--dirty.lines];
			dirty.sent++;
			break;
		}
	}
	return true;
}

static void append(void *arg)
{
	*(int *)arg = store_append(&store, data, sizeof(data));
}

static void update(void *arg)
{
	*(int *)arg = store_update(&store, 0, data, UPDATE);
}

static void expect_written_back(void (*operation)(void *arg))
{
	int result = -1;
	u32 area = store.super.area;

	memset(&dirty, 0, sizeof(dirty));
	single_step(operation, &result, look);
	EXPECT_EQ(result, 0);
	EXPECT_EQ(dirty.lines, 0);     /* written, and not written back */
	EXPECT_EQ(dirty.sent, 0);      /* written back, and not fenced */
	EXPECT_EQ(dirty.too_early, 0); /* not fenced when a superblock is written */
	EXPECT_EQ(dirty.superblocks, store.super.area == area ? 2 : 4);
}

/* The first operation, and one that compacts the log. */
static void play(struct pmem *pmem)
{
	struct store_report report;
	void *va;

	inner = media = store_device_media(pmem, SIZE);
	REQUIRE(dax_direct_access(media.ctx, 0, 1, &va) == 1);
	device_start = (u64)va;
	media.write = watched_write;
	REQUIRE(store_format(&inner) == 0);
	REQUIRE(store_open(&store, &media, STORE_WORK, &report) == 0);
	expect_written_back(append);
	while (store.super.tail + store_record_size(UPDATE) <= STORE_LOG + store_area_size(SIZE))
		REQUIRE(store_update(&store, 0, data, UPDATE) == 0);
	expect_written_back(update);
	EXPECT_EQ(store.super.area, 1);
}

static void an_operation_on_a_device_writes_back_each_line_before_the_superblock(void)
{
	struct pmem *pmem;

	SKIP_WITHOUT_DEVICE(SIZE);
	SKIP_IF(wb_cache == WB_NONE, "this CPU has no instruction that writes a line back");
	for (u32 i = 0; (pmem = device_next(&i, SIZE));)
		play(pmem);
}
KTEST(an_operation_on_a_device_writes_back_each_line_before_the_superblock, 0);
