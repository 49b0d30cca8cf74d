// SPDX-License-Identifier: MIT
/*
 * Who runs: one run queue a processor, round robin, each tick a turn. A run queue's lock is held
 * over the switch and released by the thread that is switched to.
 */
#include "kernel/console.h"
#include "kernel/context.h"
#include "kernel/insn.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "kernel/time.h"

extern char boot_stack[];
void switch_to(struct thread *prev, struct thread *next);
_Noreturn void thread_main(int (*fn)(void *), void *arg);

static struct thread main_thread = { .name = "main", .id = 0, .immortal = true };
static u64 kernel_cr3;

/* Locked: the thread that is switched to, with the lock, finishes what the one before began. */
static void switch_finish(void)
{
	struct cpu *cpu = this_cpu();

	__atomic_store_n(&cpu->switched_from->on_cpu, false, __ATOMIC_RELEASE);
	spin_unlock(&cpu->rq.lock);
}

static void enqueue(struct runqueue *rq, struct thread *t)
{
	list_add_tail(&t->queue_node, &rq->ready);
	t->queued = true;
}

static struct thread *pick_next(struct cpu *cpu)
{
	struct thread *t;

	if (list_empty(&cpu->rq.ready))
		return cpu->idle;
	t = list_entry(cpu->rq.ready.next, struct thread, queue_node);
	list_del(&t->queue_node);
	t->queued = false;
	return t;
}

static void switch_address_space(const struct thread *next)
{
	u64 cr3 = next->cr3 ? next->cr3 : kernel_cr3;

	if (read_cr3() != cr3)
		write_cr3(cr3);
}

/* Picks and switches. `stays`: the running thread remains a candidate whatever its state says. */
static void reschedule(bool stays)
{
	u64 flags = irq_save();
	struct cpu *cpu = this_cpu();
	struct thread *prev = cpu->current, *next;

	BUG_ON(context_count() != 0);
	spin_lock(&cpu->rq.lock);
	cpu->need_resched = false;
	if ((stays || prev->state == THREAD_RUNNABLE) && prev != cpu->idle && !prev->queued)
		enqueue(&cpu->rq, prev);
	next = pick_next(cpu);
	if (next != prev) {
		next->on_cpu = true;
		cpu->current = next;
		cpu->kstack = (u64)next & ~15ULL; /* the struct lies at its stack's top */
		cpu->tss.rsp[0] = cpu->kstack;
		switch_address_space(next);
		cpu->switched_from = prev;
		switch_to(prev, next);
		switch_finish();
	} else {
		spin_unlock(&cpu->rq.lock);
	}
	irq_restore(flags);
}

void schedule(void)
{
	reschedule(true);
}

void thread_block(void)
{
	reschedule(false);
}

void thread_yield(void)
{
	reschedule(true);
}

void thread_main(int (*fn)(void *), void *arg)
{
	switch_finish();
	irq_enable();
	thread_exit(fn(arg));
}

void thread_wake(struct thread *t)
{
	struct runqueue *rq = &t->cpu->rq;
	u64 flags = spin_lock_irqsave(&rq->lock);

	if (t->state == THREAD_BLOCKED) {
		t->state = THREAD_RUNNABLE;
		if (!t->queued && t->cpu->current != t) {
			list_del(&t->queue_node); /* from the sleepers, if it is there */
			enqueue(rq, t);
			t->cpu->need_resched = true;
		}
	}
	spin_unlock_irqrestore(&rq->lock, flags);
}

void thread_sleep(u64 ns)
{
	struct thread *t = current_thread();
	u64 flags = irq_save();
	struct runqueue *rq = &this_cpu()->rq;
	struct list_head *place;

	spin_lock(&rq->lock);
	place = rq->sleeping.next;
	t->wake_at = now_ns() + ns;
	while (place != &rq->sleeping &&
	       list_entry(place, struct thread, queue_node)->wake_at <= t->wake_at)
		place = place->next;
	list_add_tail(&t->queue_node, place);
	t->state = THREAD_BLOCKED;
	spin_unlock(&rq->lock);
	thread_block();
	irq_restore(flags);
}

void sched_tick(u64 now)
{
	struct cpu *cpu = this_cpu();
	struct runqueue *rq = &cpu->rq;

	spin_lock(&rq->lock);
	while (!list_empty(&rq->sleeping)) {
		struct thread *t = list_entry(rq->sleeping.next, struct thread, queue_node);

		if (t->wake_at > now)
			break;
		list_del(&t->queue_node);
		t->state = THREAD_RUNNABLE;
		if (t != cpu->current)
			enqueue(rq, t);
	}
	if (!list_empty(&rq->ready))
		cpu->need_resched = true;
	spin_unlock(&rq->lock);
}

static int idle_main(void *arg)
{
	(void)arg;
	for (;;) {
		irq_disable();
		if (list_empty(&this_cpu()->rq.ready)) {
			irq_enable_and_halt();
		} else {
			irq_enable();
			thread_yield();
		}
	}
	return 0;
}

void sched_init(void)
{
	struct cpu *cpu = this_cpu();

	kernel_cr3 = read_cr3();
	main_thread.cpu = cpu;
	main_thread.stack = boot_stack;
	main_thread.on_cpu = true;
	list_init(&main_thread.queue_node);
	list_init(&main_thread.wait_node);
	list_add_tail(&main_thread.all_node, &all_threads);
	cpu->current = &main_thread;
	cpu->idle = thread_prepare("idle", idle_main, NULL);
	if (!cpu->idle)
		panic("no memory for the idle thread");
	cpu->idle->immortal = true;
	cpu->idle->state = THREAD_RUNNABLE;
}
