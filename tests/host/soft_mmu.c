// SPDX-License-Identifier: MIT
/* The page walk, the TLB, and an access' way through both (SDM Vol. 3A, chapter "Paging"). */
#include "tests/host/soft.h"

#include <string.h>

/* Bits of an entry, as "4-Level Paging and 5-Level Paging" draws them. */
enum { P = 0, RW = 1, US = 2, A = 5, D = 6, PS = 7, KEY = 59, XD = 63 };

/* One per page size; direct-mapped, and an entry is valid only in its own generation. */
#define TLB_SLOTS 64
static struct translation tlb[3][TLB_SLOTS];
static u64 generation = 1;
static const u32 shift_of_size[3] = { 12, 21, 30 };

/* Physical addresses have 46 bits. */
#define RESERVED_HIGH 0x000fc00000000000ull
#define ADDRESS       0x000ffffffffff000ull

static bool bit(u64 entry, u32 n)
{
	return entry >> n & 1;
}

void soft_tlb_flush(void)
{
	soft_caches_flush();
	if (!BROKEN(mov_cr3_drops_nothing))
		generation++;
}

static struct translation *slot(u64 va, u32 size)
{
	return &tlb[size][va >> shift_of_size[size] & (TLB_SLOTS - 1)];
}

/* From the page's first byte. */
static u64 distance(u64 va, const struct translation *t)
{
	u64 bytes = va - t->va;

	if (BROKEN(tlb_tag_has_47_bits))
		bytes &= (1ull << 47) - 1;
	if (BROKEN(tlb_tag_has_48_bits))
		bytes &= (1ull << 48) - 1;
	return bytes;
}

static struct translation *find(u64 va)
{
	for (u32 size = 0; size < 3; size++) {
		struct translation *t = slot(va, size);

		if (t->generation == generation && distance(va, t) < t->size)
			return t;
	}
	return NULL;
}

void soft_tlb_drop(u64 va)
{
	struct translation *t = find(va);

	if (t)
		t->generation = 0;
}

/* Planted errors: the new entry is read again, but for one bit. */
static bool dropped_in_part(u64 va, struct translation *t)
{
	struct translation fresh;

	if (!BROKEN(invlpg_keeps_us) && !BROKEN(invlpg_keeps_rw) && !BROKEN(invlpg_keeps_xd))
		return false;
	if (soft_walk(va, &fresh) != WALK_OK)
		return false;
	if (BROKEN(invlpg_keeps_us))
		fresh.user = t->user;
	if (BROKEN(invlpg_keeps_rw))
		fresh.writable = t->writable;
	if (BROKEN(invlpg_keeps_xd))
		fresh.executable = t->executable;
	fresh.generation = t->generation;
	*t = fresh;
	return true;
}

/* INVLPG: it should drop the whole translation, and what is remembered of the entries above. */
void machine_invlpg(u64 va)
{
	struct translation *t = find(va);

	soft_caches_drop(va);
	if (t && dropped_in_part(va, t))
		return;
	if (t && BROKEN(invlpg_keeps_1g_with_5_levels) && t->size == 1ull << 30 &&
	    soft_cpu.levels == 5)
		return;
	if (BROKEN(invlpg_knows_no_upper_half) && va >> 63)
		return;
	if (t && BROKEN(invlpg_drops_only_dirty))
		t->dirty = false;
	else if (t && BROKEN(invlpg_needs_the_first_byte) && va != t->va)
		return;
	else if (t && BROKEN(invlpg_keeps_2m_pages) && t->size > 4096)
		return;
	else if (!BROKEN(invlpg_drops_nothing))
		soft_tlb_drop(va);
}

/* The key is in the entry that maps the page, and nowhere else. */
static u32 key_of(const struct translation *t)
{
	u64 leaf = *t->path[t->depth - 1], above = *t->path[t->depth - 2];
	u64 bits = leaf >> KEY;

	if ((BROKEN(key_of_2m_ignored) && t->size == 1ull << 21) ||
	    (BROKEN(key_of_1g_ignored) && t->size == 1ull << 30))
		return 0;
	if ((BROKEN(key_of_1g_from_pml4e) && t->size == 1ull << 30) ||
	    (BROKEN(key_of_4k_from_pde) && t->size == 4096))
		bits = above >> KEY;
	if (BROKEN(key_from_bits_58_55))
		bits = leaf >> 55;
	if (BROKEN(key_from_bits_63_60))
		bits = leaf >> 60;
	if (BROKEN(keys_ored_along_the_walk))
		for (u32 i = 0; i < t->depth; i++)
			bits |= *t->path[i] >> KEY;
	return bits & (BROKEN(key_bit_3_dropped) ? 7 : 15);
}

