// SPDX-License-Identifier: MIT
/*
 * The user half of the matrix, as an ordinary process of any Linux whose processor has user keys:
 *
 *     linux-pku [extent=brief|whole|full|list] [case=...] [rows=N] [avoid=far]
 *     linux-pku --can        says why it cannot run here, if it cannot
 *     linux-pku --version    the processor
 *
 * It prints what the kernel prints, so the same tools judge it. It proves what PKRU does to user
 * mode; of IA32_PKRS it proves nothing: which register rules a supervisor-mode address, what
 * CR4.PKS and CR0.WP do, and the processor's own accesses.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kernel/console/console.h"
#include "kernel/cpu/cpu_type.h"
#include "kernel/lib/printf.h"
#include "tests/matrix/announce.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/report.h"
#include "tests/matrix/rules.h"
#include "tests/matrix/run.h"

static struct matrix matrix;
static u32 passed, failed, skipped;

/* Also called while a signal is handled, so without stdio. */
void pr(const char *fmt, ...)
{
	char text[4096];
	const char *at = text;
	va_list args;
	ssize_t n;

	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	while (*at && (n = write(STDOUT_FILENO, at, strlen(at))) > 0)
		at += n;
}

/* The processor's name, family, model, stepping and type of core, as CPUID has them. */
static void name_processor(void)
{
	u32 a, b, c, d, brand[13] = { 0 };
	struct cpu_type type = cpu_type_read();
	char vendor[13] = "", text[CPU_TYPE_TEXT];

	__cpuid(0, a, b, c, d);
	memcpy(vendor, (u32[]){ b, d, c }, 12);
	for (u32 i = 0; i < 3; i++)
		__get_cpuid(0x80000002 + i, &brand[4 * i], &brand[4 * i + 1], &brand[4 * i + 2],
			    &brand[4 * i + 3]);
	cpu_type_print(&type, text);
	pr("# CPU: %s %s: %s\n", vendor, text, (char *)brand);
}

/* Stays on this CPU: the cores of one processor can differ. `taskset -c 8` chooses another. */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((u32)sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		pr("# Linux lets this process wander from CPU to CPU\n");
}

/* OSPKE: Linux has set CR4.PKE. */
static bool has_user_keys(void)
{
	u32 a, b, c = 0, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && c >> 4 & 1;
}

/* Says where the matrix is, once a second: if the machine dies, tools/run looks for the case. */
static void progress(u32 percent, u64 row)
{
	static time_t said;
	time_t now = time(NULL);

	if (now == said)
		return;
	said = now;
	pr("    # matrix: %u %%, row %lu\n", percent, row);
}

static void report(enum rule r)
{
	const struct rule_text *text = rule_text(r);
	u64 divergent = classes_count(&matrix.classes, r);

	if (!matrix.rule_cases[r] && !divergent) {
		pr("    ok %u %s # SKIP this run has no case of this rule that an ordinary process "
		   "can make and judge\n",
		   r + 1, text->name);
		skipped++;
		return;
	}
	pr("    # rule %s cases=%lu divergent=%lu sdm=\"%s\" says=\"%s\"\n", text->name,
	   matrix.rule_cases[r], divergent, text->sdm, text->says);
	for (u32 i = 0; i < matrix.classes.count; i++)
		if (matrix.classes.list[i].rule == r)
			report_class(&matrix.classes.list[i]);
	pr("    %s %u %s\n", divergent ? "not ok" : "ok", r + 1, text->name);
	*(divergent ? &failed : &passed) += 1;
}

/* Runs a case given by name; prints what was expected and observed, even if they agree. */
static void run_named(const struct mcase *c)
{
	struct mcase row = row_of_case(c);
	char name[CASE_NAME_MAX];
	struct mismatch m;
	struct outcome o;

	case_print(c, name, sizeof(name));
	if (!case_valid(c) || !case_possible(c)) {
		pr("    # case %s %s\n", name,
		   case_valid(c) ? "is not possible in an ordinary process" : "does not exist");
		return;
	}
	announce_checks(c);
	m = matrix_one(c, &o);
	matrix_row(&matrix, &row, 1u << c->v[AXIS_KEY]);
	pr("    # case %s vector=%u error=%x cr2=%p %s\n", name, o.vector, o.error, (void *)o.cr2,
	   m.aspects ? "DIVERGES" : "agrees");
}

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
}

