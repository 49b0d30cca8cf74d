/* SPDX-License-Identifier: MIT */
/*
 * Who owns which key. A compile-time table for the owners that every build has; the rest are given
 * out on request. Every context starts with the owner's declared initial rights.
 */
#ifndef KEYWARD_PKS_KEYS_H
#define KEYWARD_PKS_KEYS_H

#include "kernel/lib/types.h"

/*
 * Gives out a free key. Its initial rights are "no access", which every context already has for a
 * key that nobody owns. `owner` is static text for reports. Returns the key, -ENODEV without PKS,
 * -ENOSPC when all are taken, -EINVAL without an owner. Thread context.
 */
int pks_key_alloc(const char *owner);

/*
 * Takes a key back. -EBUSY while pages carry it, -EINVAL if it is not a key that pks_key_alloc()
 * gave out. The caller's own rights to it end here; those that other contexts were granted must
 * have been revoked, as with memory that is freed. Thread context.
 */
int pks_key_free(u32 key);

/* The owner's name, NULL if the key is free. Any context. */
const char *pks_key_owner(u32 key);

/*
 * Counts changes of pages' keys and of the mode: a fault that was raised before one may be judged
 * after it, see pks/policy/fault.c. Any context.
 */
u32 pks_changes(void);
void pks_changed(void);

/* Counts the pages that carry a key: called by set_memory_pkey(). Any context. */
void pks_key_add_pages(u32 key, s64 pages);

/* How many pages set_memory_pkey() has given the key and not taken from it. Any context. */
s64 pks_key_pages(u32 key);

#endif
