/* SPDX-License-Identifier: MIT */
/*
 * Preemptive kernel threads. A thread's rights are not here: while it does not run they are on its
 * stack (kernel/switch.S), and those of each context that it has interrupted in that one's frame.
 */
#ifndef KEYWARD_KERNEL_THREAD_H
#define KEYWARD_KERNEL_THREAD_H

#include "kernel/cpu/extable.h"
#include "kernel/cpu/local.h"
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/regs.h"
#include "kernel/lib/list.h"
#include "kernel/lib/types.h"

#define THREAD_NAME_MAX 24

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DEAD };

/* How a thread ended, for whoever joins it. */
struct thread_end {
	bool died;       /* by a fault; else it returned or called thread_exit() */
	int code;        /* what it returned, if it did not die */
	const char *why; /* static text, if it died */
	struct fault fault;
	u64 rip; /* of the instruction that it died of */
};

struct thread {
	/* Valid while the thread does not run. The first field: kernel/switch.S. */
	u64 rsp;

	struct cpu *cpu;         /* whose run queue; changed under that queue's lock, see sched.c */
	struct cpu *pinned;      /* may run there alone; NULL: anywhere. Its own to set */
	enum thread_state state; /* its own to set; others only by thread_wake(), locked */
	bool queued;             /* in rq->ready, or on its way into one; locked */
	bool on_cpu;             /* still on its stack; cleared by whoever runs next */
	struct list_head queue_node; /* ready or sleeping list; under the run queue's lock */
	struct list_head wait_node;  /* in a wait queue; under that queue's lock */
	struct list_head all_node;   /* all_threads; under its lock */
	u64 wake_at;                 /* ns; while in the sleeping list */
	u64 cr3;                     /* own address space, or 0: the kernel's */
	void *stack;                 /* lowest byte; the struct itself lies at the top */
	u32 id;
	u64 pks_repeated; /* change and processor of the last fault repeated: pks/policy/fault.c */
	u64 pks_repeated_page; /* and its page frame in virtual memory */
	bool essential;        /* its death would be the kernel's: die() panics */
	bool expects_death;    /* a test: no report, the end is read by the joiner */
	char name[THREAD_NAME_MAX];
	struct local local;    /* its own */
	struct thread_end end; /* valid once the thread is dead */
};

/* The running code is `t` from now on: not by a switch, but because there was no thread. Boot. */
static inline void thread_adopt(struct cpu *cpu, struct thread *t)
{
	cpu->current = t;
	cpu->local_now = &t->local;
}

/* Makes the running code thread "main" of this processor, and gives it an idle thread. Boot. */
void sched_init(void);

/* Gives another processor its idle thread, on whose stack it starts. NULL: out of memory. Boot. */
struct thread *sched_add_cpu(struct cpu *cpu);

/* What an idle thread does: takes work from others, or halts. Its processor's first, interrupts
 * off. */
_Noreturn void sched_idle(void);

/*
 * Starts fn(arg) in a thread of its own; it ends with what fn returns. NULL: out of memory. It is
 * pinned as its creator is. Every thread must be joined. Thread context.
 */
struct thread *thread_create(const char *name, int (*fn)(void *), void *arg);

/* The same in two steps, so that the thread can be changed before it runs. */
struct thread *thread_prepare(const char *name, int (*fn)(void *), void *arg);
void thread_launch(struct thread *t);

/* Waits for the thread's end and frees it. Thread context. */
struct thread_end thread_join(struct thread *t);

_Noreturn void thread_exit(int code);

/* Ends the running thread because of a fault. Called by die(). */
_Noreturn void thread_die(struct regs *regs, const char *why, u64 addr);

/*
 * The running thread goes to `cpu` and stays there, with NULL it may go anywhere; threads that it
 * creates inherit this. Thread context.
 */
void thread_pin(struct cpu *cpu);

/* Gives the processor to the next thread that is ready, if any. Thread context. */
void thread_yield(void);

/* Sleeps for at least `ns`. Thread context. */
void thread_sleep(u64 ns);

/* A blocked thread becomes runnable; for others it does nothing. Any context but NMI. */
void thread_wake(struct thread *t);

/* Preempts the running thread: called on the way out of an interrupt, interrupts off. */
void schedule(void);

/* The running thread stays off the processor until woken; call with its state set. */
void thread_block(void);

/* Wakes the sleepers whose time has come. The tick. */
void sched_tick(u64 now);

/* Prints one line a thread with its state and rights. Any context but NMI. */
void threads_report(void);

/* Copies the name of the first thread from number *from on, which becomes its number; false: there
 * is none. Any context but NMI. */
bool thread_name_from(u32 *from, char name[THREAD_NAME_MAX]);

/* The rights that a thread which does not run will have when it goes on. */
u32 thread_saved_pkrs(const struct thread *t);

/*
 * Whether fn(t, arg) says so of any thread, asked until one. Under the list's lock: fn is short and
 * takes none. Any context but NMI.
 */
bool threads_any(bool (*fn)(const struct thread *t, void *arg), void *arg);

extern struct list_head all_threads; /* newest last */

#endif
