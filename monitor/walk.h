/* SPDX-License-Identifier: MIT */
#ifndef KEYWARD_MONITOR_WALK_H
#define KEYWARD_MONITOR_WALK_H

#include "kernel/types.h"

/* Whether the upper bits all equal the highest that paging translates (SDM, "Canonical
 * Addressing"). */
bool address_is_canonical(u64 addr);

#endif
