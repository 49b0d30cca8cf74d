// SPDX-License-Identifier: MIT
/*
 * The kernel does not write IA32_PKRS if the write would change nothing. The witness is a value in
 * the register that differs from the mirror: it survives code that does not write. A paranoid build
 * would panic at that, so there the kernel's count of writes is the witness. What this cannot know,
 * except in a paranoid build: how often the register was written.
 */
#define KTEST_SUITE "writes"

#include "kernel/exception.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/page_alloc.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/user.h"

struct witness {
	u32 planted;
	u64 writes;
};

/* Interrupts off until witness_saw(). The mirror is wrong about key 15 until then. */
static struct witness witness_plant(void)
{
	struct witness w = { rights_mirror() ^ pkrs_mask(15), this_cpu()->pkrs_writes };

	if (!CONFIG_PARANOID)
		wrmsr(MSR_IA32_PKRS, w.planted);
	return w;
}

static bool witness_lives(struct witness w)
{
	return CONFIG_PARANOID ? this_cpu()->pkrs_writes == w.writes : pkrs_register() == w.planted;
}

/* Whether the register was written since witness_plant(). Restores it. */
static bool witness_saw(struct witness w)
{
	bool saw = !witness_lives(w);

	if (!CONFIG_PARANOID)
		wrmsr(MSR_IA32_PKRS, rights_mirror());
	return saw;
}

static struct witness witness; /* for tests whose handlers check it too */
static u32 handler_runs;

static bool look(struct regs *regs)
{
	(void)regs;
	handler_runs++;
	EXPECT(witness_lives(witness));
	return true;
}

static void softirq_look(void)
{
	irq_disable(); /* a tick would check too early; the caller expects them off */
	look(NULL);
}

static void traps_at_initial_rights_write_nothing(void)
{
	u64 flags;

	trap_hook_set(X86_BP, look);
	trap_hook_set(VECTOR_TEST, look);
	handler_runs = 0;
	thread_yield(); /* no thread is due: the interrupt's end will not switch */
	flags = irq_save();
	this_cpu()->need_resched = false;
	witness = witness_plant();
	asm volatile("int3" : : : "memory");
	asm volatile("int %0" : : "i"(VECTOR_TEST) : "memory");
	EXPECT(!witness_saw(witness));
	irq_restore(flags);
	EXPECT_EQ(handler_runs, 2);
	trap_hook_set(VECTOR_TEST, NULL);
	trap_hook_set(X86_BP, NULL);
	EXPECT_RIGHTS(PKRS_INIT);
}
KTEST(traps_at_initial_rights_write_nothing, KT_PKS);

/*
 * The first system call plants the witness, the second looks. In user mode between them a tick may
 * come: it interrupts initial rights, so it writes nothing either.
 */
static u64 plant_or_look(u64 left)
{
	u64 flags = irq_save();

	if (left)
		witness = witness_plant();
	else
		EXPECT(!witness_saw(witness));
	irq_restore(flags);
	return 0;
}

static void system_calls_at_initial_rights_write_nothing(void)
{
	struct thread_end end;
	struct uspace us;

	REQUIRE(!uspace_create(&us));
	syscall_test_hook_set(plant_or_look);
	end = run_in_user_mode(&us, user_test_calls, 2);
	syscall_test_hook_set(NULL);
	EXPECT(!end.died && end.code == 0);
	uspace_destroy(&us);
}
KTEST(system_calls_at_initial_rights_write_nothing, KT_PKS);

static bool changed(struct regs *regs)
{
	(void)regs;
	handler_runs++;
	EXPECT_RIGHTS(PKRS_INIT);
	return true;
}

static void trap_over_a_grant_writes(void)
{
	u64 flags, before;

	trap_hook_set(X86_BP, changed);
	handler_runs = 0;
	rights_set(WITH_KEY(KEY_A));
	flags = irq_save();
	before = this_cpu()->pkrs_writes;
	asm volatile("int3" : : : "memory");
	if (CONFIG_PARANOID)
		EXPECT_EQ(this_cpu()->pkrs_writes - before, 2);
	irq_restore(flags);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
	EXPECT_EQ(handler_runs, 1);
	trap_hook_set(X86_BP, NULL);
}
KTEST(trap_over_a_grant_writes, KT_PKS);

