// SPDX-License-Identifier: MIT
#include "tests/matrix/announce.h"
#include "kernel/console/console.h"
#include "tests/matrix/rules.h"
#include "tests/matrix/run.h"

void announce_case(u64 row, const struct mcase *c)
{
	char name[CASE_NAME_MAX];

	if (!c) {
		pr("    # row %lu\n", row);
		return;
	}
	case_print(c, name, sizeof(name));
	pr("    # row %lu case %s\n", row, name);
}

void announce_checks(const struct mcase *c)
{
	char name[CASE_NAME_MAX];
	struct expectation e;

	case_print(c, name, sizeof(name));
	expect_case(c, &e);
	pr("    # case %s checks", name);
	for (u64 rules = rules_of(c, &e); rules; rules &= rules - 1)
		pr(" %s", rule_text((enum rule)__builtin_ctzll(rules))->name);
	pr("\n");
}

void announce_under_way(void)
{
	const struct mcase *c = matrix_under_way();

	if (c)
		announce_checks(c);
}
