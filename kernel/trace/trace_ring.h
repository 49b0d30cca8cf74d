/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_KERNEL_TRACE_TRACE_RING_H
#define KEYWARD_KERNEL_TRACE_TRACE_RING_H

#include "kernel/cpu/trace.h"

/*
 * Memory for a processor's ring, as long as trace= wants it, and never given back; a short one,
 * with a message, if that is too much. NULL: out of memory. Boot.
 */
struct trace_ring *trace_ring_alloc(void);

#endif
