// SPDX-License-Identifier: MIT
/*
 * A page loses its key, and the key its owner, while a fault on the page is judged: one such event
 * at each instruction of pks_fault(), and none after it. Either pks_key_alloc() sees the pardon, or
 * the pardon sees that the page has lost its key. What this cannot know: the order in which two
 * CPUs see each other's writes.
 */
#define KTEST_SUITE "keys"

#include "kernel/cpu/local.h"
#include "kernel/cpu/regs.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/pks/key_holder.h"

static struct {
	u32 seen, at;     /* instructions so far, and the one at which the key gets free */
	int next;         /* what its next owner gets */
	struct regs regs; /* of the fault */
	bool pardoned;
} late;

static bool free_once(struct regs *regs)
{
	(void)regs;
	if (late.seen++ != late.at)
		return true;
	irq_enable();
	marked_page_put(&page);
	EXPECT_EQ(pks_key_free(key), 0);
	late.next = pks_key_alloc("next");
	irq_disable();
	return true;
}

/* RIP is in no code that can be stepped: a pardon is for the context, whatever the scope. */
static void fault(void *va)
{
	late.regs = (struct regs){ .rflags = RFLAGS_FIXED, .cs = 8 };
	late.regs.error = PF_P | PF_W | PF_PK;
	regs_pkrs_set(&late.regs, PKRS_INIT);
	late.pardoned = pks_fault(&late.regs, (u64)va);
}

/* Returns whether the event came in time. */
static bool free_at(u32 at)
{
	bool open;

	late.seen = 0;
	late.at = at;
	if (!marked_page(&page, key))
		return false;
	single_step(fault, (void *)page.va, free_once);
	if (late.seen <= at) {
		marked_page_put(&page);
		return false;
	}
	open = regs_pkrs(&late.regs) != PKRS_INIT;
	if (open)
		EXPECT_EQ(late.next, -ENOSPC);
	if (late.next < 0)
		EXPECT_EQ(pks_key_alloc("next"), key);
	return true;
}

static void free_everywhere(void)
{
	u32 at = 0, opened = 0, denied = 0;

	while (free_at(at)) {
		bool open = regs_pkrs(&late.regs) != PKRS_INIT;

		opened += open;
		denied += !open;
		at += ktest_part(17);
	}
	EXPECT(at > 50);
	EXPECT(opened); /* late enough */
	EXPECT(denied); /* early enough */
}

static void a_late_pardon_opens_no_key_of_a_new_owner(void)
{
	u32 taken = take_keys();

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	key = PKS_KEY_FIRST_DYNAMIC;
	free_everywhere();
	key = PKS_KEYS - 1;
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	free_everywhere();
	give_keys(taken);
}
KTEST(a_late_pardon_opens_no_key_of_a_new_owner, KT_PKS);

static struct {
	u32 owned, free; /* instructions */
} freed;

/* Another CPU may give a free key to somebody: it asks for notes of pardons, not for rights. */
static bool has_no_rights_to_a_free_key(struct regs *regs)
{
	if (pks_key_owner(key)) {
		freed.owned++;
	} else {
		freed.free++;
		EXPECT_EQ((u32)regs_pkrs(regs) & pkrs_mask(key), pkrs_mask(key));
		EXPECT(!pks_key_open(key, NULL));
	}
	return true;
}

static void free_the_key(void *arg)
{
	(void)arg;
	pks_key_free(key);
}

static void a_key_is_free_when_its_last_owner_has_no_rights(void)
{
	u32 taken = take_keys();

	for (key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++) {
		freed.owned = freed.free = 0;
		pks_set_readwrite(key); /* as a pardon does, and notes */
		atomic_or(1u << key, &this_local()->pardoned);
		single_step(free_the_key, NULL, has_no_rights_to_a_free_key);
		EXPECT(freed.owned > 10);
		EXPECT(freed.free);
		EXPECT_EQ(pks_key_alloc("the next"), key);
	}
	give_keys(taken);
}
KTEST(a_key_is_free_when_its_last_owner_has_no_rights, KT_PKS);
