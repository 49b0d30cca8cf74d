// SPDX-License-Identifier: MIT
/* The commands that run tests and set what they run with: run, list, bench, mode, gate,
 * pardon, seed. */
#include "kernel/console/console.h"
#include "kernel/lib/option_names.h"
#include "kernel/lib/random.h"
#include "kernel/lib/string.h"
#include "monitor/commands.h"
#include "pks/pkrs.h"
#include "pks/policy/fault.h"
#include "tests/bench/bench.h"
#include "tests/harness/ktest.h"

/* Puts the globs where the tests look for them, NULL: all; false: what is wrong has been said. */
static bool choose(const char *globs)
{
	if (globs && strlen(globs) >= sizeof(options.tests)) {
		pr("more than %lu bytes of globs\n", sizeof(options.tests) - 1);
		return false;
	}
	strlcpy(options.tests, globs ? globs : "", sizeof(options.tests));
	return true;
}

/* The tests look at their thread's rights, and want the initial ones; the monitor's come back. */
static bool run_now(bool bench)
{
	u32 rights = pkrs_enter();
	bool passed;

	options.bench = bench;
	passed = ktest_main();
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

/* The number of a name among `count`; -1: what is wrong has been said. */
static int choice(const char *word, const char *const *names, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (!strcmp(word, names[i]))
			return (int)i;
	pr("%s: not one of", word);
	for (u32 i = 0; i < count; i++)
		pr("%s %s", i ? "," : "", names[i]);
	pr("\n");
	return -1;
}

void command_mode(int n, char **words)
{
	int mode = n == 2 ? choice(words[1], pks_mode_names, PKS_MODES) : (int)options.pks;

	if (mode < 0)
		return;
	if (n == 2)
		pks_mode_set((enum pks_mode)mode);
	pr("mode %s%s\n", pks_mode_name(options.pks),
	   pks_on() ? "" : "; but keys deny nothing here, as there is no PKS");
}

void command_gate(int n, char **words)
{
	int gate = n == 2 ? choice(words[1], pks_gate_names, PKS_GATES) : (int)options.gate;

	if (gate < 0)
		return;
	if (n == 2)
		pks_gate_set((enum pks_gate)gate);
	pr("gate %s\n", pks_gate_name(options.gate));
}

void command_pardon(int n, char **words)
{
	int scope = n == 2 ? choice(words[1], pks_scope_names, PKS_SCOPES) : (int)options.pardon;

	if (scope < 0)
		return;
	if (n == 2)
		pks_scope_set((enum pks_scope)scope);
	pr("pardon %s\n", pks_scope_name(options.pardon));
}

void command_seed(int n, char **words)
{
	u64 seed;

	(void)n;
	if (!word_number(words[1], &seed))
		return;
	options.seed = seed;
	random_seed(seed);
	pr("seed %lu\n", seed);
}
