/* SPDX-License-Identifier: MIT */
#include "tests/host/pmem_check.h"

#define PMEM_CHECK_IS_A_LIBRARY
#include "tools/lib/pmem_check.c"