static bool reserved_bits(u64 entry, bool leaf, u64 size)
{
	u64 low = leaf && size > 4096 ? (size - 1) & ~0x1fffull : 0; /* bit 12 is PAT */

	if (BROKEN(reserved_ignored_in_pdpte) && size == 1ull << 30)
		low = 0;
	return entry & (RESERVED_HIGH | low);
}

/* The page is found: combines what all entries say. */
static void sum_up(u64 va, u64 size, struct translation *t)
{
	u64 leaf = *t->path[t->depth - 1], all = ~0ull, any = leaf;

	for (u32 i = 0; i + 1 < t->depth; i++) {
		u64 e = soft_entry_above(*t->path[i], soft_cpu.levels - i);

		all &= e;
		any |= e;
	}
	all = soft_above_before(va, size, all) & leaf;
	t->va = va & ~(size - 1);
	t->size = size;
	t->phys = leaf & ADDRESS & ~(size - 1);
	t->leaf_user = bit(leaf, US);
	t->upper_user = bit(*t->path[t->depth - 2], US);
	t->user = BROKEN(leaf_us_alone)    ? t->leaf_user
		  : BROKEN(upper_us_alone) ? t->upper_user
					   : bit(all, US);
	t->writable = bit(BROKEN(rw_of_leaf_alone) ? leaf : all, RW);
	t->executable = !bit(BROKEN(xd_of_leaf_alone) ? leaf : any, XD);
	t->dirty = bit(leaf, D);
	t->denied = t->let_through = false;
	t->permits = t->epoch = t->filled_by = 0;
	t->was = leaf;
	if (BROKEN(upper_half_is_supervisor) && va >> 63)
		t->user = false;
	t->key = key_of(t);
}

enum walk soft_walk(u64 va, struct translation *t)
{
	u64 table = soft_cpu.cr3;

	t->depth = 0;
	t->key = 0;
	t->user = t->denied = t->let_through = false;
	for (u32 level = soft_cpu.levels; level >= 1; level--) {
		u32 shift = 12 + 9 * (level - 1);
		u64 *entry =
			(u64 *)soft_memory(table, 4096) + (soft_walked_address(va) >> shift & 511);
		bool leaf = level == 1 || (level <= 3 && bit(*entry, PS));

		t->path[t->depth++] = entry;
		if (!bit(*entry, P)) {
			if (level <= 3 && t->depth >= 2)
				sum_up(va, 1ull << shift, t); /* for an error that looks at it */
			return WALK_ABSENT;
		}
		if (reserved_bits(*entry, leaf, 1ull << shift) ||
		    (soft_ps_is_reserved(level) && bit(*entry, PS)))
			return WALK_RESERVED;
		if (leaf) {
			sum_up(va, 1ull << shift, t);
			return WALK_OK;
		}
		table = *entry & ADDRESS;
	}
	return WALK_ABSENT;
}

static struct translation *keep(const struct translation *t)
{
	struct translation *s = slot(t->va, t->size == 4096 ? 0 : t->size == 1ull << 21 ? 1 : 2);

	*s = *t;
	s->generation = generation;
	return s;
}

/* What the key permits now; some planted errors use what it permitted before. */
static u32 permitted_now(struct translation *t, const struct access *a)
{
	bool kept = BROKEN(rights_survive_wrmsr) || BROKEN(rights_survive_cr4_pks) ||
		    BROKEN(rights_survive_cr0_wp) || BROKEN(rights_survive_wrpkru) ||
		    BROKEN(rights_survive_changes_of_wd);

	if (kept && t->epoch == soft_cpu.epoch)
		return t->permits;
	t->permits = soft_key_permits(t, a);
	t->epoch = soft_cpu.epoch;
	return t->permits;
}

