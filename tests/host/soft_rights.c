// SPDX-License-Identifier: MIT
/*
 * "Determination of Access Rights" and "Protection Keys" (SDM Vol. 3A): each yields a set of what
 * is permitted, and an access must be in both.
 */
#include "tests/host/soft_plain.h"

#define DATA (CAN_READ | CAN_WRITE)

/* CPL 3, except for what the processor does by itself. */
static bool in_user_mode(const struct access *a)
{
	if (a->implicit && BROKEN(implicit_as_user))
		return soft_cpu.cpl == 3;
	if (BROKEN(cpl_1_is_user) && soft_cpu.cpl)
		return !a->implicit;
	if (BROKEN(outer_returns_as_user) && soft_stack_goes_out())
		return true;
	return soft_cpu.cpl == 3 && !a->implicit;
}

/* For errors that know CPL 0 and CPL 3 only. */
static bool between(const struct access *a)
{
	return !a->implicit && (soft_cpu.cpl == 1 || soft_cpu.cpl == 2);
}

static bool smap_holds(const struct access *a)
{
	if (!soft_cpu.smap || BROKEN(smap_ignored) ||
	    (BROKEN(smap_ignored_in_upper_half) && a->va >> 63))
		return false;
	if (BROKEN(ac_ignored) || (a->implicit && !BROKEN(smap_obeys_ac_always)))
		return true;
	return !soft_cpu.ac || (BROKEN(ac_suspends_at_cpl_0_alone) && between(a));
}

/* With CR0.WP = 0 supervisors write everywhere. */
static bool may_write(const struct translation *t, const struct access *a)
{
	bool free = !in_user_mode(a) && !soft_cpu.wp && !BROKEN(rw_without_wp) &&
		    !(BROKEN(wp_0_frees_cpl_0_alone) && between(a));
	bool keyed = t->user ? soft_cpu.pke : soft_cpu.pks;

	return t->writable || free || BROKEN(rw_ignored) ||
	       (BROKEN(rw_yields_to_key) && keyed && soft_key_permits(t, a) & CAN_WRITE);
}

static bool may_fetch(const struct translation *t, const struct access *a)
{
	if (!in_user_mode(a) && t->user && soft_cpu.smep && !BROKEN(smep_ignored) &&
	    !(BROKEN(smep_at_cpl_0_alone) && between(a)))
		return false;
	return t->executable || BROKEN(xd_ignored) || (BROKEN(xd_ignored_at_cpl_1) && between(a)) ||
	       (BROKEN(xd_yields_to_key) && !(soft_key_permits(t, a) & CAN_READ));
}

u32 soft_paging_permits(const struct translation *t, const struct access *a)
{
	u32 permits = CAN_READ;

	if (may_write(t, a))
		permits |= CAN_WRITE;
	if (may_fetch(t, a))
		permits |= CAN_FETCH;
	if (in_user_mode(a) && !t->user)
		permits = BROKEN(us_yields_to_key) && soft_cpu.pks ? permits : 0;
	if (!in_user_mode(a) && t->user && smap_holds(a))
		permits &= CAN_FETCH;
	return permits;
}

/* True if PKRU rules the address; IA32_PKRS rules the others. */
static bool ruled_by_pkru(const struct translation *t, const struct access *a)
{
	if ((BROKEN(supervisor_asks_pkrs) && !in_user_mode(a)) ||
	    (BROKEN(upper_half_asks_pkrs) && a->va >> 63))
		return false;
	if (BROKEN(user_asks_pkru) && in_user_mode(a))
		return true;
	if (BROKEN(cpl_chooses_register))
		return soft_cpu.cpl == 3;
	if (BROKEN(leaf_chooses_register))
		return t->leaf_user;
	if (BROKEN(upper_chooses_register))
		return t->upper_user;
	return t->user;
}

static bool in_force(bool pkru)
{
	if (BROKEN(keys_off_with_5_levels) && soft_cpu.levels == 5)
		return false;
	if (BROKEN(keys_off_in_compat) && soft_cpu.mode == MODE_COMPAT)
		return false;
	if (pkru)
		return (soft_cpu.pke || BROKEN(pke_not_needed)) &&
		       !(BROKEN(pks_gates_pkru) && !soft_cpu.pks);
	return (soft_cpu.pks || BROKEN(pks_not_needed)) &&
	       !(BROKEN(pke_gates_pkrs) && !soft_cpu.pke);
}

