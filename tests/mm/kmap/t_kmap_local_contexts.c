// SPDX-License-Identifier: MIT
/*
 * kmap_local_page() and contexts: each has its own maps, which end with it, and a trap between any
 * two instructions does not disturb them.
 */
#define KTEST_SUITE "kmap_local"

#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_warn.h"
#include "pks/rights.h"
#include "tests/harness/actor.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/probe.h"

static struct prot_page p, other;

static bool pages_get(void)
{
	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	kmap_warnings_forget();
	return prot_pair_get(&p, &other, PKS_KEY_DEVMAP);
}

static void pages_put(void)
{
	prot_pair_put(&p, &other);
}

#define READS (PKRS_INIT & ~pkrs_needs_clear(PKS_KEY_DEVMAP, PKS_READ))

/* Maps two pages, nested, and unmaps them, in a context that starts with the initial rights. */
static void use(void *arg)
{
	void *va;

	(void)arg;
	EXPECT_RIGHTS(PKRS_INIT);
	va = kmap_local_page_read(p.page);
	EXPECT_RIGHTS(READS);
	kmap_local_page(other.page);
	EXPECT_NO_FAULT(probe_write(p.va, 1), "mapped for writing");
	kunmap_local((const void *)other.va);
	EXPECT_RIGHTS(READS);
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void use_atomically(void *arg)
{
	void *va = kmap_atomic(p.page);

	(void)arg;
	EXPECT(context_count() & 0xff);
	EXPECT_ACCESSIBLE(&p);
	kunmap_atomic(va);
	EXPECT_RIGHTS(PKRS_INIT);
}

static void every_context_has_its_own_maps(void)
{
	if (!pages_get())
		return;
	kmap_local_page_read(p.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, use, NULL);
		run_in(c, use_atomically, NULL);
		EXPECT_RIGHTS(READS);
		EXPECT_EQ(this_local()->maps, 1);
	}
	EXPECT_EQ(context_count(), 0);
	kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(every_context_has_its_own_maps, KT_PKS | KT_STRESS);

static void nested(void *arg)
{
	enum test_context c = (enum test_context)(u64)arg;
	void *va = kmap_local_page(p.page);

	if (c < TEST_CONTEXTS)
		run_in(c, nested,
		       (void *)(u64)(c == IN_SOFTIRQ     ? IN_INTERRUPT
				     : c == IN_INTERRUPT ? IN_NMI
							 : TEST_CONTEXTS));
	EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	kunmap_local(va);
	EXPECT_RIGHTS(PKRS_INIT);
}

/* Each context has a page mapped while the next interrupts it. */
static void nested_contexts_do_not_mix_their_maps(void)
{
	u64 before = kmap_stats.not_mapped + kmap_stats.left_open + kmap_stats.order;

	if (!pages_get())
		return;
	nested((void *)IN_SOFTIRQ);
	nested((void *)IN_EXCEPTION);
	EXPECT_EQ(kmap_stats.not_mapped + kmap_stats.left_open + kmap_stats.order - before, 0);
	pages_put();
}
KTEST(nested_contexts_do_not_mix_their_maps, KT_PKS | KT_STRESS);

/* Each context can have LOCAL_MAPS maps; only an exception shares its thread's stack of maps. */
static void a_full_map_stack_limits_one_context_alone(void)
{
	u64 before = kmap_stats.overflow;

	if (!pages_get())
		return;
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kmap_local_page_read(p.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++)
		if (c != IN_EXCEPTION)
			run_in(c, use, NULL);
	EXPECT_EQ(kmap_stats.overflow - before, 0);
	for (u32 i = 0; i < LOCAL_MAPS; i++)
		kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(a_full_map_stack_limits_one_context_alone, KT_PKS);

static void leave_open(void *arg)
{
	(void)arg;
	kmap_local_page(p.page);
	kmap_local_page_read(other.page);
}

/* Runs twice: the second context starts without maps, and the warning is not repeated. */
static void maps_left_open_end_with_their_context(void)
{
	if (!pages_get())
		return;
	kmap_local_page_read(p.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		u64 left = kmap_stats.left_open, warned = kmap_stats.warned;

		kmap_warnings_forget();
		run_in(c, leave_open, NULL);
		EXPECT_EQ(kmap_stats.left_open - left, 2);
		run_in(c, leave_open, NULL);
		EXPECT_EQ(kmap_stats.left_open - left, 4);
		EXPECT_EQ(kmap_stats.warned - warned, 2);
		run_in(c, use, NULL);
		EXPECT_RIGHTS(READS);
		EXPECT_EQ(this_local()->maps, 1);
	}
	kunmap_local((const void *)p.va);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(maps_left_open_end_with_their_context, KT_PKS);

static void unmap_p(void *arg)
{
	(void)arg;
	kunmap_local((const void *)p.va);
}

/* No context ends another's map, not even an exception the map of its thread. */
static void no_context_ends_anothers_map(void)
{
	u64 before = kmap_stats.not_mapped;

	if (!pages_get())
		return;
	kmap_local_page(p.page);
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		run_in(c, unmap_p, NULL);
		EXPECT_EQ(kmap_stats.not_mapped - before, c + 1);
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
	}
	kunmap_local((const void *)p.va);
	EXPECT_EQ(kmap_stats.not_mapped - before, TEST_CONTEXTS);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(no_context_ends_anothers_map, KT_PKS);

static int die_with_maps(void *arg)
{
	(void)arg;
	kmap_local_page_read(p.page);
	policy_write(p.va + 0); /* refused; the fault comes back as a value */
	current_thread()->expects_death = true;
	*p.va = 1;
	return 0;
}

static void maps_end_when_their_thread_dies(void)
{
	u64 left = kmap_stats.left_open;
	struct thread *t;

	if (!pages_get())
		return;
	t = thread_create("dies", die_with_maps, NULL);
	REQUIRE(t);
	EXPECT(thread_join(t).died);
	EXPECT_EQ(kmap_stats.left_open - left, 1);
	EXPECT_RIGHTS(PKRS_INIT);
	pages_put();
}
KTEST(maps_end_when_their_thread_dies, KT_PKS);

static bool stop;

static int disturb(void *arg)
{
	(void)arg;
	while (!smp_load_acquire(&stop)) {
		void *va = kmap_local_page(other.page);

		thread_yield();
		EXPECT_RIGHTS(WITH_KEY(PKS_KEY_DEVMAP));
		kunmap_local(va);
		thread_yield();
		EXPECT_DENIED(&p);
	}
	return 0;
}

static void maps_survive_preemption(void)
{
	struct thread *t;

	if (!pages_get())
		return;
	stop = false;
	t = thread_create("disturber", disturb, NULL);
	REQUIRE(t);
	for (u32 i = 0; i < 10 + ktest_rounds() / 10; i++) {
		void *va = kmap_local_page_read(p.page);

		thread_yield();
		EXPECT_RIGHTS(READS);
		spin_ns(10000);
		EXPECT_RIGHTS(READS);
		if (i % 8 == 0)
			thread_sleep(1000);
		EXPECT_EQ(this_local()->maps, 1);
		EXPECT_RIGHTS(READS);
		kunmap_local(va);
		EXPECT_RIGHTS(PKRS_INIT);
	}
	smp_store_release(&stop, true);
	thread_join(t);
	pages_put();
}
KTEST(maps_survive_preemption, KT_PKS | KT_STRESS);

static void maps_follow_their_thread_to_other_cpus(void)
{
	if (!pages_get())
		return;
	for (u32 i = 0; i < cpu_count; i++) {
		void *va = kmap_local_page_read(p.page);

		for (u32 to = 0; to < cpu_count; to++) {
			thread_pin(cpus[to]);
			EXPECT_RIGHTS(READS);
			EXPECT_EQ(this_local()->maps, 1);
		}
		thread_pin(cpus[i]);
		kunmap_local(va);
		EXPECT_RIGHTS(PKRS_INIT);
	}
	pages_put();
}
KTEST(maps_follow_their_thread_to_other_cpus, KT_PKS | KT_SMP);

static u32 steps;

static void count_use(void *arg)
{
	use(arg);
	steps++;
}

static bool use_in_step(struct regs *regs)
{
	(void)regs;
	count_use(NULL);
	return true;
}

static bool use_in_nmi_after_step(struct regs *regs)
{
	(void)regs;
	nmi_at_iret(use_in_step);
	return true;
}

static void map_and_unmap(void *arg)
{
	void *va = kmap_local_page_read(p.page), *second = kmap_local_page(other.page);

	(void)arg;
	EXPECT_EQ(this_local()->maps, 2);
	kunmap_local(va); /* out of order: the map above moves down */
	kunmap_local(second);
}

/* At each instruction: an exception, which uses the thread's stack of maps, and an NMI, which does
 * not. */
static void maps_survive_traps_at_every_instruction(void)
{
	static const trap_hook_t hooks[] = { use_in_step, use_in_nmi_after_step };
	u32 n;

	if (!pages_get())
		return;
	map_and_unmap(NULL); /* the warning prints here, not under single-stepping */
	for (u32 i = 0; i < ARRAY_SIZE(hooks); i++) {
		u64 before = kmap_stats.not_mapped + kmap_stats.left_open;

		steps = 0;
		n = single_step(map_and_unmap, NULL, hooks[i]);
		EXPECT_EQ(steps, n);
		EXPECT(steps > 50);
		trap_hook_set(X86_NMI, NULL);
		EXPECT_EQ(kmap_stats.not_mapped + kmap_stats.left_open - before, 0);
		EXPECT_RIGHTS(PKRS_INIT);
		EXPECT_EQ(this_local()->maps, 0);
	}
	pages_put();
}
KTEST(maps_survive_traps_at_every_instruction, KT_PKS);
