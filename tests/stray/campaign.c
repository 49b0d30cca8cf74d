// SPDX-License-Identifier: MIT
#include "tests/stray/campaign.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/x86.h"
#include "kernel/ipi.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/watchdog.h"
#include "pks/policy/fault.h"
#include "tests/harness/actor.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/stray/report.h"
#include "tests/stray/shot.h"

#define SHIFT    256  /* strays of one writer: what it was pardoned ends with it */
#define QUEUE    4    /* strays that wait for a window */
#define DEATHS   1000 /* one in so many of a thread's that are refused ends a thread */
#define SHIFT_NS 8000000000ULL

/*
 * The campaign that is played. The writer's thread owns it; other contexts that it asks use `now`
 * while it waits for them.
 */
static struct {
	struct campaign *c;
	struct stray queue[QUEUE]; /* for the next windows */
	u32 queued;
	struct stray_world world;
	bool writer_pardoned, other_pardoned;
	struct actor other;
	u64 of_threads[2]; /* refused: no window open, one open */
	struct stray_shot {
		const struct stray *s;
		u64 page;
		struct fault fault;
		const void *reached;
	} now;
} play;

/* Makes the stray write `now` in the running context. */
static void shoot(void *arg)
{
	struct stray_shot *now = arg;
	const struct stray *s = now->s;
	char *to = stray_range_at((now->page << PAGE_SHIFT) + s->offset);

	if (s->kind == STRAY_AFTER_FREE)
		to = (char *)stray_range_use((u32)now->page) + s->offset;
	now->fault = shot(to - s->before, s->bytes, s->before + s->length, s->kind == STRAY_OVERRUN,
			  &now->reached);
}

static void shoot_in_interrupt(void *arg)
{
	run_in(IN_INTERRUPT, shoot, arg);
}

static int shoot_to_death(void *arg)
{
	const struct stray *s = ((struct stray_shot *)arg)->s;

	shot_to_death(stray_range_at(((u64)s->page << PAGE_SHIFT) + s->offset), s->bytes,
		      s->length);
	return 0;
}

static struct cpu *other_cpu(void)
{
	return cpus[this_cpu()->id == 0 ? cpu_count - 1 : 0];
}

static void have_it_made(enum stray_by by)
{
	static const enum test_context in[STRAY_BYS] = {
		[BY_WORK] = IN_WORK,
		[BY_SOFTIRQ] = IN_SOFTIRQ,
		[BY_INTERRUPT] = IN_INTERRUPT,
		[BY_EXCEPTION] = IN_EXCEPTION,
		[BY_NMI] = IN_NMI,
	};

	switch (by) {
	case BY_THREAD:
		shoot(&play.now);
		break;
	case BY_OTHER_THREAD:
		actor_do(&play.other, shoot, &play.now);
		break;
	case BY_OTHER_INTERRUPT:
		actor_do(&play.other, shoot_in_interrupt, &play.now);
		break;
	case BY_OTHER_CPU:
		ipi_run_on(other_cpu(), shoot, &play.now);
		break;
	default:
		run_in(in[by], shoot, &play.now);
	}
}

/* The thread of which the stray's context is a part keeps its pardons from one stray to the next.
 */
static bool *pardons_of(enum stray_by by)
{
	return by == BY_THREAD         ? &play.writer_pardoned
	       : by == BY_OTHER_THREAD ? &play.other_pardoned
				       : NULL;
}

static bool is_fault_of_rule(const struct stray *s)
{
	const struct fault *f = &play.now.fault;
	const void *want = stray_range_at((play.now.page << PAGE_SHIFT) + s->offset);

	return f->vector == X86_PF && f->error == stray_error(play.c->arm) &&
	       f->addr == (u64)want && play.now.reached == want;
}

/* Compares what became of a stray write with the rule, and counts it. */
static void judge(const struct stray *s)
{
	struct stray_counts *counts = &play.c->counts;
	bool landed = play.now.fault.vector == FAULT_NONE, right;
	const char *why;
	enum stray_fate want = stray_rule(play.c->arm, s, &play.world, &why);

	right = landed ? want != FATE_REFUSED : want != FATE_LANDS && is_fault_of_rule(s);
	stray_report(play.c, s, &play.world, &play.now.fault, want, why, right);
	counts->attempted++;
	counts->by[s->by]++;
	counts->kind[s->kind]++;
	if (!landed) {
		counts->refused++;
		counts->partly += s->before != 0;
	} else if (stray_is_own(s)) {
		counts->landed_own++;
		if (!play.c->arm->own_at_store)
			stray_range_expect(((u64)s->page << PAGE_SHIFT) + s->offset,
					   s->bytes + s->before, s->length);
	} else {
		counts->landed++;
		counts->stale += want == FATE_EITHER;
	}
}

