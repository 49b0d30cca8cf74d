// SPDX-License-Identifier: MIT
#include "mm/gup/ramdisk.h"
#include "kernel/console/panic.h"
#include "kernel/lib/string.h"
#include "mm/gup/accessible.h"
#include "mm/page_alloc.h"

static u16 *counts_of(const struct ramdisk *disk)
{
	return page_to_virt(disk->counts);
}

int ramdisk_create(struct ramdisk *disk, u32 order)
{
	*disk = (struct ramdisk){ .order = order };
	if (order > RAMDISK_ORDER_MAX)
		return -EINVAL;
	disk->counts = page_alloc(0);
	disk->first = page_alloc(order);
	if (disk->counts && disk->first) {
		memset(counts_of(disk), 0, PAGE_SIZE);
		memset(page_to_virt(disk->first), 0, PAGE_SIZE << order);
		return 0;
	}
	if (disk->counts)
		page_free(disk->counts, 0);
	if (disk->first)
		page_free(disk->first, order);
	return -ENOMEM;
}

int ramdisk_destroy(struct ramdisk *disk)
{
	if (ramdisk_used(disk))
		return -EBUSY;
	page_free(disk->counts, 0);
	page_free(disk->first, disk->order);
	return 0;
}

static bool run_is_free(const u16 *counts, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (counts[i])
			return false;
	return true;
}

s64 ramdisk_alloc(struct ramdisk *disk, u32 n)
{
	u64 flags = spin_lock_irqsave(&disk->lock);
	u16 *counts = counts_of(disk);
	s64 block = -ENOSPC;

	for (u32 at = 0; at + n <= 1u << disk->order; at += n) {
		if (!run_is_free(counts + at, n))
			continue;
		for (u32 i = 0; i < n; i++)
			counts[at + i] = 1;
		disk->used += n;
		block = at;
		break;
	}
	spin_unlock_irqrestore(&disk->lock, flags);
	return block;
}

int ramdisk_get(struct ramdisk *disk, u64 block, u32 n)
{
	u64 flags = spin_lock_irqsave(&disk->lock);
	u16 *counts = counts_of(disk) + block;
	int err = 0;

	for (u32 i = 0; i < n; i++)
		if (counts[i] == RAMDISK_USERS_MAX)
			err = -ENOMEM;
	for (u32 i = 0; i < n && !err; i++)
		counts[i]++;
	spin_unlock_irqrestore(&disk->lock, flags);
	return err;
}

void ramdisk_put(struct ramdisk *disk, u64 block, u32 n)
{
	u64 flags = spin_lock_irqsave(&disk->lock);
	u16 *counts = counts_of(disk) + block;

	for (u32 i = 0; i < n; i++) {
		BUG_ON(!counts[i]);
		if (!--counts[i])
			disk->used--;
	}
	spin_unlock_irqrestore(&disk->lock, flags);
}

u32 ramdisk_used(const struct ramdisk *disk)
{
	return READ_ONCE(disk->used);
}

int ramdisk_write(struct ramdisk *disk, u64 block, struct page *page, u64 n)
{
	int err = 0;

	for (u64 i = 0; i < n && !err; i++)
		err = page_copy(disk->first + block + i, page + i);
	return err;
}

int ramdisk_read(struct ramdisk *disk, u64 block, struct page *page, u64 n)
{
	int err = 0;

	for (u64 i = 0; i < n && !err; i++)
		err = page_copy(page + i, disk->first + block + i);
	return err;
}
