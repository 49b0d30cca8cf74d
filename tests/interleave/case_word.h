/* SPDX-License-Identifier: MIT */
/*
 * What case= asks for: a case of the matrix (tests/matrix/space.h), a sequence of steps
 * (tests/interleave/sequence.h), or "all" sequences. Pure, built on the host too.
 */
#ifndef KEYWARD_TESTS_INTERLEAVE_CASE_WORD_H
#define KEYWARD_TESTS_INTERLEAVE_CASE_WORD_H

#include "kernel/lib/types.h"

/* True for a text that can only be about sequences: it has no colon, and is not "default" or empty.
 */
bool case_is_sequence(const char *text);

/* True for the word for all sequences. */
bool case_is_all(const char *text);

/* False, with the reason in `why`: the text is none of these, and not empty. */
bool case_understood(const char *text, char *why, u32 size);

#endif
