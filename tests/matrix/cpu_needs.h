/* SPDX-License-Identifier: MIT */
/* What the kinds may rely on, by CPUID: in the kernel and in a process of Linux alike. */
#ifndef KEYWARD_TESTS_MATRIX_CPU_NEEDS_H
#define KEYWARD_TESTS_MATRIX_CPU_NEEDS_H

#include "tests/matrix/kinds.h"

/* State components in XCR0 (SDM Vol. 1, "XSAVE-Supported Features and State-Component Bitmaps"). */
enum { XCR0_SSE = 3, XCR0_AVX = 4, XCR0_AVX512 = 0xe0 }; /* with x87; with the opmasks */

/* Returns a mask of enum need. `components`: those of XCR0 that are on during the accesses. */
u32 cpu_needs(u64 components);

#endif
