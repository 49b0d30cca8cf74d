// SPDX-License-Identifier: MIT
/*
 * The scheduler: one run queue per CPU, round robin, each turn one tick. The switch happens under
 * the run queue's lock, which the thread that is switched to releases.
 *
 * No CPU ever holds the locks of two run queues. A thread moves in two steps: under the lock of the
 * queue that it leaves, it is given to the other CPU and flagged as queued; then it is put into the
 * other queue. A waker in between takes the other lock and finds it queued.
 */
#include "kernel/sched.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/thread.h"
#include "kernel/time.h"

void switch_to(struct thread *prev, struct thread *next);
_Noreturn void thread_main(int (*fn)(void *), void *arg);

static struct thread main_thread = { .name = "main", .id = 0, .essential = true };
static u64 kernel_cr3;

/* Run queue locked. */
static void enqueue(struct cpu *cpu, struct thread *t)
{
	list_add_tail(&t->queue_node, &cpu->rq.ready);
	t->queued = true;
	cpu->need_resched = true;
}

/* Gives t to `cpu`, whose lock guards t from here on. The queue that t has left is locked. */
static void give_to(struct thread *t, struct cpu *cpu)
{
	t->queued = true;
	smp_store_release(&t->cpu, cpu);
}

/* Queues a thread on the CPU that it was given to. No lock held, interrupts off. */
static void hand_over(struct thread *t)
{
	struct cpu *cpu = t->cpu; /* t is in no queue, so nobody else moves it */

	spin_lock(&cpu->rq.lock);
	enqueue(cpu, t);
	spin_unlock(&cpu->rq.lock);
	if (cpu != this_cpu())
		ipi_reschedule(cpu);
}

/*
 * Ends the switch, in the thread that is switched to: releases the lock, and queues the previous
 * thread on another CPU if it has to go there, now that this CPU is off its stack.
 */
