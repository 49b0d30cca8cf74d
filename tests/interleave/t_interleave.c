// SPDX-License-Identifier: MIT
/*
 * Interleavings: two threads and interrupts map, unmap and use one page in every order there is, up
 * to a length, beside a model that says what each step must do. What this cannot know: what two
 * threads do inside steps of theirs at the same time, since the turn changes between steps alone.
 */
#define KTEST_SUITE "interleave"

#include "kernel/console/console.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/string.h"
#include "kernel/time.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/harness/fixture.h"
#include "tests/interleave/play.h"
#include "tests/interleave/sequence.h"

/* Of the slice; no multiples of 7, so that all letters come everywhere. */
#define STRIDE      59
#define STRIDE_SMP  295 /* a turn that goes to another processor takes long in an emulator */
#define TICK_NS     40000
#define WATCHDOG_NS 20000000000ULL

/* Where in the sequences a run is, and what came of it. */
struct plan {
	u32 n, stride; /* the next one's number; to the one after it */
	u32 variant;   /* of the next one */
	struct play_tally tally;
	u64 started;
};

static struct plan begin(void)
{
	return (struct plan){ .stride = 1, .started = now_ns() };
}

static void report(const struct plan *plan, const char *what)
{
	const struct play_tally *t = &plan->tally;

	pr("    # interleave: %s sequences=%lu steps=%lu free=%lu pardoned=%lu "
	   "shared=%lu dies=%lu interrupts=%lu differing=%lu ms=%lu\n",
	   what, t->sequences, t->steps, t->free, t->pardoned, t->shared, t->dies, t->interrupts,
	   t->differing, (now_ns() - plan->started) / 1000000);
}

/* Sequences and variants go on together. */
static bool next_of_slice(char *steps, void *arg)
{
	struct plan *plan = arg;

	if (plan->n >= SEQUENCES)
		return false;
	sequence_get(plan->n, sequence_variant(plan->variant++ % SEQUENCE_VARIANTS), steps);
	plan->n += plan->stride;
	return true;
}

/* Every so many sequences one, from another on with each seed; the policies come by turns. */
static void play_slice(struct cpu *a, struct cpu *b, u64 seed, u32 stride)
{
	struct plan plan = begin();

	for (u32 p = 0; p < SEQUENCE_POLICIES; p++) {
		watchdog_set(now_ns() + WATCHDOG_NS, "interleave");
		plan.n = (u32)(seed % stride) + p * stride;
		plan.stride = SEQUENCE_POLICIES * stride;
		pks_marks_set((p + seed) & 1 ? PKS_MARKS_HASH : PKS_MARKS_PAGE);
		plan.variant = p + (u32)(seed / stride % SEQUENCE_VARIANTS);
		if (!play_all(sequence_policy(p), a, b, next_of_slice, &plan, &plan.tally))
			return;
	}
	report(&plan, "slice");
}

/* All sequences with one interrupt's program after another; what else varies goes by turns. */
static bool next_of_all(char *steps, void *arg)
{
	struct plan *plan = arg;

	do {
		if (plan->n == SEQUENCES) {
			plan->n = 0;
			plan->variant++;
		}
		if (plan->n % 4096 == 0)
			watchdog_set(now_ns() + WATCHDOG_NS, "interleave");
		if (plan->variant == STEP_INTERRUPTS)
			return false;
		sequence_get(plan->n,
			     sequence_variant(plan->variant +
					      plan->n % (SEQUENCE_VARIANTS / STEP_INTERRUPTS) *
						      STEP_INTERRUPTS),
			     steps);
		plan->n++;
	} while (plan->variant && !sequence_has_interrupt(steps));
	return true;
}

/* One line for each scope, since each is an experiment of its own. */
static void play_everything(void)
{
	for (u32 scope = 0; scope < PKS_SCOPES; scope++) {
		struct pks_policy policy = { PKS_MODE_SILENT, PKS_GATE_KMAPPED,
					     (enum pks_scope)scope };
		struct plan plan = begin();

		if (!play_all(policy, cpus[0], cpus[0], next_of_all, &plan, &plan.tally))
			return;
		report(&plan, pks_scope_name(policy.scope));
	}
}

