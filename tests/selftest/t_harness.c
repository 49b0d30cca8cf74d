// SPDX-License-Identifier: MIT
/*
 * The harness itself, first of all: if it cannot see a fault, no other result means anything. What
 * this cannot know: whether a failure is printed as one; tests/selftest/run checks that.
 */
#define KTEST_SUITE "harness"

#include "kernel/cpu/context.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/options.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "kernel/thread.h"
#include "tests/harness/contexts.h"
#include "tests/harness/expect.h"
#include "tests/harness/probe.h"

static void a_probe_returns_its_fault(void)
{
	u64 value;

	EXPECT_PAGE_FAULT(probe_read((void *)NOWHERE, &value), 0, NOWHERE,
			  "P = 0: nothing is mapped");
	EXPECT_PAGE_FAULT(probe_write((void *)NOWHERE, 1), PF_W, NOWHERE, "P = 0, a write");
}
KTEST(a_probe_returns_its_fault, 0);

static void an_allowed_access_succeeds(void)
{
	u64 word = 1, value = 0;

	EXPECT_NO_FAULT(probe_read(&word, &value), "an ordinary read");
	EXPECT_EQ(value, 1);
	EXPECT_NO_FAULT(probe_write(&word, 7), "an ordinary write");
	EXPECT_EQ(word, 7);
}
KTEST(an_allowed_access_succeeds, 0);

static void page_0_is_not_mapped(void)
{
	u64 value;

	EXPECT_PAGE_FAULT(probe_read(NULL, &value), 0, 0, "page 0 is never mapped");
	EXPECT_PAGE_FAULT(probe_write((void *)8, 1), PF_W, 8, "page 0 is never mapped");
}
KTEST(page_0_is_not_mapped, 0);

static int read_nowhere(void *arg)
{
	(void)arg;
	return (int)*(volatile u64 *)NOWHERE;
}

static void a_fault_ends_its_thread(void)
{
	struct thread *t = thread_prepare("to die", read_nowhere, NULL);
	struct thread_end end;

	REQUIRE(t);
	t->expects_death = true;
	thread_launch(t);
	end = thread_join(t);
	EXPECT(end.died);
	EXPECT_EQ(end.fault.vector, X86_PF);
	EXPECT_EQ(end.fault.addr, NOWHERE);
}
KTEST(a_fault_ends_its_thread, 0);

static void count_up(void *arg)
{
	++*(u32 *)arg;
}

static void every_context_runs(void)
{
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		u32 runs = 0;

		run_in(c, count_up, &runs);
		EXPECT_EQ(runs, 1);
	}
}
KTEST(every_context_runs, KT_STRESS);

static void fault_in_context(void *arg)
{
	*(struct fault *)arg = probe_write((void *)NOWHERE, 1);
}

static void a_fault_is_a_value_in_every_context(void)
{
	for (enum test_context c = 0; c < TEST_CONTEXTS; c++) {
		struct fault f = { 0 };

		run_in(c, fault_in_context, &f);
		EXPECT_PAGE_FAULT(f, PF_W, NOWHERE, "a fault is a value in every context");
	}
}
KTEST(a_fault_is_a_value_in_every_context, KT_STRESS);

/* The first round of a test in this run: later rounds go on in the same sequence. */
static bool first_round(u32 *run)
{
	bool first = *run != ktest_runs();

	*run = ktest_runs();
	EXPECT(true);
	return first;
}

static void a_test_draws_its_own_numbers(void)
{
	static u32 run;
	u64 drawn = random_next();

	if (!first_round(&run))
		return;
	random_seed(random_seed_of(options.seed, "harness.a_test_draws_its_own_numbers"));
	EXPECT_EQ(drawn, random_next());
}
KTEST(a_test_draws_its_own_numbers, 0);

static void seed_and_name_decide_what_is_drawn(void)
{
	static const char *const names[] = { "", "a", "b", "aa", "ab", "ba", "a.b", "a.b+tick" };
	u64 seeds[2 * ARRAY_SIZE(names)];

	for (u32 i = 0; i < ARRAY_SIZE(seeds); i++) {
		seeds[i] = random_seed_of(i % 2, names[i / 2]);
		EXPECT_EQ(random_seed_of(i % 2, names[i / 2]), seeds[i]);
		for (u32 j = 0; j < i; j++)
			EXPECT(seeds[i] != seeds[j]);
	}
}
KTEST(seed_and_name_decide_what_is_drawn, 0);

