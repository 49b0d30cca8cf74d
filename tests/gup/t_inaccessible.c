// SPDX-License-Identifier: MIT
/*
 * Pages that a protected guest keeps from the kernel: who reaches them, who can be refused, and
 * what a pin guarantees. Each test plays with pages that are not in the direct map, and with pages
 * under a denied key where the CPU has keys.
 */
#define KTEST_SUITE "inaccessible"

#include "kernel/dma/dma.h"
#include "mm/debug_pagealloc.h"
#include "mm/direct_map.h"
#include "mm/gup/gup.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "tests/gup/place.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

static void hide_and_show(struct place *p)
{
	struct page *neighbour = p->page + (p->guest.arm == GUEST_KEY ? 1 : -1);

	for (u32 round = 0; round < 2; round++) {
		u64 value;

		place_expect(p, false);
		EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
		place_expect(p, true);
		EXPECT_EQ(guest_exit(&p->guest), (u64)-EBUSY);
		if (!address_is_freed((u64)page_to_virt(neighbour)))
			EXPECT_NO_FAULT(probe_read(page_to_virt(neighbour), &value), "shared");
		EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), (u64)-EINVAL);
		EXPECT_EQ(guest_make_shared(&p->guest, p->page, 1), 0);
		EXPECT_EQ(guest_make_shared(&p->guest, p->page, 1), 0);
	}
	place_expect(p, false);
}

static void a_private_page_is_its_guests_alone(void)
{
	place_each(hide_and_show);
}
KTEST(a_private_page_is_its_guests_alone, 0);

static void refuse_bad_requests(struct place *p)
{
	u64 frames = user_page_frames(p->page), left = frames == 1 ? 1 : frames - PLACE_MIDDLE;
	struct page *foreign = page_alloc(0);
	struct guest other;

	REQUIRE(foreign);
	EXPECT_EQ(guest_init(&other, p->guest.arm), 0);
	EXPECT_EQ(guest_make_private(&p->guest, foreign, 1), (u64)-EINVAL);
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 0), (u64)-EINVAL);
	EXPECT_EQ(guest_make_private(&p->guest, p->page, left + 1), (u64)-EINVAL);
	EXPECT_EQ(guest_make_private(&p->guest, p->page, left), 0);
	EXPECT_EQ(p->guest.private, left);
	EXPECT_EQ(guest_make_private(&other, user_page_head(p->page), 1),
		  frames == 1 ? (u64)-EINVAL : (u64)-EBUSY);
	EXPECT_EQ(guest_make_shared(&other, p->page, 1), (u64)-EINVAL);
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, left + 1), (u64)-EINVAL);
	EXPECT_EQ(guest_make_shared(&p->guest, foreign, 1), (u64)-EINVAL);
	EXPECT_EQ(p->guest.private, left);
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, left), 0);
	for (u64 n = MIN(left, 2); n--;) /* the one behind may be private already */
		EXPECT_EQ(guest_make_private(&p->guest, p->page + n, 1), 0);
	EXPECT_EQ(guest_make_shared(&p->guest, p->page, left), 0);
	EXPECT_EQ(guest_make_private(&other, p->page, 1), (u64)-EBUSY);
	EXPECT_EQ(other.private, 0);
	place_expect(p, false);
	EXPECT_EQ(guest_exit(&other), 0);
	page_free(foreign, 0);
}

static void a_guest_has_its_own_pages(void)
{
	place_each(refuse_bad_requests);
}
KTEST(a_guest_has_its_own_pages, 0);

static int may_share(struct guest *guest, struct page *page)
{
	(void)guest;
	(void)page;
	return -EACCES;
}

/*
 * "We can fail gup(), while we cannot ever fail kmap()": the owner's error reaches the caller of
 * gup, with nothing counted. kmap() returns an address all the same, and the access is what fails.
 */