/* Without INVLPG the TLB's key holds: only planted errors look at the entry. */
static void look_at_entry(struct translation *t)
{
	u32 now = (u32)(*t->path[t->depth - 1] >> KEY & 15);

	if (BROKEN(stale_key_is_mixed))
		t->key |= now;
	if (BROKEN(stale_key_is_not_used))
		t->key = now;
}

static void page_fault(const struct access *a, u32 error)
{
	soft_cpu.error = error;
	if (!BROKEN(cr2_not_written))
		soft_cpu.cr2 = BROKEN(cr2_page_aligned)     ? a->va & ~0xfffull
			       : BROKEN(cr2_loses_its_sign) ? a->va & ~(0xffffull << 48)
			       : BROKEN(cr2_takes_48_bits)  ? (u64)((s64)(a->va << 16) >> 16)
							    : a->va;
}

/* "Page faults invalidate entries in the TLBs" for the address, too. */
static void denied(const struct access *a, struct translation *t, u32 by_paging, u32 by_key)
{
	u32 error = soft_error_code(a, WALK_OK, by_paging, by_key, t);

	soft_tlb_drop(a->va);
	if (BROKEN(denied_access_sets_a))
		*t->path[t->depth - 1] |= 1ull << A;
	if (BROKEN(denied_write_sets_d) && a->does & CAN_WRITE)
		*t->path[t->depth - 1] |= 1ull << D;
	if (BROKEN(denied_again_is_permitted) && by_key && !by_paging)
		keep(t)->let_through = true;
	if (BROKEN(denial_is_kept) && by_key && !by_paging)
		keep(t)->denied = true;
	page_fault(a, error);
}

/* True if the translation permits the access now; records the page fault if not. */
static bool permitted(struct translation *t, const struct access *a)
{
	u32 by_paging = a->does & ~(soft_paging_permits(t, a) | soft_flags_permit(t, a, false) |
				    soft_fill_permits(t, a, false));
	u32 by_key = a->does & ~(permitted_now(t, a) | soft_flags_permit(t, a, true) |
				 soft_fill_permits(t, a, true));

	if (t->denied)
		by_key = a->does;
	if (t->let_through)
		by_key = 0;
	if (by_paging || by_key)
		denied(a, t, by_paging, by_key);
	return !by_paging && !by_key;
}

struct translation *soft_reach(const struct access *a)
{
	struct translation fresh, *known = find(a->va);
	enum walk walk;

	if (known) {
		look_at_entry(known);
		if (!soft_kept(a) && !permitted(known, a))
			return NULL;
		soft_keep(a);
		return known;
	}
	walk = soft_walk(a->va, &fresh);
	if (soft_absent_before(a->va, walk))
		walk = WALK_ABSENT;
	if (walk != WALK_OK) {
		page_fault(a, soft_error_code(a, walk, 0, 0, &fresh));
		return NULL;
	}
	if (!permitted(&fresh, a))
		return NULL;
	soft_set_accessed(&fresh, a);
	fresh.filled_by = a->does;
	fresh.filled_by_user = soft_cpu.cpl == 3 && !a->implicit;
	soft_keep(a);
	return keep(&fresh);
}

void soft_mark(struct translation *t, u32 does)
{
	bool dirties = BROKEN(read_sets_d) ? does & (CAN_WRITE | CAN_READ) : does & CAN_WRITE;

	if (!dirties || t->dirty || BROKEN(d_not_set) ||
	    (BROKEN(d_not_set_after_a_read) && t->filled_by == CAN_READ && does & CAN_WRITE) ||
	    (BROKEN(d_not_set_after_a_fetch) && t->filled_by == CAN_FETCH) ||
	    (BROKEN(d_not_set_in_upper_half) && t->va >> 63) ||
	    (BROKEN(d_not_set_at_cpl_1) && (soft_cpu.cpl == 1 || soft_cpu.cpl == 2)) ||
	    (BROKEN(d_not_set_by_the_processor) && kind_is_implicit(soft_cpu.kind)))
		return;
	soft_set_dirty(t);
	t->dirty = true;
}