static void switch_finish(void)
{
	struct cpu *cpu = this_cpu();
	struct thread *leaving = cpu->leaving;

	cpu->leaving = NULL;
	smp_store_release(&cpu->switched_from->on_cpu, false);
	spin_unlock(&cpu->rq.lock);
	if (unlikely(leaving))
		hand_over(leaving);
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

/* Keeps the running thread ready: here, or on the CPU that it is pinned to. Run queue locked. */
static void put_back(struct cpu *cpu, struct thread *t)
{
	if (!t->pinned || t->pinned == cpu) {
		enqueue(cpu, t);
	} else {
		give_to(t, t->pinned);
		cpu->leaving = t;
	}
}

/* Switches to the next thread. `stays`: the running one stays ready, whatever its state says. */
static void reschedule(bool stays)
{
	u64 flags = irq_save();
	struct cpu *cpu = this_cpu();
	struct thread *prev = cpu->current, *next;

	BUG_ON(context_count() != 0);
	spin_lock(&cpu->rq.lock);
	if ((stays || prev->state == THREAD_RUNNABLE) && prev != cpu->idle && !prev->queued)
		put_back(cpu, prev);
	cpu->need_resched = false;
	next = pick_next(cpu);
	if (next != prev) {
		BUG_ON(next->on_cpu); /* one stack, two CPUs */
		next->on_cpu = true;
		cpu->current = next;
		cpu->local_now = &next->local;
		cpu->kstack = next->kstack;
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

static bool is_idle(const struct cpu *cpu)
{
	return READ_ONCE(cpu->current) == cpu->idle && list_empty(&cpu->rq.ready);
}

/* Returns the CPU for a waking thread: its last one, unless that is busy and another is idle. */
static struct cpu *place(const struct thread *t)
{
	u32 count = smp_load_acquire(&cpu_count);

	if (t->pinned)
		return t->pinned;
	for (u32 i = 0; i < count && !is_idle(t->cpu); i++)
		if (is_idle(cpus[i]))
			return cpus[i];
	return t->cpu;
}

/* Locks the run queue of the thread's CPU; tries again if the thread has moved meanwhile. */
static struct cpu *lock_cpu_of(const struct thread *t)
{
	for (;;) {
		struct cpu *cpu = smp_load_acquire(&t->cpu);

		spin_lock(&cpu->rq.lock);
		if (cpu == READ_ONCE(t->cpu))
			return cpu;
		spin_unlock(&cpu->rq.lock);
	}
}

void thread_wake(struct thread *t)
{
	u64 flags = irq_save();
	struct cpu *cpu = lock_cpu_of(t);
	bool wakes = false;

	if (t->state == THREAD_BLOCKED) {
		t->state = THREAD_RUNNABLE;
		if (!t->queued)
			list_del(&t->queue_node); /* from the sleepers, if it is there */
		if (!t->queued && cpu->current != t) {
			give_to(t, place(t));
			wakes = true;
		}
	}
	spin_unlock(&cpu->rq.lock);
	if (wakes)
		hand_over(t);
	irq_restore(flags);
}

void thread_pin(struct cpu *cpu)
{
	current_thread()->pinned = cpu;
	while (cpu && this_cpu() != cpu)
		thread_yield();
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

void thread_mark_dead(void)
{
	struct thread *t = current_thread();
	struct runqueue *rq = &this_cpu()->rq;

	BUG_ON(irqs_enabled()); /* a tick would wait for the lock, or keep the dead thread ready */
	spin_lock(&rq->lock);
	list_del(&t->queue_node);
	smp_store_release(&t->state, THREAD_DEAD);
	spin_unlock(&rq->lock);
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
			enqueue(cpu, t);
	}
	if (!list_empty(&rq->ready))
		cpu->need_resched = true;
	spin_unlock(&rq->lock);
}

/* Takes a ready thread from another CPU; false if there is none. Interrupts off. */
static bool steal(void)
{
	u32 count = smp_load_acquire(&cpu_count);
	struct thread *found = NULL;

	BUG_ON(irqs_enabled()); /* a tick would wait for a lock that is held here */
	for (u32 i = 0; i < count && !found; i++) {
		struct runqueue *rq = &cpus[i]->rq;

		if (list_empty(&rq->ready))
			continue;
		spin_lock(&rq->lock);
		list_for_each(node, &rq->ready)
		{
			struct thread *t = list_entry(node, struct thread, queue_node);

			if (!t->pinned) {
				list_del(node);
				give_to(t, this_cpu());
				found = t;
				break;
			}
		}
		spin_unlock(&rq->lock);
	}
	if (found)
		hand_over(found);
	return found;
}

void sched_idle(void)
{
	for (;;) {
		irq_disable();
		if (list_empty(&this_cpu()->rq.ready) && !steal()) {
			irq_enable_and_halt();
		} else {
			irq_enable();
			thread_yield();
		}
	}
}

static int idle_main(void *arg)
{
	(void)arg;
	sched_idle();
}

struct thread *sched_add_cpu(struct cpu *cpu)
{
	struct thread *idle = thread_prepare("idle", idle_main, NULL);

	if (!idle)
		return NULL;
	idle->essential = true;
	idle->state = THREAD_RUNNABLE;
	idle->cpu = cpu;
	idle->pinned = cpu;
	cpu->idle = idle;
	return idle;
}

void sched_init(void)
{
	struct cpu *cpu = this_cpu();

	kernel_cr3 = read_cr3();
	main_thread.cpu = cpu;
	main_thread.pinned = cpu;
	main_thread.stack = boot_stack;
	main_thread.kstack = (u64)boot_stack_top;
	main_thread.on_cpu = true;
	list_init(&main_thread.queue_node);
	list_init(&main_thread.wait_node);
	list_add_tail(&main_thread.all_node, &all_threads);
	thread_adopt(cpu, &main_thread);
	if (!sched_add_cpu(cpu))
		panic("no memory for the idle thread");
}