static void refuse_a_pin(struct place *p)
{
	struct page *page;
	u64 value;
	void *va;

	p->guest.may_share = may_share;
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
	for (enum accessible_hook hook = ACCESSIBLE_GUP; hook <= ACCESSIBLE_PTE; hook++) {
		accessible_hook_set(hook);
		EXPECT_EQ(pin_user_pages(p->mm, p->va, 1, FOLL_WRITE, &page), (u64)-EACCES);
		EXPECT_EQ(user_page_count(p->page, USERS_PIN), 0);
		place_expect(p, true);
	}
	va = kmap(p->page);
	EXPECT(va == p->direct);
	EXPECT(probe_read(va, &value).vector != FAULT_NONE);
	kunmap(p->page);
	/* a pin that comes while the guest shares holds, whatever it says later */
	p->guest.may_share = NULL;
	EXPECT_EQ(pin_user_pages(p->mm, p->va, 1, FOLL_WRITE, &page), 1);
	p->guest.may_share = may_share;
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), (u64)-EBUSY);
	place_expect(p, false);
	va = kmap(page);
	EXPECT_NO_FAULT(probe_read(va, &value), "it is pinned");
	kunmap(page);
	unpin_user_pages(&page, 1, false);
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
	place_expect(p, true);
}

static void gup_can_fail_and_kmap_cannot(void)
{
	place_each(refuse_a_pin);
}
KTEST(gup_can_fail_and_kmap_cannot, 0);

/* No secret stays in a frame that goes back to the allocator, nor a key or a hole. */
static void free_it_private(struct place *p)
{
	u64 value = 1, frames = user_page_frames(p->page);

	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
	EXPECT_EQ(mm_unmap(p->mm, p->va & ~(frames * PAGE_SIZE - 1), frames * PAGE_SIZE), 0);
	EXPECT_EQ(p->guest.private, 0);
	EXPECT_EQ(p->page->flags & (PG_PRIVATE | PG_USER), 0);
	EXPECT_EQ(p->page->pkey, 0);
	if (address_is_freed((u64)p->direct))
		return; /* debug_pagealloc=on: its bytes cannot be read */
	EXPECT(kernel_page_present(p->page));
	EXPECT_NO_FAULT(probe_read(p->direct, &value), "the frame is free");
	EXPECT_EQ(value, 0);
}

static void a_private_page_is_freed_clean(void)
{
	place_each(free_it_private);
}
KTEST(a_private_page_is_freed_clean, 0);

/* A device knows neither: with the real one, which is slow, only what is not mapped, in the whole.
 */
static void reach_by_device(struct place *p)
{
	bool real =
		p->guest.arm == GUEST_UNMAP && user_page_frames(p->page) == 1 && ktest_part(2) == 1;
	struct dma_device *dev = real ? dma_device() : dma_engine();
	u64 word[2] = { 0, 0xd0d0 }, phys = page_to_phys(p->page);
	struct page *page = page_alloc_below(0, dev->limit);
	u64 *buffer = page ? page_to_virt(page) : NULL;

	REQUIRE(page);
	if (phys + PAGE_SIZE > dev->limit)
		dev = dma_engine();
	EXPECT_EQ(guest_make_private(&p->guest, p->page, 1), 0);
	buffer[0] = word[0];
	buffer[1] = word[1];
	EXPECT_EQ(dma_copy_by(dev, page_to_phys(page), phys, 8), 0);
	EXPECT_EQ(buffer[0], PLACE_VALUE);
	EXPECT_EQ(dma_copy_by(dev, phys + 8, page_to_phys(page) + 8, 8), 0);
	place_expect(p, true);
	EXPECT_EQ(space_peek(p->mm, p->va + 8), 0xd0d0);
	page_free(page, 0);
}

static void a_device_reaches_what_the_kernel_may_not(void)
{
	place_each(reach_by_device);
}
KTEST(a_device_reaches_what_the_kernel_may_not, 0);
