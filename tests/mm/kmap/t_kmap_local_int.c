// SPDX-License-Identifier: MIT
/*
 * Local maps with one event before one of their instructions, for each of them, and maps whose page
 * lost its key. What this cannot know: tests/harness/int_at.h.
 */
#define KTEST_SUITE "kmap_local"

#include "kernel/cpu/context.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/kmap_warn.h"
#include "mm/page_alloc.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/int_at.h"

#define SEEN 7

/* Two pages of one key. Only the run's thread writes `seen`; its events read the pages. */
static struct {
	struct prot_page a, b;
	u32 key, initial; /* of the key: its two bits */
	u32 mirror[SEEN], reg[SEEN], n;
	u64 warned;
	bool failed; /* one message is enough */
} run;

static void check(u64 saw, u64 want, const char *what, const char *rule)
{
	ktest_checked();
	if (saw == want || run.failed)
		return;
	run.failed = true;
	ktest_fail(__FILE__, __LINE__,
		   "key %u, one event at %p"
		   "S: expected %s %lx, saw %lx: %s",
		   run.key, (void *)int_at_last(), what, want, saw, rule);
}

static void check_rights(u32 want, const char *rule)
{
	check(rights_mirror(), want, "mirror", rule);
	check(pkrs_register(), want, "register", rule);
}

static u64 mistakes(void)
{
	return kmap_stats.order + kmap_stats.overflow + kmap_stats.not_mapped +
	       kmap_stats.no_thread + kmap_stats.left_open;
}

static void note(void)
{
	run.mirror[run.n] = rights_mirror();
	run.reg[run.n++] = pkrs_register();
}

/* Kinds and accesses mixed, and one page twice. */
static void map_and_unmap(void *arg)
{
	void *va = page_to_virt(run.a.page);

	(void)arg;
	run.n = 0;
	kmap_local_page_read(run.a.page);
	note();
	kmap_thread(run.b.page);
	note();
	kmap_local_page_read(run.b.page);
	kmap_local_page(run.a.page);
	note();
	kunmap_local(va);
	note();
	kunmap_local((const void *)run.b.va);
	kunmap_thread(run.b.page);
	note();
	kunmap_local(va);
	note();
}

static void compare(void)
{
	u32 initial = OF_KEY(run.key, run.initial, PKRS_INIT);
	u32 reads = OF_KEY(run.key, 2, PKRS_INIT), all = WITH_KEY(run.key);
	const u32 want[] = { reads, all, all, all, reads, initial };

	check(run.n, ARRAY_SIZE(want), "notes", "the run ends");
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		check(run.mirror[i], want[i], "mirror", "the rights are those of the open maps");
		check(run.reg[i], want[i], "register", "the register is the mirror");
	}
	check_rights(initial, "all maps have ended");
	check(this_local()->maps, 0, "maps", "all maps have ended");
	check(mistakes(), run.warned, "mistakes", "no map is taken for another");
}

/* Maps in the event too: an exception does so on its thread's stack of maps. */
static bool use(struct regs *regs)
{
	(void)regs;
	check_rights(PKRS_INIT, "an event has the initial rights");
	kmap_local_page_read(run.b.page);
	kmap_local_page(run.a.page);
	check_rights(WITH_KEY(run.key), "the rights are those of the event's maps");
	kunmap_local((const void *)run.a.va);
	kunmap_local((const void *)run.b.va);
	check_rights(PKRS_INIT, "the event's maps have ended");
	return true;
}

static bool switch_threads(struct regs *regs)
{
	use(regs);
	this_cpu()->need_resched = true;
	return true;
}

#define EVENTS_MIN (100 / ktest_part(INT_AT_PART)) /* the three maps and their ends */

static void each_event(u32 vector, trap_hook_t hook)
{
	u32 events;

	run.warned = mistakes();
	events = int_at_each(map_and_unmap, NULL, vector, hook, compare);
	if (!run.failed)
		EXPECT(events >= EVENTS_MIN);
}

static struct {
	bool stop;
	u32 turns;
} other;

static int other_thread(void *arg)
{
	struct prot_page *p = arg;

	kmap_local_page_read(p->page);
	while (!smp_load_acquire(&other.stop)) {
		check_rights(OF_KEY(PKS_KEY_DEVMAP, 2, PKRS_INIT), "another thread's map");
		check(this_local()->maps, 1, "maps", "another thread's map");
		other.turns++;
		thread_yield();
	}
	kunmap_local((const void *)p->va);
	return 0;
}

/* A brief run has each key and each event, the events by turns. */
#define KEYS_PART ktest_part(3)

static void events_with_key(u32 key)
{
	static const struct {
		u32 vector;
		trap_hook_t hook;
	} events[] = { { X86_BP, use }, { X86_NMI, use }, { VECTOR_TEST, switch_threads } };

	run.key = key;
	run.initial = pkrs_rights(PKRS_INIT, key);
	if (run.failed || !EXPECT(prot_pair_get(&run.a, &run.b, key)))
		return;
	for (u32 i = key % KEYS_PART; i < ARRAY_SIZE(events); i += KEYS_PART)
		each_event(events[i].vector, events[i].hook);
	prot_pair_put(&run.a, &run.b);
}

