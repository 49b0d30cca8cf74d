// SPDX-License-Identifier: MIT
#include "tests/matrix/matrix_rule.h"
#include "kernel/console/console.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/random.h"

#define SHOWN 4 /* divergent cases printed: more of them show nothing new */

static bool count(struct rule_tally *r, bool ok)
{
	ktest_checked();
	r->cases++;
	r->divergent += !ok;
	return ok;
}

bool rule_case(const char *file, int line, struct rule_tally *r, bool ok, const char *fmt, ...)
{
	char text[192];
	va_list args;

	if (count(r, ok) || r->divergent > SHOWN)
		return ok;
	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ktest_fail(file, line, "%s; rule: %s", text, r->says);
	return false;
}

static bool same_fault(struct fault a, struct fault b)
{
	if (a.vector != b.vector || a.vector == FAULT_NONE)
		return a.vector == b.vector;
	return a.error == b.error && (a.vector != X86_PF || a.addr == b.addr);
}

bool rule_fault(const char *file, int line, struct rule_tally *r, struct fault got,
		struct fault want, bool kept, const char *fmt, ...)
{
	char text[128], expected[64], seen[64];
	va_list args;
	bool ok = count(r, same_fault(got, want) && kept);

	if (ok || r->divergent > SHOWN)
		return ok;
	va_start(args, fmt);
	kvsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	describe_fault(expected, sizeof(expected), want);
	describe_fault(seen, sizeof(seen), got);
	ktest_fail(file, line, "%s: expected %s, got %s%s; rule: %s", text, expected, seen,
		   kept ? "" : ", and the register is wrong", r->says);
	return false;
}

void rule_patterns(struct rule_tally *r, void (*try)(struct rule_tally *r, u32 value))
{
	u32 step = ktest_part(37); /* odd: each value of each key comes */

	for (u32 i = 0; i < 1u << 16; i += step)
		try(r, i << 16);
	for (u32 i = 0; i < 1u << 14; i += step)
		try(r, 0xffff0000 | i << 2);
	for (u32 i = 0; i < 1u << 16; i += step)
		try(r, (u32)random_next() & ~3u);
	for (u32 i = 0; i < 1u << 12; i += step)
		try(r, ((u32)random_next() & ~3u) | (i & 3));
}

void rule_line(const char *name, u64 cases, u64 divergent, const char *sdm, const char *says)
{
	pr("    # rule %s cases=%lu divergent=%lu sdm=\"%s\" says=\"%s\"\n", name, cases, divergent,
	   sdm, says);
}

void rule_report(const struct rule_tally *r)
{
	rule_line(r->name, r->cases, r->divergent, r->sdm, r->says);
}
