// SPDX-License-Identifier: MIT
/* Creates, ends and joins threads. kernel/sched.c decides which of them runs. */
#include "kernel/thread.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/locks.h"
#include "kernel/sched.h"
#include "kernel/wait.h"
#include "mm/stack.h"

struct list_head all_threads = LIST_HEAD_INIT(all_threads);
static struct spinlock all_lock = SPINLOCK_INIT;
static u32 next_id = 1;                      /* under all_lock; 0 is the main thread */
static struct waitq ends = WAITQ_INIT(ends); /* joiners wait here for any thread's end */

/* What switch_to() pops for a new thread, lowest address first. */
struct first_frame {
#if CONFIG_PKS
	u64 pkrs;
#endif
	u64 r15, r14, r13, r12, rbx, rbp;
	u64 rip;
};

extern const char thread_start[];

u32 thread_number(void)
{
	return in_interrupt() || !current_thread() ? 0 : current_thread()->id + 1;
}

struct thread *thread_prepare(const char *name, int (*fn)(void *), void *arg)
{
	char *stack = stack_alloc();
	struct thread *t;
	struct first_frame *frame;
	u64 flags, first;

	if (!stack)
		return NULL;
	t = (struct thread *)(stack + STACK_SIZE - ALIGN_UP(sizeof(*t), 16));
	frame = (struct first_frame *)t - 1;
	*t = (struct thread){ .rsp = (u64)frame, .cpu = this_cpu(), .stack = stack };
	t->pinned = current_thread() ? current_thread()->pinned : NULL;
	t->kstack = (u64)t;
	*frame = (struct first_frame)
	{
#if CONFIG_PKS
		.pkrs = PKRS_INIT,
#endif
		.r12 = (u64)fn, .r13 = (u64)arg, .rip = (u64)thread_start,
	};
	strlcpy(t->name, name, sizeof(t->name));
	list_init(&t->queue_node);
	list_init(&t->wait_node);
	t->state = THREAD_BLOCKED;
	flags = spin_lock_irqsave(&all_lock);
	t->id = next_id++;
	list_add_tail(&t->all_node, &all_threads);
	spin_unlock_irqrestore(&all_lock, flags);
	memcpy(&first, t->name, sizeof(first));
	trace_armed(TRACE_THREAD, t->id, first);
	return t;
}

void thread_launch(struct thread *t)
{
	thread_wake(t);
}

struct thread *thread_create(const char *name, int (*fn)(void *), void *arg)
{
	struct thread *t = thread_prepare(name, fn, arg);

	if (t)
		thread_launch(t);
	return t;
}

static bool ended(const struct thread *t)
{
	return smp_load_acquire(&t->state) == THREAD_DEAD && !smp_load_acquire(&t->on_cpu);
}

struct thread_end thread_join(struct thread *t)
{
	struct thread_end end;
	u64 flags;

	BUG_ON(t == current_thread());
	wait_event(&ends, smp_load_acquire(&t->state) == THREAD_DEAD);
	while (!ended(t)) /* another CPU is still on its stack */
		cpu_relax();
	end = t->end;
	flags = spin_lock_irqsave(&all_lock);
	list_del(&t->all_node);
	spin_unlock_irqrestore(&all_lock, flags);
	stack_free(t->stack);
	return end;
}

/* What a thread that ends gives up, whatever it was doing: see die(), kernel/exception.h. */
static _Noreturn void finish(void)
{
	struct thread *t = current_thread();

	t->local.base_open = 0; /* the maps and pardons of all its contexts end */
	local_leave(&t->local, 0);
	irq_disable();
	if (locks_held())
		panic("a thread ends with a spinlock held");
	if (t->mutexes)
		panic("a thread ends with a mutex held");
	if (t->waits_on)
		waitq_finish(t->waits_on);
	thread_mark_dead();
	waitq_wake(&ends);
	thread_block();
	panic("a dead thread was run");
}

void thread_exit(int code)
{
	current_thread()->end = (struct thread_end){ .code = code };
	finish();
}

void thread_die(struct regs *regs, const char *why, u64 addr)
{
	struct thread *t = current_thread();

	trace(TRACE_DEATH, regs->rip, regs->vector);
	t->end = (struct thread_end){
		.died = true,
		.why = why,
		.rip = regs->rip,
		.fault = { regs->vector, regs->error, addr, regs_pkrs(regs) },
	};
	if (!t->expects_death) {
		pr("# thread %u (%s) dies: %s\n", t->id, t->name, why);
		report_regs(regs, addr);
	}
	finish();
}

u32 thread_saved_pkrs(const struct thread *t)
{
	return CONFIG_PKS ? *(const u32 *)t->rsp : PKRS_INIT;
}

/* Returns the first thread whose number is `id` or more, or NULL. all_lock is held. */
static struct thread *first_from(u32 id)
{
	list_for_each(node, &all_threads)
	{
		struct thread *t = list_entry(node, struct thread, all_node);

		if (t->id >= id)
			return t;
	}
	return NULL;
}

bool thread_name_from(u32 *from, char name[THREAD_NAME_MAX])
{
	u64 flags = spin_lock_irqsave(&all_lock);
	const struct thread *found = first_from(*from);

	if (found) {
		*from = found->id;
		strlcpy(name, found->name, THREAD_NAME_MAX);
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return found;
}

bool threads_any(bool (*fn)(const struct thread *t, void *arg), void *arg)
{
	u64 flags = spin_lock_irqsave(&all_lock);
	bool any = false;

	list_for_each(node, &all_threads)
	{
		any = any || fn(list_entry(node, struct thread, all_node), arg);
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return any;
}

/* Writes a line on the first thread from number *from on, and moves *from past it; false: none. */
static bool describe_next(u32 *from, char *text, size_t size)
{
	static const char *const states[] = { "runnable", "blocked", "dead" };
	u64 flags = spin_lock_irqsave(&all_lock);
	struct thread *found = first_from(*from);

	if (found) {
		u32 pkrs = found->on_cpu ? (u32)found->cpu->pkrs : thread_saved_pkrs(found);

		*from = found->id + 1;
		ksnprintf(text, size,
			  "# thread %u %s %s on CPU %u%s PKRS %p"
			  "K\n",
			  found->id, found->name, states[found->state], found->cpu->id,
			  found->on_cpu ? ", running," : "", &pkrs);
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return found;
}

/* Takes the list's lock for each line anew, and prints without it. */
void threads_report(void)
{
	char text[192]; /* the longest line has 178 bytes: rights that differ from key to key */

	for (u32 next = 0; describe_next(&next, text, sizeof(text));)
		pr("%s", text);
}
