// SPDX-License-Identifier: MIT
/* What every context is, on each CPU: its name and its struct local. Traps that begin none. */
#define KTEST_SUITE "contexts"

#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "kernel/work.h"
#include "pks/rights.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

/* Work items and exceptions belong to a thread's context. */
static const char *const names[TEST_CONTEXTS] = {
	"thread", "thread", "softirq", "interrupt", "thread", "NMI", "NMI",
};

static struct local *local_of(enum test_context kind)
{
	struct cpu *cpu = this_cpu();

	switch (kind) {
	case IN_SOFTIRQ:
		return &cpu->local[LOCAL_SOFTIRQ];
	case IN_INTERRUPT:
		return &cpu->local[LOCAL_INTERRUPT];
	case IN_NMI:
	case IN_MC:
		return &cpu->local[LOCAL_NMI];
	default:
		return &current_thread()->local;
	}
}

static void look(void *arg)
{
	enum test_context kind = (enum test_context)(u64)arg;

	EXPECT(!strcmp(context_name(), names[kind]));
	EXPECT_EQ(in_interrupt(), strcmp(names[kind], "thread") != 0);
	EXPECT(this_local() == local_of(kind));
}

/* Looks before an NMI and after it, which must put everything back. */
static void look_around_an_nmi(void *arg)
{
	look(arg);
	run_in(IN_NMI, look, (void *)IN_NMI);
	look(arg);
}

static void look_at_all(void *cpu)
{
	for (u64 kind = 0; kind < TEST_CONTEXTS; kind++) {
		u32 count = context_count();

		run_in((enum test_context)kind, kind < IN_NMI ? look_around_an_nmi : look,
		       (void *)kind);
		EXPECT_EQ(context_count(), count);
		EXPECT(this_local() == &current_thread()->local);
		EXPECT(this_cpu() == cpu);
	}
}

static void each_has_its_name_and_its_own_state_on_each_cpu(void)
{
	u32 count = smp_load_acquire(&cpu_count);

	for (u32 cpu = 0; cpu < count; cpu++)
		REQUIRE(percpu_run_on(cpus[cpu], look_at_all, cpus[cpu]));
}
KTEST(each_has_its_name_and_its_own_state_on_each_cpu, KT_STRESS);

/* From a PIC, or from the APIC: no source, and so neither an EOI nor a handler. */
static void a_spurious_interrupt_is_not_counted(void)
{
	u32 before = 0, after = 0;

	for (u32 v = 0; v < 256; v++)
		before += trap_strays(v);
	asm volatile("int %0; int %1; int %2; int %3"
		     :
		     : "i"(VECTOR_PIC), "i"(VECTOR_PIC + 7), "i"(VECTOR_PIC + 15),
		       "i"(VECTOR_SPURIOUS)
		     : "memory");
	for (u32 v = 0; v < 256; v++)
		after += trap_strays(v);
	EXPECT_EQ(after - before, 0);
}
KTEST(a_spurious_interrupt_is_not_counted, KT_STRESS);

/* SDM Vol. 3A, "Exception and Interrupt Vectors"; #HV, #VC and #SX are AMD's. */
static void each_exception_has_its_name(void)
{
	static const char *const first_words[] = {
		"#DE", "#DB",      "NMI",      "#BP",      "#OF", "#BR", "#UD",      "#NM",
		"#DF", "coproc",   "#TS",      "#NP",      "#SS", "#GP", "#PF",      "exc",
		"#MF", "#AC",      "#MC",      "#XM",      "#VE", "#CP", "reserved", "reserved",
		"re",  "reserved", "reserved", "reserved", "#HV", "#VC", "#SX",      "reserved",
	};

	for (u64 v = 0; v < ARRAY_SIZE(first_words); v++) {
		const char *name = exception_name(v);

		EXPECT(name && !strncmp(name, first_words[v], strlen(first_words[v])));
	}
	EXPECT(!strcmp(exception_name(32), "interrupt"));
	EXPECT(!strcmp(exception_name(255), "interrupt"));
}
KTEST(each_exception_has_its_name, 0);

#define DR7_WRITE (DR7_INIT | 2 | 1 << 16 | 3 << 18) /* four bytes at the address in DR0 */

static struct {
	struct work work;
	u32 writes; /* of work.done */
	u32 rights; /* of the context that wrote last */
} item;

static bool at_write(struct regs *regs)
{
	write_dr6(DR6_INIT);
	item.writes++;
	item.rights = (u32)regs_pkrs(regs);
	return true;
}

static void open_a_key(struct work *work)
{
	(void)work;
	pks_set_readwrite(KEY_A);
}

/* Who waits for it may rely on what its context leaves behind. */
static void a_work_item_is_done_when_its_context_has_ended(void)
{
	trap_hook_t before = trap_hook_set(X86_DB, at_write);

	work_init(&item.work, open_a_key);
	item.writes = 0;
	write_dr0((u64)&item.work.done);
	write_dr7(DR7_WRITE);
	work_queue(&item.work);
	work_wait(&item.work, 1);
	write_dr7(DR7_INIT);
	trap_hook_set(X86_DB, before);
	EXPECT_EQ(item.writes, 1);
	EXPECT_EQ(item.rights, PKRS_INIT);
}
KTEST(a_work_item_is_done_when_its_context_has_ended, KT_PKS | KT_ONE_CPU);
