/* SPDX-License-Identifier: MIT */
/* For tests that write to persistent memory. */
#ifndef KEYWARD_TESTS_STORE_DEVICE_TEST_H
#define KEYWARD_TESTS_STORE_DEVICE_TEST_H

#include "kernel/lib/options.h"
#include "mm/pmem/pmem.h"
#include "tests/harness/expect.h"

/* Returns from a test, which is skipped, if there is no device that it may write to. */
#define SKIP_WITHOUT_DEVICE()                                                                     \
	do {                                                                                      \
		SKIP_IF(!pmem_count, "no persistent memory: no NVDIMM, no pmem=");                \
		SKIP_IF(!options.format, "what a device holds is left alone without format=yes"); \
	} while (0)

#endif
