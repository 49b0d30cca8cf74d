// SPDX-License-Identifier: MIT
/*
 * What a copy refuses, how it is cut into transfers, and who waits, on a device that only takes
 * notes; an edu that never ends, whose registers are RAM; and an engine without memory for tables.
 */
#define KTEST_SUITE "dma"

#include "kernel/cpu/insn.h"
#include "kernel/dma/edu.h"
#include "kernel/dma/engine.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/page_alloc.h"
#include "tests/harness/expect.h"
#include "tests/harness/refuse.h"
#include "tests/harness/window.h"

#define CHUNK 64
#define NOTES 8

/* Takes notes of transfers, and fails the one numbered `fail`. */
static struct noting {
	struct dma_device dma;
	struct {
		u64 to, from, len;
	} notes[NOTES];
	u32 count, fail; /* written by whoever has the device */
	bool inside;
} noting;

static int note(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	struct noting *n = container_of(dev, struct noting, dma);

	EXPECT(!xchg(&n->inside, true));
	if (n->count < NOTES) {
		n->notes[n->count].to = to;
		n->notes[n->count].from = from;
		n->notes[n->count].len = len;
	}
	n->count++;
	thread_sleep(100000);
	EXPECT(xchg(&n->inside, false));
	return n->count == n->fail ? -EIO : 0;
}

/* A block of four frames; the device's limit is behind the third. */
static u64 noting_setup(struct page **block)
{
	u64 phys;

	*block = window_page(2);
	if (!*block)
		return 0;
	phys = page_to_phys(*block);
	noting = (struct noting){
		.dma = { .name = "noting",
			 .limit = phys + 3 * PAGE_SIZE,
			 .chunk = CHUNK,
			 .transfer = note },
	};
	waitq_init(&noting.dma.idle);
	return phys;
}

static int copy(u64 to, u64 from, u64 len)
{
	return dma_copy_by(&noting.dma, to, from, len);
}

static void a_copy_of_what_cannot_be_is_refused(void)
{
	struct page *block;
	u64 a = noting_setup(&block), b = a + PAGE_SIZE, end = a + 3 * PAGE_SIZE;
	u64 last = page_ranges.r[page_ranges.count - 1].end;

	REQUIRE(a);
	noting.dma.busy = true; /* nobody waits in vain */
	EXPECT_EQ(copy(a, b, 0), -EINVAL);
	EXPECT_EQ(copy(a, a, 1), -EINVAL);
	EXPECT_EQ(copy(a, a + 7, 8), -EINVAL); /* overlap by a byte, both ways */
	EXPECT_EQ(copy(a + 7, a, 8), -EINVAL);
	EXPECT_EQ(copy(a, ~0ULL - 7, 16), -EINVAL); /* wraps */
	EXPECT_EQ(copy(~0ULL - 7, a, 16), -EINVAL);
	EXPECT_EQ(copy(a, last - 1, 2), -EINVAL); /* no memory there */
	EXPECT_EQ(copy(last - 1, a, 2), -EINVAL);
	EXPECT_EQ(copy(VGA_START, a, 2), -EINVAL);
	EXPECT_EQ(copy(a, end - 1, 2), -ERANGE);
	EXPECT_EQ(copy(end - 1, a, 2), -ERANGE);
	EXPECT_EQ(copy(end, a, 1), -ERANGE);
	EXPECT_EQ(noting.count, 0);
	noting.dma.busy = false;
	EXPECT_EQ(copy(a, a + 8, 8), 0); /* side by side */
	EXPECT_EQ(copy(a + 8, a, 8), 0);
	EXPECT_EQ(copy(end - 1, a, 1), 0);
	EXPECT_EQ(copy(a, end - 1, 1), 0);
	EXPECT_EQ(noting.count, 4);
	page_free(block, 2);
}
KTEST(a_copy_of_what_cannot_be_is_refused, 0);

static void a_copy_is_cut_into_transfers(void)
{
	struct page *block;
	u64 to = noting_setup(&block), from = to + PAGE_SIZE;

	REQUIRE(to);
	EXPECT_EQ(copy(to + 1, from + 2, 2 * CHUNK + 5), 0);
	EXPECT_EQ(noting.count, 3);
	for (u32 i = 0; i < 3; i++) {
		EXPECT_EQ(noting.notes[i].to, to + 1 + i * CHUNK);
		EXPECT_EQ(noting.notes[i].from, from + 2 + i * CHUNK);
		EXPECT_EQ(noting.notes[i].len, i < 2 ? CHUNK : 5);
	}
	noting.count = 0;
	EXPECT_EQ(copy(to, from, 2 * CHUNK), 0);
	EXPECT_EQ(noting.count, 2);
	noting.count = 0;
	noting.fail = 2; /* the error ends the copy, and the device is free again */
	EXPECT_EQ(copy(to, from, 4 * CHUNK), -EIO);
	EXPECT_EQ(noting.count, 2);
	EXPECT_EQ(copy(to, from, CHUNK), 0);
	page_free(block, 2);
}
KTEST(a_copy_is_cut_into_transfers, 0);

static int copy_some(void *arg)
{
	u64 to = *(u64 *)arg;

	return copy(to, to + PAGE_SIZE, 3 * CHUNK);
}

