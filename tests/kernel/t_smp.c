// SPDX-License-Identifier: MIT
/*
 * Several CPUs: each is set up like the first, threads run and wake on any, calls and NMIs arrive.
 * What this cannot know: a CPU that starts and then breaks.
 */
#define KTEST_SUITE "smp"

#include "kernel/apic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/msr.h"
#include "kernel/exception.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/wait.h"
#include "mm/pgtable.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

/* Registers that must be the same on every CPU. */
struct setup {
	u64 cr0, cr3, cr4, efer, star, lstar, sfmask, pat;
	u64 idt, dr7;
};

struct table {
	u16 limit;
	u64 base;
} __attribute__((packed));

static struct setup setup_here(void)
{
	struct table idt;

	asm volatile("sidt %0" : "=m"(idt));
	return (struct setup){
		.cr0 = read_cr0(),
		.cr3 = read_cr3(),
		.cr4 = read_cr4(),
		.efer = rdmsr(MSR_EFER),
		.star = rdmsr(MSR_STAR),
		.lstar = rdmsr(MSR_LSTAR),
		.sfmask = rdmsr(MSR_SFMASK),
		.pat = rdmsr(MSR_PAT),
		.idt = idt.base,
		.dr7 = read_dr7(),
	};
}

static void check_setup(u32 member, void *arg)
{
	const struct setup *first = arg;
	struct setup here = setup_here();
	struct cpu *cpu = this_cpu();
	struct table gdt;
	u16 task;

	EXPECT(cpu == cpus[member]);
	EXPECT_EQ(cpu->id, member);
	EXPECT_EQ(cpu->apic_id, apic_id());
	EXPECT_EQ(here.cr0, first->cr0);
	EXPECT_EQ(here.cr3, first->cr3);
	EXPECT_EQ(here.cr4, first->cr4);
	EXPECT_EQ(here.efer, first->efer);
	EXPECT_EQ(here.star, first->star);
	EXPECT_EQ(here.lstar, first->lstar);
	EXPECT_EQ(here.sfmask, first->sfmask);
	EXPECT_EQ(here.pat, first->pat);
	EXPECT_EQ(here.idt, first->idt);
	EXPECT_EQ(here.dr7, first->dr7);
	asm volatile("sgdt %0; str %1" : "=m"(gdt), "=r"(task));
	EXPECT_EQ(gdt.base, (u64)cpu->gdt);
	EXPECT_EQ(task, SEL_TSS);
	EXPECT_RIGHTS(PKRS_INIT);
	for (u32 other = 0; other < member; other++) {
		EXPECT(cpus[other]->ist_base != cpu->ist_base);
		EXPECT(cpus[other]->idle != cpu->idle);
	}
}

static void each_cpu_is_set_up_like_the_first(void)
{
	struct setup first = setup_here();

	percpu_run(check_setup, &first);
}
KTEST(each_cpu_is_set_up_like_the_first, KT_SMP);

static u32 running;

/* Ends once such threads run on all CPUs at the same time, or after four seconds. */
static int meet_everywhere(void *arg)
{
	u64 end = now_ns() + 4000000000;

	(void)arg;
	atomic_inc(&running);
	preempt_disable();
	while (READ_ONCE(running) < cpu_count && now_ns() < end)
		cpu_relax();
	preempt_enable();
	return (int)this_cpu()->id;
}

static void threads_run_at_the_same_time(void)
{
	struct thread *threads[64];
	u32 n = MIN(cpu_count, ARRAY_SIZE(threads));

	running = cpu_count - n;
	for (u32 i = 0; i < n; i++) {
		threads[i] = thread_prepare("anywhere", meet_everywhere, NULL);
		REQUIRE(threads[i]);
		threads[i]->pinned = NULL;
		thread_launch(threads[i]);
	}
	for (u32 i = 0; i < n; i++)
		thread_join(threads[i]);
	EXPECT_EQ(running, cpu_count);
}
KTEST(threads_run_at_the_same_time, KT_SMP);

static void go_round(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ktest_rounds(); i++) {
		struct cpu *to = cpus[(member + i) % cpu_count];

		thread_pin(to);
		for (u32 k = 0; k < 3; k++) {
			EXPECT(this_cpu() == to);
			EXPECT(current_thread()->cpu == to);
			thread_yield();
		}
	}
}

static void a_pinned_thread_stays_on_its_cpu(void)
{
	percpu_run(go_round, NULL);
}
KTEST(a_pinned_thread_stays_on_its_cpu, KT_SMP | KT_STRESS);

static struct waitq ball_moved = WAITQ_INIT(ball_moved);
static u32 ball, rounds;

/* Each member passes the ball to the next and wakes it. */
static void pass_on(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < rounds; i++) {
		wait_event(&ball_moved, smp_load_acquire(&ball) == i * cpu_count + member);
		atomic_inc(&ball);
		waitq_wake(&ball_moved);
	}
}

static void wake_ups_are_not_lost(void)
{
	ball = 0;
	rounds = ktest_rounds() / 5;
	percpu_run(pass_on, NULL);
	EXPECT_EQ(ball, rounds * cpu_count);
}
KTEST(wake_ups_are_not_lost, KT_SMP | KT_STRESS);

static void note_place(void *arg)
{
	u64 *places = arg;

	EXPECT(!irqs_enabled());
	places[this_cpu()->id]++;
}

static u64 places[CPUS_MAX];
static u32 calls; /* by each member, of each kind */

