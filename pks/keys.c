// SPDX-License-Identifier: MIT
#include "pks/keys.h"
#include "kernel/console/console.h"
#include "kernel/cpu/local.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/atomic.h"
#include "pks/pkrs.h"

/* Owner and initial rights of the keys that every build assigns. */
#define STATIC_KEYS(X)                                  \
	X(PKS_KEY_DEFAULT, "all memory", PKS_READWRITE) \
	X(PKS_KEY_DEVMAP, "devmap", PKS_NOACCESS)       \
	X(PKS_KEY_RO, "read-only data", PKS_NOWRITE)

/* The entry path's constant must be this table's rights, and no access for all other keys. */
#define ALLOWED(key, owner, rights) +((PKS_NOACCESS ^ (u64)(rights)) << (2 * (key)))
_Static_assert(PKRS_INIT == (0xffffffffULL - (0 STATIC_KEYS(ALLOWED))), "PKRS_INIT");

#define OWNER(key, owner, rights) [key] = (owner),
static const char *owners[PKS_KEYS] = { STATIC_KEYS(OWNER) }; /* changed by compare-and-swap */
static s64 pages[PKS_KEYS];                                   /* atomic */

/*
 * Forgets the running context's pardon for a key that its rights deny by now. That of the context
 * that an exception has interrupted stays: its rights are in a saved frame.
 */
static void forget_pardon(u32 key)
{
	struct local *local = this_local();

	if (!pkrs_permits(pkrs_read(), key, PKS_READ))
		local->pardoned &= ~(1u << key) | local->base_pardoned;
}

int pks_key_alloc(const char *owner)
{
	if (!pks_on())
		return -ENODEV;
	if (!owner)
		return -EINVAL;
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++) {
		const char *nobody = NULL;

		if (!try_cmpxchg(&owners[key], &nobody, owner))
			continue;
		forget_pardon(key);
		if (!pks_key_open(key, NULL))
			return (int)key;
		smp_store_release(&owners[key], NULL);
	}
	for (u32 key = PKS_KEY_FIRST_DYNAMIC; key < PKS_KEYS; key++)
		if (!pks_key_owner(key))
			pks_key_open(key, owner); /* says who has it open */
	return -ENOSPC;
}

int pks_key_free(u32 key)
{
	if (key < PKS_KEY_FIRST_DYNAMIC || key >= PKS_KEYS || !owners[key])
		return -EINVAL;
	if (smp_load_acquire(&pages[key]))
		return -EBUSY;
	pkrs_update(0, pkrs_mask(key));
	forget_pardon(key);
	smp_store_release(&owners[key], NULL);
	return 0;
}

const char *pks_key_owner(u32 key)
{
	return key < PKS_KEYS ? smp_load_acquire(&owners[key]) : NULL;
}

static u32 changes; /* atomic */

u32 pks_changes(void)
{
	return smp_load_acquire(&changes);
}

void pks_changed(void)
{
	atomic_inc(&changes);
}

void pks_key_add_pages(u32 key, s64 n)
{
	atomic_add(n, &pages[key]);
}

s64 pks_key_pages(u32 key)
{
	return key < PKS_KEYS ? READ_ONCE(pages[key]) : 0;
}
