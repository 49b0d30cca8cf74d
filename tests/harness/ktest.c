// SPDX-License-Identifier: MIT
/* Runs the tests and prints their results as KTAP version 1. */
#include "tests/harness/ktest.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/trace.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "kernel/time.h"
#include "kernel/trace/trace_dump.h"
#include "kernel/watchdog.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "pks/pkrs.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/bench/bench.h"
#include "tests/harness/frames.h"
#include "tests/harness/result.h"
#include "tests/harness/selection.h"
#include "tests/interleave/case_word.h"

#define WATCHDOG_NS     8000000000ULL
#define WATCHDOG_CPU_NS 2000000000ULL /* more for each further CPU: the host may have fewer */
#define STRESS_TICK_NS  40000
#define STRESS_ROUNDS   6

/* The running test. Its thread writes it, and every context that it uses. */
static struct {
	const struct ktest *test;
	enum ktest_status status; /* atomic; only ever gets worse */
	u32 checks;               /* atomic */
	bool stress;
	char reason[128]; /* of what gave the test its status, if that is a skip or an error */
	u32 failures;     /* atomic */
	char first[160];  /* the first diagnostic line; written by the first of them */
} now;

static u32 runs; /* written by the thread that runs the tests */

/* True for the one caller that made the status worse: the reason printed is its own. */
static bool worsen(enum ktest_status to)
{
	enum ktest_status was = smp_load_acquire(&now.status);

	while (was < to)
		if (try_cmpxchg(&now.status, &was, to))
			return true;
	return false;
}

void ktest_checked(void)
{
	atomic_inc(&now.checks);
}

void ktest_skip(const char *reason)
{
	if (worsen(KTEST_SKIP))
		strlcpy(now.reason, reason, sizeof(now.reason));
}

void ktest_error(const char *fmt, ...)
{
	va_list args;

	if (!worsen(KTEST_ERROR))
		return;
	va_start(args, fmt);
	kvsnprintf(now.reason, sizeof(now.reason), fmt, args);
	va_end(args);
}

void ktest_fail(const char *file, int line, const char *fmt, ...)
{
	char text[384], where[16] = "";
	va_list args;

	if (smp_load_acquire(&cpu_count) > 1)
		ksnprintf(where, sizeof(where), "CPU %u: ", this_cpu()->id);
	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr("    # %s:%d: %s%s\n", file, line, where, text);
	if (atomic_inc_return(&now.failures) == 1)
		ksnprintf(now.first, sizeof(now.first), "%s:%d: %s%s", file, line, where, text);
	worsen(KTEST_FAIL);
}

u32 ktest_runs(void)
{
	return runs;
}

u32 ktest_rounds(void)
{
	return now.stress ? 150 / ktest_part(5) : 20;
}

static int test_thread(void *arg)
{
	const struct ktest *t = arg;

	t->fn();
	return 0;
}

/*
 * The kernel writes mirror and register together, so a difference is the machine's doing, or the
 * kernel's, and no error of the test. Later tests get a register that matches again.
 */
static void expect_kept_register(void)
{
	ktest_fail(__FILE__, __LINE__,
		   "expected IA32_PKRS to be %08x as cpu->pkrs, got %08x; rule: a register keeps "
		   "what WRMSR wrote",
		   PKRS_INIT, pkrs_register());
	pkrs_write(PKRS_INIT);
}

/* Checks what a test must leave as it found it: `mode` too. A leftover is the test's error. */
static void check_leftovers(u32 threads_before, enum pks_mode mode)
{
	bool enforce = mode != PKS_MODE_OFF;
	u32 threads = 0;
	s64 lost = 0;

	list_for_each(node, &all_threads) threads++;
	if (threads != threads_before)
		ktest_error("left %d threads behind", (int)(threads - threads_before));
	/* a test that fails may end before it gives back what it took */
	if (smp_load_acquire(&now.status) <= KTEST_SKIP)
		lost = frames_lost();
	if (lost)
		ktest_error("lost %ld frames", lost);
	if (context_count() || !irqs_enabled())
		panic("a test has changed the main thread's context");
	if (this_cpu()->pkrs != PKRS_INIT)
		ktest_error("rights leaked into the main thread: %08lx", this_cpu()->pkrs);
	else if (pks_on() && pkrs_register() != PKRS_INIT)
		expect_kept_register();
	if (pks_on() && pkrs_enforced() != enforce) {
		ktest_error("CR4.PKS was left %s", enforce ? "clear" : "set");
		pkrs_enforce(enforce); /* pks_policy_set() does not, if the mode is the same */
	}
}

static void usual_tick(void *arg)
{
	(void)arg;
	tick_set(TICK_DEFAULT_NS, false);
}

