// SPDX-License-Identifier: MIT
/*
 * What a thread that dies leaves behind, by what it was doing and by what kills it: the table at
 * die(), kernel/exception.h. What this cannot know: the deaths that panic; tests/selftest has them.
 */
#define KTEST_SUITE "threads"

#include "kernel/cpu/context.h"
#include "kernel/locks.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_warn.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "tests/harness/nested.h"
#include "tests/harness/percpu_run.h"
#include "tests/kernel/death.h"

static struct page *page; /* without a key */

static int die_plainly(void *arg)
{
	(void)arg;
	killer->fn();
	return 0;
}

static int die_unpreemptible(void *arg)
{
	for (u32 i = 0; i < 3; i++)
		preempt_disable();
	return die_plainly(arg);
}

static int die_in_an_atomic_map(void *arg)
{
	kmap_atomic(page);
	kmap_atomic(page);
	return die_plainly(arg);
}

static int die_with_interrupts_off(void *arg)
{
	irq_disable();
	return die_plainly(arg);
}

static void die_deeper(struct regs *regs)
{
	(void)regs;
	killer->fn();
}

static void nest(struct regs *regs)
{
	(void)regs;
	inside(die_deeper);
}

static int die_in_an_exception(void *arg)
{
	(void)arg;
	inside(nest);
	return 0;
}

static int (*const states[])(void *) = {
	die_plainly,
	die_unpreemptible,
	die_in_an_atomic_map,
	die_with_interrupts_off,
};

static void die_in(int (*state)(void *), struct cpu *cpu)
{
	struct thread *t = doomed(cpu, state, NULL);
	struct thread_end end;

	REQUIRE(t);
	thread_launch(t);
	end = thread_join(t);
	EXPECT(end.died);
	EXPECT_EQ(end.fault.vector, killer->vector);
	percpu_run_on(cpu, check_cpu, cpu);
}

static void die_in_each_state(struct cpu *cpu)
{
	for (killer = killers; killer < killers + KILLERS; killer++) {
		trap_hook_t before;

		for (u32 i = 0; i < ARRAY_SIZE(states); i++)
			die_in(states[i], cpu);
		if (killer->vector == X86_BP) /* begins the exception */
			continue;
		before = nested_begin();
		die_in(die_in_an_exception, cpu);
		nested_end(before);
	}
}

static void a_death_ends_nothing_but_its_thread(void)
{
	page = page_alloc(0);
	if (EXPECT(page)) {
		die_in_each_state(cpus[0]);
		die_in_each_state(cpus[cpu_count - 1]);
		page_free(page, 0);
	}
}
KTEST(a_death_ends_nothing_but_its_thread, KT_STRESS);

static struct spinlock outer = SPINLOCK_INIT, inner = SPINLOCK_INIT;

static void hold_unlisted(struct spinlock *lock)
{
	u64 flags = irq_save();

	spin_lock(lock);
	EXPECT(locks_held());
	spin_unlock(lock);
	EXPECT(!locks_held());
	irq_restore(flags);
}

static void list_locks(void *arg)
{
	u64 flags = spin_lock_irqsave(&outer), nested;

	EXPECT(spin_innermost() == &outer);
	EXPECT(outer.holder == arg);
	nested = spin_lock_irqsave(&inner);
	EXPECT(spin_innermost() == &inner);
	EXPECT(inner.outer == &outer);
	EXPECT(outer.site && inner.site > outer.site);
	spin_unlock_irqrestore(&inner, nested);
	EXPECT(spin_innermost() == &outer);
	EXPECT(locks_held());
	spin_unlock_irqrestore(&outer, flags);
	EXPECT(!locks_held());
	hold_unlisted(&pgtable_lock);
	for (u32 i = 0; i < cpu_count; i++)
		hold_unlisted(&cpus[i]->rq.lock);
}

/* What die() asks, on the first CPU and the last. */
static void a_cpu_knows_the_locks_that_it_holds(void)
{
	percpu_run_on(cpus[0], list_locks, cpus[0]);
	percpu_run_on(cpus[cpu_count - 1], list_locks, cpus[cpu_count - 1]);
}
KTEST(a_cpu_knows_the_locks_that_it_holds, KT_STRESS);

static struct prot_page protected;

/* Opens a map for reading in each of two contexts, and writes. */
static void stray_deeper(struct regs *regs)
{
	(void)regs;
	kmap_local_page_read(protected.page);
	*protected.va = 1;
}

static int stray_write(void *arg)
{
	preempt_disable();
	kmap_local_page_read(protected.page);
	if (arg) {
		preempt_enable(); /* the exception's handler has interrupts off */
		inside(stray_deeper);
	}
	*protected.va = 1;
	return 0;
}

static void stray_writes(struct cpu *cpu)
{
	for (u64 deep = 0; deep <= 1; deep++) {
		u64 left = kmap_stats.left_open;
		struct thread *t = doomed(cpu, stray_write, (void *)deep);
		struct thread_end end;

		REQUIRE(t);
		thread_launch(t);
		end = thread_join(t);
		EXPECT_PAGE_FAULT(end.fault, PF_P | PF_W | PF_PK, protected.va,
				  "a map for reading permits no write");
		EXPECT_EQ(kmap_stats.left_open - left, 1 + deep);
		percpu_run_on(cpu, check_cpu, cpu);
	}
}

static void a_stray_write_under_kmap_atomic_ends_its_thread(void)
{
	trap_hook_t before = nested_begin();

	policy_mode_set(PKS_MODE_STRICT);
	if (prot_page_get(&protected, PKS_KEY_DEVMAP)) {
		stray_writes(cpus[0]);
		stray_writes(cpus[cpu_count - 1]);
		prot_page_put(&protected);
	}
	nested_end(before);
}
KTEST(a_stray_write_under_kmap_atomic_ends_its_thread, KT_PKS | KT_STRESS);
