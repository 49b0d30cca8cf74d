// SPDX-License-Identifier: MIT
#include "tests/harness/selection.h"
#include "kernel/lib/glob.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

extern const struct ktest ktests_start[], ktests_end[];

void test_name(char *name, size_t size, const struct ktest *t, bool stress)
{
	ksnprintf(name, size, "%s.%s%s", t->suite, t->name, stress ? "+tick" : "");
}

bool test_selected(const struct ktest *t, bool stress)
{
	char name[128];

	if (stress && !(t->flags & KT_STRESS))
		return false;
	if (t->flags & KT_SELFTEST && strncmp(options.tests, t->suite, strlen(t->suite)) != 0)
		return false;
	test_name(name, sizeof(name), t, stress);
	return glob_list_match(options.tests, name);
}

/* Returns the first test of a suite; `none` if there is no such suite, `all` if it has no name. */
static const struct ktest *suite_begin(const char *suite, const struct ktest *none,
				       const struct ktest *all)
{
	if (!*suite)
		return all;
	for (const struct ktest *t = ktests_start; t < ktests_end; t++)
		if (!strcmp(t->suite, suite))
			return t;
	return none;
}

const struct ktest *tests_begin(void)
{
	return suite_begin(options.from, ktests_end, ktests_start);
}

const struct ktest *tests_end(void)
{
	return suite_begin(options.until, ktests_start, ktests_end);
}

const struct ktest *suite_end(const struct ktest *t)
{
	const struct ktest *end = t;

	while (end < ktests_end && !strcmp(end->suite, t->suite))
		end++;
	return end;
}

u32 count_selected(const struct ktest *from, const struct ktest *to)
{
	u32 n = 0;

	for (const struct ktest *t = from; t < to; t++)
		n += test_selected(t, false) + test_selected(t, true);
	return n;
}

u32 ktest_list(void (*name)(const char *name))
{
	const struct ktest *end = tests_end();
	char full[128];
	u32 n = 0;

	for (const struct ktest *t = tests_begin(); t < end; t++) {
		for (int stress = 0; stress <= 1; stress++) {
			if (!test_selected(t, stress))
				continue;
			test_name(full, sizeof(full), t, stress);
			name(full);
			n++;
		}
	}
	return n;
}
