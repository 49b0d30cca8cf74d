// SPDX-License-Identifier: MIT
#include "kernel/dma/engine.h"
#include "kernel/cpu/layout.h"
#include "kernel/lib/string.h"
#include "mm/pgtable.h"

/* Returns where `phys` can be reached, or 0: no memory for a table. */
static u64 map(u64 va, u64 phys, u64 len, pte_t prot)
{
	u64 offset = phys & (PAGE_SIZE - 1);

	if (pgtable_map(kernel_root, va, phys - offset, ALIGN_UP(offset + len, PAGE_SIZE),
			prot | PTE_G, 1))
		return 0;
	return va + offset;
}

static int transfer(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	u64 window = container_of(dev, struct engine, dma)->window;
	u64 source = map(window, from, len, PTE_RO_DATA);
	u64 target = map(window + ENGINE_TARGET, to, len, PTE_RW_DATA);

	if (source && target)
		memcpy((void *)target, (const void *)source, len);
	pgtable_unmap(kernel_root, window, ENGINE_WINDOW);
	return source && target ? 0 : -ENOMEM;
}

struct dma_device *engine_setup(struct engine *engine, u64 window)
{
	*engine = (struct engine){
		.dma = {
			.name = "engine",
			.limit = DIRECT_SIZE,
			.chunk = PAGE_SIZE,
			.transfer = transfer,
		},
		.window = window,
	};
	waitq_init(&engine->dma.idle);
	return &engine->dma;
}
