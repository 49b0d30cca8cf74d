// SPDX-License-Identifier: MIT
/*
 * What a machine may keep of a page between two instructions: nothing. The errors here keep what
 * they know of the page used last, until the mode changes.
 */
#include "tests/host/soft.h"
#include "tests/matrix/stack.h"

/* The page that was used last, by stack instructions and by others; what it was used for. */
static struct kept {
	u64 page;
	u32 does, uses;
	bool changed; /* rights were written since */
} kept[2];

static struct kept *place(const struct access *a, u64 *page)
{
	bool stack =
		kind_is_stack(soft_cpu.kind) && !(matrix_kinds[soft_cpu.kind].flags & KF_SCRATCH);

	*page = a->va >> 12 | 1ull << 63; /* never 0 */
	return &kept[stack];
}

void soft_forget(void)
{
	kept[0] = kept[1] = (struct kept){ 0 };
}

void soft_keep_changed(void)
{
	kept[0].changed = kept[1].changed = true;
}

void soft_keep(const struct access *a)
{
	u64 page;
	struct kept *k = place(a, &page);

	if (k->page != page)
		*k = (struct kept){ .page = page };
	k->does |= a->does;
	k->uses++;
}

/* True if an error lets the access through, for what it has kept. */
bool soft_kept(const struct access *a)
{
	u64 page;
	struct kept *k = place(a, &page);
	bool stack = k == &kept[1], same = !(a->does & ~k->does);
	bool write = a->does & CAN_WRITE;

	if (a->implicit || k->page != page)
		return false;
	return (stack && same &&
		(BROKEN(stack_page_is_kept) || (BROKEN(stack_page_is_kept_for_writes) && write) ||
		 (BROKEN(stack_page_is_kept_for_reads) && !write) ||
		 (BROKEN(stack_page_is_kept_at_the_second_use) && k->uses >= 2) ||
		 (BROKEN(stack_page_is_kept_in_compat) && soft_cpu.mode == MODE_COMPAT) ||
		 (BROKEN(stack_page_is_kept_at_cpl_3) && soft_cpu.cpl == 3) ||
		 (BROKEN(stack_page_is_kept_at_cpl_0) && soft_cpu.cpl == 0) ||
		 (BROKEN(stack_page_is_kept_by_calls) && soft_cpu.kind == KIND_CALL))) ||
	       (stack && (BROKEN(a_pop_lets_a_push_through) ||
			  (BROKEN(a_pop_lets_a_push_through_once) && !k->changed))) ||
	       (!stack && same && BROKEN(data_page_is_kept)) ||
	       (!stack && !write && same && BROKEN(data_page_is_kept_for_reads)) ||
	       (!stack && (BROKEN(a_load_lets_a_store_through) ||
			   (BROKEN(a_load_lets_a_store_through_once) && !k->changed)));
}
