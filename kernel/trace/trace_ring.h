/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_TRACE_TRACE_RING_H
#define KEYWARD_KERNEL_TRACE_TRACE_RING_H

#include "kernel/cpu/trace.h"

/*
 * Allocates a CPU's ring, for good: a long one with trace=on, else a short one. Without
 * memory for the long one it warns and returns a short one. NULL: out of memory. Boot.
 */
struct trace_ring *trace_ring_alloc(void);

#endif
