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
#include "mm/kmap/kmap_stack.h"
#include "mm/kmap/kmap_thread.h"
#include "mm/tlb.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/harness/window.h"
#include "tests/interleave/play_internal.h"
#include "tests/kernel/death.h"

#define RECALL_NS 100000000

static void give_turn(enum model_who to)
{
	smp_store_release(&play.turn, to);
	if (to == MODEL_CONTEXTS)
		waitq_wake(&play.over);
}

static int player(void *arg);

/*
 * Ends the running thread by an exception, each kind in turn. The thread that takes its place waits
 * for its end, and goes on with the sequence.
 */
static void die_here(void)
{
	enum model_who me = play.model.running;
	struct thread *next = thread_prepare("successor", player, (void *)(u64)me);

	if (!next) {
		ktest_error("no memory for a thread");
		return;
	}
	play.dead = current_thread();
	play.thread[me] = next;
	play.dead->expects_death = true;
	thread_launch(next); /* may run at once, and must find what it succeeds to */
	killers[play.tally->deaths++ % KILLERS].fn();
	ktest_error("a thread outlives its death");
}

/* Sees that the thread is dead, in the one that takes its place. */
static void succeed(void)
{
	struct thread_end end = thread_join(play.dead);

	play.dead = NULL;
	if (!end.died)
		ktest_error("a thread did not die");
	play_forget(play.model.running);
	model_death(&play.model);
	play_compare();
}

static void take_step(void)
{
	const char *next = play.at;
	struct step step = step_next(&next);

	if (step_is_interrupt(step.letter))
		play_interrupt();
	else if (step.letter != STEP_YIELD && step.letter != STEP_DEATH)
		play_step(step);
	play.at = next;
	if (step.letter == STEP_DEATH) {
		play.tally->steps++;
		die_here();
	}
	if (step.letter == STEP_YIELD) {
		play.tally->steps++;
		model_yield(&play.model);
		give_turn(play.model.running);
	}
}

/* Cleans up so that the next sequence starts clean, even if the kernel is broken. */
static void force_clean(bool last)
{
	struct local *local = this_local();

	for (u32 i = 0; i < LOCAL_MAPS && local->maps > local->base; i++) {
		const struct local_map *top = &local->map[local->maps - 1];

		if (top->what & KMAP_ORDERED)
			kunmap_local(page_to_virt(kmap_page(top)));
		else
			kunmap_thread(kmap_page(top));
	}
	for (u32 p = 0; last && p < MODEL_PAGES; p++) {
		struct page *page = play.page[p]->prot.page;

		for (u32 i = 0; i < SEQUENCE_MAX && page_marks(page); i++)
			kunmap(page);
		for (u32 i = 0; i < SEQUENCE_MAX && page_marks(page); i++)
			page_unmark(page, (void *)force_clean);
	}
	rights_set(PKRS_INIT);
}

/* Ends what the running thread has open, the last one first. */
static void end_all(void)
{
	const struct model_context *c = &play.model.context[play.model.running];

	while (!play.differs && c->items) {
		struct model_item item = c->item[c->items - 1];

		play_step((struct step){ item.step == STEP_LOCAL    ? STEP_LOCAL_END
					 : item.step == STEP_THREAD ? STEP_THREAD_END
								    : STEP_REVOKE,
					 (enum model_page)item.page });
	}
}

/* Ends and unmarks what is left, as a user would, in the model too. */
static void clean_up(bool last)
{
	play_compare();
	play_compare_neighbour();
	end_all();
	for (enum model_page page = 0; last && page < MODEL_PAGES; page++)
		while (!play.differs && play.model.marks[page])
			play_step((struct step){ STEP_KUNMAP, page });
	force_clean(last);
}

static void choose_pages(void)
{
	play.page[PAGE_FIRST] = &play.pages[play.sequence.key[0]][0];
	play.page[PAGE_SECOND] = &play.pages[play.sequence.key[0]][1];
	play.page[PAGE_OTHER] = &play.pages[play.sequence.key[1]][0];
	for (u32 i = 0; i < MODEL_PAGES; i++)
		play.page[i]->word = *play.page[i]->open;
}

