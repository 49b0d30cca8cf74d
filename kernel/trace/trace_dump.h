/* SPDX-License-Identifier: MIT */
/* All events, for tools/trace. */
#ifndef KEYWARD_KERNEL_TRACE_TRACE_DUMP_H
#define KEYWARD_KERNEL_TRACE_TRACE_DUMP_H

#include "kernel/lib/types.h"

/* Leaves earlier events out of later dumps, as trace_dump() does. Thread context. */
void trace_clear(void);

/* Returns the name of a type, for dumps; NULL: no such type. */
const char *trace_type_name(u32 type);

/*
 * Prints, for tools/trace, all events since trace_clear() or the last dump that the rings still
 * hold, and what is needed to understand them; docs/DEBUGGING.md has the form. Records nothing
 * meanwhile. Thread context, interrupts on if there are other CPUs; one caller at a time.
 */
void trace_dump(void);

#endif
