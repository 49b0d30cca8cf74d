// SPDX-License-Identifier: MIT
/*
 * The block driver, and the lines that it and dax write back, watched instruction by instruction.
 * What this cannot know: whether a line has reached memory, which no emulator models.
 */
#define KTEST_SUITE "pmem"

#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "mm/pmem/pmem_disk.h"
#include "mm/pmem/wb_cache.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"
#include "tests/mm/pmem/pmem_test.h"
#include "tests/mm/pmem/write_back.h"

#define PAGES      3
#define PER_PAGE   (PAGE_SIZE / SECTOR_SIZE)
#define SECTORS    (PAGES * PER_PAGE)
#define LINE       64
#define LINES_KEPT 200

static struct kept_page kept[PAGES];
static u8 want[PAGES * PAGE_SIZE], got[PAGES * PAGE_SIZE];
static struct pmem *pmem;
static u64 first; /* sector: the device's last pages, so that the end can be passed */

static bool disk_get(void)
{
	pmem = pmem_of(PAGES);
	if (!pmem)
		return false;
	first = pmem->size / SECTOR_SIZE - SECTORS;
	for (u32 i = 0; i < PAGES; i++)
		keep_page(&kept[i], pmem->pgmap.first + pmem->pgmap.pages - PAGES + i);
	return true;
}

static void disk_put(void)
{
	for (u32 i = 0; i < PAGES; i++)
		put_back(&kept[i]);
}

static void expect_content(void)
{
	memset(got, 0, sizeof(got));
	EXPECT_EQ(pmem_read(pmem, first, got, SECTORS), 0);
	EXPECT_EQ(memcmp(got, want, sizeof(want)), 0);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}

static void sectors_come_back_as_they_were_written(void)
{
	static u8 data[SECTORS * SECTOR_SIZE];

	if (!disk_get())
		return;
	EXPECT_EQ(pmem_read(pmem, first, want, SECTORS), 0);
	for (u32 round = 0; round < 40; round++) {
		u64 at = random_below(SECTORS), n = random_below(SECTORS - at + 1);

		for (u64 i = 0; i < n * SECTOR_SIZE; i += 8)
			*(u64 *)(data + i) = random_next();
		memcpy(want + at * SECTOR_SIZE, data, n * SECTOR_SIZE);
		EXPECT_EQ(pmem_write(pmem, first + at, data, (u32)n), 0);
		expect_content();
	}
	disk_put();
}
KTEST(sectors_come_back_as_they_were_written, 0);

static void expect_refused(u64 sector, u32 n)
{
	static u8 data[SECTOR_SIZE]; /* zeroes: had they been written, it would show */

	EXPECT_EQ(pmem_read(pmem, sector, data, n), (u64)-EINVAL);
	EXPECT_EQ(pmem_write(pmem, sector, data, n), (u64)-EINVAL);
}

static void sectors_that_are_not_there_are_refused(void)
{
	struct pmem none = { .size = PAGE_SIZE };

	if (!disk_get())
		return;
	memset(want, 0x5a, sizeof(want));
	EXPECT_EQ(pmem_write(pmem, first, want, SECTORS), 0);
	expect_refused(first + SECTORS, 1);
	expect_refused(first + SECTORS, 0);
	expect_refused(first + SECTORS - 1, 2);
	expect_refused(first, SECTORS + 1);
	expect_refused(first, ~0u);
	expect_refused(~0ULL, 1);
	expect_refused(~0ULL - 1, ~0u);
	expect_refused(1ULL << 55, 1); /* times 512 it wraps */
	EXPECT_EQ(pmem_write(pmem, first, got, 0), 0);
	EXPECT_EQ(pmem_read(&none, 0, got, 1), (u64)-ENODEV);
	EXPECT_EQ(pmem_write(&none, 0, got, 1), (u64)-ENODEV);
	expect_content();
	disk_put();
}
KTEST(sectors_that_are_not_there_are_refused, 0);