/* note() fails the test if a transfer finds another. */
static void copies_wait_for_each_other(void)
{
	struct thread *threads[4];
	struct page *block;
	u64 to = noting_setup(&block);

	REQUIRE(to);
	for (u32 i = 0; i < ARRAY_SIZE(threads); i++)
		REQUIRE((threads[i] = thread_create("copier", copy_some, &to)));
	for (u32 i = 0; i < ARRAY_SIZE(threads); i++)
		EXPECT_EQ(thread_join(threads[i]).code, 0);
	EXPECT_EQ(noting.count, 3 * ARRAY_SIZE(threads));
	EXPECT(!noting.dma.busy && list_empty(&noting.dma.idle.waiters));
	page_free(block, 2);
}
KTEST(copies_wait_for_each_other, KT_STRESS);

static u32 command; /* the fake's COMMAND */
static bool was_master;

static u32 config_read(u16 bdf, u32 reg, void *arg)
{
	EXPECT(bdf == 0x0108 && reg == 4 && !arg);
	return command | 0xf9000000; /* STATUS with bits that writing ones would clear */
}

static void config_write(u16 bdf, u32 reg, u32 value, void *arg)
{
	EXPECT(bdf == 0x0108 && reg == 4 && !arg);
	EXPECT_EQ(value >> 16, 0);
	command = value;
	was_master |= value & PCI_COMMAND_MASTER;
}

static const struct pci_access fake_config = { config_read, config_write, NULL };
static struct edu fake;

/* Returns the registers: a page that keeps what is written, so that a command never ends. */
static volatile u64 *fake_setup(struct page **block)
{
	*block = window_page(2);
	if (!*block)
		return NULL;
	clear_page(page_to_virt(*block));
	command = PCI_COMMAND_MEMORY;
	was_master = false;
	edu_setup(&fake, &fake_config, 0x0108, page_to_virt(*block));
	fake.timeout_ns = 3000000;
	fake.dma.limit = ~0ULL; /* its commands reach nothing */
	return page_to_virt(*block);
}

/* It gets one command, and cannot reach memory afterwards: it may still be at work. */
static void a_device_that_does_not_end_is_given_up(void)
{
	struct page *block;
	volatile u64 *regs = fake_setup(&block);
	u64 to = page_to_phys(block) + PAGE_SIZE, from = to + PAGE_SIZE, before = now_ns();

	REQUIRE(regs);
	EXPECT_EQ(dma_copy_by(&fake.dma, to, from, 100), -ETIMEDOUT);
	EXPECT(now_ns() - before >= fake.timeout_ns);
	EXPECT_EQ(regs[0x80 / 8], from);
	EXPECT_EQ(regs[0x88 / 8], 0x40000);
	EXPECT_EQ(regs[0x90 / 8], 100);
	EXPECT_EQ((u32)regs[0x98 / 8], 1); /* run, from memory to the buffer */
	EXPECT(was_master);
	EXPECT_EQ(command, PCI_COMMAND_MEMORY);
	was_master = false;
	EXPECT_EQ(dma_copy_by(&fake.dma, from, to, 50), -ETIMEDOUT); /* gets no second command */
	EXPECT_EQ(regs[0x90 / 8], 100);
	EXPECT(!was_master); /* nor the bus, while the first may still end */
	EXPECT_EQ(command, PCI_COMMAND_MEMORY);
	page_free(block, 2);
}
KTEST(a_device_that_does_not_end_is_given_up, 0);

/* RAM has what was written to it, a device the complement. */
static void memory_does_not_pass_for_registers(void)
{
	struct page *block;
	volatile u64 *regs = fake_setup(&block);

	REQUIRE(regs);
	EXPECT(!edu_answers(&fake));
	EXPECT_EQ(regs[0], 0); /* and is not written: it may be another device's */
	regs[0] = 0x010000ed;
	EXPECT(!edu_answers(&fake));
	EXPECT_EQ(regs[0], 0x12345678010000ed);
	page_free(block, 2);
	if (edu_get())
		EXPECT(edu_answers(edu_get()));
}
KTEST(memory_does_not_pass_for_registers, 0);

static struct engine engine; /* with the window as its addresses */
static u64 engine_from;

static int engine_copy(void *arg)
{
	(void)arg;
	return dma_copy_by(&engine.dma, engine_from + PAGE_SIZE, engine_from, PAGE_SIZE);
}

/* Also after a copy: whoever finds one could get around keys and the direct map. */
static void expect_no_mapping(void)
{
	struct pgwalk walk;

	for (u64 at = 0; at < ENGINE_WINDOW; at += PAGE_SIZE)
		EXPECT(!pgtable_walk(kernel_root, WINDOW + at, &walk));
}

static void engine_undo(void *arg)
{
	(void)arg;
	expect_no_mapping();
	window_clear();
}

static void an_engine_without_tables_copies_nothing(void)
{
	struct page *block = window_page(1);

	REQUIRE(block);
	engine_from = page_to_phys(block);
	engine_setup(&engine, WINDOW);
	EXPECT(refuse_each_allocation(engine_copy, engine_undo, NULL, REFUSE_ONE) >= 1);
	EXPECT(refuse_each_allocation(engine_copy, engine_undo, NULL, REFUSE_ALL) >= 1);
	expect_no_mapping();
	window_clear();
	page_free(block, 1);
}
KTEST(an_engine_without_tables_copies_nothing, 0);
