/* SPDX-License-Identifier: MIT */
/*
 * Rights of the running context. A change ends with the context at the latest. All functions but
 * pks_update_exception() touch no other context. Without PKS, or with it compiled out, they do
 * nothing.
 */
#ifndef KEYWARD_PKS_RIGHTS_H
#define KEYWARD_PKS_RIGHTS_H

#include "kernel/cpu/extable.h"
#include "pks/pkrs.h"

/* What pks_revoke() restores: the rights as they were, but only one key's. */
struct pks_token {
	u32 mask, rights; /* the key's bits; all rights before the grant */
};

/*
 * Opens `key` for reading (PKS_READ) or for reading and writing (PKS_WRITE). Never takes away what
 * the context already has, so grants nest; revoke the tokens in reverse order. Grants nest with the
 * context's maps of the key too: unmap what was mapped after a grant before its revoke, and revoke
 * before the unmap of what was mapped before it. Any context.
 */
static inline struct pks_token pks_grant(u32 key, enum pks_access access)
{
	u32 old = pkrs_clear(pkrs_needs_clear(key, access));

	return (struct pks_token){ pkrs_mask(key), old };
}

/*
 * Restores the key's rights from before the matching pks_grant(). Does not ask for PKS: without it
 * a grant changes nothing, so there is nothing to restore. Any context.
 */
static inline void pks_revoke(struct pks_token token)
{
	u32 now = pkrs_read(), changed = (now ^ token.rights) & token.mask;

	if (CONFIG_PKS && likely(changed))
		pkrs_write(now ^ changed);
}

static inline void pks_set(u32 key, u32 rights)
{
	pkrs_update(pkrs_mask(key), rights << (2 * key));
}

/*
 * Changes the rights with which the context that `regs` interrupted resumes, not those of the
 * running context. Only for handlers of synchronous exceptions: an interrupt's handler would race
 * with a pkrs_update() that it interrupted halfway. Without PKS the frame keeps the initial rights:
 * its return would write others to a register that is not there.
 */
static inline void pks_update_exception(struct regs *regs, u32 key, u32 rights)
{
	if (pks_on())
		regs_pkrs_set(regs, pkrs_with((u32)regs_pkrs(regs), key, rights));
}

static inline void pks_set_noaccess(u32 key)
{
	pks_set(key, PKS_NOACCESS);
}

static inline void pks_set_nowrite(u32 key)
{
	pks_set(key, PKS_NOWRITE);
}

static inline void pks_set_readwrite(u32 key)
{
	pks_set(key, PKS_READWRITE);
}

#endif
