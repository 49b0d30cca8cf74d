/* SPDX-License-Identifier: MIT */
/* Finds frames that a test or an operation has lost. */
#ifndef KEYWARD_TESTS_HARNESS_FRAMES_H
#define KEYWARD_TESTS_HARNESS_FRAMES_H

#include "kernel/lib/types.h"

/*
 * The free frames, those of the kernel's page tables and those of stacks. Tables and stacks stay
 * for the next user (mm/stack.c, mm/pgtable.c), so what an operation has undone leaves this sum as
 * it was. Thread context; walks all tables of the kernel's half.
 */
u64 frames_kept(void);

/*
 * frames_mark() notes the sum before a test; frames_lost() returns by how many it is smaller now
 * (negative: larger). What another CPU still has to free gets a tenth of a second. Both walk only
 * if frames have come or gone. Thread context, one caller at a time.
 */
void frames_mark(void);
s64 frames_lost(void);

#endif