/* What a stepped call wrote back. */
static struct {
	u64 line[LINES_KEPT];
	u32 lines, fences, late, writes, wrong;
} seen;
static u32 allowed; /* rights while it is open */
static volatile u64 *watched;

static bool look(struct regs *regs)
{
	bool denied = pks_on() && pks_policy_get().mode != PKS_MODE_OFF;
	u32 rights = (u32)regs_pkrs(regs);
	u64 value;

	seen.writes += at_wrmsr(regs->rip);
	seen.wrong += denied && rights != PKRS_INIT && rights != allowed;
	seen.wrong += denied && probe_read(watched, &value).vector == FAULT_NONE;
	if (at_sfence(regs->rip)) {
		seen.fences++;
	} else if (at_write_back(regs->rip, wb_cache) && seen.lines < LINES_KEPT) {
		seen.line[seen.lines++] = regs->rax;
		seen.late += seen.fences;
	}
	return true;
}

/* Each line of [addr, addr + size) once, in order, then one fence. */
static void expect_lines(u64 addr, u64 size)
{
	u64 at = addr & ~(LINE - 1UL), n = (addr + size - at + LINE - 1) / LINE, strange = 0;

	EXPECT_EQ(seen.lines, wb_cache == WB_NONE ? 0 : n);
	for (u32 i = 0; i < seen.lines; i++)
		strange += (seen.line[i] & ~(LINE - 1UL)) != at + (u64)i * LINE;
	EXPECT_EQ(strange, 0);
	EXPECT_EQ(seen.fences, 1);
	EXPECT_EQ(seen.late, 0);
	EXPECT_EQ(seen.wrong, 0);
	if (pks_on())
		EXPECT_EQ(seen.writes, 2);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
}

static void step_through(void (*fn)(void *), void *arg, u32 rights)
{
	memset(&seen, 0, sizeof(seen));
	allowed = rights;
	single_step(fn, arg, look);
}

struct piece {
	u64 at, size; /* bytes from the first of the kept pages */
};

static void flush_piece(void *arg)
{
	const struct piece *p = arg;

	dax_flush(&pmem->dax, (u8 *)page_to_virt(kept[0].page) + p->at, p->size);
}

#define READS (PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ))

/* With each instruction that the CPU has. */
static void a_flush_writes_back_each_line_once(void)
{
	static struct piece pieces[] = { { 0, 1 },    { 63, 1 },  { 63, 2 },     { 64, 64 },
					 { 1, 64 },   { 1, 127 }, { 100, 1000 }, { 0, PAGE_SIZE },
					 { 4095, 2 }, { 8, 8 } };
	enum wb_cache best = wb_cache;

	if (!disk_get())
		return;
	watched = page_to_virt(kept[0].page);
	for (wb_cache = WB_CLWB; wb_cache <= WB_NONE; wb_cache++) {
		if (!wb_cache_has(wb_cache))
			continue;
		for (u32 i = 0; i < ARRAY_SIZE(pieces); i++) {
			step_through(flush_piece, &pieces[i], READS);
			expect_lines((u64)watched + pieces[i].at, pieces[i].size);
		}
	}
	wb_cache = best;
	disk_put();
}
KTEST(a_flush_writes_back_each_line_once, 0);

static void a_flush_stays_in_the_device(void)
{
	struct piece over = { PAGES * PAGE_SIZE - 100, 1000 }, beyond = { PAGES * PAGE_SIZE, 64 };

	if (!disk_get())
		return;
	watched = page_to_virt(kept[0].page);
	step_through(flush_piece, &over, READS);
	expect_lines((u64)watched + over.at, 100);
	step_through(flush_piece, &beyond, READS);
	EXPECT_EQ(seen.lines + seen.writes + seen.wrong, 0);
	disk_put();
}
KTEST(a_flush_stays_in_the_device, 0);

static void the_best_instruction_is_chosen(void)
{
	for (enum wb_cache better = WB_CLWB; better < wb_cache; better++)
		EXPECT(!wb_cache_has(better));
	EXPECT(wb_cache_has(wb_cache));
}
KTEST(the_best_instruction_is_chosen, 0);

