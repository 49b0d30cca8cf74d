// SPDX-License-Identifier: MIT
#include "tests/harness/expect.h"
#include "kernel/cpu/x86.h"
#include "kernel/exception.h"
#include "kernel/lib/printf.h"

bool expect_true(const char *file, int line, bool ok, const char *text)
{
	ktest_checked();
	if (!ok)
		ktest_fail(file, line, "expected %s", text);
	return ok;
}

bool expect_eq(const char *file, int line, u64 actual, u64 expected, const char *text)
{
	ktest_checked();
	if (actual != expected)
		ktest_fail(file, line, "expected %s to be 0x%lx, got 0x%lx", text, expected,
			   actual);
	return actual == expected;
}

void describe_fault(char *text, size_t size, struct fault f)
{
	if (f.vector == FAULT_NONE)
		ksnprintf(text, size, "no fault");
	else if (f.vector == X86_PF)
		ksnprintf(text, size,
			  "page fault %p"
			  "E at 0x%lx",
			  &f.error, f.addr);
	else
		ksnprintf(text, size, "%s, error code 0x%lx", exception_name(f.vector), f.error);
}

static bool expect_fault(const char *file, int line, struct fault f, struct fault want,
			 const char *rule)
{
	bool ok = f.vector == want.vector;
	char expected[128], seen[128];

	if (want.vector != FAULT_NONE)
		ok = ok && f.error == want.error;
	if (want.vector == X86_PF)
		ok = ok && f.addr == want.addr;
	ktest_checked();
	if (!ok) {
		describe_fault(expected, sizeof(expected), want);
		describe_fault(seen, sizeof(seen), f);
		ktest_fail(file, line, "expected %s, got %s; rule: %s", expected, seen, rule);
	}
	return ok;
}

bool expect_page_fault(const char *file, int line, struct fault f, u64 error, u64 addr,
		       const char *rule)
{
	return expect_fault(file, line, f, (struct fault){ X86_PF, error, addr, 0 }, rule);
}

bool expect_no_fault(const char *file, int line, struct fault f, const char *rule)
{
	return expect_fault(file, line, f, (struct fault){ .vector = FAULT_NONE }, rule);
}

bool expect_vector(const char *file, int line, struct fault f, u64 vector, u64 error,
		   const char *rule)
{
	return expect_fault(file, line, f, (struct fault){ vector, error, 0, 0 }, rule);
}
