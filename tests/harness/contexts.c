// SPDX-License-Identifier: MIT
#include "tests/harness/contexts.h"
#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/softirq.h"
#include "kernel/thread.h"
#include "kernel/work.h"
#include "tests/harness/ktest.h"

/* The function that each kind of context runs. One test runs at a time; the caller writes an entry
 * before it raises the context that reads it. */
static struct job {
	void (*fn)(void *);
	void *arg;
	bool done;
} jobs[TEST_CONTEXTS];

static const char *const names[TEST_CONTEXTS] = {
	"thread", "work item", "softirq", "interrupt", "exception", "NMI", "machine check",
};

const char *test_context_name(enum test_context c)
{
	return names[c];
}

static void do_job(enum test_context c)
{
	struct job *job = &jobs[c];

	job->fn(job->arg);
	smp_store_release(&job->done, true);
}

static int thread_job(void *arg)
{
	(void)arg;
	do_job(IN_THREAD);
	return 0;
}

static void work_job(struct work *work)
{
	(void)work;
	do_job(IN_WORK);
}

static void softirq_job(void)
{
	do_job(IN_SOFTIRQ);
}

static bool interrupt_job(struct regs *regs)
{
	(void)regs;
	do_job(IN_INTERRUPT);
	return true;
}

static bool exception_job(struct regs *regs)
{
	(void)regs;
	do_job(IN_EXCEPTION);
	return true;
}

static bool nmi_job(struct regs *regs)
{
	(void)regs;
	do_job(IN_NMI);
	return true;
}

static bool mc_job(struct regs *regs)
{
	(void)regs;
	do_job(IN_MC);
	return true;
}

static void in_thread(void)
{
	struct thread *t = thread_create("context", thread_job, NULL);

	if (t)
		thread_join(t);
}

static void in_work(void)
{
	struct work work;

	work_init(&work, work_job);
	work_queue(&work);
	work_wait(&work, 1);
}

static void in_vector(u32 vector, trap_hook_t hook, void (*raise)(void))
{
	trap_hook_t before = trap_hook_set(vector, hook);

	raise();
	trap_hook_set(vector, before);
}

static void wait_for(const struct job *job)
{
	for (u32 spins = 0; !smp_load_acquire(&job->done) && spins < 100000000; spins++)
		cpu_relax();
}

static void raise_interrupt(void)
{
	apic_self_ipi(VECTOR_TEST);
	wait_for(&jobs[IN_INTERRUPT]);
}

static void raise_exception(void)
{
	asm volatile("int3" : : : "memory");
}

static void raise_nmi(void)
{
	apic_self_nmi();
	wait_for(&jobs[IN_NMI]);
}

static void raise_mc(void)
{
	asm volatile("int $18" : : : "memory");
}

void run_in(enum test_context c, void (*fn)(void *), void *arg)
{
	jobs[c] = (struct job){ fn, arg, false };
	barrier();
	switch (c) {
	case IN_THREAD:
		in_thread();
		break;
	case IN_WORK:
		in_work();
		break;
	case IN_SOFTIRQ:
		softirq_register(SOFTIRQ_TEST, softirq_job);
		softirq_raise(SOFTIRQ_TEST);
		break;
	case IN_INTERRUPT:
		in_vector(VECTOR_TEST, interrupt_job, raise_interrupt);
		break;
	case IN_EXCEPTION:
		in_vector(X86_BP, exception_job, raise_exception);
		break;
	case IN_NMI:
		in_vector(X86_NMI, nmi_job, raise_nmi);
		break;
	case IN_MC:
		in_vector(X86_MC, mc_job, raise_mc);
		break;
	case TEST_CONTEXTS:
		break;
	}
	if (!jobs[c].done)
		ktest_error("the %s context did not run", names[c]);
}