/* Planted errors: implicit accesses of some kind that ignore keys. */
static bool forgotten(const struct access *a)
{
	if (!a->implicit)
		return false;
	if (soft_own_forgets(a))
		return true;
	switch (soft_cpu.kind) {
	case KIND_FRAME_DF:
	case KIND_IDT_DF:
		return BROKEN(delivery_of_fault_ignores_keys);
	}
	return false;
}

/* AD in bit 0, WD in bit 1. */
static u32 rights_of_key(u32 rights, u32 key)
{
	u32 shift = 2 * key;

	if (BROKEN(shift_4i))
		shift = 4 * key & 31; /* SHR masks its count */
	if (BROKEN(shift_i))
		shift = key;
	if (BROKEN(neighbours_bits))
		shift = (shift + 2) & 31;
	if (BROKEN(half_a_register))
		rights &= 0xffff;
	if (BROKEN(key_0_never_denied) && key == 0)
		return 0;
	rights = rights >> shift & 3;
	if (BROKEN(ad_and_wd_swapped))
		rights = rights >> 1 | (rights & 1) << 1;
	return rights;
}

/* Planted errors: instructions whose microcode, or emulation, has its own path to memory. */
static bool own_way(const struct access *a)
{
	if (a->implicit)
		return false;
	switch (soft_cpu.kind) {
	case KIND_LOCK_ADD:
	case KIND_XCHG:
	case KIND_CMPXCHG:
		return BROKEN(ad_spares_locked);
	case KIND_PUSH:
		return BROKEN(ad_spares_push);
	case KIND_POP:
		return BROKEN(ad_spares_pop);
	case KIND_LODS:
		return BROKEN(ad_spares_lods);
	case KIND_STOS:
		return BROKEN(ad_spares_stos);
	case KIND_REP_STOS:
		return BROKEN(ad_spares_rep_stos);
	}
	return soft_stack_spared_by_ad();
}

/* What AD = 1 takes: every data access. */
static u32 access_disable_takes(const struct translation *t, const struct access *a)
{
	if (BROKEN(ad_ignored) || soft_way_spares_ad(t, a) || own_way(a) ||
	    (BROKEN(ad_needs_wp) && !soft_cpu.wp))
		return 0;
	if (BROKEN(ad_spares_writes))
		return CAN_READ;
	return BROKEN(keys_on_fetches) ? CAN_ALL : DATA;
}

/* What WD = 1 takes: writes by user mode, and by a supervisor while CR0.WP = 1. */
static u32 write_disable_takes(const struct translation *t, const struct access *a, bool pkru)
{
	bool user = in_user_mode(a) && !BROKEN(wd_needs_wp_for_users);
	bool holds = user || soft_cpu.wp || BROKEN(wd_without_wp) ||
		     (BROKEN(pkru_wd_without_wp) && pkru);

	if (BROKEN(wd_ignored) || !holds || soft_way_spares_wd(t, a) ||
	    (soft_stack_spared_by_wd() && !a->implicit) ||
	    (BROKEN(wd_spares_cmpxchg) && soft_cpu.kind == KIND_CMPXCHG && !a->implicit))
		return 0;
	return BROKEN(wd_denies_reads) || (soft_stack_read_is_write() && !a->implicit) ? DATA
										       : CAN_WRITE;
}

static u32 register_permits(const struct translation *t, const struct access *a, bool pkru)
{
	u32 pkrs = BROKEN(wrmsr_acts_late) ? soft_cpu.late_pkrs : soft_cpu.pkrs;
	u32 rights = rights_of_key(pkru ? soft_cpu.pkru : pkrs, t->key);
	u32 permits = CAN_ALL;

	if (!in_force(pkru))
		return CAN_ALL;
	if (BROKEN(pkru_spares_supervisors) && pkru && !in_user_mode(a))
		return CAN_ALL;
	if (rights & 1)
		permits &= ~access_disable_takes(t, a);
	if (rights & 2)
		permits &= ~write_disable_takes(t, a, pkru);
	return permits;
}

/* Planted errors: where keys are not looked at. */
static bool overlooked(const struct translation *t, const struct access *a)
{
	bool high = a->va >> 63;

	return (BROKEN(keys_off_in_upper_half) && high) ||
	       (BROKEN(key_of_1g_ignored_with_5_levels) && t->size == 1ull << 30 &&
		soft_cpu.levels == 5) ||
	       (BROKEN(frame_in_upper_half_ignores_keys) && high && a->implicit &&
		matrix_kinds[soft_cpu.kind].group == GROUP_FRAME) ||
	       (BROKEN(keys_off_in_upper_half_with_5_levels) && high && soft_cpu.levels == 5) ||
	       (BROKEN(key_of_1g_ignored_in_upper_half) && high && t->size == 1ull << 30) ||
	       (BROKEN(keys_off_at_cpl_2) && soft_cpu.cpl == 2) ||
	       (BROKEN(frame_at_cpl_1_ignores_keys) && soft_cpu.cpl == 1 && a->implicit &&
		soft_cpu.kind == KIND_FRAME) ||
	       (BROKEN(push_at_cpl_1_ignores_keys) && between(a) && soft_cpu.kind == KIND_PUSH);
}

