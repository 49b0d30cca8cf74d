// SPDX-License-Identifier: MIT
#include "tests/pks/policy/step_check.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/local.h"
#include "kernel/lib/string.h"
#include "mm/kmap/devmap.h"
#include "mm/kmap/kmap.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "pks/keys.h"
#include "pks/policy/fault.h"
#include "pks/rights.h"

struct step_area area;
static struct pks_stats before; /* at the last check */

bool step_area_get(void)
{
	int key = pks_key_alloc("step");

	policy_set(PKS_MODE_SILENT, PKS_GATE_KMAPPED);
	policy_scope_set(PKS_SCOPE_INSTRUCTION);
	area.pages = page_alloc(STEP_ORDER);
	if (!EXPECT(key > 0) || !EXPECT(area.pages))
		return false;
	area.key_b = (u32)key;
	area.a = (u64)page_address(area.pages) + STEP_FREE * PAGE_SIZE;
	area.b = area.a + PAGE_SIZE;
	memset((void *)area.a, 0, 2 * PAGE_SIZE);
	EXPECT_EQ(devmap_protect(area.pages + STEP_FREE, 1, PKS_KEY_DEVMAP), 0);
	EXPECT_EQ(devmap_protect(area.pages + STEP_FREE + 1, 1, area.key_b), 0);
	kmap(area.pages + STEP_FREE);
	kmap(area.pages + STEP_FREE + 1);
	before = pks_stats;
	return true;
}

void step_area_put(void)
{
	kunmap(area.pages + STEP_FREE);
	kunmap(area.pages + STEP_FREE + 1);
	devmap_unprotect(area.pages + STEP_FREE, 2);
	page_free(area.pages, STEP_ORDER);
	EXPECT_EQ(pks_key_free(area.key_b), 0);
}

static u32 open_all(void)
{
	u32 rights = rights_mirror();

	rights_set(rights & ~(3u << 2 * PKS_KEY_DEVMAP) & ~(3u << 2 * area.key_b));
	return rights;
}

u64 step_peek(u64 va)
{
	u32 rights = open_all();
	u64 value = *(volatile u64 *)va;

	rights_set(rights);
	return value;
}

void step_poke(u64 va, u64 value)
{
	u32 rights = open_all();

	*(volatile u64 *)va = value;
	rights_set(rights);
}

bool expect_stepped(const char *file, int line, u64 pardons, u64 insns, u64 for_context, u32 rights)
{
	struct pks_stats now = pks_stats;
	bool ok = expect_rights(file, line, rights);

	ok &= expect_eq(file, line, now.steps - before.steps, pardons,
			"pardons for an instruction");
	ok &= expect_eq(file, line, now.step_ends - before.step_ends, insns, "rights taken back");
	ok &= expect_eq(file, line, now.steps_wide - before.steps_wide, for_context,
			"pardons for the context");
	ok &= expect_eq(file, line, this_local()->steps, 0, "steps pending");
	ok &= expect_eq(file, line, read_flags() & RFLAGS_TF, 0, "trap flag");
	before = now;
	return ok;
}
