/* SPDX-License-Identifier: MIT */
/*
 * Preemptive kernel threads. A thread's rights are not in here: while it does not run they are on
 * its stack (kernel/switch.S); those of a context that a trap has interrupted are in the trap's
 * frame.
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

struct mm_struct;

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DEAD };

/* How a thread ended, for the thread that joins it. */
struct thread_end {
	bool died;       /* by a fault; else it returned or called thread_exit() */
	int code;        /* what it returned, if it did not die */
	const char *why; /* static text, if it died */
	struct fault fault;
	u64 rip; /* of the instruction that faulted */
};

struct thread {
	/* Valid while the thread does not run. The first field: kernel/switch.S. */
	u64 rsp;

	struct cpu *cpu;         /* whose run queue; changed under that queue's lock, see sched.c */
	struct cpu *pinned;      /* runs there only; NULL: anywhere. Set by its creator or itself */
	enum thread_state state; /* set by itself; by others only to wake it, locked */
	bool queued;             /* in rq->ready, or on its way into one; locked */
	bool on_cpu;             /* a CPU is on its stack; cleared by the next thread there */
	struct list_head queue_node; /* ready or sleeping list; under the run queue's lock */
	struct list_head wait_node;  /* in `waits_on`; under that queue's lock */
	struct waitq *waits_on;      /* NULL: none. Only the thread itself reads and writes it */
	struct list_head all_node;   /* all_threads; under its lock */
	u64 wake_at;                 /* ns; while in the sleeping list */
	u64 cr3;                     /* own address space, or 0: the kernel's */
	struct mm_struct *mm;        /* ranges of that one, or NULL: mm/gup/vma.h */
	void *stack;                 /* lowest byte; the struct itself lies at the top */
	u64 kstack;                  /* where user mode enters the kernel: 16-byte aligned */
	u32 id;
	u32 mutexes;           /* it holds; only itself: kernel/mutex.c */
	u64 pks_repeated;      /* change and CPU of the last repeated fault: pks/policy/fault.c */
	u64 pks_repeated_page; /* and its page frame in virtual memory */
	bool essential;        /* the kernel needs it: die() panics */
	bool expects_death;    /* for tests: die() reports nothing, the joiner reads `end` */
	char name[THREAD_NAME_MAX];
	struct local local;    /* its own */
	struct thread_end end; /* valid once the thread is dead */
};

/* Makes the running code thread `t`, without a switch, as it was no thread before. Boot. */
static inline void thread_adopt(struct cpu *cpu, struct thread *t)
{
	cpu->current = t;
	cpu->local_now = &t->local;
}

/*
 * Starts a thread that runs fn(arg) and ends with what fn returns. NULL: out of memory. It is
 * pinned as its creator is. Every thread must be joined. Thread context.
 */
struct thread *thread_create(const char *name, int (*fn)(void *), void *arg);

/* thread_create() in two steps, so that the thread can be changed before it runs. */
struct thread *thread_prepare(const char *name, int (*fn)(void *), void *arg);
void thread_launch(struct thread *t);

/* Waits for the thread's end and frees it. Thread context. */
struct thread_end thread_join(struct thread *t);

_Noreturn void thread_exit(int code);

/* Ends the running thread because of a fault. Called by die(). */
_Noreturn void thread_die(struct regs *regs, const char *why, u64 addr);

/* Prints one line per thread with its state and rights. Any context but NMI. */
void threads_report(void);

/*
 * Copies the name of the first thread whose number is *from or more, and sets *from to its number.
 * False: there is none. Any context but NMI.
 */
bool thread_name_from(u32 *from, char name[THREAD_NAME_MAX]);

/* Returns the rights with which a thread that does not run will resume. */
u32 thread_saved_pkrs(const struct thread *t);

/*
 * True if fn(t, arg) is true for some thread; stops at the first. Holds the list's lock: fn is
 * short and takes no lock. Any context but NMI.
 */
bool threads_any(bool (*fn)(const struct thread *t, void *arg), void *arg);

extern struct list_head all_threads; /* newest last */

#endif
