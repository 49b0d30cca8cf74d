/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_MM_GUP_CHECKSUM_H
#define KEYWARD_MM_GUP_CHECKSUM_H

#include "mm/gup/vma.h"

/* What a walk over a range's pages has found. */
struct mm_checksum {
	u64 pages;   /* of 4 KiB: read */
	u64 skipped; /* inaccessible: vm_normal_page() has returned an error */
	u64 failed;  /* inaccessible, found by the access */
	u64 sum;     /* of the read pages' 64-bit words, times their position */
};

/*
 * Reads all pages that are present in [start, end) through the direct map, as a scan for equal
 * pages does: it walks the entries, pins nothing and brings nothing in. -ENOMEM: no frame for a
 * copy. Thread context; takes the lock of `mm`.
 */
int mm_checksum(struct mm_struct *mm, u64 start, u64 end, struct mm_checksum *sum);

#endif
