// SPDX-License-Identifier: MIT
/*
 * Does anything nest? Small cases that run with each arm of tests/nesting/arms.h (plain, one count,
 * two counts, tokens), with the outcomes that they predict. What this cannot know: how often a
 * kernel does which.
 */
#define KTEST_SUITE "nesting"

#include "tests/nesting/nesting.h"

NESTING(the_same_access_nested, "the outer holder keeps its right when the inner one is done",
	TOO_NARROW, RIGHT, RIGHT, RIGHT, GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_1, WRITE),
	MUST(PAGE_1, WRITES), REVOKE(B), MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(read_inside_write, "a grant of READ does not take an outer right to write", TOO_NARROW,
	RIGHT, RIGHT, RIGHT, GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_1, READ), MUST(PAGE_1, WRITES),
	REVOKE(B), MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(write_inside_read, "when the writer is done, the reader can read, and nobody can write",
	TOO_NARROW, TOO_WIDE, RIGHT, RIGHT, GRANT(A, PAGE_1, READ), MUST(PAGE_1, READS),
	GRANT(B, PAGE_1, WRITE), MUST(PAGE_1, WRITES), REVOKE(B), MUST(PAGE_1, READS), REVOKE(A),
	MUST(PAGE_1, NOTHING));

NESTING(out_of_order,
	"the second holder keeps its right when the first is done; then nobody has it", TOO_NARROW,
	RIGHT, RIGHT, TOO_NARROW | TOO_WIDE, GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_1, WRITE),
	REVOKE(A), MUST(PAGE_1, WRITES), REVOKE(B), MUST(PAGE_1, NOTHING));

NESTING(out_of_order_read_first, "the same, and the second one writes", TOO_NARROW, RIGHT, RIGHT,
	TOO_NARROW | TOO_WIDE, GRANT(A, PAGE_1, READ), GRANT(B, PAGE_1, WRITE), REVOKE(A),
	MUST(PAGE_1, WRITES), REVOKE(B), MUST(PAGE_1, NOTHING));

NESTING(out_of_order_write_first, "the same, and the second one only reads", TOO_NARROW, TOO_WIDE,
	RIGHT, TOO_NARROW | TOO_WIDE, GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_1, READ), REVOKE(A),
	MUST(PAGE_1, READS), REVOKE(B), MUST(PAGE_1, NOTHING));

NESTING(two_keys_interleaved, "keys are independent: any order works", RIGHT, RIGHT, RIGHT, RIGHT,
	GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_2, READ), REVOKE(A), MUST(PAGE_1, NOTHING),
	MUST(PAGE_2, READS), REVOKE(B), MUST(PAGE_2, NOTHING));

NESTING(a_grant_inside_a_pardon, "a pardon lasts until its context ends", TOO_NARROW, TOO_NARROW,
	TOO_NARROW, RIGHT, PARDON(PAGE_1), MUST(PAGE_1, WRITES), GRANT(A, PAGE_1, WRITE),
	MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, WRITES));

NESTING(a_pardon_inside_a_grant, "a pardon lasts until its context ends", TOO_NARROW, TOO_NARROW,
	TOO_NARROW, TOO_NARROW, GRANT(A, PAGE_1, READ), PARDON(PAGE_1), MUST(PAGE_1, WRITES),
	REVOKE(A), MUST(PAGE_1, WRITES));

NESTING(a_helper_that_maps, "the caller that holds the right can store after the helper as before",
	TOO_NARROW, RIGHT, RIGHT, RIGHT, GRANT(A, PAGE_1, WRITE), CALLER_STORES(PAGE_1),
	GRANT(B, PAGE_1, WRITE), MUST(PAGE_1, WRITES), REVOKE(B), CALLER_STORES(PAGE_1), REVOKE(A),
	MUST(PAGE_1, NOTHING));

NESTING(an_interrupt_on_top, "an interrupt starts with no right, and takes none away", RIGHT, RIGHT,
	RIGHT, RIGHT, GRANT(A, PAGE_1, WRITE),
	IN(INTERRUPT, MUST(PAGE_1, NOTHING), GRANT(B, PAGE_1, READ), MUST(PAGE_1, READS), REVOKE(B),
	   MUST(PAGE_1, NOTHING)),
	MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(an_exception_on_top, "an exception starts with no right, though it belongs to the thread",
	RIGHT, TOO_WIDE, TOO_WIDE, RIGHT, GRANT(A, PAGE_1, WRITE),
	IN(EXCEPTION, MUST(PAGE_1, NOTHING), GRANT(B, PAGE_1, WRITE), MUST(PAGE_1, WRITES),
	   REVOKE(B), MUST(PAGE_1, NOTHING)),
	MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(another_thread_between, "another thread that runs in between changes no right of a thread",
	RIGHT, RIGHT, RIGHT, RIGHT, GRANT(A, PAGE_1, WRITE),
	IN(THREAD, MUST(PAGE_1, NOTHING), GRANT(B, PAGE_1, READ), MUST(PAGE_1, READS)),
	MUST(PAGE_1, WRITES), REVOKE(A), MUST(PAGE_1, NOTHING),
	IN(THREAD, MUST(PAGE_1, READS), REVOKE(B), MUST(PAGE_1, NOTHING)));

NESTING(a_missing_revoke, "when the outer holder is done, nobody has the right", RIGHT, TOO_WIDE,
	TOO_WIDE, RIGHT, GRANT(A, PAGE_1, WRITE), GRANT(B, PAGE_1, WRITE), MUST(PAGE_1, WRITES),
	REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(a_missing_revoke_alone, "a holder that is done has no right left", TOO_WIDE, TOO_WIDE,
	TOO_WIDE, TOO_WIDE, GRANT(A, PAGE_1, WRITE), MUST(PAGE_1, WRITES), MUST(PAGE_1, NOTHING));

NESTING(the_last_interrupt_forgot, "a right that one context leaves open does not reach the next",
	RIGHT, TOO_WIDE, TOO_WIDE, RIGHT, IN(INTERRUPT, GRANT(A, PAGE_1, WRITE)),
	MUST(PAGE_1, NOTHING),
	IN(INTERRUPT, MUST(PAGE_1, NOTHING), GRANT(B, PAGE_1, WRITE), REVOKE(B),
	   MUST(PAGE_1, NOTHING)));

NESTING(a_revoke_without_a_grant, "it changes nothing, and should be reported", RIGHT, CAUGHT,
	CAUGHT, RIGHT, REVOKE(A), MUST(PAGE_1, NOTHING));

NESTING(an_error_path_revokes_twice, "the outer holder keeps its right", TOO_NARROW,
	TOO_NARROW | CAUGHT, TOO_NARROW | CAUGHT, RIGHT, GRANT(A, PAGE_1, WRITE),
	GRANT(B, PAGE_1, WRITE), REVOKE(B), REVOKE(B), MUST(PAGE_1, WRITES), REVOKE(A),
	MUST(PAGE_1, NOTHING));

NESTING(a_stale_revoke_under_a_later_grant, "the later holder keeps its right", TOO_NARROW,
	TOO_NARROW | CAUGHT, TOO_NARROW | CAUGHT, TOO_NARROW, GRANT(A, PAGE_1, WRITE), REVOKE(A),
	GRANT(B, PAGE_1, WRITE), REVOKE(A), MUST(PAGE_1, WRITES), REVOKE(B), MUST(PAGE_1, NOTHING));
