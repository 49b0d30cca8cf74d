// SPDX-License-Identifier: MIT
#include "tests/matrix/run.h"
#include "tests/matrix/before.h"
#include "tests/matrix/entries.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/possible.h"
#include "tests/matrix/tables.h"

#define ROWS_AT_ONCE 32 /* then interrupts and other threads may run */

/* All cases of a row that have the same rights in both pages share one expectation. */
#define MEMOS 24
struct memo {
	bool valid;
	struct expectation expect;
	u64 rules;
	u32 cases;
};

/* The case that is being made. Written by the one thread that runs the matrix. */
static const struct mcase *volatile under_way;

const struct mcase *matrix_under_way(void)
{
	return under_way;
}

/* Paging levels of the matrix's state; 0 while it is left: now and then, and for other code. */
static u32 session_levels;

static void session(const struct mcase *c)
{
	u32 levels = c->v[AXIS_LEVELS] == LEVELS_5 ? 5 : 4;

	if (levels == session_levels)
		return;
	if (session_levels)
		machine_leave();
	machine_enter(levels);
	session_levels = levels;
}

static void session_end(void)
{
	if (session_levels)
		machine_leave();
	session_levels = 0;
}

/* Divergent cases of a row; classified when it has ended. */
struct findings {
	u32 count;
	struct mcase c[KEY_NUMBERS];
	struct mismatch mismatch[KEY_NUMBERS];
};

/* What all cases of a row have in common. */
struct row {
	struct matrix *m;                 /* NULL: nothing is counted */
	bool warm, span, in_table, mixed; /* mixed: all keys but 0 share a value of IA32_PKRS */
	u64 address, step;                /* of key 0's access, and from key to key */
	const volatile u64 *leaves;       /* of key 0's page; the others follow */
	struct entries entries;
	struct shot shot;
	struct control control;
	bool controlled; /* the machine has `control` */
	struct memo memos[MEMOS];
	struct findings *found;
	struct outcome *o;
};

static void row_begin(struct row *r, const struct mcase *c)
{
	struct mcase of_key_0 = row_case(c, KEY_NUMBERS - 1);

	r->warm = c->v[AXIS_TLB] != TLB_COLD && !case_is_run(c);
	r->shot.first = case_is_run(c) ? case_first(c).v[AXIS_KIND] : KINDS;
	r->span = c->v[AXIS_SPAN] != SPAN_NONE;
	r->in_table = kind_in_table(c->v[AXIS_KIND]);
	r->address = case_address(&of_key_0);
	r->step = case_step(c);
	r->leaves = case_entry(&of_key_0);
	r->mixed = c->v[AXIS_OTHERS] >= OTHERS_MIX;
	r->shot.kind = c->v[AXIS_KIND];
	r->shot.mode = c->v[AXIS_MODE];
	r->shot.ac = c->v[AXIS_SMAP] == SMAP_AC;
	r->control.wp = c->v[AXIS_WP] == WP_ON;
	r->control.pks = c->v[AXIS_PKS] == PKS_ON;
	r->control.pke = c->v[AXIS_PKU] != PKU_OFF;
	r->control.smap = c->v[AXIS_SMAP] != SMAP_OFF;
	r->controlled = false;
	for (u32 i = 0; i < MEMOS; i++) {
		r->memos[i].valid = false;
		r->memos[i].cases = 0;
	}
	session(c);
	machine_row(c);
	tables_prepare(c);
	entries_find(&r->entries, c);
	machine_flush();
}

/* All keys with the same rights have the same expectation, except with a stale key. */
static struct memo *look_up(struct row *r, const struct mcase *c)
{
	u32 other = case_span_key(c), pkrs = r->shot.pkrs;
	u32 mine = pkrs >> (2 * case_key(c)) & 3, theirs = pkrs >> (2 * other) & 3;
	struct memo *m = &r->memos[mine];

	if (r->span) /* the home's key is open in PKRU as well */
		m += other == case_home_key(c) ? 4 : 8 + 4 * theirs;
	if (m->valid && c->v[AXIS_TLB] != TLB_STALE)
		return m;
	expect_case(c, &m->expect);
	m->rules = rules_of(c, &m->expect);
	m->valid = true;
	return m;
}

static void try_case(struct row *r, const struct mcase *c)
{
	struct memo *memo = look_up(r, c);
	struct findings *found = r->found;
	struct mismatch mismatch;
	struct traces t;

	entries_before(&r->entries, &r->leaves[r->in_table ? 0 : case_key(c)]);
	memory_fill(c);
	machine_shoot(&r->shot, r->o);
	t.memory = memory_read(c);
	entries_after(&r->entries, &t);
	mismatch = judge(&memo->expect, &r->shot, r->o, &t);
	if (mismatch.aspects) {
		found->c[found->count] = *c;
		found->mismatch[found->count++] = mismatch;
	}
	memo->cases++;
	if (r->m && r->o->vector != SHOT_DONE)
		corners_count(r->m->corner, c, &memo->expect, &r->shot, r->o, t.entry);
	if (r->m && c->v[AXIS_TLB] == TLB_STALE)
		corners_count_stale(r->m->corner, &memo->expect, r->o);
}

