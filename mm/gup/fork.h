/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_MM_GUP_FORK_H
#define KEYWARD_MM_GUP_FORK_H

#include "mm/gup/vma.h"

/*
 * Returns a copy of the address space: private pages are shared until one side writes, and blocks
 * of swap too; but a pinned page stays the parent's, and the child gets a copy now. All of it is as
 * user mode left it at one moment; what a device writes to a pinned page meanwhile may be torn.
 * -ENOMEM, or the error of a page that cannot be copied: *child is NULL. A large page is copied as
 * a whole: if one frame of it is pinned and another one private, ACCESSIBLE_PTE alone asks for that
 * one, else -EFAULT. Threads are not copied. Thread context.
 */
int mm_fork(struct mm_struct *parent, struct mm_struct **child);

#endif
