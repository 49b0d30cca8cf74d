/* SPDX-License-Identifier: MIT */
/*
 * A protected guest: it owns pages of user memory and decides which the kernel may access. The user
 * mapping stands for the guest's own access. Its private pages are kept from the kernel in one of
 * two ways:
 *
 *   GUEST_UNMAP  not present in the direct map
 *   GUEST_KEY    mapped there as before, under a key of the guest's that is denied to all
 *
 * `lock` is held over each change of a page of this guest; it may be taken under the lock of an
 * address space or a file, and the page tables' lock under it.
 */
#ifndef KEYWARD_MM_GUP_GUEST_H
#define KEYWARD_MM_GUP_GUEST_H

#include "kernel/mutex.h"
#include "mm/gup/accessible.h"

enum guest_arm { GUEST_UNMAP, GUEST_KEY, GUEST_ARMS };

struct guest {
	struct page_guard guard;
	struct mutex lock;
	enum guest_arm arm;
	u32 key; /* GUEST_KEY */
	/*
	 * Whether the guest shares a page that the kernel asks for: 0 or an error, which the kernel
	 * gets. NULL: always. Called with `lock` held.
	 */
	int (*may_share)(struct guest *guest, struct page *page);
	u64 private; /* frames that are private now; under the lock */
};

/* Creates a guest without pages. Returns 0 or the error of pks_key_alloc(). Thread context. */
int guest_init(struct guest *guest, enum guest_arm arm);

/*
 * Ends it. -EBUSY, and nothing is done: it has private pages. Nobody asks it for a page meanwhile,
 * and its memory stays until the blocks are freed in which it had private frames: they know it as
 * their owner. Thread context.
 */
int guest_exit(struct guest *guest);

/*
 * Makes n frames in a row private, all of one block that the caller has a reference to, and flushes
 * every CPU: from the return on the kernel cannot access them. -EBUSY: the block is pinned, or
 * another guest has had private frames in it; -EINVAL: no user memory, none or too many frames, or
 * one is private already; -ENOMEM: a large page of the direct map could not be split. After an
 * error nothing has changed. Thread context.
 */
int guest_make_private(struct guest *guest, struct page *page, u64 n);

/*
 * Shares n frames in a row of this guest with the kernel, those that are private. The caller has a
 * reference to their block. -EINVAL: they are not all of one block of this guest's; -ENOMEM: they
 * are part of a large page of the direct map that has the guest's key as a whole, and could not be
 * split; those that are not present are small pages, and never need memory. Thread context.
 */
int guest_make_shared(struct guest *guest, struct page *page, u64 n);

#endif