/* All keys that a page can have, and a thread with a map of its own to switch to. */
static void maps_survive_one_event_at_any_instruction(void)
{
	struct cpu *before = current_thread()->pinned;
	struct prot_page p;
	struct thread *t;
	int key;

	if (!int_at_possible())
		return;
	thread_pin(this_cpu()); /* both threads: else an idle CPU takes the other */
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	run.failed = other.stop = false;
	other.turns = 0;
	REQUIRE(prot_page_get(&p, PKS_KEY_DEVMAP));
	t = thread_create("other", other_thread, &p);
	REQUIRE(t);
	while ((key = pks_key_alloc("event")) > 0)
		events_with_key((u32)key);
	events_with_key(PKS_KEY_DEVMAP);
	events_with_key(PKS_KEY_RO);
	for (u32 i = PKS_KEY_FIRST_DYNAMIC; i < PKS_KEYS; i++)
		EXPECT_EQ(pks_key_free(i), 0);
	smp_store_release(&other.stop, true);
	thread_join(t);
	thread_pin(before);
	EXPECT(other.turns >= 15 / KEYS_PART * EVENTS_MIN || run.failed);
	prot_page_put(&p);
}
KTEST(maps_survive_one_event_at_any_instruction, KT_PKS | KT_ONE_CPU);

/* kunmap_local() of a page that never had a key looks at no map, whatever is open. */
static void an_ordinary_page_inside_a_map_is_just_an_address(void)
{
	struct page *page = page_alloc(0);
	u64 before = mistakes();
	struct prot_page p;

	REQUIRE(page && prot_page_get(&p, PKS_KEY_DEVMAP));
	kmap_local_page_read(p.page);
	for (u32 i = 0; i < 2; i++) {
		kunmap_local(kmap_local_page(page));
		EXPECT_RIGHTS(OF_KEY(PKS_KEY_DEVMAP, 2, PKRS_INIT));
		EXPECT_EQ(this_local()->maps, 1);
		page->had_key = true; /* the slow way finds no map either */
	}
	page->had_key = false;
	kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(mistakes(), before);
	prot_page_put(&p);
	page_free(page, 0);
}
KTEST(an_ordinary_page_inside_a_map_is_just_an_address, KT_PKS);

static void unmap(void *va)
{
	kunmap_local(va);
}

/* For a page that never had a key, nobody looks at what the context has mapped. */
static void an_ordinary_page_is_unmapped_in_fewer_instructions(void)
{
	struct page *page = page_alloc(0);
	u32 ordinary, had_key;

	REQUIRE(page);
	ordinary = single_step(unmap, page_to_virt(page), NULL);
	page->had_key = true;
	had_key = single_step(unmap, page_to_virt(page), NULL);
	page->had_key = false;
	if (EXPECT(ordinary))
		EXPECT(ordinary < had_key);
	page_free(page, 0);
}
KTEST(an_ordinary_page_is_unmapped_in_fewer_instructions, KT_PKS);

/* The lower of two maps of one key ends while its page has no key, and gives back no right. */
static void a_lower_map_ends_though_its_page_lost_its_key(void)
{
	struct prot_page a, b;
	u64 order = kmap_stats.order;

	REQUIRE(prot_pair_get(&a, &b, PKS_KEY_DEVMAP));
	kmap_local_page(a.page);
	kmap_local_page_read(b.page);
	EXPECT_EQ(set_memory_pkey((u64)a.va, 1, PKS_KEY_DEFAULT), 0);
	kunmap_local((const void *)a.va);
	EXPECT_EQ(this_local()->maps, 1);
	EXPECT_EQ(kmap_stats.order - order, 1);
	EXPECT_RIGHTS(OF_KEY(PKS_KEY_DEVMAP, 2, PKRS_INIT));
	kunmap_local((const void *)b.va);
	EXPECT_RIGHTS(PKRS_INIT);
	EXPECT_EQ(this_local()->maps, 0);
	prot_pair_put(&a, &b);
}
KTEST(a_lower_map_ends_though_its_page_lost_its_key, KT_PKS);

/* Maps of the other kind fill the same places. */
static void a_thread_map_beyond_the_limit_gets_no_rights(void)
{
	u64 overflows = kmap_stats.overflow;
	struct prot_page p, last;

	REQUIRE(prot_page_get(&p, PKS_KEY_DEVMAP) && prot_page_get(&last, PKS_KEY_RO));
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kmap_thread(p.page);
	kmap_thread(last.page);
	EXPECT_EQ(kmap_stats.overflow - overflows, 1);
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kunmap_thread(p.page);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&last);
	prot_page_put(&p);
}
KTEST(a_thread_map_beyond_the_limit_gets_no_rights, KT_PKS);
