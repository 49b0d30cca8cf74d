/* SPDX-License-Identifier: MIT */
/*
 * What belongs to one logical processor, reached through GS. Only the processor itself writes here,
 * but for what others use to reach it: the run queue and need_resched, under the queue's lock;
 * call, nmi_asks and pkrs_recalled, atomically. Fields at fixed offsets are for assembly; percpu.c
 * asserts them.
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

#include "kernel/cpu/local.h"
#include "kernel/cpu/spinlock.h"
#include "kernel/lib/list.h"
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
	struct list_head ready;    /* threads that can run, but not the running one */
	struct list_head sleeping; /* by wake-up time, soonest first */
};

/* Which contexts have a struct local for each processor; the first before it has threads. */
enum { LOCAL_BOOT, LOCAL_SOFTIRQ, LOCAL_INTERRUPT, LOCAL_NMI, LOCALS };

struct cpu {
	struct cpu *self;
	/*
	 * Mirrors IA32_PKRS; the upper half is always 0. Written by this processor alone, in any
	 * context, with interrupts off, by pks/pkrs.[ch] and pks/pkrs.inc and nobody else: there
	 * stands what an NMI may find.
	 */
	u64 pkrs;
	struct thread *current;
	u64 kstack;              /* top of the current thread's stack: where SYSCALL goes */
	u64 user_rsp;            /* SYSCALL's scratch; dead as soon as interrupts are on */
	u64 ist_base;            /* the IST stacks are one range: IST_STACKS * STACK_SLOT bytes */
	u64 pkrs_writes;         /* paranoid build: writes of IA32_PKRS */
	struct local *local_now; /* the running context's: see kernel/cpu/local.h */

	/*
	 * Rights that pkrs_lend() has put into the register besides the mirror's, as bits that are
	 * clear there, or were until a rights write. Its own, in any context, by pks/pkrs.c.
	 */
	u32 pkrs_lent;
	u32 pkrs_recalls;   /* how often all of it was taken back */
	bool pkrs_recalled; /* they are to go, at the next tick; set by any processor's NMIs */

	u32 id; /* its place in cpus[] */
	u32 apic_id;
	u32 pkrs_found;    /* what IA32_PKRS held when the processor started; 0 for the first one */
	u32 context_count; /* see kernel/cpu/context.h */
	bool need_resched; /* set by the tick and by wake-ups, cleared by schedule(), locked */
	u32 softirq_pending;
	struct runqueue rq;
	struct thread *switched_from; /* by the last switch; under the run queue's lock */
	struct thread *leaving;       /* the thread before, if it goes on elsewhere; the same */
	struct thread *idle;
	struct ipi_call *call; /* that another processor wants run here; see kernel/ipi.c */
	u32 nmi_asks;          /* what an NMI from another processor is for; the same */
	/* What such an NMI has interrupted: written in it, before its bit in nmi_asks is cleared.
	 */
	u64 where_rip, where_flags;
	u64 ticks;
	u64 tick_ns; /* see tick_set(); interrupts off */
	bool tick_jitter;
	u32 tick_slower; /* log 2 of how much longer the next takes; the tick's own */
	u64 tick_due;    /* the same */
	u64 nmis;
	bool nmi_outermost; /* the NMI that runs interrupted none of the IST stacks; in NMIs */
	struct local local[LOCALS];

	u64 gdt[7];
	struct tss tss;
};

/* Fills in a processor's structure. Any processor, before it is loaded. */
void percpu_init(struct cpu *cpu, u32 id);

/* Makes `cpu` the running processor: GDT, TSS, GS, IDT. Once a processor, interrupts off. */
void percpu_load(struct cpu *cpu);

/* Gives `cpu` its IST stacks; `base` is a range of IST_STACKS guarded slots. */
void percpu_set_ist(struct cpu *cpu, u64 base);

/* Vectors #DF, NMI and #MC go to IST stacks from now on, and machine checks may come. Boot. */
void percpu_use_ist(void);

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	asm volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The running thread; the same before and after a migration, so valid with interrupts on. */
static inline struct thread *current_thread(void)
{
	struct thread *t;

	asm volatile("movq %%gs:%c1, %0" : "=r"(t) : "i"(CPU_CURRENT));
	return t;
}

extern struct cpu boot_cpu;

/* The processors that run, by id, without gaps; cpus[0] is the boot processor. Grows during boot.
 */
#define CPUS_MAX 512
extern struct cpu *cpus[CPUS_MAX];
extern u32 cpu_count;

#endif
#endif
