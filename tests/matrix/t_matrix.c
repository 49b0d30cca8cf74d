// SPDX-License-Identifier: MIT
/*
 * The architecture matrix: one test per rule. The first test that runs makes all the accesses; each
 * test reports its rule. What this cannot know: whether the oracle reads the manual correctly;
 * INIT, SMM and shadow stacks; other CPUs' TLBs.
 */
#define KTEST_SUITE "matrix"

#include "kernel/console/console.h"
#include "kernel/console/results.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/string.h"
#include "kernel/time.h"
#include "kernel/watchdog.h"
#include "tests/harness/ktest.h"
#include "tests/matrix/announce.h"
#include "tests/matrix/case_state.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/report.h"
#include "tests/matrix/run.h"
#include "tests/matrix/tables.h"

#define WATCHDOG_NS 20000000000ULL
#define PROGRESS_NS 1000000000ULL

/* Written by the first test of the suite that runs, read by the others after it. */
static struct matrix matrix;
static enum { NOT_RUN, RUN, IMPOSSIBLE } state;
static u32 run_number; /* the ktest_runs() that all of this belongs to */
static const char *why_not;

static u64 said_ns; /* when say_where() was called; of the one thread that runs tests */

/* Says where the matrix is: if the machine dies, tools/run looks for the case from there on. */
static void say_where(u32 percent, u64 row)
{
	said_ns = now_ns();
	pr("    # matrix: %u %%, row %lu\n", percent, row);
}

static void progress(u32 percent, u64 row)
{
	watchdog_set(WATCHDOG_NS, "matrix");
	if (now_ns() - said_ns >= PROGRESS_NS)
		say_where(percent, row);
}

/* Runs a case given by name; prints what was expected and observed, even if they agree. */
static void run_named(const struct mcase *c)
{
	char name[CASE_NAME_MAX], expected[3 * SIDE_MAX], observed[SIDE_MAX];
	struct mcase row = row_of_case(c);
	struct mismatch m, came;
	struct expectation e;
	struct outcome o;

	case_print(c, name, sizeof(name));
	if (!case_valid(c) || !case_possible(c)) {
		pr("    # case %s %s\n", name,
		   case_valid(c) ? "is not possible on this machine" : "does not exist");
		return;
	}
	announce_checks(c);
	m = matrix_one(c, &o);
	case_state_note(c, &o);
	expect_case(c, &e);
	came = (struct mismatch){ .aspects = m.aspects,
				  .observed_vector = o.vector,
				  .observed_error = o.error };
	report_expected(&e, m.aspects, expected, sizeof(expected));
	mismatch_print(&came, true, observed, sizeof(observed));
	matrix_row(&matrix, &row, 1u << c->v[AXIS_KEY]);
	matrix_pause();
	pr("    # case %s expected=%s observed=%s cr2=%p pkrs=%08x %s\n", name, expected, observed,
	   (void *)o.cr2, o.pkrs, m.aspects ? "DIVERGES" : "agrees");
	case_state_print(c);
}

/* Runs all cases of a name: an axis given as * takes all its values. */
static void run_named_all(struct mcase c, u32 free_axes)
{
	u32 axis = free_axes ? (u32)__builtin_ctz(free_axes) : AXES;

	if (axis == AXES) {
		run_named(&c);
		return;
	}
	for (u32 v = 0; v < axis_values(axis); v++) {
		c.v[axis] = (u8)v;
		run_named_all(c, free_axes & (free_axes - 1));
	}
	watchdog_set(WATCHDOG_NS, "matrix");
}

/* Names the kinds whose cases this CPU cannot run: enum need. */
static void print_left_out(void)
{
	u32 count = 0;

	for (u32 kind = 0; kind < KINDS; kind++) {
		if (machine_can.needs >> matrix_kinds[kind].need & 1)
			continue;
		pr("%s %s", count++ ? "" : "    # left out, as this CPU has no such instruction:",
		   matrix_kinds[kind].name);
	}
	if (count)
		pr("\n");
}

