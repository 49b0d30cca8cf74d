// SPDX-License-Identifier: MIT
#include "kernel/dma/engine.h"
#include "kernel/cpu/layout.h"
#include "kernel/dma/dma.h"
#include "kernel/lib/string.h"
#include "mm/pgtable.h"
#include "mm/vmap.h"

#define WINDOW_LEN (2 * PAGE_SIZE) /* a page's worth of bytes can lie in two frames */

/* Addresses to read and to write at: used by one transfer at a time. */
static u64 window_from, window_to;

/* Returns the address of `phys` in the window, or 0: no memory for a table. */
static u64 map(u64 window, u64 phys, u64 len, pte_t prot)
{
	u64 offset = phys & (PAGE_SIZE - 1);

	if (pgtable_map(kernel_root, window, phys - offset, ALIGN_UP(offset + len, PAGE_SIZE),
			prot | PTE_G, 1))
		return 0;
	return window + offset;
}

static int transfer(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	u64 source = map(window_from, from, len, PTE_RO_DATA);
	u64 target = map(window_to, to, len, PTE_RW_DATA);

	(void)dev;
	if (source && target)
		memcpy((void *)target, (const void *)source, len);
	pgtable_unmap(kernel_root, window_from, WINDOW_LEN);
	pgtable_unmap(kernel_root, window_to, WINDOW_LEN);
	return source && target ? 0 : -ENOMEM;
}

static struct dma_device engine = {
	.name = "engine",
	.limit = DIRECT_SIZE,
	.chunk = PAGE_SIZE,
	.transfer = transfer,
	.idle = WAITQ_INIT(engine.idle),
};

struct dma_device *dma_engine(void)
{
	return &engine;
}

void engine_init(void)
{
	window_from = vmap_reserve(WINDOW_LEN);
	window_to = vmap_reserve(WINDOW_LEN);
}
