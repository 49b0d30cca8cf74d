/* SPDX-License-Identifier: MIT */
/*
 * Checks. EXPECT*() continue after a failure and return whether the check passed. REQUIRE() returns
 * from the (void) function if the rest of the test depends on the check. Any context.
 */
#ifndef KEYWARD_TESTS_HARNESS_EXPECT_H
#define KEYWARD_TESTS_HARNESS_EXPECT_H

#include "kernel/cpu/extable.h"
#include "tests/harness/ktest.h"

#define EXPECT(condition) expect_true(__FILE__, __LINE__, (condition), #condition)

/* Compares unsigned numbers; prints them in hex. */
#define EXPECT_EQ(actual, expected) \
	expect_eq(__FILE__, __LINE__, (u64)(actual), (u64)(expected), #actual)

/* Expects a #PF with this error code and address; `rule` says why, in the words of docs/PKS.md. */
#define EXPECT_PAGE_FAULT(fault, error, addr, rule) \
	expect_page_fault(__FILE__, __LINE__, (fault), (error), (u64)(addr), (rule))

/* Expects no fault at all. */
#define EXPECT_NO_FAULT(fault, rule) expect_no_fault(__FILE__, __LINE__, (fault), (rule))

/* Expects a fault of another vector, with this error code. */
#define EXPECT_VECTOR(fault, vector, error, rule) \
	expect_vector(__FILE__, __LINE__, (fault), (vector), (error), (rule))

#define REQUIRE(condition)              \
	do {                            \
		if (!EXPECT(condition)) \
			return;         \
	} while (0)

/* Skips the test and returns. The reason must not be empty. */
#define SKIP_IF(condition, reason)          \
	do {                                \
		if (condition) {            \
			ktest_skip(reason); \
			return;             \
		}                           \
	} while (0)

/* Writes the fault in words, for a message. */
void describe_fault(char *text, size_t size, struct fault f);

bool expect_true(const char *file, int line, bool ok, const char *text);
bool expect_eq(const char *file, int line, u64 actual, u64 expected, const char *text);
bool expect_page_fault(const char *file, int line, struct fault f, u64 error, u64 addr,
		       const char *rule);
bool expect_no_fault(const char *file, int line, struct fault f, const char *rule);
bool expect_vector(const char *file, int line, struct fault f, u64 vector, u64 error,
		   const char *rule);

#endif
