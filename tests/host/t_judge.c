/* SPDX-License-Identifier: MIT */
/*
 * The judge of protection-key faults (pks/policy/judge.h), with every state of what it looks at:
 * policy, address, page, marks, keys, rights, error code. What is expected is written from the
 * proposal (docs/EXPERIMENTS.md, "Where the design comes from") and from SDM Vol. 3A, "Protection
 * Keys".
 */
#include "tests/host/harness.h"

#include "tests/host/judge_world.h"

struct want {
	bool permitted;
	u32 key;
	bool page; /* one that has a struct page */
	enum pks_reach reach;
	enum pks_verdict verdict;
};

/* AD denies every access, WD denies writes. */
static bool permits(u32 pkrs, u32 key, bool write)
{
	bool ad = pkrs >> 2 * key & 1, wd = pkrs >> (2 * key + 1) & 1;

	return !ad && !(write && wd);
}

/*
 * A page is globally unprotected while a kmap() of it has no kunmap() yet; the gate may admit any
 * device page too. Under scope GLOBAL, what is open is the key of the marked page.
 */
static enum pks_reach wanted_reach(struct pks_policy p, const struct world *w,
				   const struct want *to)
{
	bool marked = to->page && w->marks, device = to->page && w->devmap;
	bool admitted = p.gate == PKS_GATE_ANY && device;

	if (p.scope == PKS_SCOPE_GLOBAL && w->key_marks[to->key])
		return PKS_REACH_ALL;
	if (p.scope == PKS_SCOPE_GLOBAL)
		return admitted ? PKS_REACH_CONTEXT : PKS_REACH_NONE;
	if (!marked && !admitted)
		return PKS_REACH_NONE;
	return p.scope == PKS_SCOPE_CONTEXT ? PKS_REACH_CONTEXT : PKS_REACH_INSTRUCTION;
}

/* The key in the page tables decides; struct page may be a moment behind them (mm/set_memory.c). */
static struct want wanted(struct pks_policy p, const struct world *w, u32 pkrs, bool write)
{
	bool direct = w->place == IN_DIRECT_MAP;
	struct want want = { .key = direct ? w->page_key : 0, .page = direct };

	if (!direct || permits(pkrs, w->page_key, write)) {
		want.key = world_translates(w) ? w->tables_key : 0;
		want.page = world_translates(w) && w->place != OF_A_DEVICE;
	}
	want.permitted = permits(pkrs, want.key, write);
	if (want.permitted)
		return want; /* no pardon could help */
	want.reach = wanted_reach(p, w, &want);
	if (want.reach != PKS_REACH_NONE && p.mode == PKS_MODE_RELAXED)
		want.verdict = PKS_PARDON_WARN;
	if (want.reach != PKS_REACH_NONE && p.mode == PKS_MODE_SILENT)
		want.verdict = PKS_PARDON;
	return want;
}

static void check(struct pks_policy p, const struct world *w, u32 pkrs, u64 error)
{
	struct want want = wanted(p, w, pkrs, error & 2);
	struct pks_judgement j = pks_judge(p, pkrs, world_address(w), error);
	bool pardons = pks_judgement_reason(&j) >= PKS_REASON_MARKED;

	if (j.permitted != want.permitted || j.verdict != want.verdict || j.reach != want.reach ||
	    j.at.key != want.key || j.at.page != (want.page ? world_page(w) : NULL) ||
	    memcmp(&j.policy, &p, sizeof(p)) || pardons != (want.verdict != PKS_DIE))
		fail_msg(
			"mode %d gate %d scope %d place %d keys %u, %u rights %08x error %lx marks "
			"%u: expected permitted %d key %u reach %d verdict %d, seen %d %u %d %d",
			p.mode, p.gate, p.scope, w->place, w->page_key, w->tables_key, pkrs,
			(unsigned long)error, (unsigned)w->marks, want.permitted, want.key,
			want.reach, want.verdict, j.permitted, j.at.key, j.reach, j.verdict);
}

/* Rights, in which the key has `bits` and all others the opposite, or the same. */
static u32 rights(u32 key, u32 bits, bool opposite)
{
	u32 others = opposite ? ~bits & 3 : bits, pkrs = 0;

	for (u32 i = 0; i < 16; i++)
		pkrs |= (i == key ? bits : others) << 2 * i;
	return pkrs;
}

static void each_policy(const struct world *w, u32 pkrs)
{
	/* P and PK, with W or without; then with bits that a fault by a key does not have. */
	static const u64 errors[] = { 0x21, 0x23, 0x7d, 0x7f };

	for (unsigned n = 0; n < PKS_MODES * PKS_GATES * PKS_SCOPES; n++) {
		struct pks_policy p = { (enum pks_mode)(n / PKS_GATES / PKS_SCOPES),
					(enum pks_gate)(n / PKS_SCOPES % PKS_GATES),
					(enum pks_scope)(n % PKS_SCOPES) };

		for (size_t e = 0; e < ARRAY_SIZE(errors); e++)
			check(p, w, pkrs, errors[e]);
	}
}

/* Marks here, and none where they are not counted in this run; and the other way round. */
static void each_page_state(struct world *w, u32 key, u32 pkrs)
{
	for (unsigned n = 0; n < 3 * 2 * 2 * 2; n++) {
		w->marks = n % 3 == 2 ? 0x80000000 : n % 3;
		w->devmap = n / 3 & 1;
		options.marks = n / 6 & 1 ? PKS_MARKS_HASH : PKS_MARKS_PAGE;
		for (u32 i = 0; i < 16; i++)
			w->key_marks[i] = (i == key) == (n / 12 & 1) ? 1 + i : 0;
		world_set(w);
		each_policy(w, pkrs);
	}
}

static void each_fault_is_judged_by_the_proposal(void **state)
{
	(void)state;
	for (u32 key = 0; key < 16; key++)
		for (unsigned place = 0; place < PLACES; place++)
			for (u32 bits = 0; bits < 8; bits++) {
				struct world w = { .place = (enum place)place,
						   .page_key = (u8)key,
						   .tables_key = (u8)key };

				each_page_state(&w, key, rights(key, bits & 3, bits & 4));
			}
}

/* A key is being changed: struct page has the old one, the tables the new one, or back again. */
static void a_key_that_changes_is_judged_by_the_tables(void **state)
{
	(void)state;
	for (u32 old = 0; old < 16; old++)
		for (u32 new = 0; new < 16; new ++)
			for (u32 bits = 0; bits < 16 && old != new; bits++) {
				struct world w = { .place = IN_DIRECT_MAP,
						   .page_key = (u8)old,
						   .tables_key = (u8) new };
				u32 pkrs = rights(old, bits & 3, true);

				pkrs &= ~(3u << 2 * new);
				each_page_state(&w, new, pkrs | bits >> 2 << 2 * new);
			}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_judged_by_the_proposal),
		cmocka_unit_test(a_key_that_changes_is_judged_by_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
