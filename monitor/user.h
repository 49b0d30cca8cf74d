/* SPDX-License-Identifier: MIT */
/* Accesses memory from user mode, by a small program in an address space of its own. */
#ifndef KEYWARD_MONITOR_USER_H
#define KEYWARD_MONITOR_USER_H

#include "monitor/access.h"

/* Makes the access from user mode; out of memory, leaves a->made false. The monitor's thread. */
void user_make(struct access *a);

#endif