static void write_sectors(void *arg)
{
	(void)arg;
	pmem_write(pmem, first + 1, want, 2);
}

static void read_sectors(void *arg)
{
	(void)arg;
	pmem_read(pmem, first + 1, got, 2);
}

/* Its own mapping is open around the copy alone; other contexts are denied it throughout. */
static void the_driver_opens_its_mapping_for_itself_only(void)
{
	u64 at;

	if (!disk_get())
		return;
	at = pmem->disk_va + (first + 1) * SECTOR_SIZE;
	watched = (u64 *)at;
	EXPECT(pmem->disk_va != (u64)page_to_virt(pmem->pgmap.first));
	step_through(write_sectors, NULL, WITH_KEY(PKS_KEY_DEVMAP));
	expect_lines(at, 2 * SECTOR_SIZE);
	step_through(read_sectors, NULL, READS);
	EXPECT_EQ(seen.writes, pks_on() ? 2 : 0);
	EXPECT_EQ(seen.wrong + seen.lines, 0);
	EXPECT_EQ(rights_mirror(), PKRS_INIT);
	disk_put();
}
KTEST(the_driver_opens_its_mapping_for_itself_only, 0);

/* The direct mapping of the first page gets another key meanwhile. */
static void the_driver_needs_no_other_mapping(void)
{
	int key = pks_key_alloc("the direct map");
	u64 va;

	REQUIRE(key > 0);
	if (disk_get()) {
		va = (u64)page_to_virt(kept[0].page);
		EXPECT_EQ(set_memory_pkey(va, 1, (u32)key), 0);
		memset(want, 0x77, SECTOR_SIZE);
		EXPECT_EQ(pmem_write(pmem, first, want, 1), 0);
		EXPECT_EQ(pmem_read(pmem, first, got, 1), 0);
		EXPECT_EQ(memcmp(got, want, SECTOR_SIZE), 0);
		EXPECT_EQ(prot_page_peek(&(struct prot_page){ kept[0].page, (u64 *)va }),
			  0x7777777777777777);
		EXPECT_EQ(set_memory_pkey(va, 1, PKS_KEY_DEVMAP), 0);
		disk_put();
	}
	EXPECT_EQ(pks_key_free((u32)key), 0);
}
KTEST(the_driver_needs_no_other_mapping, KT_PKS);

/* Whoever unmaps the range himself leaves the driver nothing to use. */
static void without_its_range_a_device_has_no_sectors(void)
{
	if (!disk_get())
		return;
	EXPECT_EQ(memunmap_pages(&pmem->pgmap), 0);
	EXPECT_EQ(pmem_read(pmem, first, got, 1), (u64)-ENODEV);
	EXPECT_EQ(pmem_write(pmem, first, want, 1), (u64)-ENODEV);
	EXPECT_EQ(memremap_pages(&pmem->pgmap), 0);
	EXPECT_EQ(pmem_read(pmem, first, got, 1), 0);
	disk_put();
}
KTEST(without_its_range_a_device_has_no_sectors, 0);

/* In every context; the mapping in the direct map shows what was written. */
static void write_in_context(void *arg)
{
	EXPECT_EQ(pmem_write(pmem, first, arg, 1), 0);
	EXPECT_EQ(pmem_read(pmem, first, got, 1), 0);
	EXPECT_EQ(memcmp(got, arg, SECTOR_SIZE), 0);
}

static void the_driver_works_in_every_context(void)
{
	struct prot_page p;

	if (!disk_get())
		return;
	p = (struct prot_page){ kept[0].page, page_to_virt(kept[0].page) };
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		memset(want, 0x20 + (int)c, SECTOR_SIZE);
		run_in(c, write_in_context, want);
		EXPECT_EQ(prot_page_peek(&p), 0x0101010101010101 * (0x20 + c));
	}
	disk_put();
}
KTEST(the_driver_works_in_every_context, 0);