static void softirq_at_initial_rights_writes_nothing(void)
{
	u64 flags = irq_save();

	softirq_register(SOFTIRQ_TEST, softirq_look);
	handler_runs = 0;
	witness = witness_plant();
	softirq_raise(SOFTIRQ_TEST);
	EXPECT(!witness_saw(witness));
	irq_restore(flags);
	EXPECT_EQ(handler_runs, 1);
}

KTEST(softirq_at_initial_rights_writes_nothing, KT_PKS);

static void redundant_changes_write_nothing(void)
{
	struct pks_token outer, inner;
	struct witness w;
	u64 flags = irq_save();

	outer = pks_grant(KEY_A, PKS_WRITE);
	w = witness_plant();
	inner = pks_grant(KEY_A, PKS_READ);
	pks_revoke(inner);
	inner = pks_grant(KEY_A, PKS_WRITE);
	pks_revoke(inner);
	pks_set_readwrite(KEY_A);
	pks_set_noaccess(KEY_B);
	pks_set_nowrite(PKS_KEY_RO);
	EXPECT(!witness_saw(w));
	w = witness_plant();
	pks_revoke(outer);
	EXPECT(witness_saw(w)); /* a needed write: the witness can see one */
	irq_restore(flags);
	EXPECT_RIGHTS(PKRS_INIT);
}
KTEST(redundant_changes_write_nothing, KT_PKS);

static u32 partner_rights;          /* of the other thread of a switch */
static volatile bool partner_ready; /* its interrupts are off: no tick can interfere any more */

static int switch_partner(void *arg)
{
	bool *lives = arg;

	irq_disable();
	rights_set(partner_rights);
	partner_ready = true;
	thread_yield();
	*lives = witness_lives(witness);
	thread_yield();
	irq_enable();
	return 0;
}

/* Switches to a partner and back. *there, *back: that switch did not write the register. */
static void switch_there_and_back(u32 mine, u32 others, bool *there, bool *back)
{
	u64 flags = irq_save();
	struct thread *t = thread_create("partner", switch_partner, there);

	partner_rights = others;
	partner_ready = false;
	if (!EXPECT(t)) {
		irq_restore(flags);
		return;
	}
	rights_set(mine);
	while (!partner_ready) /* a new thread starts with interrupts on and may be preempted */
		thread_yield();
	witness = witness_plant();
	thread_yield();
	*back = !witness_saw(witness);
	irq_restore(flags);
	thread_join(t);
}

static void switch_writes_only_a_difference(void)
{
	bool there = false, back = false;

	switch_there_and_back(WITH_KEY(KEY_A), WITH_KEY(KEY_A), &there, &back);
	EXPECT(there);
	EXPECT(back);
	switch_there_and_back(WITH_KEY(KEY_A), WITH_KEY(KEY_B), &there, &back);
	EXPECT(!there);
	EXPECT(!back);
}
KTEST(switch_writes_only_a_difference, KT_PKS);

/* Once with the initial rights, once with others, which must not change. */
static void maps_of_ordinary_pages_write_nothing(void)
{
	struct page *page = page_alloc(0);
	struct witness w;
	u64 flags;

	REQUIRE(page);
	for (u32 i = 0; i < 2; i++) {
		flags = irq_save();
		rights_set(i ? WITH_KEY(KEY_A) : PKRS_INIT);
		w = witness_plant();
		kunmap_local(kmap_local_page(page));
		kunmap_local(kmap_local_page_read(page));
		kmap_thread(page);
		EXPECT_EQ(this_local()->maps, 0);
		kunmap_thread(page);
		EXPECT(!witness_saw(w));
		rights_set(PKRS_INIT);
		irq_restore(flags);
	}
	page_free(page, 0);
}
KTEST(maps_of_ordinary_pages_write_nothing, KT_PKS);

/* A nested map of the same page already has the rights that it needs. */
static void nested_maps_write_once(void)
{
	struct prot_page p;
	struct witness w;
	u64 flags;

	if (!prot_page_get(&p, PKS_KEY_DEVMAP))
		return;
	kmap_local_page(p.page);
	flags = irq_save();
	w = witness_plant();
	kunmap_local(kmap_local_page_read(p.page));
	kunmap_local(kmap_local_page(p.page));
	EXPECT(!witness_saw(w));
	irq_restore(flags);
	kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	prot_page_put(&p);
}
KTEST(nested_maps_write_once, KT_PKS);
