// SPDX-License-Identifier: MIT
#include "tests/harness/result.h"
#include "kernel/console/console.h"
#include "kernel/console/results.h"
#include "kernel/lib/string.h"

#define REASONS_MAX 24 /* further reasons of skips share the last place */
#define REASON_MAX  96

static u32 totals[KTEST_ERROR + 1];

/* How many tests were skipped, by reason. */
static struct {
	u32 count;
	char reason[REASON_MAX];
} skips[REASONS_MAX];

void result_begin(void)
{
	results_begin();
	memset(totals, 0, sizeof(totals));
	memset(skips, 0, sizeof(skips));
}

static void count_skip(const char *reason)
{
	u32 i = 0;

	while (i < REASONS_MAX - 1 && skips[i].count &&
	       strncmp(skips[i].reason, reason, REASON_MAX - 1))
		i++;
	skips[i].count++;
	strlcpy(skips[i].reason, i < REASONS_MAX - 1 ? reason : "other reasons", REASON_MAX);
}

/* Keeps a test that failed or is wrong, as in the log: what was seen first, then the name. */
static void keep(const struct result *r)
{
	if (*r->first)
		results_keep("# %s", r->first);
	if (r->status == KTEST_ERROR)
		results_keep("not ok %s.%s # ERROR %s", r->suite, r->name, r->reason);
	else
		results_keep("not ok %s.%s", r->suite, r->name);
}

void result_print(const struct result *r, u32 number)
{
	const char *ok = r->status <= KTEST_SKIP ? "ok" : "not ok";

	if (r->status == KTEST_SKIP)
		pr("    %s %u %s # SKIP %s\n", ok, number, r->name, r->reason);
	else if (r->status == KTEST_ERROR)
		pr("    %s %u %s # ERROR %s\n", ok, number, r->name, r->reason);
	else
		pr("    %s %u %s\n", ok, number, r->name);
	totals[r->status]++;
	if (r->status == KTEST_SKIP)
		count_skip(r->reason);
	else if (r->status != KTEST_PASS)
		keep(r);
}

u32 result_bad(void)
{
	return totals[KTEST_FAIL] + totals[KTEST_ERROR];
}

void result_totals(void)
{
	for (u32 i = 0; i < REASONS_MAX && skips[i].count; i++)
		results_keep("skip %u %s", skips[i].count, skips[i].reason);
	if (!console_has_serial()) {
		results_print_failed();
		pr("# %u of %u tests as expected\n", totals[KTEST_PASS] + totals[KTEST_SKIP],
		   totals[KTEST_PASS] + totals[KTEST_SKIP] + result_bad());
	}
	results_end("# Totals: pass:%u fail:%u xfail:0 skip:%u error:%u\n", totals[KTEST_PASS],
		    totals[KTEST_FAIL], totals[KTEST_SKIP], totals[KTEST_ERROR]);
}
