// SPDX-License-Identifier: MIT
#include "kernel/dma/dma.h"
#include "kernel/console/console.h"
#include "kernel/dma/edu.h"
#include "kernel/dma/engine.h"
#include "kernel/lib/atomic.h"
#include "mm/page.h"
#include "mm/vmap.h"

static struct engine engine;
static struct dma_device *device; /* the machine's; read-only after boot */

struct dma_device *dma_engine(void)
{
	return &engine.dma;
}

struct dma_device *dma_device(void)
{
	return device;
}

void dma_init(const struct boot_info *info)
{
	engine_setup(&engine, vmap_reserve(ENGINE_WINDOW));
	device = edu_find(info);
	if (device) {
		pr("# DMA: %s, which reaches %lu MiB\n", device->name, device->limit >> 20);
		return;
	}
	device = dma_engine();
	pr("# DMA: no device; an engine copies in its place\n");
}

static int check_place(const struct dma_device *dev, u64 start, u64 len)
{
	u64 end;

	if (__builtin_add_overflow(start, len, &end) || !ranges_contain(&page_ranges, start, end))
		return -EINVAL;
	return end > dev->limit ? -ERANGE : 0;
}

static int check(const struct dma_device *dev, u64 to, u64 from, u64 len)
{
	int err = len ? check_place(dev, to, len) : -EINVAL;

	if (!err)
		err = check_place(dev, from, len);
	if (!err && to < from + len && from < to + len)
		err = -EINVAL;
	return err;
}

int dma_copy_by(struct dma_device *dev, u64 to, u64 from, u64 len)
{
	int err = check(dev, to, from, len);

	if (err)
		return err;
	wait_event(&dev->idle, !xchg(&dev->busy, true));
	for (u64 done = 0; done < len && !err; done += dev->chunk)
		err = dev->transfer(dev, to + done, from + done, MIN(len - done, dev->chunk));
	smp_store_release(&dev->busy, false);
	waitq_wake(&dev->idle);
	return err;
}

int dma_copy(u64 to, u64 from, u64 len)
{
	return dma_copy_by(device, to, from, len);
}
