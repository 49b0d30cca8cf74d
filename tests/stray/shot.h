/* SPDX-License-Identifier: MIT */
/* The stores of stray writes: they fault as the kernel's own do, up to the verdict. */
#ifndef KEYWARD_TESTS_STRAY_SHOT_H
#define KEYWARD_TESTS_STRAY_SHOT_H

#include "kernel/cpu/extable.h"

/*
 * Stores `n` bytes, by one MOV if it can and `copy` is false, else by `rep movs`. A fault goes to
 * the policy, and if that refuses the access, die() directs it here by a fixup. *reached: where the
 * store ended, or the first byte that was not written. Any context.
 */
struct fault shot(void *to, const u8 *bytes, u32 n, bool copy, const void **reached);

/* The same without a fixup, for a thread that must end by it. */
void shot_to_death(void *to, const u8 *bytes, u32 n);

#endif
