// SPDX-License-Identifier: MIT
/*
 * A key that a pardon or a map still opens in some context gets no new owner before that context
 * has ended. In each test only one key is free, so pks_key_alloc() gives that one or none. What
 * this cannot know: a grant that was not revoked before its key was freed; that is its owner's
 * duty.
 */
#define KTEST_SUITE "keys"

#include "kernel/cpu/percpu.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/work.h"
#include "mm/kmap/kmap_local.h"
#include "mm/kmap/kmap_thread.h"
#include "pks/keys.h"
#include "tests/harness/actor.h"
#include "tests/harness/nested.h"
#include "tests/pks/key_holder.h"

static void be_pardoned_and_stay(struct regs *regs)
{
	be_pardoned();
	stay_inside(regs);
}

static void pardoned(void)
{
	be_pardoned();
	stay();
}

static void pardoned_below_exceptions(void)
{
	be_pardoned();
	inside(stay_inside);
}

static void do_nothing(struct regs *regs)
{
	(void)regs;
}

static void be_interrupted(struct regs *regs)
{
	(void)regs;
	inside(do_nothing);
}

/* Two exceptions, one in the other, end before the key is asked for. */
static void pardoned_before_exceptions(void)
{
	be_pardoned();
	inside(be_interrupted);
	stay();
}

static struct prot_page other; /* of another key, which has an owner */

static void be_pardoned_for_another(struct regs *regs)
{
	(void)regs;
	EXPECT_NO_FAULT(policy_write(other.va), "a marked page is pardoned");
}

/* The exception's pardon ends with it, the other stays. */
static void pardoned_below_a_pardon(void)
{
	u32 next = key + 1 < PKS_KEYS ? key + 1 : PKS_KEY_FIRST_DYNAMIC;

	be_pardoned();
	if (marked_page(&other, next)) {
		inside(be_pardoned_for_another);
		marked_page_put(&other);
	}
	stay();
}

static void pardoned_in_an_exception(void)
{
	inside(be_pardoned_and_stay);
	stay();
}

static void mapped(void)
{
	void *va = kmap_local_page(page.page);

	stay();
	kunmap_local(va);
}

static void mapped_for_reading(void)
{
	const void *va = kmap_local_page_read(page.page);

	inside(stay_inside);
	kunmap_local(va);
}

static void mapped_for_the_thread(void)
{
	struct page *mapped_page = page.page;

	kmap_thread(mapped_page);
	stay();
	kunmap_thread(mapped_page);
}

/* MOVSQ reads by a right for this instruction alone; its write is not canonical. */
static void within_a_pardoned_instruction(void)
{
	const volatile u64 *from = page.va;
	u64 to = 0x8000000000000000;

	asm volatile("movsq" : "+S"(from), "+D"(to) : : "memory");
}

static void work_pardoned(struct work *work)
{
	(void)work;
	pardoned();
}

static void in_a_work_item(void)
{
	struct work work;

	work_init(&work, work_pardoned);
	work_queue(&work);
	work_wait(&work, 1);
}

static void in_a_softirq(void)
{
	softirq_register(SOFTIRQ_TEST, pardoned);
	softirq_raise(SOFTIRQ_TEST);
}

static const struct holding {
	void (*fn)(void);
	enum pks_scope scope;
	bool smp; /* the holder keeps its CPU busy */
} holdings[] = {
	{ .fn = pardoned },
	{ .fn = pardoned_below_exceptions },
	{ .fn = pardoned_before_exceptions },
	{ .fn = pardoned_below_a_pardon },
	{ .fn = pardoned_in_an_exception },
	{ .fn = mapped },
	{ .fn = mapped_for_reading },
	{ .fn = mapped_for_the_thread },
	{ .fn = within_a_pardoned_instruction, .scope = PKS_SCOPE_INSTRUCTION },
	{ .fn = in_a_work_item },
	{ .fn = in_a_softirq, .smp = true },
};

static int hold(void *arg)
{
	((const struct holding *)arg)->fn();
	return 0;
}

static void hold_key(u32 k, struct cpu *cpu, const struct holding *h)
{
	struct thread *t;

	key = k;
	if (!marked_page(&page, key))
		return;
	policy_scope_set(h->scope);
	t = begin(cpu, hold, (void *)(u64)h);
	if (!t)
		return;
	free_key(true);
	EXPECT(!pks_key_owner(key));
	end(t);
	EXPECT_EQ(pks_key_alloc("next"), key);
}

/* The holder by turns on the last and on the first CPU, the test on the other of them. */
static void hold_from_afar(u32 k, const struct holding *h)
{
	struct cpu *last = cpus[cpu_count - 1];

	thread_pin(k & 1 ? cpus[0] : last);
	hold_key(k, k & 1 ? last : cpus[0], h);
	thread_pin(cpus[0]);
}

static void write_pardoned(void *va)
{
	EXPECT_NO_FAULT(policy_write(va), "a marked page is pardoned");
}

/* Another thread is pardoned and lives on: its pardon for one instruction, or for all, has ended.
 */
static void pass_on(u32 k)
{
	struct prot_page p;
	struct actor a;

	if (!marked_page(&p, k))
		return;
	if (actor_start(&a, "pardoned")) {
		actor_do(&a, write_pardoned, (void *)p.va);
		marked_page_put(&p);
		EXPECT_EQ(pks_key_free(k), 0);
		EXPECT_EQ(pks_key_alloc("next"), k);
		actor_end(&a);
	}
}

static void a_key_whose_pardon_has_ended_is_free(void)
{
	static const enum pks_scope scopes[] = { PKS_SCOPE_INSTRUCTION, PKS_SCOPE_GLOBAL };
	u32 first = PKS_KEY_FIRST_DYNAMIC, k = first;

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	while (k < PKS_KEYS && EXPECT_EQ(pks_key_alloc("ended"), k))
		k++;
	for (k = first; k < PKS_KEYS; k++) /* the only key that can be the next one's */
		for (u32 i = 0; i < ARRAY_SIZE(scopes); i++) {
			policy_scope_set(scopes[i]);
			pass_on(k);
		}
	while (k-- > first)
		EXPECT_EQ(pks_key_free(k), 0);
}
KTEST(a_key_whose_pardon_has_ended_is_free, KT_ENFORCED);

/* Every kind with every key, by turns on the first and the last CPU; in a brief run every third. */
static void hold_keys(void)
{
	thread_pin(cpus[0]);
	for (u32 k = PKS_KEY_FIRST_DYNAMIC; k < PKS_KEYS; k++)
		for (u32 i = k % ktest_part(3); i < ARRAY_SIZE(holdings); i += ktest_part(3)) {
			struct cpu *last = cpus[cpu_count - 1];

			if (!holdings[i].smp)
				hold_key(k, (k + i) & 1 ? last : cpus[0], &holdings[i]);
			else if (cpu_count > 1)
				hold_from_afar(k, &holdings[i]);
		}
	thread_pin(NULL);
}

static void a_key_gets_no_new_owner_while_a_context_has_it_open(void)
{
	with_all_keys(hold_keys);
}
KTEST(a_key_gets_no_new_owner_while_a_context_has_it_open, KT_PKS | KT_STRESS);