/* In the order of enum slice. */
#define EXTENT_LIST 3
static const char *const extents[] = { "brief", "whole", "full", "list" };

/* As given on the command line. */
static struct {
	u32 extent;
	u64 rows;
	const char *named;
	bool avoid_far;
} asked;

/* From this row on, as the kernel's word. */
static bool parse_rows(const char *text)
{
	char *end;

	asked.rows = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end;
}

static bool parse_word(const char *word)
{
	if (!strncmp(word, "case=", 5)) {
		asked.named = word + 5;
		return true;
	}
	for (u32 i = 0; i < ARRAY_SIZE(extents); i++)
		if (!strncmp(word, "extent=", 7) && !strcmp(word + 7, extents[i])) {
			asked.extent = i;
			return true;
		}
	if (!strncmp(word, "rows=", 5))
		return parse_rows(word + 5);
	if (!strcmp(word, "avoid=far"))
		return asked.avoid_far = true;
	/* tools/run's own words: there is one suite, and nothing is drawn at random. */
	return !strcmp(word, "tests=matrix.*") || !strncmp(word, "seed=", 5);
}

/* Returns why this process cannot run the matrix, or NULL. */
static const char *set_up(void)
{
	if (!has_user_keys())
		return "the processor has no user keys, or Linux does not use them (no `ospke` in "
		       "/proc/cpuinfo)";
	return machine_setup();
}

static void run_slice(enum slice slice)
{
	if (asked.extent == EXTENT_LIST)
		matrix.on_divergence = report_case;
	matrix.from = asked.rows;
	matrix.announce = asked.rows ? announce_case : NULL;
	progress(0, MAX(asked.rows, 1ul));
	matrix_run(&matrix, slice, progress);
}

static void run(struct mcase c, u32 free_axes)
{
	enum slice slice = (enum slice)MIN(asked.extent, (u32)SLICE_FULL);

	pr("KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: matrix\n    1..%u\n", RULES);
	if (asked.named)
		run_named_all(c, free_axes);
	else
		run_slice(slice);
	pr("    # matrix: cases=%lu divergent=%lu slice=%s levels=4 ms=0\n", matrix.cases,
	   matrix.divergent, extents[slice]);
	report_corners(&matrix, pr);
	for (u32 r = 0; r < RULES; r++)
		report((enum rule)r);
	pr("%s 1 matrix\n# Totals: pass:%u fail:%u xfail:0 skip:%u error:0\n",
	   failed ? "not ok" : "ok", passed, failed, skipped);
}

/* Where they access their stack as a supervisor, Linux takes that for a bug of its own. */
static void avoid_far(void)
{
	machine_can.needs &= ~(1u << NEED_FAR | 1u << NEED_FAR_64);
	pr("# avoided: far CALL and RET and IRET, by whose faults Linux ends this process "
	   "(avoid=far)\n");
}

static int refuse(const char *what, const char *why, int status)
{
	fprintf(stderr, "linux-pku: %s%s\n", what, why);
	return status;
}

int main(int count, char **words)
{
	bool can = count == 2 && !strcmp(words[1], "--can");
	struct mcase c = { 0 };
	u32 free_axes = 0;
	const char *why;
	char text[256];

	stay_here();
	if (count == 2 && !strcmp(words[1], "--version")) {
		name_processor();
		return 0;
	}
	for (int i = 1; i < count && !can; i++)
		if (!parse_word(words[i]))
			return refuse(words[i],
				      " is not understood; accepted: extent=brief|whole|full|list "
				      "case=CASE rows=NUMBER avoid=far",
				      2);
	if (asked.named && !case_parse(asked.named, &c, &free_axes, text, sizeof(text)))
		return refuse("case=: ", text, 2);
	why = set_up();
	if (why)
		return refuse("", why, 3);
	if (can)
		return 0;
	name_processor();
	if (asked.avoid_far)
		avoid_far();
	if (machine_can.no_split_locks)
		pr("# avoided: locked accesses across two pages, for which Linux ends a program "
		   "here "
		   "(split_lock_detect=fatal)\n");
	run(c, free_axes);
	return failed ? 1 : 0;
}
