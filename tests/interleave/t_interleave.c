// SPDX-License-Identifier: MIT
/*
 * Interleavings: two threads and interrupts map, unmap and access three pages in every order up to
 * a length, take and give rights and die, and a model predicts each step. What this cannot know:
 * races inside steps, since turns change only between them.
 */
#define KTEST_SUITE "interleave"

#include "kernel/console/console.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/string.h"
#include "kernel/time.h"
#include "kernel/watchdog.h"
#include "pks/policy/fault.h"
#include "pks/policy/marks.h"
#include "tests/harness/fixture.h"
#include "tests/interleave/case_word.h"
#include "tests/interleave/play.h"
#include "tests/interleave/sequence.h"

/* How much of all sequences a run plays. */
struct slice {
	/* Every how manyth of those about one page, and about two; no multiple of 7 or 19, so that
	 * every letter comes at every place. */
	u32 stride, wide_stride;
	u32 longs; /* long ones, for each policy */
};

static const struct slice all_of_them = { 1, 1, 64 };
static const struct slice brief = { 531, 1413, 2 };
static const struct slice whole = { 59, 157, 16 };
static const struct slice on_two_cpus = { 295, 1875,
					  2 }; /* a turn there takes long in an emulator */

#define TICK_NS     40000
#define WATCHDOG_NS 20000000000ULL

/* A run through the sequences: where it is, and its results. */
struct plan {
	u32 n, stride; /* the next sequence; the distance to the one after it */
	u32 variant;   /* of the next sequence */
	u64 seed;      /* of the long ones */
	u32 longs;     /* how many of these */
	u32 keys;      /* number of the first sequence's keys */
	u32 part;      /* one in so many of those asked about */
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
	   "shared=%lu dies=%lu interrupts=%lu deaths=%lu differing=%lu ms=%lu\n",
	   what, t->sequences, t->steps, t->free, t->pardoned, t->shared, t->dies, t->interrupts,
	   t->deaths, t->differing, (now_ns() - plan->started) / 1000000);
}

/* Takes the next variant with each sequence. */
static bool next_of_slice(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	if (plan->n >= SEQUENCES)
		return false;
	sequence_get(plan->n, sequence_variant(plan->variant++ % SEQUENCE_VARIANTS), s->steps);
	sequence_keys(plan->n, s);
	plan->n += plan->stride;
	return true;
}

static bool next_of_wide(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	if (plan->n >= WIDE_SEQUENCES)
		return false;
	sequence_get_wide(plan->n, s);
	sequence_keys(plan->n, s);
	plan->n += plan->stride;
	return true;
}

/* Any letters, by the seed. */
static bool next_of_long(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	if (plan->n >= plan->longs)
		return false;
	sequence_get_long(plan->seed + plan->n, s);
	sequence_keys((u32)plan->seed + plan->n, s);
	plan->n++;
	return true;
}

/* Plays what `plan` says, its first sequence chosen by the seed; the policies take turns. */
static void play_part(play_source source, const char *what, struct cpu *b, u64 seed, u32 stride,
		      u32 longs)
{
	struct plan plan = begin();

	plan.stride = SEQUENCE_POLICIES * stride;
	plan.longs = longs;
	for (u32 p = 0; p < SEQUENCE_POLICIES; p++) {
		watchdog_set(WATCHDOG_NS, "interleave");
		plan.n = longs ? 0 : (u32)(seed % stride) + p * stride;
		plan.seed = (seed * SEQUENCE_POLICIES + p) * longs;
		pks_marks_set((p + seed) & 1 ? PKS_MARKS_HASH : PKS_MARKS_PAGE);
		plan.variant = p + (u32)(seed / stride % SEQUENCE_VARIANTS);
		if (!play_all(sequence_policy(p), cpus[0], b, source, &plan, &plan.tally))
			return;
	}
	report(&plan, what);
}

static struct slice slice_of_run(void)
{
	return options.extent == EXTENT_BRIEF ? brief : whole;
}

/* Plays sequences about one page, about two, and long ones; thread B on CPU `b`. */
static void play_slice(struct slice slice, struct cpu *b, u64 seed)
{
	if (!play_begin())
		return;
	play_part(next_of_slice, "slice", b, seed, slice.stride, 0);
	play_part(next_of_wide, "wide", b, seed, slice.wide_stride, 0);
	play_part(next_of_long, "long", b, seed, 1, slice.longs);
	play_end();
}

