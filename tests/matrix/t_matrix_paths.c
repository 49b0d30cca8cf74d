// SPDX-License-Identifier: MIT
/*
 * Rights follow the path, not the leaf: one table is reached through two entries above it that
 * differ in U/S, R/W and XD, so the same leaf is a user-mode address on one way and a
 * supervisor-mode address on the other, and another register rules it. The two accesses follow each
 * other without a flush: what the TLB knows of one path must not serve the other. What this cannot
 * know: more than two paths, and entries of two levels that differ at once.
 */
#define KTEST_SUITE "matrix"

#include "kernel/lib/random.h"
#include "tests/harness/access.h"
#include "tests/matrix/matrix_rule.h"
#include "tests/matrix/own_space.h"

#define SDM    "Determination of Access Rights"
#define KEYS   16
#define KEY_0  3u /* both bits of key 0, which the kernel's pages have */
#define BEHIND 8  /* the second entry stands so many entries behind the first, and is free */

/* The rights that an entry gives, as three bits. */
enum { USER = 1, WRITABLE = 2, NO_EXECUTE = 4, ALL_RIGHTS = 8 };

static pte_t bits_of(u32 rights)
{
	return (rights & USER ? PTE_U : 0) | (rights & WRITABLE ? PTE_W : 0) |
	       (rights & NO_EXECUTE ? PTE_NX : 0);
}

/* A leaf with two paths. */
struct paths {
	const struct own_page *page;
	int at; /* the level whose entries differ */
	u32 key, pkrs, pkru;
	u32 rights[2]; /* of the two entries */
	volatile pte_t *entry[2];
	u64 va[2]; /* of the page's memory, by each path */
};

struct path_run {
	struct rule_tally rule;
	struct own_space space;
	bool user;
	u32 count; /* of pairs so far: others come by turns */
};

/*
 * Accesses the page by one path, which must make that path's entry accessed. Ignores PK where U/S
 * denies an access at CPL 3: matrix.pk_is_set_only_by_a_key checks it, so that a machine that
 * differs in that alone still passes here.
 */
static void try_path(struct path_run *run, const struct paths *t, u32 path, enum oracle_access kind)
{
	volatile u64 *word = (volatile u64 *)(t->page->memory + OWN_DATA);
	struct oracle_page page = { .present = true,
				    .writable = t->rights[path] & WRITABLE,
				    .user = t->rights[path] & USER,
				    .no_execute = t->rights[path] & NO_EXECUTE,
				    .key = t->key };
	struct oracle_cpu cpu = oracle_cpu_now(t->pkrs);
	u64 va = t->va[path] + (kind == ORACLE_FETCH ? OWN_CODE : OWN_DATA), value = OWN_NEW;
	struct fault want = NO_FAULT, f;
	struct oracle_verdict v;
	bool kept;

	cpu.pkru = t->pkru;
	cpu.user_mode = run->user;
	v = oracle(cpu, page, kind);
	v.unsettled |= run->user && !page.user ? PF_PK : 0;
	if (v.fault)
		want = (struct fault){ X86_PF, v.error & ~v.unsettled, va, 0 };
	*word = OWN_OLD;
	f = own_access(run->user, kind, va, &value);
	f.error &= ~(u64)v.unsettled;
	kept = *word == (kind == ORACLE_WRITE && !v.fault ? OWN_NEW : OWN_OLD) &&
	       (kind != ORACLE_READ || v.fault || value == OWN_OLD) &&
	       (v.fault || *t->entry[path] & PTE_A);
	RULE_FAULT(
		&run->rule, f, want, kept,
		"%s at CPL %u of a %s page by path %u of rights %u and %u at level %d (1 user, 2 "
		"writable, 4 XD), key %u, IA32_PKRS %08x, PKRU %08x, entry %lx",
		own_access_name(kind), run->user ? 3 : 0, own_size_name(t->page->level), path,
		t->rights[0], t->rights[1], t->at, t->key, t->pkrs, t->pkru, *t->entry[path]);
}

/* By one path, by the other and by the first again, without a flush. */
static void try_pair(struct path_run *run, const struct paths *t)
{
	static const enum oracle_access kinds[] = { ORACLE_READ, ORACLE_WRITE, ORACLE_FETCH };

	for (u32 k = 0; k < ARRAY_SIZE(kinds); k++) {
		own_page_reset(t->page, true, t->key);
		for (u32 path = 0; path < 2; path++)
			*t->entry[path] = (t->page->first[t->at] & ~(PTE_U | PTE_W | PTE_NX)) |
					  bits_of(t->rights[path]);
		own_rights(t->pkrs, t->pkru); /* before all: it may flush, in an emulator */
		own_flush(&run->space);
		for (u32 i = 0; i < 3; i++)
			try_path(run, t, i & 1, kinds[k]);
		own_rights(ALL_OPEN, 0);
	}
}

static u32 random_rights(void)
{
	return (u32)random_next() & ~KEY_0;
}

/* Tries the two entries at one level with all pairs of different rights; keys come by turns. */
static void try_level(struct path_run *run, const struct own_page *p, int at)
{
	struct paths t = { .page = p, .at = at };

	t.entry[0] = p->entry[at];
	t.entry[1] = p->entry[at] + BEHIND;
	t.va[0] = p->va;
	t.va[1] = p->va + BEHIND * level_size(at);
	for (u32 pair = 0; pair < ALL_RIGHTS * ALL_RIGHTS; pair++) {
		t.rights[0] = pair / ALL_RIGHTS;
		t.rights[1] = pair % ALL_RIGHTS;
		if (t.rights[0] == t.rights[1] || !rule_turn(&run->rule, 31))
			continue;
		t.key = run->count++ % KEYS;
		t.pkrs = random_rights();
		t.pkru = random_rights();
		try_pair(run, &t);
	}
	*t.entry[1] = 0; /* the tables below have one owner */
}

/* With SMAP and SMEP, which come before PKRU, and without them. */
static void try_paths(struct path_run *run)
{
	u64 smap = CR4_SMAP | CR4_SMEP, cr4 = read_cr4();

	for (u32 round = 0; round < 2 * OWN_SIZES; round++) {
		const struct own_page *p = &run->space.pages[round / 2];

		write_cr4(round & 1 ? cr4 & ~smap : cr4);
		for (int at = p->level + 1; p->level && at <= p->top; at++)
			try_level(run, p, at);
	}
}

static void test_paths(struct path_run *run)
{
	if (!own_space_create(&run->space))
		return;
	own_enter_open(&run->space);
	try_paths(run);
	own_leave_open(&run->space);
	own_space_destroy(&run->space);
	rule_report(&run->rule);
}

static void rights_follow_the_path_at_cpl_3(void)
{
	static struct path_run run;

	run = (struct path_run){
		.rule = RULE(SDM, "at CPL 3 the entries that lead to a leaf, not the leaf, decide "
				  "whether PKRU rules it and what else denies it"),
		.user = true,
	};
	test_paths(&run);
}
KTEST(rights_follow_the_path_at_cpl_3, 0);

static void rights_follow_the_path_at_cpl_0(void)
{
	static struct path_run run;

	run = (struct path_run){
		.rule = RULE(SDM, "at CPL 0 the entries that lead to a leaf, not the leaf, decide "
				  "whether IA32_PKRS or PKRU rules it and what else denies it"),
	};
	test_paths(&run);
}
KTEST(rights_follow_the_path_at_cpl_0, 0);
