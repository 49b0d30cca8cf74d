/* SPDX-License-Identifier: MIT */
/* Included by every host test: cmocka after the headers it needs, and exact-size buffers. */
#ifndef KEYWARD_TESTS_HOST_HARNESS_H
#define KEYWARD_TESTS_HOST_HARNESS_H

/* In this order: cmocka.h has no includes of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/lib/types.h"

/* A copy in a block of exactly n bytes, so that AddressSanitizer catches an over-read. */
static inline void *exact_copy(const void *data, size_t n)
{
	void *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, data, n);
	else
		((u8 *)copy)[0] = 0xa5;
	return copy;
}

static inline char *exact_string(const char *s)
{
	return exact_copy(s, strlen(s) + 1);
}

#endif
