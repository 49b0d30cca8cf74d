// SPDX-License-Identifier: MIT
/*
 * Private pages out of the direct map, and private pages under a denied key: what each kind of
 * access comes to. With extent=full it prints that, for tools/arms.
 */
#define KTEST_SUITE "inaccessible"

#include "kernel/console/console.h"
#include "kernel/dma/dma.h"
#include "mm/gup/guest.h"
#include "mm/gup/gup.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "mm/page_alloc.h"
#include "tests/gup/space.h"
#include "tests/harness/contexts.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

#define VALUE 0xbead

enum use {
	STRAY_READ,
	STRAY_WRITE,
	KMAP_LOCAL,         /* the user asks for the page by the kernel's own call */
	KMAP_STRICT,        /* kmap(), then an access that the policy judges */
	KMAP_RELAXED,       /* likewise */
	STRAY_AFTER_PARDON, /* a stray write by a context that was pardoned for another page */
	USER_MAPPING,
	DEVICE,
	USES,
};

static const char *const use_names[USES] = {
	"stray_read",   "stray_write",        "kmap_local",   "kmap_strict",
	"kmap_relaxed", "stray_after_pardon", "user_mapping", "device",
};

/* What the access came to. */
enum outcome { PASSES, NOT_PRESENT, KEY_DENIED, OUTCOMES };

static const char *const outcome_names[OUTCOMES] = { "passes", "not_present", "key_denied" };

/* The rule. A key is opened by whoever asks for it, or is pardoned; what is unmapped is not. */
static enum outcome rule(enum guest_arm arm, enum use use)
{
	if (use == USER_MAPPING || use == DEVICE)
		return PASSES;
	if (arm == GUEST_UNMAP)
		return NOT_PRESENT;
	if (use == KMAP_LOCAL || use == KMAP_RELAXED || use == STRAY_AFTER_PARDON)
		return PASSES;
	return KEY_DENIED;
}

static struct play {
	struct guest guest;
	struct mm_struct *mm;
	struct page *pages[2], *buffer;
	enum use use;
	struct fault fault;
} play;

static enum outcome outcome_of(struct fault f)
{
	if (f.vector == FAULT_NONE)
		return PASSES;
	if (!EXPECT_EQ(f.vector, X86_PF))
		return OUTCOMES;
	return f.error & PF_PK ? KEY_DENIED : f.error & PF_P ? OUTCOMES : NOT_PRESENT;
}

/* The accesses of the kernel. In a thread of its own: what it is pardoned ends with it. */
static void use_it(void *arg)
{
	struct page *page = play.pages[0];
	volatile u64 *va = page_to_virt(page);
	u64 value = VALUE;

	(void)arg;
	switch (play.use) {
	case STRAY_READ:
		play.fault = policy_read(va);
		break;
	case STRAY_WRITE:
		play.fault = policy_write(va);
		break;
	case KMAP_LOCAL:
		play.fault = probe_read(kmap_local_page_read(page), &value);
		kunmap_local((const void *)va);
		break;
	case KMAP_STRICT:
	case KMAP_RELAXED:
		play.fault = policy_read(kmap(page));
		kunmap(page);
		break;
	default:
		policy_read(kmap(play.pages[1]));
		kunmap(play.pages[1]);
		play.fault = policy_write(va);
	}
}

static enum outcome use_private_page(void)
{
	u64 phys = page_to_phys(play.pages[0]);

	if (play.use == USER_MAPPING)
		return space_peek(play.mm, SMALL_AT) == VALUE ? PASSES : OUTCOMES;
	if (play.use == DEVICE) {
		EXPECT_EQ(dma_copy_by(dma_engine(), page_to_phys(play.buffer), phys, 8), 0);
		return *(u64 *)page_to_virt(play.buffer) == VALUE ? PASSES : OUTCOMES;
	}
	policy_set(play.use == KMAP_RELAXED || play.use == STRAY_AFTER_PARDON ? PKS_MODE_RELAXED
									      : PKS_MODE_STRICT,
		   PKS_GATE_KMAPPED);
	run_in(IN_THREAD, use_it, NULL);
	return outcome_of(play.fault);
}

static void try_use(enum guest_arm arm, enum use use)
{
	enum outcome got;

	play = (struct play){ .use = use, .buffer = page_alloc(0) };
	REQUIRE(play.buffer && guest_init(&play.guest, arm) == 0);
	play.mm = space_create(1, 2, NULL);
	REQUIRE(play.mm);
	space_poke(play.mm, SMALL_AT, VALUE);
	EXPECT_EQ(get_user_pages(play.mm, SMALL_AT, 2, FOLL_WRITE, play.pages), 2);
	for (u32 i = 0; i < 2; i++)
		EXPECT_EQ(guest_make_private(&play.guest, play.pages[i], 1), 0);
	got = use_private_page();
	EXPECT_EQ(got, rule(arm, use));
	if (options.extent == EXTENT_FULL)
		pr("# private %s %s %s\n", arm == GUEST_KEY ? "key" : "unmap", use_names[use],
		   got < OUTCOMES ? outcome_names[got] : "?");
	put_user_pages(play.pages, 2, false);
	mm_destroy(play.mm);
	page_free(play.buffer, 0);
	EXPECT_EQ(guest_exit(&play.guest), 0);
}

static void a_key_opens_to_those_who_ask_and_a_hole_to_nobody(void)
{
	for (enum guest_arm arm = 0; arm < GUEST_ARMS; arm++)
		for (enum use use = 0; use < USES; use++)
			try_use(arm, use);
}
KTEST(a_key_opens_to_those_who_ask_and_a_hole_to_nobody, KT_PKS);

/* Frames that are private here and there, shared by one call. */
static void a_range_is_shared_run_by_run(void)
{
	static const u64 at[] = { 3, 4, 6, 9 };
	struct mm_struct *mm = space_create(2, 1, NULL);
	struct guest guest;
	struct page *head;
	u64 value;

	REQUIRE(mm && guest_init(&guest, GUEST_UNMAP) == 0);
	EXPECT_EQ(get_user_pages(mm, LARGE_AT, 1, FOLL_WRITE, &head), 1);
	for (u32 i = 0; i < ARRAY_SIZE(at); i++)
		EXPECT_EQ(guest_make_private(&guest, head + at[i], 1), 0);
	EXPECT_EQ(guest_make_shared(&guest, head + 2, 7), 0);
	EXPECT_EQ(guest.private, 1);
	for (u64 i = 2; i < 10; i++)
		EXPECT_EQ(probe_read(page_to_virt(head + i), &value).vector == FAULT_NONE, i < 9);
	put_user_pages(&head, 1, false);
	mm_destroy(mm); /* shows the last one */
	EXPECT_EQ(guest.private, 0);
	EXPECT_EQ(guest_exit(&guest), 0);
}
KTEST(a_range_is_shared_run_by_run, KT_RAM);
