// SPDX-License-Identifier: MIT
/*
 * What binds the CPU does not bind a device: it copies from and to pages whose key is denied, that
 * are read-only, or that no mapping reaches; nobody faults, and the CPU is refused as before. All
 * on the engine, and again on the machine's device. What this cannot know: what an IOMMU would
 * refuse, since none is used.
 */
#define KTEST_SUITE "dma"

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/dma/edu.h"
#include "kernel/lib/random.h"
#include "mm/direct_map.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"
#include "mm/vmap.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

#define NO_DEVICE "no device that does DMA"
#define AD        (PTE_A | PTE_D)
#define FENCE     0xa5

/*
 * Two frames side by side: their direct mapping, and the test's own of the same bytes. The second
 * frame's direct mapping is read-only, so that the first one's large page stays split.
 */
struct place {
	struct page *page;
	u64 va;
	volatile u64 *direct;
	u8 *alias;
	pte_t entry; /* of the first frame's direct mapping, as it was left */
};

static struct place source, target;

static bool place_get(struct place *p, const struct dma_device *dev, u64 offset)
{
	p->page = page_alloc_below(1, dev->limit);
	if (!p->page) {
		ktest_error("no frames that the device reaches");
		return false;
	}
	p->direct = page_to_virt(p->page);
	p->va = (u64)p->direct;
	p->alias = (u8 *)(WINDOW + offset);
	if (!EXPECT_EQ(set_memory_ro(p->va + PAGE_SIZE, 1), 0))
		return false;
	return window_map(offset, page_to_phys(p->page), 2 * PAGE_SIZE, PTE_RW_DATA, 1);
}

static bool places_get(const struct dma_device *dev)
{
	source = target = (struct place){ 0 };
	if (!place_get(&source, dev, 0) || !place_get(&target, dev, 4 * PAGE_SIZE))
		return false;
	for (u32 i = 0; i < 2 * PAGE_SIZE; i++) {
		source.alias[i] = (u8)random_next();
		target.alias[i] = FENCE;
	}
	return true;
}

static void place_put(struct place *p)
{
	if (!p->page)
		return;
	EXPECT_EQ(set_memory_rw(p->va + PAGE_SIZE, 1), 0);
	page_free(p->page, 1);
}

static void places_put(void)
{
	window_clear();
	place_put(&source);
	place_put(&target);
}

/* Copies between the two, and looks at each byte of the target's frames. */
static void expect_copied(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	u64 wrong = 0;

	to += page_to_phys(target.page);
	from += page_to_phys(source.page);
	EXPECT_EQ(dev == dma_device() ? dma_copy(to, from, len) : dma_copy_by(dev, to, from, len),
		  0);
	to &= 2 * PAGE_SIZE - 1;
	from &= 2 * PAGE_SIZE - 1;
	for (u64 i = 0; i < 2 * PAGE_SIZE; i++)
		wrong += target.alias[i] !=
			 (i >= to && i < to + len ? source.alias[from + i - to] : FENCE);
	EXPECT_EQ(wrong, 0);
}

/*
 * Calls fn for the engine, and for the machine's device if it has one. As that takes 200 ms for a
 * copy, a brief run has one test of it.
 */
static void on_each(void (*fn)(struct dma_device *dev), bool brief)
{
	fn(dma_engine());
	if (dma_device() != dma_engine() && (brief || options.extent != EXTENT_BRIEF))
		fn(dma_device());
}

/* At odd addresses, over the end of a frame on both sides, and longer than a transfer. */
static void copy_odd(struct dma_device *dev)
{
	u64 over = dev->bus_master ? dev->chunk : PAGE_SIZE;

	if (places_get(dev))
		expect_copied(dev, PAGE_SIZE - 3, PAGE_SIZE - 1001, MIN(over + 1, PAGE_SIZE + 3));
	places_put();
}

static void a_copy_moves_its_bytes_and_no_others(void)
{
	on_each(copy_odd, false);
}
KTEST(a_copy_moves_its_bytes_and_no_others, 0);

/* Leaves A and D clear in the entry of the first frame, which is a small page's. */
static void forget_use(struct place *p)
{
	pte_t *entry = window_entry(p->va, 1);

	if (!EXPECT(entry))
		return;
	*entry &= ~AD;
	p->entry = *entry;
	tlb_shootdown(p->va, 1);
}

static void expect_unused(const struct place *p)
{
	const pte_t *entry = window_entry(p->va, 1);

	EXPECT(entry && *entry == p->entry && !(*entry & AD));
}

