/* SPDX-License-Identifier: MIT */
/* The newest events, for a person. */
#ifndef KEYWARD_KERNEL_TRACE_TRACE_REPORT_H
#define KEYWARD_KERNEL_TRACE_TRACE_REPORT_H

#include "kernel/lib/types.h"

/* Prints the `newest` newest events of all CPUs, oldest first. Thread context. */
void trace_report(u32 newest);

#endif
