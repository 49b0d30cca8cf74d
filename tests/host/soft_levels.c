// SPDX-License-Identifier: MIT
/*
 * What an entry says at each level, and its accessed and dirty flags. Without an error planted each
 * entry says what it holds, and flags permit nothing.
 */
#include "tests/host/soft.h"

/* Bits of an entry. */
enum { RW = 1, US = 2, A = 5, D = 6, XD = 63 };
#define KEY_BITS (15ull << 59)

/* Planted errors: a bit that is not looked at in an entry of this level above the leaf. */
static bool us_ignored(u32 level)
{
	return (BROKEN(us_of_pdpte_ignored) && level == 3) ||
	       (BROKEN(us_of_pml4e_ignored) && level == 4) ||
	       (BROKEN(us_of_pml5e_ignored) && level == 5);
}

static bool rw_ignored(u32 level)
{
	return (BROKEN(rw_of_pdpte_ignored) && level == 3) ||
	       (BROKEN(rw_of_pml4e_ignored) && level == 4) ||
	       (BROKEN(rw_of_pml5e_ignored) && level == 5);
}

static bool xd_ignored(u32 level)
{
	return (BROKEN(xd_of_pde_ignored) && level == 2) ||
	       (BROKEN(xd_of_pdpte_ignored) && level == 3) ||
	       (BROKEN(xd_of_pml4e_ignored) && level == 4) ||
	       (BROKEN(xd_of_pml5e_ignored) && level == 5);
}

u64 soft_entry_above(u64 entry, u32 level)
{
	entry |= us_ignored(level) ? 1ull << US : 0;
	entry |= rw_ignored(level) ? 1ull << RW : 0;
	return entry & ~(xd_ignored(level) ? 1ull << XD : 0);
}

bool soft_ps_is_reserved(u32 level)
{
	return level > 3 && !(BROKEN(ps_ignored_in_pml4e) && level == 4) &&
	       !(BROKEN(ps_ignored_in_pml5e) && level == 5);
}

u64 soft_walked_address(u64 va)
{
	return BROKEN(walk_takes_48_bits) ? (u64)((s64)(va << 16) >> 16) : va;
}

/* Planted errors: an entry above the leaf whose A stays clear. */
static bool a_stays_clear(const struct translation *t, const struct access *a, u32 level)
{
	return (BROKEN(a_not_set_in_pde) && level == 2) ||
	       (BROKEN(a_not_set_in_pdpte) && level == 3) ||
	       (BROKEN(a_not_set_in_pml4e) && level == 4) ||
	       (BROKEN(a_not_set_in_pml5e) && level == 5) ||
	       (BROKEN(a_not_set_above_by_fetches) && a->does & CAN_FETCH) ||
	       (BROKEN(a_not_set_above_by_the_processor) && a->implicit) ||
	       (BROKEN(a_not_set_above_1g) && t->size == 1ull << 30) ||
	       (BROKEN(a_not_set_above_in_upper_half) && t->va >> 63);
}

static void set_above(const struct translation *t, const struct access *a, u32 i)
{
	u64 *entry = t->path[i];

	if (a_stays_clear(t, a, soft_cpu.levels - i))
		return;
	if (BROKEN(a_update_above_drops_keys) && !(*entry >> A & 1))
		*entry &= ~KEY_BITS;
	*entry |= 1ull << A;
	if (BROKEN(d_set_above) && i + 2 == t->depth && a->does & CAN_WRITE)
		*entry |= 1ull << D;
}

void soft_set_accessed(const struct translation *t, const struct access *a)
{
	u64 *leaf = t->path[t->depth - 1];

	for (u32 i = 0; i + 1 < t->depth; i++)
		set_above(t, a, i);
	if (BROKEN(a_not_set) || (BROKEN(a_not_set_in_dirty_leaf) && *leaf >> D & 1))
		return;
	if ((BROKEN(a_update_drops_the_key) ||
	     (BROKEN(a_update_drops_the_key_of_2m) && t->size == 1ull << 21)) &&
	    !(*leaf >> A & 1))
		*leaf &= ~KEY_BITS;
	if (BROKEN(a_update_clears_d))
		*leaf &= ~(1ull << D);
	*leaf |= 1ull << A;
}

void soft_set_dirty(const struct translation *t)
{
	u64 *leaf = t->path[t->depth - 1];

	if (BROKEN(d_not_set_in_accessed_leaf) && t->was >> A & 1)
		return;
	if (BROKEN(d_update_drops_the_key))
		*leaf &= ~KEY_BITS;
	if (BROKEN(d_update_clears_a))
		*leaf &= ~(1ull << A);
	*leaf |= 1ull << D;
}

/* True if A is set in each entry above the leaf. */
static bool all_accessed(const struct translation *t)
{
	u64 all = ~0ull;

	for (u32 i = 0; i + 1 < t->depth; i++)
		all &= *t->path[i];
	return all >> A & 1;
}

u32 soft_flags_permit(const struct translation *t, const struct access *a, bool by_key)
{
	bool was_a = t->was >> A & 1, was_d = t->was >> D & 1;

	if (by_key && BROKEN(a_preset_skips_the_key) && was_a)
		return CAN_ALL;
	if (by_key && BROKEN(d_preset_skips_wd) && was_d && soft_key_permits(t, a) & CAN_READ)
		return CAN_WRITE;
	if (!by_key && BROKEN(a_and_d_preset_skip_rw) && was_a && was_d)
		return soft_paging_permits(t, a) & CAN_READ ? CAN_WRITE : 0;
	if (by_key && BROKEN(a_above_preset_skips_the_key) && all_accessed(t) && !t->filled_by)
		return CAN_ALL;
	if (by_key && BROKEN(d_without_a_skips_the_key) && was_d && !was_a)
		return CAN_ALL;
	return 0;
}

u32 soft_fill_permits(const struct translation *t, const struct access *a, bool by_key)
{
	bool user = soft_cpu.cpl == 3 && !a->implicit;

	if (!t->filled_by)
		return 0;
	if (!by_key && BROKEN(fill_by_supervisor_serves_users) && user && !t->filled_by_user)
		return CAN_READ | CAN_WRITE;
	if (!by_key && BROKEN(fill_by_user_suspends_smap) && !user && t->filled_by_user)
		return CAN_READ;
	if (by_key && BROKEN(fill_by_fetch_skips_the_key) && t->filled_by & CAN_FETCH)
		return CAN_ALL;
	if (by_key && BROKEN(fill_by_user_skips_pkru_for_others) && t->filled_by_user && !user)
		return CAN_ALL;
	if (by_key && BROKEN(fill_by_read_skips_wd) && t->filled_by == CAN_READ)
		return CAN_WRITE;
	if (!by_key && BROKEN(fill_by_write_skips_rw) && t->filled_by & CAN_WRITE)
		return CAN_WRITE;
	if (!by_key && BROKEN(fill_by_data_skips_xd) && !(t->filled_by & CAN_FETCH))
		return CAN_FETCH;
	if (!by_key && BROKEN(fill_by_fetch_at_cpl_3_skips_smep) && t->filled_by & CAN_FETCH &&
	    t->filled_by_user)
		return CAN_FETCH;
	return 0;
}
