// SPDX-License-Identifier: MIT
#include "mm/gup/guest.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "mm/direct_map.h"
#include "mm/gup/user_page.h"
#include "mm/set_memory.h"
#include "mm/tlb.h"
#include "pks/keys.h"

static int hide(const struct guest *guest, struct page *page, u64 n)
{
	u64 va = (u64)page_to_virt(page);
	int err;

	if (guest->arm == GUEST_KEY)
		return set_memory_pkey(va, n, guest->key);
	err = set_direct_map_invalid_noflush(page, n);
	if (!err)
		tlb_shootdown(va, n);
	return err;
}

/* Only a key needs a flush here: what is not present is in no TLB. */
static int show(const struct guest *guest, struct page *page, u64 n)
{
	if (guest->arm == GUEST_KEY)
		return set_memory_pkey((u64)page_to_virt(page), n, PKS_KEY_DEFAULT);
	return set_direct_map_default_noflush(page, n);
}

static bool is_private(const struct page *page)
{
	return READ_ONCE(page->flags) & PG_PRIVATE;
}

static void note(struct guest *guest, struct page *page, u64 n, bool private)
{
	for (u64 i = 0; i < n; i++) {
		if (private)
			atomic_or((u8)PG_PRIVATE, &page[i].flags);
		else
			atomic_and((u8)~PG_PRIVATE, &page[i].flags);
	}
	guest->private += private ? n : -n;
}

/* Shows the frames, all private, and then says so. Locked. */
static int share(struct guest *guest, struct page *page, u64 n)
{
	int err = show(guest, page, n);

	if (!err)
		note(guest, page, n, false);
	return err;
}

static int make_accessible(struct page_guard *guard, struct page *page, u64 n)
{
	struct guest *guest = container_of(guard, struct guest, guard);
	int err = 0;

	mutex_lock(&guest->lock);
	for (u64 i = 0; i < n && !err; i++) {
		if (!is_private(page + i)) /* another CPU was first, or it was given up */
			continue;
		err = guest->may_share ? guest->may_share(guest, page + i) : 0;
		if (!err)
			err = share(guest, page + i, 1);
	}
	mutex_unlock(&guest->lock);
	return err;
}

static int release(struct page_guard *guard, struct page *page, u64 n)
{
	struct guest *guest = container_of(guard, struct guest, guard);
	int err;

	mutex_lock(&guest->lock);
	err = share(guest, page, n);
	if (!err)
		memset(page_to_virt(page), 0, n << PAGE_SHIFT);
	mutex_unlock(&guest->lock);
	return err;
}

int guest_init(struct guest *guest, enum guest_arm arm)
{
	int key = arm == GUEST_KEY ? pks_key_alloc("guest") : 0;

	*guest = (struct guest){
		.guard = { .make_accessible = make_accessible, .release = release },
		.arm = arm,
		.key = (u32)key,
	};
	mutex_init(&guest->lock);
	return key < 0 ? key : 0;
}

int guest_exit(struct guest *guest)
{
	if (guest->private)
		return -EBUSY;
	return guest->arm == GUEST_KEY ? pks_key_free(guest->key) : 0;
}

/* Whether these are no frames of one block of user memory. */
static bool range_is_bad(const struct page *head, const struct page *page, u64 n)
{
	u64 frames = user_page_frames(head), at = (u64)(page - head);

	return !(READ_ONCE(head->flags) & PG_USER) || !n || at >= frames || n > frames - at;
}

static bool any_is_private(const struct page *page, u64 n)
{
	for (u64 i = 0; i < n; i++)
		if (is_private(page + i))
			return true;
	return false;
}

/* The block becomes this guest's until it is freed, unless it is another one's. */
static bool claim(struct guest *guest, struct page *head)
{
	struct page_guard *owner = NULL;

	return try_cmpxchg(&head->guard, &owner, &guest->guard) || owner == &guest->guard;
}

int guest_make_private(struct guest *guest, struct page *page, u64 n)
{
	struct page *head = user_page_head(page);
	int err = -EINVAL;

	mutex_lock(&guest->lock);
	if (range_is_bad(head, page, n) || any_is_private(page, n))
		goto out;
	err = -EBUSY;
	if (!claim(guest, head))
		goto out;
	/* first: a pin that the next line does not see sees this, and waits for the lock */
	note(guest, page, n, true);
	if (user_page_count(page, USERS_PIN) || (err = hide(guest, page, n)))
		note(guest, page, n, false);
	else
		err = 0;
out:
	mutex_unlock(&guest->lock);
	return err;
}

int guest_make_shared(struct guest *guest, struct page *page, u64 n)
{
	struct page *head = user_page_head(page);
	int err = 0;

	if (range_is_bad(head, page, n) || READ_ONCE(head->guard) != &guest->guard)
		return -EINVAL;
	mutex_lock(&guest->lock);
	for (u64 i = 0, run; i < n && !err; i += run) {
		bool private = is_private(page + i);

		for (run = 1; i + run < n; run++)
			if (is_private(page + i + run) != private)
				break;
		if (private)
			err = share(guest, page + i, run);
	}
	mutex_unlock(&guest->lock);
	return err;
}
