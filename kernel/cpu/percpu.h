/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data, reached through GS. Only the CPU itself writes it, with two exceptions: other CPUs
 * write the run queue and need_resched, under the queue's lock, and call, nmi_asks and
 * pkrs_recalled, atomically. Assembly uses the fields at fixed offsets; percpu.c asserts them.
 */
#ifndef KEYWARD_KERNEL_CPU_PERCPU_H
#define KEYWARD_KERNEL_CPU_PERCPU_H

#define CPU_SELF        0
#define CPU_PKRS        8
#define CPU_CURRENT     16
#define CPU_KSTACK      24
#define CPU_USER_RSP    32
#define CPU_IST_BASE    40
#define CPU_PKRS_WRITES 48

#ifndef __ASSEMBLER__

#include "kernel/cpu/cpu_type.h"
#include "kernel/cpu/local.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/lib/list.h"
#include "kernel/lib/random.h"
#include "kernel/lib/types.h"

struct thread;
struct ipi_call;

struct tss { /* SDM Vol. 3A, "Task Management in 64-bit Mode" */
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3;
	u16 iomap_base;
} __attribute__((packed));

struct runqueue {
	struct spinlock lock;
	struct list_head ready;    /* runnable threads except the running one */
	struct list_head sleeping; /* by wake-up time, soonest first */
};

/* Contexts that have a struct local per CPU; LOCAL_BOOT is for a CPU without threads yet. */
enum { LOCAL_BOOT, LOCAL_SOFTIRQ, LOCAL_INTERRUPT, LOCAL_NMI, LOCALS };

struct cpu {
	struct cpu *self;
	/*
	 * Mirrors IA32_PKRS; the upper half is always 0. Only this CPU writes it, in any context,
	 * in one instruction, and only in pks/pkrs.[ch] and pks/pkrs.inc, which say what an NMI may
	 * find, and what an interrupt.
	 */
	u64 pkrs;
	struct thread *current;
	u64 kstack;              /* top of the current thread's stack, for SYSCALL */
	u64 user_rsp;            /* SYSCALL's scratch; dead once interrupts are on */
	u64 ist_base;            /* the IST stacks are one range: IST_STACKS * STACK_SLOT bytes */
	u64 pkrs_writes;         /* PARANOID=1: writes to IA32_PKRS */
	struct spinlock *locks;  /* held, innermost first; NMIs only read. kernel/cpu/spinlock.h */
	struct local *local_now; /* the running context's: see kernel/cpu/local.h */

	/* Counts since boot; any context of this CPU adds to them: percpu_count(). */
	u64 invlpgs; /* pages flushed one by one: mm/tlb.h */
	u64 flushes; /* flushes of everything */
	u64 ipis;    /* sent to one CPU: kernel/apic.c; without NMIs */
	u64 calls;   /* IPIs among them for which this CPU waited: kernel/ipi.c */

	/*
	 * Keys that pkrs_lend() opened in the register alone: their bits are clear there, at least
	 * until the next rights write. Only pks/pkrs.c on this CPU writes it, in any context.
	 */
	u32 pkrs_lent;
	u32 pkrs_recalls;   /* number of recalls, for pkrs_lend() */
	bool pkrs_recalled; /* recall at the next tick; set by an NMI on any CPU */

	u32 id; /* index in cpus[] */
	u32 apic_id;
	struct cpu_type type;
	u32 pkrs_found;    /* IA32_PKRS when the CPU started; 0 for the boot CPU */
	u32 context_count; /* see kernel/cpu/context.h */
	bool need_resched; /* set by the tick and by wake-ups, cleared by schedule(), locked */
	u32 softirq_pending;
	struct runqueue rq;
	struct thread *switched_from; /* previous thread of the last switch; locked */
	struct thread *leaving;       /* the same, if it moves to another CPU; locked */
	struct thread *idle;
	struct ipi_call *call; /* function to run for another CPU; kernel/ipi.c */
	u32 nmi_asks;          /* why other CPUs send NMIs here; kernel/ipi.c */
	/* What such an NMI interrupted. It writes this before it clears its bit in nmi_asks. */
	u64 where_rip, where_flags;
	u64 ticks;
	u64 tick_ns; /* see tick_set(); interrupts off */
	bool tick_jitter;
	u32 tick_slower; /* log2 of the factor that the next tick is longer by; for the tick only */
	u64 tick_due;    /* for the tick only */
	u64 tick_armed;  /* ns from arming to tick_due; for the tick only */
	struct random tick_random; /* of the jitter; see tick_set(); interrupts off */
	u64 nmis;
	/*
	 * Number of the running NMI's IST stack, if that NMI interrupted no IST stack; else 0. Only
	 * NMIs on this CPU write it: one within another sets its own value and puts back what it
	 * found. kernel/nmi_stack.c reads it, with interrupts off.
	 */
	u32 nmi_alone;
	struct local local[LOCALS];

	u64 gdt[7];
	struct tss tss;
};

/* Fills in a CPU's structure. Any CPU, before percpu_load(). */
void percpu_init(struct cpu *cpu, u32 id);

/*
 * Makes `cpu` the running CPU: loads GDT, TSS, GS and IDT, and resets the debug registers. Once per
 * CPU, interrupts off.
 */
void percpu_load(struct cpu *cpu);

/* Gives `cpu` its IST stacks; `base` is a range of IST_STACKS guarded slots. */
void percpu_set_ist(struct cpu *cpu, u64 base);

/* Switches #DF, NMI and #MC to IST stacks and enables machine checks. Boot only. */
void percpu_use_ist(void);

/* Adds 1 to a field of the running CPU, in one instruction. Any context. */
#define percpu_count(field) \
	asm volatile("incq %%gs:%c0" : : "i"(offsetof(struct cpu, field)) : "memory", "cc")

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	asm volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* Returns the running thread; a migration does not change it, so valid with interrupts on. */
static inline struct thread *current_thread(void)
{
	struct thread *t;

	asm volatile("movq %%gs:%c1, %0" : "=r"(t) : "i"(CPU_CURRENT));
	return t;
}

extern struct cpu boot_cpu;

/* The running CPUs by id, without gaps; cpus[0] is the boot CPU. Grows during boot. */
#define CPUS_MAX 512
extern struct cpu *cpus[CPUS_MAX];
extern u32 cpu_count;

#endif
#endif
