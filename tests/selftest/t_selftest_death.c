// SPDX-License-Identifier: MIT
/*
 * Deaths that end the machine: the rows of the table at die(), kernel/exception.h, that panic. Each
 * must panic at once and with the full report. tests/selftest/run reads what they print.
 */
#define KTEST_SUITE "selftest"

#include "kernel/console/console.h"
#include "kernel/console/screen.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/mutex.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "mm/pgtable_internal.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/inject.h"
#include "tests/harness/percpu_run.h"
#include "tests/harness/probe.h"

static struct spinlock first = SPINLOCK_INIT, second = SPINLOCK_INIT;

static void fault(void *arg)
{
	(void)arg;
	*(volatile u64 *)NOWHERE = 1;
}

static __attribute__((noinline)) void lock_first(void)
{
	spin_lock_irqsave(&first);
}

static __attribute__((noinline)) void lock_second(void)
{
	spin_lock_irqsave(&second);
}

static void dies_with_a_lock(void)
{
	EXPECT(true);
	lock_first();
	fault(NULL);
}
KTEST(dies_with_a_lock, KT_SELFTEST);

/* A lock that was held and released is not in the report. */
static void dies_with_two_locks(void)
{
	u64 flags = spin_lock_irqsave(&first);

	spin_unlock_irqrestore(&first, flags);
	lock_second();
	lock_first();
	asm volatile("ud2");
}
KTEST(dies_with_two_locks, KT_SELFTEST);

static void die_with_a_lock(void *arg)
{
	lock_second();
	fault(arg);
}

static void dies_with_a_lock_on_the_last_cpu(void)
{
	percpu_run_on(cpus[cpu_count - 1], die_with_a_lock, NULL);
}
KTEST(dies_with_a_lock_on_the_last_cpu, KT_SELFTEST | KT_SMP);

static void dies_with_a_run_queue_locked(void)
{
	irq_disable();
	spin_lock(&cpus[cpu_count - 1]->rq.lock);
	fault(NULL);
}
KTEST(dies_with_a_run_queue_locked, KT_SELFTEST | KT_SMP);

static void dies_with_the_page_tables_locked(void)
{
	irq_disable();
	spin_lock(&pgtable_lock);
	fault(NULL);
}
KTEST(dies_with_the_page_tables_locked, KT_SELFTEST);

static void print(void *arg)
{
	(void)arg;
	pr("# the last line\n");
}

static bool die_in_the_console(struct regs *regs)
{
	if (regs->rip == (u64)screen_flush)
		die(regs, "on purpose", 0);
	return true;
}

static void dies_while_printing(void)
{
	single_step(print, NULL, die_in_the_console);
}
KTEST(dies_while_printing, KT_SELFTEST);

static void exits_with_a_lock(void)
{
	lock_first();
	thread_exit(0);
}
KTEST(exits_with_a_lock, KT_SELFTEST);

static struct mutex held, released;

static void lock_mutexes(void)
{
	mutex_init(&held);
	mutex_init(&released);
	mutex_lock(&held);
	mutex_lock(&released);
	mutex_unlock(&released);
}

static void dies_with_a_mutex(void)
{
	EXPECT(true);
	lock_mutexes();
	fault(NULL);
}
KTEST(dies_with_a_mutex, KT_SELFTEST);

static void exits_with_a_mutex(void)
{
	lock_mutexes();
	thread_exit(0);
}
KTEST(exits_with_a_mutex, KT_SELFTEST);

static void dies_with_preemption_and_interrupts_off(void)
{
	preempt_disable();
	irq_disable();
	fault(NULL);
}
KTEST(dies_with_preemption_and_interrupts_off, KT_SELFTEST);

static void dies_in_a_softirq(void)
{
	run_in(IN_SOFTIRQ, fault, NULL);
}
KTEST(dies_in_a_softirq, KT_SELFTEST);

static void dies_in_an_nmi(void)
{
	run_in(IN_NMI, fault, NULL);
}
KTEST(dies_in_an_nmi, KT_SELFTEST);

static void dies_in_a_machine_check(void)
{
	run_in(IN_MC, fault, NULL);
}
KTEST(dies_in_a_machine_check, KT_SELFTEST);

static void dies_in_a_work_item(void)
{
	run_in(IN_WORK, fault, NULL);
}
KTEST(dies_in_a_work_item, KT_SELFTEST);

/* The lock belongs to the interrupted context; the report names it all the same. */
static void dies_in_an_nmi_with_a_lock(void)
{
	EXPECT(true);
	lock_first();
	run_in(IN_NMI, fault, NULL);
}
KTEST(dies_in_an_nmi_with_a_lock, KT_SELFTEST);

static void opcode(void *arg)
{
	(void)arg;
	asm volatile("ud2");
}

static void divide(void *arg)
{
	(void)arg;
	asm volatile("divl %0" : : "r"(0) : "rax", "rdx", "cc");
}

static void protection(void *arg)
{
	(void)arg;
	*(volatile u64 *)0x8000000000000000 = 1; /* not canonical */
}

static void dies_of_a_division_in_an_interrupt(void)
{
	run_in(IN_INTERRUPT, divide, NULL);
}
KTEST(dies_of_a_division_in_an_interrupt, KT_SELFTEST);

static void dies_of_an_opcode_in_a_softirq(void)
{
	run_in(IN_SOFTIRQ, opcode, NULL);
}
KTEST(dies_of_an_opcode_in_a_softirq, KT_SELFTEST);

static void dies_of_protection_in_an_nmi(void)
{
	run_in(IN_NMI, protection, NULL);
}
KTEST(dies_of_protection_in_an_nmi, KT_SELFTEST);

static void dies_of_a_breakpoint_with_a_lock(void)
{
	lock_first();
	asm volatile("int3");
}
KTEST(dies_of_a_breakpoint_with_a_lock, KT_SELFTEST);

static void takes_a_machine_check(void)
{
	asm volatile("int $18");
}
KTEST(takes_a_machine_check, KT_SELFTEST);

/* The push faults, and so does the delivery of that fault: #DF has a stack of its own. */
static void loses_its_stack(void)
{
	asm volatile("mov %0, %%rsp; push %%rax" : : "r"(NOWHERE));
}
KTEST(loses_its_stack, KT_SELFTEST);

/* Lets a thread that does not run go on at an invalid opcode: switch_to() returns there. */
static void spoil(struct thread *t)
{
	((u64 *)t->rsp)[6 + CONFIG_PKS] = (u64)opcode;
}

static void the_idle_thread_dies(void)
{
	spoil(this_cpu()->idle);
	thread_sleep(1000000);
}
KTEST(the_idle_thread_dies, KT_SELFTEST);

static void the_main_thread_dies(void)
{
	struct thread *main = list_entry(all_threads.next, struct thread, all_node);

	spoil(main);
	thread_wake(main);
	thread_yield();
}
KTEST(the_main_thread_dies, KT_SELFTEST);
