// SPDX-License-Identifier: MIT
/*
 * The guest of tools/power-cuts, which kills the machine while this works. Prints `repair N` before
 * write N of its recovery, which it slows down so that it can be hit. Prints what it found, then
 * `begin N` before the first store of operation N, and `done N` when N has been acknowledged. Both
 * lines are out before the next instruction of this thread. So whoever has read the console to its
 * end knows A, the last one done, and B, the last one begun, and that the store holds A or B
 * operations: docs/STORE.md, "Cutting the power".
 */
#define KTEST_SUITE "powercut"

#include "kernel/console/console.h"
#include "kernel/cpu/insn.h"
#include "kernel/time.h"
#include "tests/harness/expect.h"
#include "tests/store/device.h"
#include "tests/store/work.h"

#define SIZE       (128 << 10)
#define OPERATIONS 300 /* in one boot */
#define IDS        20
#define LONGEST    1500
#define PAUSE_NS   250000 /* after each word of the recovery */

static struct store store;
static struct store_media media, slow;
static struct store_work work;

/* A write of the recovery: announced, then word by word. Both media are the device. */
static int slow_write(void *ctx, u64 at, const void *buf, u64 n)
{
	static u32 writes;
	int err = 0;

	pr("# powercut: repair %u\n", ++writes);
	for (u64 done = 0, size; !err && done < n; done += size) {
		u64 until = now_ns() + PAUSE_NS;

		size = MIN(n - done, sizeof(u64));
		err = media.write(ctx, at + done, (const u8 *)buf + done, size);
		while (now_ns() < until)
			cpu_relax();
	}
	return err;
}

static bool recover(void)
{
	struct store_report report;

	slow = media = store_device_media(pmem_get(0), SIZE);
	slow.write = slow_write;
	if (store_open(&store, &slow, STORE_WORK, &report))
		return store_device_open(&store, &media, pmem_get(0), SIZE) == 0;
	store.media = &media;
	return true;
}

static void a_store_works_until_the_power_goes(void)
{
	const char *wrong;
	u32 id;

	SKIP_IF(!pmem_count, "no persistent memory: no NVDIMM, no pmem=");
	REQUIRE(recover());
	store_work_begin(&work, options.seed, IDS, LONGEST);
	while (work.done < store.super.seq)
		store_work_skip(&work);
	wrong = store_work_check(&work, &store, &id);
	if (wrong)
		ktest_fail(__FILE__, __LINE__, "after %lu operations: %s, id %u", work.done, wrong,
			   id);
	REQUIRE(!wrong);
	pr("# powercut: found %lu\n", work.done);
	for (u32 i = 0; i < OPERATIONS; i++) {
		pr("# powercut: begin %lu\n", work.done + 1);
		REQUIRE(store_work_next(&work, &store) == 0);
		pr("# powercut: done %lu\n", work.done);
	}
}
KTEST(a_store_works_until_the_power_goes, KT_SELFTEST);