/* Puts a run's first accesses before the shot: to the same page, under the rights of before. */
static void add_first(struct row *r, const struct mcase *c)
{
	r->shot.first_address = r->shot.address + (u64)case_first_step(c);
	r->shot.first_pkrs = case_pkrs(c, true);
	r->shot.first_pkru = case_pkru(c, true);
}

/*
 * Runs one key's case. Its page is in no TLB: nothing has used it since the row began, or all is
 * flushed again. A warm case gets its first access right before the change, with no other case in
 * between that could evict its translation.
 */
static void run_key(struct row *r, const struct mcase *c)
{
	u32 home = case_home_key(c), pkru = case_pkru(c, false);

	under_way = c;
	r->shot.address = r->address + r->step * case_key(c);
	if (!r->mixed || !r->controlled || home)
		r->shot.pkrs = case_pkrs(c, false);
	r->shot.pkru = pkru;
	pkru &= ~3u;
	if (r->in_table) /* one tested page for all keys */
		tables_prepare(c);
	if (home)
		machine_home_key(home);
	if (!r->controlled || pkru != r->control.pkru) {
		r->control.pkru = pkru;
		machine_control(&r->control);
		r->controlled = true;
	}
	if (r->in_table || (r->span && (r->warm || c->v[AXIS_KEY] == 1)))
		machine_flush();
	if (r->warm)
		shoot_before(c, &r->shot, &r->control, r->o);
	if (r->shot.first != KINDS)
		add_first(r, c);
	try_case(r, c);
	if (home)
		machine_home_key(0);
	under_way = NULL;
}

static void count_cases(struct matrix *m, const struct memo memos[MEMOS])
{
	for (u32 i = 0; i < MEMOS; i++) {
		m->cases += memos[i].cases;
		for (u64 rules = memos[i].cases ? memos[i].rules : 0; rules; rules &= rules - 1)
			m->rule_cases[__builtin_ctzll(rules)] += memos[i].cases;
	}
}

static void run_row(struct matrix *m, const struct mcase *row, u32 keys, struct findings *found,
		    struct outcome *o)
{
	static struct row r; /* 5 KiB; a class asks for cases while another waits for its own */

	r.m = m;
	r.found = found;
	r.o = o;
	found->count = 0;
	row_begin(&r, row);
	/* Every second key, then the others: a cold span uses its neighbour's page. */
	for (u32 i = 0; i < KEY_NUMBERS; i++) {
		u32 v = i < 8 ? 2 * i : 2 * i - 15;
		struct mcase c;

		if (!(keys & 1u << v))
			continue;
		c = row_case(row, v);
		run_key(&r, &c);
	}
	if (m)
		count_cases(m, r.memos);
}

struct mismatch matrix_one(const struct mcase *c, struct outcome *outcome)
{
	struct mcase row = row_of_case(c);
	struct findings found;
	struct outcome o;

	if (!case_possible(c))
		return (struct mismatch){ 0 };
	run_row(NULL, &row, 1u << c->v[AXIS_KEY], &found, outcome ? outcome : &o);
	return found.count ? found.mismatch[0] : (struct mismatch){ 0 };
}

static struct mismatch again(const struct mcase *c)
{
	return matrix_one(c, NULL);
}

/* Classifies a row's divergent cases. Call it after the row, as this runs cases of its own. */
static void sort_findings(struct matrix *m, const struct findings *found)
{
	for (u32 i = 0; i < found->count; i++) {
		m->divergent++;
		if (m->on_divergence) {
			session_end();
			m->on_divergence(&found->c[i], &found->mismatch[i]);
		}
		classes_add(&m->classes, &found->c[i], &found->mismatch[i], again);
	}
}

void matrix_row(struct matrix *m, const struct mcase *row, u32 keys)
{
	struct findings found;
	struct outcome o;

	run_row(m, row, keys, &found, &o);
	sort_findings(m, &found);
}

void matrix_pause(void)
{
	session_end();
}

/* Runs a row announced, from outside of the matrix's state; the first one case by case. */
static void announced_row(struct matrix *m, u64 number, const struct mcase *row, u32 keys)
{
	bool by_case = number == m->from;

	for (u32 left = keys; left; left &= by_case ? left - 1 : 0) {
		struct mcase c = row_case(row, (u32)__builtin_ctz(left));

		session_end();
		m->announce(number, by_case ? &c : NULL);
		matrix_row(m, row, by_case ? left & -left : left);
	}
}

void matrix_run(struct matrix *m, enum slice slice, void (*progress)(u32 percent, u64 row))
{
	u32 only[AXES];
	bool process = process_values(only);
	struct mcase row;
	struct plan p;
	u64 number = 0;

	plan_start(&p, slice, process ? only : NULL);
	while (plan_next(&p, &row)) {
		u32 keys = p.keys & only[AXIS_KEY];

		if (++number < m->from)
			continue;
		if (case_possible(&row) && m->announce)
			announced_row(m, number, &row, keys);
		else if (case_possible(&row))
			matrix_row(m, &row, keys);
		if (number % ROWS_AT_ONCE)
			continue;
		session_end();
		if (progress)
			progress((u32)(p.done * 100 / p.total), number + 1);
	}
	session_end();
}