static void begin_next(void)
{
	if (!play.source(&play.sequence, play.arg)) {
		give_turn(MODEL_CONTEXTS);
		return;
	}
	play.at = play.sequence.steps;
	play.ended = play.accesses = 0;
	memset(play.came, 0, sizeof(play.came));
	choose_pages();
	for (enum model_who who = 0; who < MODEL_CONTEXTS; who++)
		play_forget(who);
	play.differs = false;
	play.maps = kmap_stats;
	play.underflows = pks_mark_stats.underflows;
	play.tally->sequences++;
	model_start(&play.model, play.policy, play.sequence.key);
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

	while (play_register() != rights_mirror() && now_ns() < until)
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
		if (play.dead)
			succeed();
		if (play.cpu[MODEL_A] != play.cpu[MODEL_B])
			await_recall();
		if (*play.at)
			take_step();
		else
			finish_part();
	}
	return 0;
}

static void run_players(void)
{
	for (u32 i = 0; i < 2; i++) {
		play.thread[i] = thread_prepare(i ? "B" : "A", player, (void *)(u64)i);
		if (!play.thread[i]) {
			ktest_error("no memory for a thread");
			give_turn(MODEL_CONTEXTS);
		}
	}
	for (u32 i = 0; i < 2; i++) /* now: one that runs at once may die and be succeeded */
		if (play.thread[i])
			thread_launch(play.thread[i]);
	wait_event(&play.over, smp_load_acquire(&play.turn) == MODEL_CONTEXTS);
	for (u32 i = 0; i < 2; i++)
		if (play.thread[i])
			thread_join(play.thread[i]);
}

/* Gets two pages of a key that was free, or is one of those with fixed numbers. */
static bool get_pages(u32 key)
{
	for (u32 i = 0; i < 2; i++) {
		struct play_page *page = &play.pages[key][i];
		u64 offset = (key * 2 + i) * PAGE_SIZE;

		page->open = (volatile u64 *)(WINDOW + offset);
		if (!prot_page_get(&page->prot, key))
			return false;
		if (!window_map(offset, page_to_phys(page->prot.page), PAGE_SIZE, PTE_RW_DATA, 1))
			return false;
	}
	return true;
}

bool play_begin(void)
{
	memset(play.pages, 0, sizeof(play.pages));
	waitq_init(&play.over);
	play.tried = 0;
	for (u32 key = 0; key < PKS_KEYS; key++) {
		if (key >= PKS_KEY_FIRST_DYNAMIC && !EXPECT_EQ(pks_key_alloc("interleavings"), key))
			break;
		if (!get_pages(key))
			break;
		if (key == PKS_KEYS - 1)
			return true;
	}
	play_end();
	return false;
}

void play_end(void)
{
	window_clear();
	for (u32 key = 0; key < PKS_KEYS; key++) {
		for (u32 i = 0; i < 2; i++)
			if (play.pages[key][i].prot.page)
				prot_page_put(&play.pages[key][i].prot);
		if (key >= PKS_KEY_FIRST_DYNAMIC)
			pks_key_free(key);
	}
}

const char *play_outcomes(void)
{
	return play.came;
}

bool play_all(struct pks_policy policy, struct cpu *a, struct cpu *b, play_source source, void *arg,
	      struct play_tally *tally)
{
	trap_hook_t before;

	if (!EXPECT_EQ(pks_policy_set(policy), 0))
		return false;
	/* Not what is tested here: t_policy_live.c knows machines that keep what mode OFF
	 * permitted. */
	tlb_shootdown(DIRECT_BASE, DIRECT_SIZE >> PAGE_SHIFT);
	play.cpu[MODEL_A] = a;
	play.cpu[MODEL_B] = b;
	play.policy = policy;
	play.source = source;
	play.arg = arg;
	play.tally = tally;
	before = trap_hook_set(VECTOR_TEST, play_interrupt_handler);
	begin_next();
	run_players();
	trap_hook_set(VECTOR_TEST, before);
	return true;
}
