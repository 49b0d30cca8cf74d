/* SPDX-License-Identifier: MIT */
/* Accesses from user mode: a program of a few instructions, in an address space of its own. */
#ifndef KEYWARD_MONITOR_USER_H
#define KEYWARD_MONITOR_USER_H

#include "monitor/access.h"

/* Makes the access from user mode; a->made stays false without memory. The monitor's thread. */
void user_make(struct access *a);

#endif
