// SPDX-License-Identifier: MIT
#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_local.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "pks/rights.h"
#include "tests/harness/window.h"
#include "tests/interleave/play_internal.h"

#define RECALL_NS 100000000

static void give_turn(enum model_who to)
{
	smp_store_release(&play.turn, to);
}

static void take_step(void)
{
	char letter = play.steps[play.at];

	if (step_is_interrupt(letter))
		play_interrupt();
	else if (letter != STEP_YIELD)
		play_step(letter);
	play.at++;
	if (letter == STEP_YIELD) {
		play.tally->steps++;
		model_yield(&play.model);
		give_turn(play.model.running);
	}
}

/* Cleans up so that the next sequence starts clean, even if the kernel is broken. */
static void force_clean(bool last)
{
	struct local *local = this_local();

	for (u32 i = 0; i < LOCAL_MAPS && local->maps > local->base; i++)
		kunmap_local((void *)play.page.va);
	for (u32 i = 0; last && i < SEQUENCE_MAX && page_marks(play.page.page); i++)
		kunmap(play.page.page);
	for (u32 i = 0; last && i < SEQUENCE_MAX && page_marks(play.page.page); i++)
		page_unmark(play.page.page, (void *)force_clean);
	rights_set(PKRS_INIT);
}

/* Unmaps and unmarks what is left, as a user would, in the model too. */
static void clean_up(bool last)
{
	play_compare();
	play_compare_neighbour();
	while (!play.differs && model_nested(&play.model))
		play_step(STEP_LOCAL_END);
	while (!play.differs && last && play.model.marks)
		play_step(STEP_KUNMAP);
	force_clean(last);
}

static void begin_next(void)
{
	if (!play.source(play.steps, play.arg)) {
		give_turn(MODEL_CONTEXTS);
		return;
	}
	play.at = 0;
	play.ended = play.accesses = 0;
	memset(play.came, 0, sizeof(play.came));
	play.word = *play.open;
	play.differs = false;
	play.maps = kmap_stats;
	play.underflows = pks_mark_stats.underflows;
	play.tally->sequences++;
	model_start(&play.model, play.policy);
	ktest_checked();
	give_turn(MODEL_A);
}

/*
 * An IPI closes a key that was open to all on the other CPUs (pks/policy/global.c), and may not
 * have arrived yet. If it never does, the next comparison fails.
 */
static void await_recall(void)
{
	u64 until = now_ns() + RECALL_NS;

	while (!model_key_is_open(&play.model) && pkrs_register() != rights_mirror() &&
	       now_ns() < until)
		cpu_relax();
}

/* Cleans up after the last step, in each thread, first in the one whose turn it is. */
static void finish_part(void)
{
	bool last = ++play.ended == 2;

	clean_up(last);
	if (last) {
		begin_next();
		return;
	}
	model_yield(&play.model);
	give_turn(play.model.running);
}

static int player(void *arg)
{
	enum model_who me = (enum model_who)(u64)arg, turn;

	thread_pin(play.cpu[me]);
	while ((turn = smp_load_acquire(&play.turn)) != MODEL_CONTEXTS) {
		if (turn != me) {
			thread_yield(); /* on one CPU: to that thread */
			continue;
		}
		if (play.cpu[MODEL_A] != play.cpu[MODEL_B])
			await_recall();
		if (play.steps[play.at])
			take_step();
		else
			finish_part();
	}
	return 0;
}

static void run_players(void)
{
	struct thread *t[2];

	t[0] = thread_create("A", player, (void *)MODEL_A);
	t[1] = thread_create("B", player, (void *)MODEL_B);
	for (u32 i = 0; i < 2; i++) {
		if (!t[i]) {
			ktest_error("no memory for a thread");
			give_turn(MODEL_CONTEXTS);
		}
	}
	for (u32 i = 0; i < 2; i++) {
		struct thread_end end = t[i] ? thread_join(t[i]) : (struct thread_end){ 0 };

		if (end.died)
			ktest_error("a thread died: %s", end.why);
	}
}

static bool get_pages(void)
{
	play.open = (volatile u64 *)WINDOW;
	if (!prot_page_get(&play.page, PKS_KEY_DEVMAP))
		return false;
	if (prot_page_get(&play.neighbour, PKS_KEY_DEVMAP)) {
		if (window_map(0, page_to_phys(play.page.page), PAGE_SIZE, PTE_RW_DATA, 1))
			return true;
		prot_page_put(&play.neighbour);
	}
	prot_page_put(&play.page);
	return false;
}

static void put_pages(void)
{
	window_clear();
	prot_page_put(&play.neighbour);
	prot_page_put(&play.page);
}

const char *play_outcomes(void)
{
	return play.came;
}

bool play_all(struct pks_policy policy, struct cpu *a, struct cpu *b, play_source source, void *arg,
	      struct play_tally *tally)
{
	trap_hook_t before;

	if (!EXPECT_EQ(pks_policy_set(policy), 0) || !get_pages())
		return false;
	play.cpu[MODEL_A] = a;
	play.cpu[MODEL_B] = b;
	play.policy = policy;
	play.source = source;
	play.arg = arg;
	play.tally = tally;
	play.tried = 0;
	before = trap_hook_set(VECTOR_TEST, play_interrupt_handler);
	begin_next();
	run_players();
	trap_hook_set(VECTOR_TEST, before);
	put_pages();
	return true;
}