/* A thread of its own ends by the stray write; it has no pardon. */
static void attempt_to_death(struct stray *s)
{
	struct thread *t = thread_prepare("stray", shoot_to_death, &play.now);
	struct thread_end end;

	if (!t) {
		ktest_error("no memory for a thread");
		return;
	}
	s->by = BY_OTHER_THREAD;
	s->kind = STRAY_WILD;
	s->before = 0; /* nothing goes to a buffer first */
	play.world.pardoned = false;
	play.now = (struct stray_shot){ .s = s, .page = s->page };
	t->expects_death = play.c->counts.deaths != 0; /* one report is enough */
	thread_launch(t);
	end = thread_join(t);
	play.now.fault = end.died ? end.fault : (struct fault){ .vector = FAULT_NONE };
	play.now.reached = stray_range_at(((u64)s->page << PAGE_SHIFT) + s->offset);
	judge(s);
	play.c->counts.deaths += end.died;
	play.c->counts.in_window += end.died && play.world.window;
}

/* True for one in so many of a thread's that the rule refuses: with a window open, and without. */
static bool is_deadly(const struct stray *s)
{
	const char *why;

	return (s->by == BY_THREAD || s->by == BY_OTHER_THREAD) &&
	       stray_rule(play.c->arm, s, &play.world, &why) == FATE_REFUSED &&
	       play.of_threads[play.world.window]++ % DEATHS == 0;
}

/* Makes a stray write that is drawn; in a window if one is open. */
static void attempt(struct stray *s)
{
	bool *pardoned = pardons_of(s->by);

	if (s->near && play.world.window)
		s->page = play.world.first;
	play.world.pardoned = pardoned && *pardoned;
	play.now = (struct stray_shot){ .s = s, .page = s->page };
	if (is_deadly(s)) {
		attempt_to_death(s);
		return;
	}
	have_it_made(s->by);
	judge(s);
	if (pardoned)
		*pardoned = stray_is_pardoned(play.c->arm, s, &play.world);
}

/* Called by the store's writer in each of its windows. */
static void in_window(bool late, u32 first, u32 pages)
{
	const struct stray_arm *arm = play.c->arm;
	struct stray s;

	play.world = (struct stray_world){ .window = true, .first = first, .pages = pages };
	if (late) /* it has written by now, and may have been pardoned for that */
		play.writer_pardoned |= stray_rule_pardons(arm, true, true);
	if (play.queued && play.queue[play.queued - 1].late == late) {
		s = play.queue[--play.queued];
		attempt(&s);
	}
	play.world.window = false;
}

/* One operation of the store's user. Damage that no stray write has done is a failure. */
static void work(void)
{
	u64 n = play.c->victim.operations;
	u64 dice = random_seed_of(play.c->seed + n, "work");

	if (!victim_work(&play.c->victim, dice) && !stray_harmful(play.c->arm, &play.c->counts))
		ktest_fail(__FILE__, __LINE__,
			   "%s: expected operation %lu of the store to succeed, as no stray write "
			   "has landed on it; it did not",
			   play.c->arm->name, n);
}

static void play_one(u64 number)
{
	struct stray s;

	stray_draw(&s, play.c->seed, number);
	stray_fit(&s, play.c->arm, cpu_count);
	if (s.in_window) {
		play.queue[play.queued++] = s;
		while (play.queued == QUEUE)
			work();
	} else {
		attempt(&s);
	}
}

/* The writer's thread: some strays long, so that its pardons end. */
static int shift(void *arg)
{
	u64 from = *(const u64 *)arg, to = MIN(from + SHIFT, play.c->count);

	play.writer_pardoned = play.other_pardoned = false;
	if (!actor_start(&play.other, "other"))
		return 0;
	while (from < to)
		play_one(from++);
	while (play.queued)
		work();
	actor_end(&play.other);
	return 0;
}

static void play_shift(u64 from)
{
	struct thread *t = thread_create("writer", shift, &from);
	struct thread_end end;

	if (!EXPECT(t))
		return;
	end = thread_join(t);
	if (end.died)
		ktest_error("the store's writer died: %s", end.why);
}

void campaign_play(struct campaign *c)
{
	u64 verdicts = pks_stats.deaths;

	memset(&play, 0, sizeof(play));
	play.c = c;
	c->counts = (struct stray_counts){ 0 };
	c->victim.in_window = in_window;
	stray_range_clear();
	if (!victim_start(&c->victim, c->seed))
		return;
	for (u64 from = 0; from < c->count; from += SHIFT) {
		watchdog_set(SHIFT_NS * cpu_count, c->arm->name);
		play_shift(from);
	}
	EXPECT_EQ(c->counts.attempted, c->count);
	if (c->arm->guard <= GUARD_KMAP) /* each refused one went the way to the verdict DIE */
		EXPECT_EQ(pks_stats.deaths - verdicts, c->counts.refused);
}
