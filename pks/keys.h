/* SPDX-License-Identifier: MIT */
/*
 * Who owns which key. A compile-time table assigns the keys that every build uses; pks_key_alloc()
 * gives out the rest. Every context starts with the initial rights that the owner declares.
 */
#ifndef KEYWARD_PKS_KEYS_H
#define KEYWARD_PKS_KEYS_H

#include "kernel/lib/types.h"

/*
 * Allocates a key. Its initial rights are "no access", which every context has for the key that is
 * returned: a key that a pardon or a map still opens somewhere is passed over, until that context
 * has ended. `owner` is static text for reports. Returns the key, -ENODEV without PKS, -EINVAL
 * without an owner, -ENOSPC if all keys are taken, or still open: then a warning names a context
 * for each of these. Thread context.
 */
int pks_key_alloc(const char *owner);

/*
 * Frees a key. -EBUSY while pages carry it, -EINVAL if pks_key_alloc() did not return it. Drops the
 * caller's own rights to it. What others were granted they must have revoked, as before freeing
 * memory; what a pardon or a map gave them delays the next pks_key_alloc(). Thread context.
 */
int pks_key_free(u32 key);

/* Returns the owner's name, or NULL if the key is free. Any context. */
const char *pks_key_owner(u32 key);

/*
 * Reads, and increments, the count of changes of pages' keys and of the mode. With
 * it pks/policy/fault.c repeats a fault that may be older than such a change. Any context.
 */
u32 pks_changes(void);
void pks_changed(void);

/* Adds to the number of pages that carry a key. For who maps pages or changes keys. Any context. */
void pks_key_add_pages(u32 key, s64 pages);

/*
 * Returns how many pages carry the key: set_memory_pkey() gave it to them, or they were mapped with
 * it. A page that is mapped twice counts twice. For key 0, the difference to the boot. Any context.
 */
s64 pks_key_pages(u32 key);

#endif