/* Under +tick the ticks are random too; a test's numbers do not depend on when they come. */
static void ticks_draw_none_of_a_tests_numbers(void)
{
	struct random same;
	u64 ticks, from = random_next();

	random_seed(0);
	same.state = 0;
	ticks = this_cpu()->ticks;
	for (u32 i = 0; i < 200 || (this_cpu()->ticks - ticks < 20 && i < 1000000000); i++)
		if (random_below(1000) != random_draw_below(&same, 1000)) {
			ktest_fail(__FILE__, __LINE__,
				   "expected number %u to be the next, got another", i);
			break;
		}
	EXPECT(this_cpu()->ticks - ticks >= 20);
	random_seed(from);
}
KTEST(ticks_draw_none_of_a_tests_numbers, KT_STRESS | KT_ONE_CPU);

/* What ktest_list() has named; the running test's. */
static struct {
	u32 names, before; /* all of them; those before the first one of `from` */
	char first[32], last[32], second[32]; /* suites */
} listed;

static void take_name(const char *name)
{
	char suite[32] = "";

	for (u32 i = 0; name[i] != '.' && i < sizeof(suite) - 1; i++)
		suite[i] = name[i];
	if (!listed.names++)
		strlcpy(listed.first, suite, sizeof(listed.first));
	if (!*listed.second && strcmp(suite, listed.first))
		strlcpy(listed.second, suite, sizeof(listed.second));
	if (!*listed.second)
		listed.before++;
	strlcpy(listed.last, suite, sizeof(listed.last));
}

/* Lists the tests with from=`from` and until=`until`; an empty one leaves out none. */
static void list(const char *from, const char *until)
{
	u32 count;

	memset(&listed, 0, sizeof(listed));
	strlcpy(options.from, from, sizeof(options.from));
	strlcpy(options.until, until, sizeof(options.until));
	count = ktest_list(take_name);
	EXPECT_EQ(listed.names, count);
}

static void from_leaves_out_the_suites_before_it(void)
{
	struct options before = options;
	char suite[32], last[32];
	u32 left;

	options.tests[0] = '\0';
	for (list("", ""); *listed.second; EXPECT_EQ(listed.names, left)) {
		left = listed.names - listed.before;
		strlcpy(suite, listed.second, sizeof(suite));
		strlcpy(last, listed.last, sizeof(last));
		list(suite, "");
		if (!EXPECT(!strcmp(listed.first, suite) && !strcmp(listed.last, last)))
			break;
	}
	EXPECT(!strcmp(listed.first, listed.last));
	list("no_such_suite", "");
	EXPECT_EQ(listed.names, 0);
	options = before;
}
KTEST(from_leaves_out_the_suites_before_it, 0);

/* What from= lists and what until= lists are all tests, each once, for each suite. */
static void until_leaves_out_its_suite_and_those_behind(void)
{
	struct options before = options;
	char suite[32], one_before[32] = "";
	u32 all, left;

	options.tests[0] = '\0';
	list("", "");
	all = listed.names;
	strlcpy(suite, listed.first, sizeof(suite));
	for (bool more = true; more; strlcpy(suite, listed.second, sizeof(suite))) {
		list("", suite);
		if (!EXPECT(!strcmp(listed.last, one_before)))
			break;
		left = listed.names;
		list(one_before, suite); /* the one suite between the two */
		EXPECT(!strcmp(listed.first, one_before) && !*listed.second);
		list(suite, "");
		EXPECT_EQ(left + listed.names, all);
		strlcpy(one_before, suite, sizeof(one_before));
		more = *listed.second;
	}
	list("", "no_such_suite");
	EXPECT_EQ(listed.names, 0);
	list(one_before, one_before);
	EXPECT_EQ(listed.names, 0);
	options = before;
}
KTEST(until_leaves_out_its_suite_and_those_behind, 0);
