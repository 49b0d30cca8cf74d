/* SPDX-License-Identifier: MIT */
/*
 * Files on a RAM disk and their cache. A file's pages are shared by all that map it; a dirty one is
 * written back later by a work item, which finds it in the cache, not in a page table.
 */
#ifndef KEYWARD_MM_GUP_FILEMAP_H
#define KEYWARD_MM_GUP_FILEMAP_H

#include "kernel/mutex.h"
#include "kernel/work.h"
#include "mm/gup/ramdisk.h"

#define FILE_PAGES_MAX (PAGE_SIZE / sizeof(struct page *))

/* Linux's name for a file's cache. */
struct address_space {
	struct mutex lock; /* for the cache: pages come and go, and are written back, under it */
	struct ramdisk *disk;
	u64 block;           /* the file's first one */
	u32 count;           /* its pages */
	int level;           /* of its pages: 1 or 2 */
	struct page *index;  /* frame of the pointers to cached blocks, NULL: not in memory */
	struct work work;    /* writes all dirty pages back; the worker thread */
	u32 requests;        /* times that `work` was queued; of the thread that starts writeback */
	u32 written, failed; /* pages written back; failures, after which a page is dirty still */
};

/*
 * Makes a file of `count` pages of a level, zeroed. -EINVAL: bad level, or a count that is no power
 * of two or above FILE_PAGES_MAX; -ENOSPC, -ENOMEM. Thread context.
 */
int file_create(struct address_space *file, struct ramdisk *disk, int level, u32 count);

/*
 * Drops the cache, dirty or not, and frees the file's blocks. Nobody maps the file any more, and no
 * writeback is under way. Thread context.
 */
void file_destroy(struct address_space *file);

/*
 * Returns in *page the first frame of the file's nth page, counted as mapped once more; reads it
 * from the disk if it is not cached. -ENOMEM, -EFAULT as page_copy(). Thread context.
 */
int file_get_page(struct address_space *file, u64 n, struct page **page);

/* Notes that a page must be written back, if it is a file's. Any context. */
void set_page_dirty(struct page *page);

/* Starts to write all dirty pages back; waits until it has been done. One thread at a time. */
void writeback_start(struct address_space *file);
void writeback_wait(struct address_space *file);

#endif
