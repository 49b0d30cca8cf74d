/* SPDX-License-Identifier: MIT */
/*
 * Writing pages to a disk. Whoever does it has the page already, and no page-table entry: a page
 * that cannot be made accessible here is noticed too late to tell anybody who could do without it.
 */
#ifndef KEYWARD_MM_GUP_WRITEBACK_H
#define KEYWARD_MM_GUP_WRITEBACK_H

#include "mm/gup/ramdisk.h"

/*
 * Writes n frames of one block of user memory to the disk. Pins them meanwhile. With
 * ACCESSIBLE_GUP, makes them accessible first; if that fails, counts `too_late`, warns once for
 * each caller, writes nothing and returns the error. -EFAULT: a frame was inaccessible, unprepared;
 * what is on the disk then is undefined. -ENOMEM: the block has too many pins. The caller keeps the
 * page, and its data, in all cases. Thread context; may sleep.
 */
int writeback_pages(struct ramdisk *disk, u64 block, struct page *page, u64 n);

#endif
