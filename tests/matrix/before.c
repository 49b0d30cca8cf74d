// SPDX-License-Identifier: MIT
#include "tests/matrix/before.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

/* Makes the access before the one under test, in another way. */
static void fill_tlb(const struct mcase *c, const struct shot *now, struct outcome *o)
{
	static const u8 kinds[] = { KIND_READ, KIND_WRITE, KIND_FETCH };
	u32 way = c->v[AXIS_TLB] - TLB_READ_0;
	struct shot shot = *now;

	shot.kind = kinds[way % 3];
	shot.mode = way < 3 ? MODE_KERNEL : MODE_USER;
	shot.address = case_fill_address(c);
	case_put_code(c);
	machine_shoot(&shot, o);
}

/* Makes the same access with an entry that is changed afterwards. */
static void shoot_reversed(const struct mcase *c, const struct shot *now, struct outcome *o)
{
	u32 tlb = c->v[AXIS_TLB];

	if (tlb >= TLB_UPPER_RW) /* it is the entry of all keys: drop what the last one left */
		machine_flush();
	case_reverse(c);
	machine_shoot(now, o);
	case_reverse(c);
	if (tlb == TLB_REKEY_CR3)
		machine_flush();
	else if (tlb != TLB_STALE && (tlb != TLB_P || c->v[AXIS_PRESENT] != PRESENT_YES))
		machine_invlpg(now->address); /* any byte of the page will do */
}

/* Makes the same access before the rights were changed. */
static void shoot_under_others(const struct mcase *c, const struct shot *now,
			       const struct control *control, struct outcome *o)
{
	struct control before = *control;
	struct shot shot = *now;

	before.pks ^= c->v[AXIS_TLB] == TLB_PKS;
	before.wp ^= c->v[AXIS_TLB] == TLB_WP;
	shot.pkrs = case_pkrs(c, true);
	shot.pkru = case_pkru(c, true);
	before.pkru = shot.pkru & ~3u;
	if (c->v[AXIS_TLB] == TLB_ALIAS)
		shot.address = case_alias_address(c);
	machine_control(&before);
	machine_shoot(&shot, o);
	machine_control(control);
}

void shoot_before(const struct mcase *c, const struct shot *now, const struct control *control,
		  struct outcome *o)
{
	u32 tlb = c->v[AXIS_TLB];

	memory_fill(c);
	if (tlb_is_fill(tlb))
		fill_tlb(c, now, o);
	else if (tlb_is_entry(tlb))
		shoot_reversed(c, now, o);
	else
		shoot_under_others(c, now, control, o);
}
