// SPDX-License-Identifier: MIT
/*
 * Rights do not leak from thread to thread. The tests check the switch with interrupts off on both
 * sides, because the return from a later trap would load the right value and hide that the switch
 * did not. What this cannot know: a thread that moves to another CPU.
 */
#define KTEST_SUITE "sched"

#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/random.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "pks/keys.h"
#include "pks/rights.h"
#include "tests/harness/fixture.h"
#include "tests/harness/probe.h"

/* A thread that runs with interrupts off and checks its rights right after each switch to it. */
struct looker {
	u32 rights; /* its own */
	bool ready, stop;
	struct waitq wq;
};

static void look(const struct looker *l)
{
	EXPECT_RIGHTS(l->rights);
}

static int looker(void *arg)
{
	struct looker *l = arg;

	irq_disable();
	rights_set(l->rights);
	l->ready = true;
	while (!l->stop) {
		thread_yield();
		look(l);
		waitq_wake(&l->wq);
	}
	irq_enable();
	return 0;
}

static struct thread *looker_start(struct looker *l, u32 rights)
{
	struct thread *t;

	*l = (struct looker){ .rights = rights };
	waitq_init(&l->wq);
	t = thread_create("looker", looker, l);
	if (!EXPECT(t))
		return NULL;
	while (!l->ready)
		thread_yield();
	return t;
}

static void stop_looker(struct looker *l, struct thread *t)
{
	l->stop = true;
	thread_join(t);
}

/* The tested thread's rights, the looker's: other keys, narrower, wider, all open. */
static const u32 pairs[][2] = {
	{ WITH_KEY(KEY_A), WITH_KEY(KEY_B) },
	{ WITH_KEY(KEY_A), PKRS_INIT },
	{ PKRS_INIT, WITH_KEY(KEY_B) },
	{ PKRS_INIT | 3u << 2 * PKS_KEY_RO, 0 },
};

/* Switches to the looker and back, with every pair of rights and interrupts off throughout. */
static void leave_and_come_back(void (*leave)(struct looker *l))
{
	for (u32 i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct looker l;
		struct thread *t = looker_start(&l, pairs[i][1]);
		u64 flags;

		REQUIRE(t);
		rights_set(pairs[i][0]);
		flags = irq_save();
		for (u32 n = 0; n < 5; n++) {
			leave(&l);
			EXPECT_RIGHTS(pairs[i][0]);
		}
		irq_restore(flags);
		stop_looker(&l, t);
	}
}

static void leave_by_yield(struct looker *l)
{
	(void)l;
	thread_yield();
}

static void leave_by_block(struct looker *l)
{
	waitq_prepare(&l->wq);
	thread_block(); /* the looker wakes us */
	waitq_finish(&l->wq);
}

static void rights_do_not_leak_at_a_yield(void)
{
	leave_and_come_back(leave_by_yield);
}
KTEST(rights_do_not_leak_at_a_yield, KT_PKS | KT_STRESS);

static void rights_do_not_leak_at_a_block(void)
{
	leave_and_come_back(leave_by_block);
}
KTEST(rights_do_not_leak_at_a_block, KT_PKS | KT_STRESS);

static int exit_with_everything(void *arg)
{
	irq_disable();
	rights_set(0);
	if (arg)
		return *(volatile int *)NULL;
	thread_exit(0);
}

/* The switch away from a thread that exits or dies with all keys open. */
static void rights_do_not_leak_at_an_exit(void)
{
	for (u64 dies = 0; dies <= 1; dies++) {
		struct looker l;
		struct thread *t = looker_start(&l, WITH_KEY(KEY_B)), *end;
		u64 flags;

		REQUIRE(t);
		rights_set(WITH_KEY(KEY_A));
		end = thread_prepare("leaver", exit_with_everything, (void *)dies);
		REQUIRE(end);
		end->expects_death = dies;
		flags = irq_save();
		thread_launch(end);
		for (u32 n = 0; n < 4; n++) {
			thread_yield();
			EXPECT_RIGHTS(WITH_KEY(KEY_A));
		}
		irq_restore(flags);
		EXPECT_EQ(thread_join(end).died, dies);
		stop_looker(&l, t);
	}
}
KTEST(rights_do_not_leak_at_an_exit, KT_PKS | KT_STRESS);

