// SPDX-License-Identifier: MIT
/*
 * Rights: one event while they are granted and revoked, while a page is mapped, and while threads
 * switch. What this cannot know: tests/once/once.h says it for all files of the suite.
 */
#define KTEST_SUITE "once"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/atomic.h"
#include "kernel/locks.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/rights.h"
#include "tests/harness/percpu_run.h"
#include "tests/once/once.h"

#define NOTES 8

/* What the run has seen of its rights; compared with a model after it. */
static struct {
	u32 n, key, round;
	u32 mirror[NOTES], reg[NOTES];
} notes;

static __attribute__((noinline)) void note(void)
{
	notes.mirror[notes.n] = rights_mirror();
	notes.reg[notes.n++] = pkrs_register();
}

/* Each run has another key, so that all have their turn; never the event's own. */
static u32 next_key(void)
{
	return notes.key = 3 + notes.round++ % 13;
}

static void expect_notes(const u32 *want, u32 n)
{
	ONCE_EQ(notes.n, n, "the run ends");
	for (u32 i = 0; i < n; i++) {
		ONCE_EQ(notes.mirror[i], want[i], "the mirror is what the context was given");
		ONCE_EQ(notes.reg[i], want[i], "the register is the mirror");
	}
	ONCE_RIGHTS(want[n - 1], "and stays so");
}

static void begin_rights(void)
{
	next_key();
	notes.n = 0;
	rights_set(PKRS_INIT);
}

static void change_rights(void)
{
	struct pks_token outer = pks_grant(notes.key, PKS_READ), inner;

	note();
	inner = pks_grant(notes.key, PKS_WRITE);
	note();
	pks_revoke(inner);
	note();
	pks_revoke(outer);
	note();
}

static void end_rights(void)
{
	u32 reads = PKRS_INIT & ~pkrs_needs_clear(notes.key, PKS_READ);
	u32 want[] = { reads, WITH_KEY(notes.key), reads, PKRS_INIT };

	expect_notes(want, ARRAY_SIZE(want));
}

static void rights_changes_survive_one_event(void)
{
	static const struct once once = {
		"grant and revoke", ONCE_ALL,      false,       2,
		begin_rights,       change_rights, once_meddle, end_rights
	};

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!once_pages_get())
		return;
	once_on_first_and_last(&once, 500);
	once_pages_put();
}
KTEST(rights_changes_survive_one_event, KT_PKS);

/* Two pages of one key, unmapped in the wrong order. */
static struct prot_page p, other;
static u64 complaints;

static u64 complaints_now(void)
{
	return kmap_stats.not_mapped + kmap_stats.left_open + kmap_stats.overflow;
}

static void begin_maps(void)
{
	notes.n = 0;
	rights_set(PKRS_INIT);
	complaints = complaints_now();
}

static void map_and_unmap(void)
{
	void *va = kmap_local_page_read(p.page);

	note();
	kmap_thread(other.page);
	note();
	kunmap_local(va);
	note();
	kunmap_thread(other.page);
	note();
	va = kmap_local_page(other.page);
	note();
	kunmap_local(va);
	note();
}

static void end_maps(void)
{
	u32 open = WITH_KEY(PKS_KEY_DEVMAP);
	u32 reads = PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ);
	u32 want[] = { reads, open, open, PKRS_INIT, open, PKRS_INIT };

	expect_notes(want, ARRAY_SIZE(want));
	ONCE_EQ(this_local()->maps, 0, "no map is left");
	ONCE_EQ(this_local()->base, 0, "the thread's own maps begin at the bottom");
	ONCE_EQ(complaints_now() - complaints, 0, "each map is found, and none is left open");
}

static void maps_survive_one_event(void)
{
	static const struct once once = { "local maps", ONCE_ALL,      false,       1,
					  begin_maps,   map_and_unmap, once_meddle, end_maps };

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!once_pages_get())
		return;
	if (prot_pair_get(&p, &other, PKS_KEY_DEVMAP)) {
		once_on_first_and_last(&once, 500);
		prot_pair_put(&p, &other);
	}
	once_pages_put();
}
KTEST(maps_survive_one_event, KT_PKS);

/* The other thread of the switch. */
static struct {
	bool ready, leaves;
	u32 mirror, reg, runs, seen;
} partner;

static int partner_main(void *arg)
{
	(void)arg;
	irq_disable();
	rights_set(WITH_KEY(KEY_B));
	smp_store_release(&partner.ready, true);
	while (!smp_load_acquire(&partner.leaves)) {
		thread_yield();
		partner.mirror = rights_mirror();
		partner.reg = pkrs_register();
		partner.runs++;
	}
	irq_enable();
	return 0;
}

static void begin_switch(void)
{
	begin_rights();
	rights_set(WITH_KEY(notes.key));
	irq_disable();
	partner.runs = 0;
}

static void switch_and_back(void)
{
	thread_yield();
	partner.seen = partner.runs;
	note();
}

static void end_switch(void)
{
	u32 want = WITH_KEY(notes.key);

	irq_enable();
	expect_notes(&want, 1);
	ONCE_EQ(partner.seen, 1, "the other thread has one turn");
	ONCE_EQ(partner.mirror, WITH_KEY(KEY_B), "a thread's rights wait on its stack");
	ONCE_EQ(partner.reg, WITH_KEY(KEY_B), "the switch loads the register");
	ONCE_EQ(locks_held(), false, "the switch unlocks the run queue");
}

static void switches(void *arg)
{
	static const struct once once = { "thread switch", BIT(ONCE_TRAP) | BIT(ONCE_NMI),
					  false,           3,
					  begin_switch,    switch_and_back,
					  once_meddle,     end_switch };
	struct thread *t = thread_create("partner", partner_main, NULL);

	(void)arg;
	REQUIRE(t);
	while (!smp_load_acquire(&partner.ready))
		thread_yield();
	once_expect_events(&once, 400);
	smp_store_release(&partner.leaves, true);
	rights_set(PKRS_INIT);
	thread_join(t);
}

static void a_switch_survives_one_event(void)
{
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (!once_pages_get())
		return;
	for (u32 i = 0; i < 2; i++) {
		partner.ready = partner.leaves = false;
		percpu_run_on(cpus[i ? cpu_count - 1 : 0], switches, NULL);
	}
	once_pages_put();
}
KTEST(a_switch_survives_one_event, KT_PKS);