static void call_everybody(u32 member, void *arg)
{
	(void)arg;
	for (u32 i = 0; i < calls; i++) {
		ipi_run_on_all(note_place, places);
		ipi_run_on(cpus[(member + i) % cpu_count], note_place, places);
	}
}

/* All members call all CPUs at once: each CPU answers calls while it waits for answers. */
static void calls_run_on_their_cpus(void)
{
	u64 total = 0;

	calls = ktest_rounds() / 10;
	for (u32 i = 0; i < cpu_count; i++)
		places[i] = 0;
	percpu_run(call_everybody, NULL);
	for (u32 i = 0; i < cpu_count; i++) {
		EXPECT(places[i] >= (u64)calls * cpu_count);
		total += places[i];
	}
	EXPECT_EQ(total, (u64)calls * cpu_count * (cpu_count + 1));
}
KTEST(calls_run_on_their_cpus, KT_SMP | KT_STRESS);

static bool be_deaf, deaf_began;
static u32 warnings_before;

/* Keeps interrupts off until be_deaf is false or a CPU has warned. */
static int deaf(void *arg)
{
	u64 flags = irq_save();

	(void)arg;
	warnings_before = smp_load_acquire(&ipi_warnings);
	smp_store_release(&deaf_began, true);
	while (smp_load_acquire(&be_deaf) && smp_load_acquire(&ipi_warnings) == warnings_before)
		cpu_relax();
	irq_restore(flags);
	return 0;
}

/* Starts a deaf thread on `cpu` and returns once its interrupts are off. NULL: the test failed. */
static struct thread *make_deaf(struct cpu *cpu)
{
	struct thread *t = thread_prepare("deaf", deaf, NULL);

	if (!EXPECT(t))
		return NULL;
	be_deaf = true;
	deaf_began = false;
	t->pinned = cpu;
	thread_launch(t);
	while (!smp_load_acquire(&deaf_began))
		thread_yield();
	return t;
}

/* The caller warns about the CPU that does not answer, and goes on once it answers after all. */
static void a_cpu_that_does_not_answer_is_reported(void)
{
	struct thread *t = make_deaf(cpus[1]);
	u64 since = now_ns();

	REQUIRE(t);
	places[1] = 0;
	ipi_timeout_ns = 20000000;
	ipi_run_on(cpus[1], note_place, places);
	EXPECT(now_ns() - since >= ipi_timeout_ns); /* not warned about earlier */
	ipi_timeout_ns = IPI_TIMEOUT_NS;
	EXPECT_EQ(places[1], 1);
	EXPECT(ipi_warnings > warnings_before);
	thread_join(t);
}
KTEST(a_cpu_that_does_not_answer_is_reported, KT_SMP);

static u32 nmis_seen[CPUS_MAX];

static bool count_nmi(struct regs *regs)
{
	(void)regs;
	nmis_seen[this_cpu()->id]++;
	return true;
}

/* The NMI arrives though the other CPU has interrupts off. */
static void an_nmi_reaches_another_cpu(void)
{
	struct thread *t = make_deaf(cpus[1]);
	u64 end = now_ns() + 4000000000, counted = cpus[1]->nmis;

	REQUIRE(t);
	nmis_seen[0] = nmis_seen[1] = 0;
	trap_hook_set(X86_NMI, count_nmi);
	ipi_send_nmi(cpus[1]);
	while (!smp_load_acquire(&nmis_seen[1]) && now_ns() < end)
		cpu_relax();
	smp_store_release(&be_deaf, false);
	thread_join(t);
	trap_hook_set(X86_NMI, NULL);
	EXPECT_EQ(nmis_seen[1], 1);
	EXPECT_EQ(nmis_seen[0], 0);
	EXPECT_EQ(cpus[1]->nmis - counted, 1);
}
KTEST(an_nmi_reaches_another_cpu, KT_SMP);

static bool set_by_work;

static void take_place(void *arg)
{
	*(struct cpu **)arg = this_cpu();
}

static int hog(void *arg)
{
	(void)arg;
	while (!smp_load_acquire(&set_by_work))
		cpu_relax();
	return 0;
}

static int release_the_hog(void *arg)
{
	(void)arg;
	smp_store_release(&set_by_work, true);
	return (int)this_cpu()->id;
}

/* An idle CPU takes a thread that waits behind another. */
static void idle_cpus_take_waiting_threads(void)
{
	struct cpu *seen = NULL;
	struct thread *busy, *waiting;
	u64 flags;

	REQUIRE(percpu_run_on(cpus[1], take_place, &seen));
	EXPECT(seen == cpus[1]);
	set_by_work = false;
	busy = thread_prepare("hog", hog, NULL);
	waiting = thread_prepare("waiting", release_the_hog, NULL);
	REQUIRE(busy && waiting);
	busy->pinned = this_cpu();
	waiting->pinned = this_cpu(); /* only until it is in this CPU's queue */
	flags = irq_save();
	thread_launch(busy);
	thread_launch(waiting);
	waiting->pinned = NULL;
	irq_restore(flags);
	preempt_disable(); /* so that it cannot run here */
	for (u64 end = now_ns() + 4000000000; now_ns() < end;)
		if (smp_load_acquire(&set_by_work))
			break;
	preempt_enable();
	EXPECT(set_by_work);
	EXPECT(thread_join(waiting).code != (int)this_cpu()->id);
	smp_store_release(&set_by_work, true);
	thread_join(busy);
}
KTEST(idle_cpus_take_waiting_threads, KT_SMP);
