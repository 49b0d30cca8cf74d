/* SPDX-License-Identifier: MIT */
/* Which spinlocks this CPU holds, for deaths and reports. */
#ifndef KEYWARD_KERNEL_LOCKS_H
#define KEYWARD_KERNEL_LOCKS_H

#include "kernel/lib/types.h"

/* True if this CPU holds a spinlock. Interrupts are off then. Any context. */
bool locks_held(void);

/* Prints a line for each spinlock that this CPU holds. Any context. */
void locks_report(void);

#endif
