/* SPDX-License-Identifier: MIT */
/* The accesses once more, for the first passes of a run (AXIS_TLB: TLB_RUN). */
#include "kernel/cpu/msr.h"
#include "tests/matrix/cpu_run.h"

#define RUN_PASS
#include "tests/matrix/accesses.S"
