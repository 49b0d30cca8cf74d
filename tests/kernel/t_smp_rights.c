// SPDX-License-Identifier: MIT
/*
 * Rights on several CPUs: each has a register, and each TLB holds keys. What this cannot know: how
 * long a real CPU keeps a stale key without a TLB shootdown.
 */
#define KTEST_SUITE "smp"

#include "kernel/exception.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/set_memory.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"
#include "tests/harness/window.h"

/* A different value for each member, all with key 0 open. */
static u32 rights_of(u32 member)
{
	return PKRS_INIT ^ (member % 0xfff + 1) << 6;
}

static void take_rights_along(u32 member, void *arg)
{
	struct prot_page *p = arg;
	u32 mine = rights_of(member) | pkrs_mask(p->page->pkey);

	if (member & 1)
		mine &= ~pkrs_mask(p->page->pkey);
	rights_set(mine);
	for (u32 i = 0; i < ktest_rounds(); i++) {
		thread_pin(cpus[(member + i) % cpu_count]);
		EXPECT_RIGHTS(mine);
		if (member & 1)
			EXPECT_ACCESSIBLE(p);
		else
			EXPECT_DENIED(p);
	}
}

/* Each member visits all CPUs with rights of its own. */
static void rights_follow_a_thread(void)
{
	struct prot_page p;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	percpu_run(take_rights_along, &p);
	prot_page_put(&p);
}
KTEST(rights_follow_a_thread, KT_ENFORCED | KT_SMP | KT_STRESS);

/* With interrupts off, only this CPU could change its mirror and register. */
static void watch_the_mirror(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ktest_rounds(); i++) {
		u32 mine = rights_of(member + i);
		u64 flags = irq_save();

		rights_set(mine);
		for (u32 k = 0; k < 200; k++) {
			if (rights_mirror() != mine || pkrs_register() != mine)
				break;
			cpu_relax();
		}
		EXPECT_RIGHTS(mine);
		irq_restore(flags);
	}
}

static void no_cpu_changes_anothers_mirror(void)
{
	percpu_run(watch_the_mirror, NULL);
}
KTEST(no_cpu_changes_anothers_mirror, KT_PKS | KT_SMP | KT_STRESS);

static void map_and_unmap(u32 member, void *arg)
{
	struct page *page = arg;

	(void)member;
	for (u32 i = 0; i < 50 * ktest_rounds(); i++) {
		kmap(page);
		if (!page_marks(page))
			EXPECT(page_marks(page)); /* one mark is ours */
		kunmap(page);
	}
	percpu_meet();
	kmap(page);
	percpu_meet();
	EXPECT_EQ(page_marks(page), cpu_count);
	percpu_meet();
	kunmap(page);
}

static void simultaneous_kmaps_are_all_counted(void)
{
	struct prot_page p;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	percpu_run(map_and_unmap, p.page);
	EXPECT_EQ(page_marks(p.page), 0);
	prot_page_put(&p);
}
KTEST(simultaneous_kmaps_are_all_counted, KT_PKS | KT_SMP | KT_STRESS);

static int pardoned_once(void *arg)
{
	struct prot_page *p = arg;

	EXPECT_NO_FAULT(policy_write(p->va), "a marked page is pardoned");
	EXPECT_RIGHTS(PKRS_INIT & ~pkrs_mask(PKS_KEY_DEVMAP));
	return 0;
}

static bool pardons_end;

/* Member 0 starts threads that are pardoned; the other members check that they stay denied. */
static void pardons_here_denials_there(u32 member, void *arg)
{
	struct prot_page *p = arg;

	if (member) {
		while (!smp_load_acquire(&pardons_end)) {
			EXPECT_RIGHTS(PKRS_INIT);
			EXPECT_DENIED(p);
		}
		return;
	}
	for (u32 i = 0; i < ktest_rounds(); i++) {
		struct thread *t = thread_create("pardoned", pardoned_once, p);

		if (!EXPECT(t))
			break;
		thread_join(t);
		EXPECT_RIGHTS(PKRS_INIT);
	}
	smp_store_release(&pardons_end, true);
}

static void a_pardon_stays_on_its_cpu(void)
{
	struct prot_page p;
	u64 before = pks_stats.pardons;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	pardons_end = false;
	if (!marked_page(&p, PKS_KEY_DEVMAP))
		return;
	percpu_run(pardons_here_denials_there, &p);
	EXPECT(pks_stats.pardons >= before + ktest_rounds());
	marked_page_put(&p);
}
KTEST(a_pardon_stays_on_its_cpu, KT_PKS | KT_SMP | KT_STRESS);

/* One page that all CPUs have in their TLBs, and whether its key is denied to the members. */
static struct {
	struct prot_page p;
	u32 key;
	bool denied;
} shared;

static void expect_shared(u32 member)
{
	(void)member;
	if (shared.denied)
		EXPECT_DENIED(&shared.p);
	else
		EXPECT_ACCESSIBLE(&shared.p);
}

/* Members change the key by turns; all access the page before and after each change. */
static void see_key_changes(u32 member, void *arg)
{
	u64 va = (u64)shared.p.va;

	(void)arg;
	rights_set(PKRS_INIT & ~pkrs_mask(shared.key)); /* PKS_KEY_DEVMAP stays closed */
	for (u32 i = 0; i < ktest_rounds() / 10; i++) {
		expect_shared(member);
		percpu_meet();
		if (member == i % cpu_count) {
			shared.denied = !shared.denied;
			EXPECT_EQ(
				set_memory_pkey(va, 1, shared.denied ? PKS_KEY_DEVMAP : shared.key),
				0);
		}
		percpu_meet();
		expect_shared(member);
		percpu_meet();
	}
}