static bool only_once(char *steps, void *arg)
{
	struct plan *plan = arg;

	strlcpy(steps, options.matrix_case, SEQUENCE_MAX + 1);
	return plan->n++ == 0;
}

/* case=LETTERS, under the policy of the command line, says what each step came to. */
static void play_named(struct cpu *b)
{
	struct pks_policy policy = pks_policy_get();
	struct plan plan = begin();
	const char *why;

	if (!sequence_valid(options.matrix_case, &why)) {
		ktest_error("case=%s: %s", options.matrix_case, why);
		return;
	}
	if (play_all(policy, cpus[0], b, only_once, &plan, &plan.tally))
		pr("    # interleave: case=%s accesses=%s\n", options.matrix_case, play_outcomes());
}

/* A case of the matrix (tests/matrix/space.h) is another suite's. */
static bool case_given(void)
{
	const char *c = options.matrix_case;

	while (*c && *c != ':')
		c++;
	return options.matrix_case[0] && !*c;
}

/* case=all: with all that varies; case=each: each sequence once, the policies by turns. */
static bool case_is(const char *word)
{
	return !strcmp(options.matrix_case, word);
}

static void one_processor(void)
{
	if (case_is("all"))
		play_everything();
	else if (case_is("each"))
		play_slice(cpus[0], cpus[0], options.seed, 1);
	else if (case_given())
		play_named(cpus[0]);
	else
		play_slice(cpus[0], cpus[0], options.seed, STRIDE);
}
KTEST(one_processor, KT_PKS);

/* Other sequences, with the timer in between, which may preempt in the middle of a step. */
static void preempted(void)
{
	tick_set(TICK_NS, true);
	play_slice(cpus[0], cpus[0], options.seed + STRIDE / 2, STRIDE);
}
KTEST(preempted, KT_PKS);

static void two_processors(void)
{
	if (case_given() && !case_is("all") && !case_is("each"))
		play_named(cpus[1]);
	else
		play_slice(cpus[0], cpus[1], options.seed, STRIDE_SMP);
}
KTEST(two_processors, KT_PKS | KT_SMP);

/*
 * What was asked for in the discussions, in each order: a mark and a local map that overlap, and a
 * mark that is taken away in another context than the one that made it. Under each policy.
 */
static const char *const asked[] = {
	"mwlwuwdw", "mwlwdwuw",     "lwmwdwuw", "lwmwuwdw",    "mrorurdr",     "mwowuwdw",
	"mywuw",    "mwywuwyw",     "mywyuwyw", "lwmywuwywdw", "lwywmwydwyuw", "m1u1",
	"lw1d1",    "mw2uw2",       "3wuw",     "mw4w",        "3y3w4yw4yw",   "lm4wdw",
	"mmw4w4w",  "owmwdwlwdwuw", "mowwdwuw", "mwoodwdw",    "olwdwdw",      "lowdwdw",
	"uwduw",    "5w5",          "mw5w",     "lw5wdw",      "mwyw1yw4ywyw", "mwyuwylwdw",
};

static bool next_asked(char *steps, void *arg)
{
	struct plan *plan = arg;

	if (plan->n == ARRAY_SIZE(asked))
		return false;
	strlcpy(steps, asked[plan->n++], SEQUENCE_MAX + 1);
	return true;
}

static void as_asked_for(void)
{
	struct plan plan = begin();

	for (u32 p = 0; p < SEQUENCE_POLICIES; p++) {
		plan.n = 0;
		if (!play_all(sequence_policy(p), cpus[0], cpus[0], next_asked, &plan, &plan.tally))
			return;
	}
}
KTEST(as_asked_for, KT_PKS | KT_STRESS);