static void run_once(const struct ktest *t, bool stress)
{
	struct pks_policy policy = pks_policy_get(), enforced = policy;
	enum pks_marks marks = options.marks;
	bool kmap_check = options.early;
	struct thread_end end;
	struct thread *thread;
	u32 threads = 0;

	frames_mark();
	list_for_each(node, &all_threads) threads++;
	if ((t->flags & KT_ENFORCED) == KT_ENFORCED && policy.mode == PKS_MODE_OFF) {
		enforced.mode = PKS_MODE_RELAXED;
		pks_policy_set(enforced);
	}
	if (stress)
		tick_set(STRESS_TICK_NS, true);
	watchdog_set(WATCHDOG_NS + (cpu_count - 1) * WATCHDOG_CPU_NS, t->name);
	thread = thread_prepare(t->name, test_thread, (void *)t);
	if (thread) {
		if (stress && !(t->flags & KT_ONE_CPU))
			thread->pinned = NULL;
		thread_launch(thread);
		end = thread_join(thread);
		if (end.died)
			ktest_error("the test died: %s", end.why);
	} else {
		ktest_error("no memory for the test's thread");
	}
	watchdog_set(0, NULL);
	ipi_run_on_all(usual_tick, NULL);
	page_alloc_refuse(0, 0);
	pks_policy_set(policy);
	pks_marks_set(marks);
	kmap_check_set(kmap_check);
	check_leftovers(threads, policy.mode);
}

static void run(const struct ktest *t, bool stress)
{
	u32 rounds = options.repeat * (stress ? STRESS_ROUNDS / ktest_part(STRESS_ROUNDS) : 1);
	char name[128];

	/* whatever ran before: a test alone draws what it draws in the whole run */
	test_name(name, sizeof(name), t, stress);
	random_seed(random_seed_of(options.seed, name));
	now.test = t;
	now.status = KTEST_PASS;
	now.checks = 0;
	now.stress = stress;
	now.reason[0] = 0;
	now.failures = 0;
	now.first[0] = 0;
	if (t->flags & KT_PKS && !pks_on()) {
		ktest_skip(CONFIG_PKS ? "this CPU has no PKS" : "PKS is compiled out");
		return;
	}
	if (t->flags & KT_SMP && cpu_count < 2) {
		ktest_skip("only one CPU runs");
		return;
	}
	if (t->flags & KT_RAM && pages_free() < (20 << 20) / PAGE_SIZE) {
		ktest_skip("less than 20 MiB of RAM are free");
		return;
	}
	while (rounds-- && now.status == KTEST_PASS)
		run_once(t, stress);
	if (now.status == KTEST_PASS && now.checks == 0)
		ktest_error("the test checked nothing");
}

static bool run_suite(const struct ktest *from, const struct ktest *to)
{
	u32 number = 0, bad = result_bad();
	char name[128];

	pr("    KTAP version 1\n    # Subtest: %s\n    1..%u\n", from->suite,
	   count_selected(from, to));
	for (const struct ktest *t = from; t < to; t++) {
		for (int stress = 0; stress <= 1; stress++) {
			if (!test_selected(t, stress))
				continue;
			run(t, stress);
			ksnprintf(name, sizeof(name), "%s%s", t->name, stress ? "+tick" : "");
			result_print(&(struct result){ t->suite, name, now.status, now.reason,
						       now.first },
				     ++number);
		}
	}
	return result_bad() == bad;
}

/* Stands in for tests/interleave/case_word.c in a kernel of other folders (TESTS=): takes any text.
 */
__attribute__((weak)) bool case_understood(const char *text, char *why, u32 size)
{
	(void)text;
	(void)why;
	(void)size;
	return true;
}

/* False, with a complaint: case= is not understood, so no test shall run. */
static bool case_checked(void)
{
	char why[256];
	bool understood = case_understood(options.matrix_case, why, sizeof(why));

	if (!understood) /* as boot/main.c does */
		pr("# command line: case=%s: %s\n", options.matrix_case, why);
	return understood;
}

static void run_all(void (*before_totals)(void))
{
	bool understood = case_checked();
	const struct ktest *t, *end, *last = understood ? tests_end() : tests_begin();
	u32 suites = 0, number = 0;

	for (t = tests_begin(); t < last; t = suite_end(t))
		suites += count_selected(t, suite_end(t)) != 0;
	pr("KTAP version 1\n1..%u\n", suites);
	for (t = tests_begin(); t < last; t = end) {
		end = suite_end(t);
		if (!count_selected(t, end))
			continue;
		number++;
		pr("%s %u %s\n", run_suite(t, end) ? "ok" : "not ok", number, t->suite);
	}
	if (!number && understood)
		pr("# no test is left by tests=%s from=%s until=%s\n", options.tests, options.from,
		   options.until);
	if (options.trace && options.exit != EXIT_MONITOR)
		trace_dump(); /* before the line that ends the run */
	if (before_totals)
		before_totals();
	result_totals();
}

bool ktest_main(void (*before_totals)(void))
{
	if (!runs++)
		pr("# boot: %lu TSC ticks from kernel entry to the first test\n",
		   rdtsc() - boot_tsc);
	result_begin();
	if (options.bench)
		bench_run_all();
	else
		run_all(before_totals);
	return result_bad() == 0;
}
