// SPDX-License-Identifier: MIT
/*
 * Grants and revokes with one interrupt or NMI before one of their instructions, for each of them:
 * also between the writes of the mirror and the register, where a grant leaves interrupts on. What
 * this cannot know: tests/harness/int_at.h.
 */
#define KTEST_SUITE "rights"

#include "kernel/cpu/context.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "pks/rights.h"
#include "tests/harness/access.h"
#include "tests/harness/fixture.h"
#include "tests/harness/inject.h"
#include "tests/harness/int_at.h"

#define SEEN 3

/* The run. Only its thread writes; the events read. */
static struct {
	u32 key, base; /* granted, and the rights before the grant */
	enum pks_access access;
	u32 mirror[SEEN], reg[SEEN];
	bool failed; /* one message is enough */
} run;

static void check(u32 mirror, u32 reg, u32 want, const char *rule)
{
	ktest_checked();
	if ((mirror == want && reg == want) || run.failed)
		return;
	run.failed = true;
	ktest_fail(__FILE__, __LINE__,
		   "grant of key %u, access %u, over %08x, with one event at %p"
		   "S: expected %08x, saw mirror %08x, register %08x: %s",
		   run.key, run.access, run.base, (void *)int_at_last(), want, mirror, reg, rule);
}

static void note(u32 i)
{
	run.mirror[i] = rights_mirror();
	run.reg[i] = pkrs_register();
}

static void grant_and_revoke(void *arg)
{
	struct pks_token token;

	(void)arg;
	rights_set(run.base);
	token = pks_grant(run.key, run.access);
	note(0);
	pks_revoke(token);
	note(1);
	rights_set(PKRS_INIT);
	note(2);
}

/* The model, from the bits that the manual names: AD denies all, WD denies writes. */
static void compare(void)
{
	u32 ad = 1u << 2 * run.key, wd = 2u << 2 * run.key;
	u32 granted = run.base & ~(run.access == PKS_WRITE ? ad | wd : ad);

	check(run.mirror[0], run.reg[0], granted, "the grant opens the key");
	check(run.mirror[1], run.reg[1], run.base, "the revoke restores what the grant found");
	check(run.mirror[2], run.reg[2], PKRS_INIT, "the initial rights come back");
	check(rights_mirror(), pkrs_register(), PKRS_INIT, "and stay");
}

static bool look(struct regs *regs)
{
	(void)regs;
	check(rights_mirror(), pkrs_register(), PKRS_INIT, "an event has the initial rights");
	return true;
}

/* Returns with other rights than it found: the exit must restore those of the frame. */
static bool meddle(struct regs *regs)
{
	look(regs);
	pks_grant(run.key, PKS_WRITE);
	if (run.key % 2)
		rights_set(0);
	return true;
}

static bool switch_threads(struct regs *regs)
{
	look(regs);
	this_cpu()->need_resched = true;
	return true;
}

static bool to_next_cpu(struct regs *regs)
{
	current_thread()->pinned = cpus[(this_cpu()->id + 1) % cpu_count];
	return switch_threads(regs);
}

/* 7: a brief run has each key, each of these rights and both accesses. */
#define GRANTS_PART 7

/* Each key but 0, from rights in which it is closed, readable and open, and another is open. */
static u32 each_grant(u32 vector, trap_hook_t hook)
{
	u32 events = 0;

	for (u32 i = 0; i < 15 * 4 * 2 && !run.failed; i += ktest_part(GRANTS_PART)) {
		static const u32 rights[] = { 3, 2, 0 };
		u32 how = i / 15 % 4;

		run.key = 1 + i % 15;
		run.access = i < 15 * 4 ? PKS_READ : PKS_WRITE;
		run.base = how == 3 ? WITH_KEY(run.key == 15 ? 1 : run.key + 1)
				    : OF_KEY(run.key, rights[how], PKRS_INIT);
		events += int_at_each(grant_and_revoke, NULL, vector, hook, compare);
	}
	return events;
}

/* Fewer events than these: the test has lost its places. */
#define EVENTS_MIN (15 * 4 * 2 * 20 / ktest_part(GRANTS_PART * INT_AT_PART))

static void a_grant_survives_one_event_at_any_instruction(void)
{
	static const struct {
		u32 vector;
		trap_hook_t hook;
	} events[] = { { VECTOR_TEST, look },
		       { X86_NMI, look },
		       { VECTOR_TEST, meddle },
		       { X86_NMI, meddle } };

	if (!int_at_possible())
		return;
	run.failed = false;
	for (u32 i = 0; i < ARRAY_SIZE(events);
	     i += ktest_part(3)) /* a brief run: first and last */
		EXPECT(each_grant(events[i].vector, events[i].hook) >= EVENTS_MIN || run.failed);
}
KTEST(a_grant_survives_one_event_at_any_instruction, KT_PKS);

static struct {
	bool stop;
	u32 turns;
} other;

/* Runs whenever the tested thread is preempted, and has rights of its own. */
static int other_thread(void *arg)
{
	(void)arg;
	rights_set(WITH_KEY(KEY_B));
	while (!smp_load_acquire(&other.stop)) {
		check(rights_mirror(), pkrs_register(), WITH_KEY(KEY_B), "another thread's rights");
		other.turns++;
		thread_yield();
	}
	return 0;
}

/* A tick that preempts: the thread goes on after the other has run. */
static void a_grant_survives_a_switch_at_any_instruction(void)
{
	struct cpu *before = current_thread()->pinned;
	struct thread *t;
	u32 events;

	if (!int_at_possible())
		return;
	thread_pin(this_cpu()); /* both: else an idle CPU takes the other */
	run.failed = false;
	other.stop = false;
	other.turns = 0;
	t = thread_create("other", other_thread, NULL);
	REQUIRE(t);
	events = each_grant(VECTOR_TEST, switch_threads);
	smp_store_release(&other.stop, true);
	thread_join(t);
	thread_pin(before);
	EXPECT(events >= EVENTS_MIN || run.failed);
	EXPECT(other.turns >= EVENTS_MIN ||
	       run.failed); /* the tick may preempt it before it counts */
}
KTEST(a_grant_survives_a_switch_at_any_instruction, KT_PKS | KT_ONE_CPU);

/* The thread goes on with another CPU's mirror and register. */
static void a_grant_survives_a_migration_at_any_instruction(void)
{
	struct cpu *before = current_thread()->pinned;

	if (!int_at_possible())
		return;
	run.failed = false;
	EXPECT(each_grant(VECTOR_TEST, to_next_cpu) >= EVENTS_MIN || run.failed);
	thread_pin(before);
}
KTEST(a_grant_survives_a_migration_at_any_instruction, KT_PKS | KT_SMP);

static bool interrupts_were_off;

static bool look_at_if(struct regs *regs)
{
	interrupts_were_off |= !(regs->rflags & RFLAGS_IF);
	return true;
}

static void grant_each_key(void *arg)
{
	(void)arg;
	for (u32 key = 1; key < PKS_KEYS; key++) {
		pks_grant(key, PKS_READ);
		pks_grant(key, PKS_WRITE);
	}
}

/* The short way of a grant; the paranoid build has none, and the trace records with them off. */
static void a_grant_leaves_interrupts_on(void)
{
	interrupts_were_off = false;
	EXPECT(single_step(grant_each_key, NULL, look_at_if) > 2 * PKS_KEYS);
	EXPECT_EQ(interrupts_were_off, CONFIG_PARANOID || options.trace);
	rights_set(PKRS_INIT);
}
KTEST(a_grant_leaves_interrupts_on, KT_PKS);
