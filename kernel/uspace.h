/* SPDX-License-Identifier: MIT */
/* User address spaces, as far as a test body in user mode needs one. */
#ifndef KEYWARD_KERNEL_USPACE_H
#define KEYWARD_KERNEL_USPACE_H

#include "kernel/cpu/pte.h"

#define USER_STACK_SIZE (4 * PAGE_SIZE)

struct mm_struct;

struct uspace {
	u64 root;             /* physical address of the top-level table */
	struct mm_struct *mm; /* whose ranges answer its page faults; NULL: they are fatal */
};

/*
 * Creates an address space with the user text at USER_TEXT and a stack below USER_STACK. Returns 0
 * or -ENOMEM. Thread context.
 */
int uspace_create(struct uspace *us);

/*
 * Maps the page at `phys` for user mode, read-only and no-execute, plus `prot` (PTE_W, a key).
 * Returns 0 or pgtable_map()'s error. Thread context.
 */
int uspace_map(struct uspace *us, u64 va, u64 phys, pte_t prot);

/* Frees the address space and its stack; no thread may use it any more. Thread context. */
void uspace_destroy(struct uspace *us);

/* Starts a thread that runs `entry(arg)` in user mode. NULL: out of memory. Thread context. */
struct thread *uspace_thread(struct uspace *us, const char *name, void (*entry)(u64), u64 arg);

#endif