static void run_slice(void)
{
	_Static_assert((int)SLICE_FULL == EXTENT_FULL, "a slice is an extent, without list");
	enum slice slice = (enum slice)MIN(options.extent, EXTENT_FULL);
	u64 started = now_ns(), ms;

	if (options.extent == EXTENT_LIST)
		matrix.on_divergence = report_case;
	print_left_out();
	matrix.from = options.rows;
	matrix.announce = options.rows ? announce_case : NULL;
	say_where(0, MAX(matrix.from, 1));
	matrix_run(&matrix, slice, progress);
	ms = (now_ns() - started) / 1000000;
	results_pr("    # matrix: cases=%lu divergent=%lu slice=%s levels=%s ms=%lu\n",
		   matrix.cases, matrix.divergent, extent_name((enum extent)slice),
		   machine_can.la57 ? "4,5" : "4", ms);
}

static void run_all(void)
{
	struct mcase c;
	u32 free_axes;
	char why[256];

	memset(&matrix, 0, sizeof(matrix));
	run_number = ktest_runs();
	state = IMPOSSIBLE;
	why_not = machine_setup();
	if (why_not)
		return;
	tables.avoid_set_dirty = options.avoid & AVOID_SET_DIRTY;
	if (tables.avoid_set_dirty)
		pr("    # avoided: read-only entries are dirty from the start: no access has to "
		   "set "
		   "D "
		   "in one while CR0.WP = 0 (avoid=set-dirty)\n");
	if (options.avoid & AVOID_MOVDIRI) {
		machine_can.needs &= ~(1u << NEED_MOVDIRI);
		pr("    # avoided: MOVDIRI, which accesses other memory here (avoid=movdiri)\n");
	}
	if (!options.matrix_case[0]) {
		run_slice();
		report_corners(&matrix, results_pr);
	} else if (case_parse(options.matrix_case, &c, &free_axes, why, sizeof(why))) {
		run_named_all(c, free_axes);
	}
	state = RUN;
	machine_teardown();
}

static void print_class(const struct divergence *d)
{
	char small[CASE_NAME_MAX], expected[SIDE_MAX], observed[SIDE_MAX];

	report_class(d);
	case_print(&d->small, small, sizeof(small));
	mismatch_print(&d->mismatch, false, expected, sizeof(expected));
	mismatch_print(&d->mismatch, true, observed, sizeof(observed));
	/* In short, for the codes: the test's name comes behind it. */
	results_keep("class %s %s %s %s %lu %lu%s", rule_text(d->rule)->name, small, expected,
		     observed, class_count(d), matrix.rule_cases[d->rule],
		     d->unsteady ? " chance" : "");
}

static void report(enum rule r)
{
	const struct rule_text *text = rule_text(r);
	u64 divergent = classes_count(&matrix.classes, r);

	if (state == NOT_RUN || run_number != ktest_runs())
		run_all();
	if (state == IMPOSSIBLE) {
		ktest_error("%s", why_not);
		return;
	}
	divergent = classes_count(&matrix.classes, r);
	if (!matrix.rule_cases[r] && !divergent) {
		ktest_skip("this run has no case of this rule, or none that this machine supports");
		return;
	}
	ktest_checked();
	rule_line(text->name, matrix.rule_cases[r], divergent, text->sdm, text->says);
	for (u32 i = 0; i < matrix.classes.count; i++)
		if (matrix.classes.list[i].rule == r)
			print_class(&matrix.classes.list[i]);
	if (divergent)
		ktest_fail(__FILE__, __LINE__, "%lu cases differ from the rule: %s", divergent,
			   text->says);
	if (matrix.classes.lost)
		ktest_error("no room for the classes of %lu divergent cases", matrix.classes.lost);
}

#define RULE_TEST(name, sdm, says)   \
	static void name(void)       \
	{                            \
		report(RULE_##name); \
	}                            \
	KTEST(name, 0);
MATRIX_RULES(RULE_TEST)
