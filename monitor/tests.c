// SPDX-License-Identifier: MIT
/* The commands that run tests: run, list, bench, seed. */
#include "kernel/console/console.h"
#include "kernel/lib/options.h"
#include "kernel/lib/string.h"
#include "monitor/commands.h"
#include "pks/pkrs.h"
#include "tests/bench/bench.h"
#include "tests/harness/ktest.h"

/* Stores the globs for the tests; NULL stands for all. False: has printed the error. */
static bool choose(const char *globs)
{
	if (globs && strlen(globs) >= sizeof(options.tests)) {
		pr("more than %lu bytes of globs\n", sizeof(options.tests) - 1);
		return false;
	}
	strlcpy(options.tests, globs ? globs : "", sizeof(options.tests));
	return true;
}

/* Runs the tests with the initial rights, which they expect, and restores the monitor's. */
static bool run_now(bool bench)
{
	u32 rights = pkrs_enter();
	bool passed;

	options.bench = bench;
	passed = ktest_main(NULL);
	options.bench = false;
	pkrs_exit(rights);
	return passed;
}

void command_run_tests(int n, char **words)
{
	(void)n;
	if (choose(words[1]))
		commands_set_passed(run_now(false));
}

void command_bench(int n, char **words)
{
	if (choose(n == 2 ? words[1] : NULL))
		run_now(true);
}

static void print_name(const char *name)
{
	pr("%s\n", name);
}

void command_list(int n, char **words)
{
	if (choose(n == 2 ? words[1] : NULL))
		pr("%u tests\n", ktest_list(print_name));
}

void command_seed(int n, char **words)
{
	u64 seed;

	(void)n;
	if (!word_number(words[1], &seed))
		return;
	options.seed = seed;
	pr("seed %lu\n", seed);
}