u32 soft_key_permits(const struct translation *t, const struct access *a)
{
	bool pkru = ruled_by_pkru(t, a);
	u32 permits;

	if (forgotten(a) || overlooked(t, a))
		return CAN_ALL;
	permits = register_permits(t, a, pkru);
	if ((BROKEN(pkrs_on_user_addresses) && pkru) ||
	    (BROKEN(pkru_on_supervisor_addresses) && !pkru))
		permits &= register_permits(t, a, !pkru);
	return permits;
}

/* "Page-Fault Exceptions": PK is set if a key denies, whether or not something else does. */
static bool pk_of(const struct access *a, enum walk walk, u32 by_paging, u32 by_key,
		  const struct translation *t)
{
	bool pk = walk == WALK_OK && by_key && a->does & DATA;

	if (BROKEN(pk_on_absent_above) && walk == WALK_ABSENT && t->depth + 2 <= soft_cpu.levels)
		return soft_cpu.pks && a->does & DATA && soft_cpu.pkrs;
	if (BROKEN(pk_missing_in_upper_half) && a->va >> 63)
		return false;
	if (BROKEN(pk_on_absent) && walk == WALK_ABSENT)
		return soft_cpu.pks && a->does & DATA && a->does & ~soft_key_permits(t, a);
	if (BROKEN(pk_missing) || (BROKEN(pk_not_beside_rw) && by_paging) ||
	    (BROKEN(pk_missing_on_reads) && !(a->does & CAN_WRITE)))
		return false;
	if (BROKEN(pk_for_rw_alone) && walk == WALK_OK && soft_cpu.pks && by_paging & CAN_WRITE)
		return true;
	if (BROKEN(pk_on_fetches) && walk == WALK_OK && a->does & CAN_FETCH && !t->user &&
	    soft_cpu.pks)
		return rights_of_key(soft_cpu.pkrs, t->key) & 1;
	return pk;
}

/* Planted errors: P, by the level where the walk ended. */
static bool wrong_about_p(enum walk walk, const struct translation *t)
{
	u32 level = soft_cpu.levels + 1 - t->depth;

	if (walk == WALK_RESERVED)
		return (BROKEN(ps_in_pml4e_is_absent) && level == 4) ||
		       (BROKEN(ps_in_pml5e_is_absent) && level == 5);
	return (BROKEN(absent_pdpte_reports_p) && level == 3) ||
	       (BROKEN(absent_pml4e_reports_p) && level == 4) ||
	       (BROKEN(absent_pml5e_reports_p) && level == 5);
}

u32 soft_error_code(const struct access *a, enum walk walk, u32 by_paging, u32 by_key,
		    const struct translation *t)
{
	bool locked = soft_cpu.kind >= KIND_LOCK_ADD && soft_cpu.kind <= KIND_CMPXCHG;
	bool present = walk != WALK_ABSENT, user = in_user_mode(a);
	bool write = a->does & CAN_WRITE;

	if (walk != WALK_OK && wrong_about_p(walk, t))
		present = !present;
	if (BROKEN(p_missing) && by_key)
		present = false;
	if (BROKEN(w_missing_for_locked) && locked)
		write = false;
	if (BROKEN(w_on_reads) && a->does & CAN_READ)
		write = true;
	if (BROKEN(u_missing) || BROKEN(u_on_implicit))
		user = BROKEN(u_missing) ? false : soft_cpu.cpl == 3;
	if (BROKEN(u_set_at_cpl_1) && between(a))
		user = true;
	if (BROKEN(u_of_the_new_level) && soft_stack_goes_out())
		user = true;
	write = soft_stack_error_w(write);
	if (BROKEN(u_reports_the_page) && present)
		user = t->user;
	return (present ? 1 : 0) | (write ? 2 : 0) | (user ? 4 : 0) |
	       (walk == WALK_RESERVED && !BROKEN(rsvd_missing) ? 8 : 0) |
	       (a->does & CAN_FETCH && !BROKEN(i_missing) ? 16 : 0) |
	       (pk_of(a, walk, by_paging, by_key, t) ? 32 : 0);
}
