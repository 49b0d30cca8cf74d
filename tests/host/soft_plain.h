/* SPDX-License-Identifier: MIT */
/*
 * Ordinary instructions of the software machine, by families. Each returns false after a page
 * fault, which is then in soft_cpu; *value is what plain_registers() or plain_fold() makes of
 * registers.
 */
#ifndef KEYWARD_TESTS_HOST_SOFT_PLAIN_H
#define KEYWARD_TESTS_HOST_SOFT_PLAIN_H

#include "tests/host/soft_access.h"

bool soft_string(u64 va, u32 *value);
bool soft_vector(u64 va, u32 *value);
bool soft_direct_store(u64 va); /* MOVDIR64B */

/* Planted errors in the way of some kinds: true if AD, or WD, does not bind this access. */
bool soft_way_spares_ad(const struct translation *t, const struct access *a);
bool soft_way_spares_wd(const struct translation *t, const struct access *a);

#endif
