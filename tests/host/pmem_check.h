/* SPDX-License-Identifier: MIT */
/* tools/pmem-check as a function, for tests that compare it with the store's own reading. */
#ifndef KEYWARD_TESTS_HOST_PMEM_CHECK_H
#define KEYWARD_TESTS_HOST_PMEM_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What tools/lib/pmem_check.c returns. */
enum { CHECK_CLEAN = 0, CHECK_DAMAGED = 1, CHECK_REPAIR = 3 };

int pmem_check(const unsigned char *bytes, uint64_t size, bool dumps, FILE *out);

#endif
