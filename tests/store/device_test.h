/* SPDX-License-Identifier: MIT */
/* For tests that write to persistent memory. */
#ifndef KEYWARD_TESTS_STORE_DEVICE_TEST_H
#define KEYWARD_TESTS_STORE_DEVICE_TEST_H

#include "kernel/lib/options.h"
#include "mm/pmem/pmem.h"
#include "tests/harness/expect.h"

/* Returns the next mapped device of at least `size` bytes, from number *i on; NULL: there is none.
 */
static inline struct pmem *device_next(u32 *i, u64 size)
{
	while (*i < pmem_count) {
		struct pmem *pmem = pmem_get((*i)++);

		if (pmem->pgmap.first && pmem->size >= size)
			return pmem;
	}
	return NULL;
}

/* Returns from a test, which is skipped, if there is no device that it may write to. */
#define SKIP_WITHOUT_DEVICE(size)                                                                 \
	do {                                                                                      \
		SKIP_IF(!device_next(&(u32){ 0 }, size), "no persistent memory of this size");    \
		SKIP_IF(!options.format, "what a device holds is left alone without format=yes"); \
	} while (0)

#endif
