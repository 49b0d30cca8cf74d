/* SPDX-License-Identifier: MIT */
/* A disk in RAM: blocks of a frame each, with a count of users each. For swap and for files. */
#ifndef KEYWARD_MM_GUP_RAMDISK_H
#define KEYWARD_MM_GUP_RAMDISK_H

#include "kernel/cpu/spinlock.h"
#include "mm/page.h"

#define RAMDISK_ORDER_MAX 11 /* 2048 blocks: their counts fill a frame */
#define RAMDISK_USERS_MAX 0xffffu

struct ramdisk {
	struct page *first;   /* the blocks' frames; content belongs to the block's users */
	struct page *counts;  /* frame of the u16 counts, under the lock; 0: the block is free */
	u32 order;            /* of the number of blocks */
	u32 used;             /* blocks in use; under the lock */
	struct spinlock lock; /* for the counts; any context but NMI */
};

/* Makes a disk of 2^order blocks. -EINVAL: too many; -ENOMEM. Thread context. */
int ramdisk_create(struct ramdisk *disk, u32 order);

/* Frees a disk. -EBUSY, and nothing is done: blocks are in use. Thread context. */
int ramdisk_destroy(struct ramdisk *disk);

/*
 * Allocates n blocks in a row, with one user each; n is a power of two, and the first is aligned to
 * it. Returns the first one's number, or -ENOSPC. Any context but NMI.
 */
s64 ramdisk_alloc(struct ramdisk *disk, u32 n);

/*
 * Count one user more, or less, of each of n blocks. ramdisk_get(): -ENOMEM if a block has
 * RAMDISK_USERS_MAX; then nothing has changed. Any context but NMI.
 */
int ramdisk_get(struct ramdisk *disk, u64 block, u32 n);
void ramdisk_put(struct ramdisk *disk, u64 block, u32 n);

/* Returns the number of blocks in use. */
u32 ramdisk_used(const struct ramdisk *disk);

/*
 * Copy frames from user pages to blocks, and back. -EFAULT: the kernel cannot access a page, as
 * page_copy(). Any context.
 */
int ramdisk_write(struct ramdisk *disk, u64 block, struct page *page, u64 n);
int ramdisk_read(struct ramdisk *disk, u64 block, struct page *page, u64 n);

#endif