/* Shows that the two bits would have told: the CPU's write sets them. */
static void expect_use_shows(struct place *p)
{
	const pte_t *entry = window_entry(p->va, 1);

	if (!EXPECT(entry))
		return;
	forget_use(p);
	*p->direct = 0;
	EXPECT_EQ(*entry & AD, AD);
}

/* A way to keep the CPU from a frame, and the error codes of its reads and writes. */
struct guard {
	int (*set)(struct place *p, bool on);
	u64 read, write;
	const char *rule;
};

#define READABLE ~0ULL

static void expect_refused(const struct place *p, const struct guard *g)
{
	u64 value;
	struct fault f = probe_read(p->direct, &value);

	if (g->read == READABLE)
		EXPECT_NO_FAULT(f, g->rule);
	else
		EXPECT_PAGE_FAULT(f, g->read, p->va, g->rule);
	EXPECT_PAGE_FAULT(probe_write(p->direct, 1), g->write, p->va, g->rule);
}

static void expect_ignored(struct dma_device *dev, const struct guard *g)
{
	u64 faults;

	EXPECT_EQ(g->set(&source, true), 0);
	EXPECT_EQ(g->set(&target, true), 0);
	expect_refused(&source, g);
	expect_refused(&target, g);
	forget_use(&source);
	forget_use(&target);
	faults = pks_fault_count();
	expect_copied(dev, 8, 16, 1000);
	EXPECT_EQ(pks_fault_count(), faults);
	expect_unused(&source);
	expect_unused(&target);
	expect_refused(&source, g);
	expect_refused(&target, g);
	EXPECT_EQ(g->set(&source, false), 0);
	EXPECT_EQ(g->set(&target, false), 0);
	expect_use_shows(&source);
	expect_use_shows(&target);
}

static const struct guard *guard; /* of the running test */

static void try_guard(struct dma_device *dev)
{
	if (places_get(dev))
		expect_ignored(dev, guard);
	places_put();
}

static int deny(struct place *p, bool on)
{
	return set_memory_pkey(p->va, 1, on ? PKS_KEY_DEVMAP : PKS_KEY_DEFAULT);
}

static void a_copy_ignores_keys(void)
{
	static const struct guard g = { deny, PF_P | PF_PK, PF_P | PF_W | PF_PK,
					"AD of the key denies the CPU" };

	guard = &g;
	on_each(try_guard, true);
}
KTEST(a_copy_ignores_keys, KT_ENFORCED);

static int make_read_only(struct place *p, bool on)
{
	return on ? set_memory_ro(p->va, 1) : set_memory_rw(p->va, 1);
}

static void a_copy_ignores_read_only_mappings(void)
{
	static const struct guard g = { make_read_only, READABLE, PF_P | PF_W,
					"R/W = 0 denies the CPU writes" };

	guard = &g;
	on_each(try_guard, false);
}
KTEST(a_copy_ignores_read_only_mappings, 0);

static int hide(struct place *p, bool on)
{
	int err = on ? set_direct_map_invalid_noflush(p->page, 1)
		     : set_direct_map_default_noflush(p->page, 1);

	if (on && !err)
		tlb_shootdown(p->va, 1);
	return err;
}

static void a_copy_needs_no_mapping(void)
{
	static const struct guard g = { hide, 0, PF_W, "P = 0 denies the CPU" };

	guard = &g;
	on_each(try_guard, false);
}
KTEST(a_copy_needs_no_mapping, 0);

static u32 config(const struct edu *edu, u32 reg)
{
	return edu->pci->read(edu->bdf, reg, edu->pci->arg);
}

/* Between copies it answers, and cannot reach memory. */
static void the_device_is_idle_between_copies(void)
{
	const struct edu *edu = edu_get();
	bool registers = false;
	u64 bar;

	SKIP_IF(!edu, NO_DEVICE);
	EXPECT(dma_device() == &edu->dma && edu->dma.bus_master);
	EXPECT_EQ(config(edu, 0), 0x11e81234);
	EXPECT_EQ(config(edu, 4) & (PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY), PCI_COMMAND_MEMORY);
	bar = config(edu, 0x10) & ~0xfu;
	for (u32 i = 0; i < device_count; i++)
		registers |=
			device_ranges[i].start == bar && device_ranges[i].end == bar + 0x100000;
	EXPECT(registers);
	EXPECT(!ranges_touch(&page_ranges, bar, bar + 0x100000));
}
KTEST(the_device_is_idle_between_copies, 0);