static int first_look(void *arg)
{
	*(u32 *)arg = pkrs_register();
	EXPECT_RIGHTS(PKRS_INIT);
	rights_set(0); /* ends with all keys open */
	return 0;
}

static void rights_do_not_leak_over_a_reused_stack(void)
{
	struct thread *last = NULL;
	u32 reused = 0;

	rights_set(WITH_KEY(KEY_A));
	for (u32 i = 0; i < 20; i++) {
		u32 seen = 0;
		u64 flags = irq_save();
		struct thread *t = thread_create("new", first_look, &seen);

		if (t)
			thread_yield(); /* straight to its first instruction */
		irq_restore(flags);
		REQUIRE(t);
		reused += t == last;
		last = t;
		thread_join(t);
		EXPECT_EQ(seen, PKRS_INIT);
	}
	EXPECT(reused > 0);
	EXPECT_RIGHTS(WITH_KEY(KEY_A));
}
KTEST(rights_do_not_leak_over_a_reused_stack, KT_PKS | KT_STRESS);

static struct {
	trap_hook_t tick;
	u32 seen;
} idle;

static bool tick_over_idle(struct regs *regs)
{
	if (current_thread() == this_cpu()->idle) {
		EXPECT_EQ(regs_pkrs(regs), PKRS_INIT);
		idle.seen++;
	}
	return idle.tick(regs);
}

static void the_idle_thread_has_no_grants(void)
{
	u64 flags = irq_save();

	idle.tick = trap_hook_get(VECTOR_TIMER);
	trap_hook_set(VECTOR_TIMER, tick_over_idle);
	irq_restore(flags);
	idle.seen = 0;
	tick_set(50000, false);
	rights_set(0);
	while (!idle.seen) /* a tick that was set before may come late */
		thread_sleep(200000);
	EXPECT_RIGHTS(0);
	trap_hook_set(VECTOR_TIMER, idle.tick);
}
KTEST(the_idle_thread_has_no_grants, KT_PKS);

#define MEMBERS 6

/* Threads, each with a key and a page of its own. */
static struct member {
	struct prot_page page, *next; /* `next` belongs to another member */
	u32 key, rights;
} members[MEMBERS];

static int live(void *arg)
{
	const struct member *m = arg;

	pks_grant(m->key, PKS_WRITE);
	for (u32 i = 0; i < 4 + ktest_rounds() / 40; i++) {
		EXPECT_NO_FAULT(probe_write(m->page.va, i), "its own key");
		EXPECT_DENIED(m->next);
		switch (random_below(8)) {
		case 0:
			thread_sleep(1000);
			break;
		case 1:
		case 2:
			thread_yield();
			break;
		default:
			spin_ns(5000);
		}
		EXPECT_RIGHTS(m->rights);
	}
	return 0;
}

static bool member_get(struct member *m)
{
	int key = pks_key_alloc("member");

	if (!EXPECT(key > 0))
		return false;
	m->key = (u32)key;
	m->rights = WITH_KEY(m->key);
	return prot_page_get(&m->page, m->key);
}

static void many_threads_keep_their_own_keys(void)
{
	struct thread *threads[MEMBERS];

	policy_set(PKS_MODE_STRICT, PKS_GATE_KMAPPED);
	tick_set(15000, true);
	for (u32 i = 0; i < MEMBERS; i++) {
		members[i].next = &members[(i + 1) % MEMBERS].page;
		REQUIRE(member_get(&members[i]));
	}
	for (u32 i = 0; i < MEMBERS; i++)
		threads[i] = thread_create("member", live, &members[i]);
	for (u32 i = 0; i < MEMBERS; i++)
		if (EXPECT(threads[i]))
			EXPECT(!thread_join(threads[i]).died);
	for (u32 i = 0; i < MEMBERS; i++) {
		prot_page_put(&members[i].page);
		EXPECT_EQ(pks_key_free(members[i].key), 0);
	}
}
KTEST(many_threads_keep_their_own_keys, KT_PKS | KT_STRESS);