/* All sequences, once for each interrupt program; the rest of the variant takes turns. */
static bool next_of_all(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	do {
		if (plan->n == SEQUENCES) {
			plan->n = 0;
			plan->variant++;
		}
		if (plan->n % 4096 == 0)
			watchdog_set(WATCHDOG_NS, "interleave");
		if (plan->variant == SEQUENCE_INTERRUPTS)
			return false;
		sequence_get(plan->n,
			     sequence_variant(plan->variant +
					      plan->n % (SEQUENCE_VARIANTS / SEQUENCE_INTERRUPTS) *
						      SEQUENCE_INTERRUPTS),
			     s->steps);
		sequence_keys(plan->n, s);
		plan->n++;
	} while (plan->variant && !sequence_has_interrupt(s->steps));
	return true;
}

/* Plays all sequences under each scope and prints a line for each. */
static void play_everything(void)
{
	if (!play_begin())
		return;
	for (u32 scope = 0; scope < PKS_SCOPES; scope++) {
		struct pks_policy policy = { PKS_MODE_SILENT, PKS_GATE_KMAPPED,
					     (enum pks_scope)scope };
		struct plan plan = begin();

		if (!play_all(policy, cpus[0], cpus[0], next_of_all, &plan, &plan.tally))
			break;
		report(&plan, pks_scope_name(policy.scope));
	}
	play_end();
}

static bool only_once(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	sequence_parse(options.matrix_case, s);
	return plan->n++ == 0;
}

/* case=LETTERS: plays it under the command line's policy and prints each access's outcome. */
static void play_named(struct cpu *b)
{
	struct pks_policy policy = pks_policy_get();
	struct plan plan = begin();

	if (!play_begin())
		return;
	if (play_all(policy, cpus[0], b, only_once, &plan, &plan.tally))
		pr("    # interleave: case=%s accesses=%s\n", options.matrix_case, play_outcomes());
	play_end();
}

static void one_cpu_matches_the_model(void)
{
	if (case_is_all(options.matrix_case))
		play_everything();
	else if (case_is_sequence(options.matrix_case))
		play_named(cpus[0]);
	else if (options.extent >= EXTENT_FULL)
		play_slice(all_of_them, cpus[0], options.seed); /* policies by turns */
	else
		play_slice(slice_of_run(), cpus[0], options.seed);
}
KTEST(one_cpu_matches_the_model, KT_PKS);

/* Plays other sequences under a fast tick, which may preempt in the middle of a step. */
static void preemption_matches_the_model(void)
{
	struct slice slice = slice_of_run();

	tick_set(TICK_NS, true);
	play_slice(slice, cpus[0], options.seed + slice.stride / 2);
}
KTEST(preemption_matches_the_model, KT_PKS);

static void two_cpus_match_the_model(void)
{
	if (case_is_sequence(options.matrix_case) && !case_is_all(options.matrix_case))
		play_named(cpus[1]);
	else
		play_slice(on_two_cpus, cpus[1], options.seed);
}
KTEST(two_cpus_match_the_model, KT_PKS | KT_SMP);

/*
 * What the discussions asked about, in each order and under each policy: a mark and a local map
 * that overlap, and a mark that another context takes away than the one that made it.
 */
static const char *const asked[] = {
	"mwlwuwdw", "mwlwdwuw",     "lwmwdwuw", "lwmwuwdw",    "mrorurdr",     "mwowuwdw",
	"mywuw",    "mwywuwyw",     "mywyuwyw", "lwmywuwywdw", "lwywmwydwyuw", "m1u1",
	"lw1d1",    "mw2uw2",       "3wuw",     "mw4w",        "3y3w4yw4yw",   "lm4wdw",
	"mmw4w4w",  "owmwdwlwdwuw", "mowwdwuw", "mwoodwdw",    "olwdwdw",      "lowdwdw",
	"uwduw",    "5w5",          "mw5w",     "lw5wdw",      "mwyw1yw4ywyw", "mwyuwylwdw",
};

static bool next_asked(struct sequence *s, void *arg)
{
	struct plan *plan = arg;

	if (plan->n >= ARRAY_SIZE(asked))
		return false;
	sequence_parse(asked[plan->n], s);
	sequence_keys(plan->keys + plan->n, s);
	plan->n += plan->part;
	return true;
}

/* A brief run has each sequence under a fifth of the policies: each mode, gate and scope. */
static void discussed_sequences_match_the_model(void)
{
	struct plan plan = begin();

	if (!play_begin())
		return;
	plan.part = ktest_part(5);
	for (u32 p = 0; p < SEQUENCE_POLICIES; p++) {
		plan.n = p % plan.part;
		plan.keys = p * ARRAY_SIZE(asked);
		if (!play_all(sequence_policy(p), cpus[0], cpus[0], next_asked, &plan, &plan.tally))
			break;
	}
	play_end();
}
KTEST(discussed_sequences_match_the_model, KT_PKS | KT_STRESS);