static void a_key_change_reaches_all_cpus(void)
{
	int key = pks_key_alloc("smp test");

	REQUIRE(key > 0);
	shared.key = (u32)key;
	shared.denied = true;
	if (prot_page_get(&shared.p, PKS_KEY_DEVMAP)) {
		percpu_run(see_key_changes, NULL);
		prot_page_put(&shared.p);
	}
	EXPECT_EQ(pks_key_free((u32)key), 0);
}
KTEST(a_key_change_reaches_all_cpus, KT_ENFORCED | KT_SMP | KT_STRESS);

static int touch_once(void *arg)
{
	(void)arg;
	rights_set(PKRS_INIT & ~pkrs_mask(shared.key)); /* PKS_KEY_DEVMAP needs a pardon */
	EXPECT_NO_FAULT(policy_read(shared.p.va), "the page is open under either key");
	return 0;
}

static bool flips_end;

static void touch_and_flip(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; member == 0 && i < ktest_rounds(); i++)
		EXPECT_EQ(set_memory_pkey((u64)shared.p.va, 1, i & 1 ? PKS_KEY_DEVMAP : shared.key),
			  0);
	if (member == 0)
		smp_store_release(&flips_end, true);
	while (member && !smp_load_acquire(&flips_end)) {
		struct thread *t = thread_create("toucher", touch_once, NULL);

		if (!EXPECT(t))
			break;
		thread_join(t);
	}
}

/* No order of page table, struct page, TLB and fault makes the access die. */
static void an_open_page_stays_open_while_its_key_changes(void)
{
	int key = pks_key_alloc("smp test");

	REQUIRE(key > 0);
	shared.key = (u32)key;
	flips_end = false;
	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	if (marked_page(&shared.p, PKS_KEY_DEVMAP)) {
		percpu_run(touch_and_flip, NULL);
		marked_page_put(&shared.p);
	}
	EXPECT_EQ(pks_key_free((u32)key), 0);
}
KTEST(an_open_page_stays_open_while_its_key_changes, KT_PKS | KT_SMP | KT_STRESS);

static void see_unmapping(u32 member, void *arg)
{
	struct page *page = arg;
	u64 value;

	for (u32 i = 0; i < ktest_rounds() / 10; i++) {
		if (member == i % cpu_count)
			window_map(0, page_to_phys(page), PAGE_SIZE, PTE_RW_DATA, 1);
		percpu_meet();
		EXPECT_NO_FAULT(probe_read((void *)WINDOW, &value), "the page is mapped");
		percpu_meet();
		if (member == i % cpu_count)
			pgtable_unmap(kernel_root, WINDOW, PAGE_SIZE);
		percpu_meet();
		EXPECT_PAGE_FAULT(probe_read((void *)WINDOW, &value), 0, WINDOW, "P = 0");
		percpu_meet();
	}
}

static void an_unmap_reaches_all_cpus(void)
{
	struct page *page = window_page(0);

	REQUIRE(page);
	percpu_run(see_unmapping, page);
	window_clear();
	page_free(page, 0);
}
KTEST(an_unmap_reaches_all_cpus, KT_SMP | KT_STRESS);

static void see_enforcement(u32 member, void *arg)
{
	(void)member;
	EXPECT_EQ(!!(read_cr4() & CR4_PKS), *(const bool *)arg);
}

static void a_mode_change_reaches_all_cpus(void)
{
	for (enum pks_mode mode = 0; mode < PKS_MODES; mode++) {
		bool on = mode != PKS_MODE_OFF;

		policy_mode_set(mode);
		percpu_run(see_enforcement, &on);
	}
}
KTEST(a_mode_change_reaches_all_cpus, KT_PKS | KT_SMP);

static u32 nmis, stop;

static bool look_at_rights(struct regs *regs)
{
	(void)regs;
	EXPECT_RIGHTS(PKRS_INIT);
	atomic_inc(&nmis);
	return true;
}

/* Member 0 sends NMIs at arbitrary instructions of the others, which change their rights. */
static void under_fire(u32 member, void *arg)
{
	(void)arg;
	if (member == 0) {
		for (u32 i = 0; i < 10 * ktest_rounds(); i++) {
			ipi_send_nmi(cpus[1 + i % (cpu_count - 1)]);
			spin_ns(2000);
		}
		smp_store_release(&stop, 1);
		return;
	}
	while (!smp_load_acquire(&stop)) {
		struct pks_token token = pks_grant(KEY_A, PKS_WRITE);

		EXPECT_RIGHTS(WITH_KEY(KEY_A));
		pks_revoke(token);
		EXPECT_RIGHTS(PKRS_INIT);
	}
}

static void rights_changes_survive_nmis_of_another_cpu(void)
{
	nmis = stop = 0;
	trap_hook_set(X86_NMI, look_at_rights);
	percpu_run(under_fire, NULL);
	trap_hook_set(X86_NMI, NULL);
	EXPECT(nmis > 0);
}
KTEST(rights_changes_survive_nmis_of_another_cpu, KT_PKS | KT_SMP | KT_STRESS);
