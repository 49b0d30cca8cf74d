/* SPDX-License-Identifier: MIT */
/*
 * Checks. All go on after a failure; REQUIRE() and its kin return from the (void) function, for
 * what the rest cannot do without. Any context.
 */
#ifndef KEYWARD_TESTS_HARNESS_EXPECT_H
#define KEYWARD_TESTS_HARNESS_EXPECT_H

#include "kernel/cpu/extable.h"
#include "tests/harness/ktest.h"

#define EXPECT(condition) expect_true(__FILE__, __LINE__, (condition), #condition)

/* Unsigned numbers, shown in hex. */
#define EXPECT_EQ(actual, expected) \
	expect_eq(__FILE__, __LINE__, (u64)(actual), (u64)(expected), #actual)

/* A fault with exactly this error code at this address; `rule` says why, in PKS.md's words. */
#define EXPECT_PAGE_FAULT(fault, error, addr, rule) \
	expect_page_fault(__FILE__, __LINE__, (fault), (error), (u64)(addr), (rule))

/* No fault at all. */
#define EXPECT_NO_FAULT(fault, rule) expect_no_fault(__FILE__, __LINE__, (fault), (rule))

/* A fault of another vector, whose error code is `error`. */
#define EXPECT_VECTOR(fault, vector, error, rule) \
	expect_vector(__FILE__, __LINE__, (fault), (vector), (error), (rule))

#define REQUIRE(condition)              \
	do {                            \
		if (!EXPECT(condition)) \
			return;         \
	} while (0)

/* Returns early with a skip; the reason is never empty. */
#define SKIP_IF(condition, reason)          \
	do {                                \
		if (condition) {            \
			ktest_skip(reason); \
			return;             \
		}                           \
	} while (0)

/* The fault in words, for a line of output. */
void describe_fault(char *text, size_t size, struct fault f);

bool expect_true(const char *file, int line, bool ok, const char *text);
bool expect_eq(const char *file, int line, u64 actual, u64 expected, const char *text);
bool expect_page_fault(const char *file, int line, struct fault f, u64 error, u64 addr,
		       const char *rule);
bool expect_no_fault(const char *file, int line, struct fault f, const char *rule);
bool expect_vector(const char *file, int line, struct fault f, u64 vector, u64 error,
		   const char *rule);

#endif
