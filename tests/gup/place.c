// SPDX-License-Identifier: MIT
#include "tests/gup/place.h"
#include "mm/gup/gup.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

bool place_get(struct place *p, enum guest_arm arm, int level)
{
	*p = (struct place){ .va = range_at(level) + (level == 1 ? 0 : PLACE_MIDDLE * PAGE_SIZE) };
	if (!EXPECT_EQ(guest_init(&p->guest, arm), 0))
		return false;
	p->mm = space_create(level, 1, NULL);
	if (!p->mm || !EXPECT_EQ(pin_user_pages(p->mm, p->va, 1, FOLL_WRITE, &p->page), 1))
		return false;
	p->direct = page_to_virt(p->page);
	*p->direct = PLACE_VALUE;
	unpin_user_pages(&p->page, 1, false);
	return true;
}

void place_put(struct place *p)
{
	mm_destroy(p->mm);
	EXPECT_EQ(guest_exit(&p->guest), 0);
	accessible_hook_set(ACCESSIBLE_NEVER);
}

void place_each(void (*play)(struct place *p))
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	for (u32 i = 0; i < 2 * GUEST_ARMS; i++) {
		struct place p;

		if (i / 2 == GUEST_KEY && !pks_present)
			continue;
		if (!place_get(&p, i / 2, 1 + (i & 1)))
			return;
		play(&p);
		place_put(&p);
	}
}

void place_expect(const struct place *p, bool private)
{
	u64 error = p->guest.arm == GUEST_KEY ? PF_P | PF_PK : 0, value = 0;
	struct fault read = probe_read(p->direct, &value),
		     write = probe_write(p->direct, PLACE_VALUE);

	EXPECT_EQ(!!(p->page->flags & PG_PRIVATE), private);
	EXPECT_EQ(p->guest.private, private);
	if (private) {
		EXPECT_PAGE_FAULT(read, error, p->direct, "a stray read of a private page");
		EXPECT_PAGE_FAULT(write, error | PF_W, p->direct, "a stray write to one");
	} else {
		EXPECT_NO_FAULT(read, "a read of a shared page");
		EXPECT_NO_FAULT(write, "a write to a shared page");
		EXPECT_EQ(value, PLACE_VALUE);
	}
	EXPECT_EQ(space_peek(p->mm, p->va), PLACE_VALUE); /* the guest's own mapping */
}
