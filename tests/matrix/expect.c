// SPDX-License-Identifier: MIT
/* What the oracle expects of a case: see judge.h. */
#include "kernel/lib/string.h"
#include "tests/matrix/judge.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/own.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/sdm.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

_Static_assert((int)ACCESS_READ == ORACLE_READ && (int)ACCESS_WRITE == ORACLE_WRITE &&
		       (int)ACCESS_MODIFY == ORACLE_MODIFY && (int)ACCESS_FETCH == ORACLE_FETCH,
	       "kinds name their accesses as the oracle does");

static struct oracle_cpu cpu_of(const struct mcase *c)
{
	return (struct oracle_cpu){
		.pkrs = case_pkrs(c, false),
		.pkru = case_pkru(c, false),
		.cr4_pks = c->v[AXIS_PKS] == PKS_ON,
		.cr4_pke = c->v[AXIS_PKU] != PKU_OFF,
		.cr0_wp = c->v[AXIS_WP] == WP_ON,
		.cr4_smep = c->v[AXIS_SMAP] != SMAP_OFF,
		.cr4_smap = c->v[AXIS_SMAP] != SMAP_OFF,
		.ac = c->v[AXIS_SMAP] == SMAP_AC,
		.user_mode = mode_is_user(c->v[AXIS_MODE]),
		.implicit = kind_is_implicit(c->v[AXIS_KIND]),
	};
}

static struct oracle_page page_of(const struct mcase *c, u32 key)
{
	return (struct oracle_page){
		.present = case_present(c),
		.reserved = case_reserved(c),
		.writable = c->v[AXIS_RW] == RW_YES,
		.user = c->v[AXIS_US] == US_U,
		.no_execute = c->v[AXIS_XD] != XD_NO,
		.key = key,
	};
}

/* The oracle's verdict on the access to one page; of a kind that touches nothing: no fault. */
static struct oracle_verdict verdict(const struct mcase *c, struct oracle_cpu cpu, u32 key)
{
	u32 access = matrix_kinds[c->v[AXIS_KIND]].access;

	if (access == ACCESS_NONE)
		return (struct oracle_verdict){ 0 };
	return oracle(cpu, page_of(c, key), (enum oracle_access)access);
}

/* The bytes that the access touches, from case_address() on; a frame lies below it. */
static void touched(const struct mcase *c, struct allowed *a)
{
	switch (matrix_kinds[c->v[AXIS_KIND]].group) {
	case GROUP_FRAME:
		a->low = (u64) - (s64)case_bytes(c);
		return;
	case GROUP_TABLE:
		a->low = own_first(c->v[AXIS_KIND]);
		a->high = a->low + own_inside(c->v[AXIS_KIND]);
		return;
	}
	a->high = a->low + case_bytes(c);
	if (matrix_kinds[c->v[AXIS_KIND]].flags & KF_LOWER)
		a->high -= case_bytes(c) / 2;
}

/* Accessed and dirty where the manual leaves them open. */
static u64 entry_open(const struct mcase *c)
{
	u32 flags = matrix_kinds[c->v[AXIS_KIND]].flags;

	return (flags & (KF_OPEN_A | KF_OPEN_AD) ? ACCESSED : 0) | (flags & KF_OPEN_AD ? DIRTY : 0);
}

/*
 * Which of A and D are certain in the leaf: what was set stays set, and after a fault A may be set
 * or not. An access before may have set either, but what is permitted has set them in any case. In
 * a span the entry may be that of the half that was not reached. To the lower page of its span
 * ENTER writes nothing: the manual says only that it faults as if it did. What masks its upper half
 * off does not touch the upper page.
 */
static u64 flags_known(const struct mcase *c, const struct oracle_verdict *v)
{
	bool undisturbed = c->v[AXIS_TLB] == TLB_COLD && c->v[AXIS_SPAN] == SPAN_NONE;
	u64 set = (v->accessed ? ACCESSED : 0) | (v->dirty ? DIRTY : 0);
	u32 tlb = c->v[AXIS_TLB];
	u32 kind = c->v[AXIS_KIND], span = c->v[AXIS_SPAN];
	bool probed = (kind == KIND_ENTER && span == SPAN_LOW) ||
		      (matrix_kinds[kind].flags & KF_LOWER && span == SPAN_HIGH);
	bool written = kind_writes(kind) || tlb == TLB_WRITE_0 || tlb == TLB_WRITE_3 ||
		       tlb == TLB_RUN_WRITE;

	if (probed)
		return case_flags_before(c);
	if (undisturbed && matrix_kinds[kind].access == ACCESS_NONE)
		set = ACCESSED; /* it stays clear */
	return case_flags_before(c) | set | (undisturbed || !written ? DIRTY : 0);
}

/* What stack instructions leave of their stack. */
static void allow_stack(const struct mcase *c, bool fault, struct allowed *a)
{
	u32 kind = c->v[AXIS_KIND];

	a->moves = kind_is_stack(kind);
	if (a->moves && !fault)
		a->moved = stack_moves(kind, c->v[AXIS_MODE], case_bytes(c));
	/* Words that were pushed before another one's fault may stay. */
	if (fault && c->v[AXIS_SPAN] != SPAN_NONE && matrix_kinds[kind].flags & KF_PUSHES)
		a->memory_open = ~0u;
}

/* Returns the outcome that one page's verdict allows. */
static struct allowed allow(const struct mcase *c, const struct oracle_verdict *v)
{
	struct allowed a = {
		.vector = v->fault ? VECTOR_PF : SHOT_DONE,
		.error = v->error,
		.unsettled = v->unsettled,
		.memory = memory_after(c, !v->fault),
		.reads = matrix_kinds[c->v[AXIS_KIND]].flags & KF_VALUE,
		.value = v->fault ? value_unread(c) : value_read(c),
		.entry = case_flags_before(c) | (v->accessed ? ACCESSED : 0) |
			 (v->dirty ? DIRTY : 0),
		.entry_mask = flags_known(c, v) & (~entry_open(c) | case_flags_before(c)),
		.above = !v->fault && matrix_kinds[c->v[AXIS_KIND]].access != ACCESS_NONE,
	};

	if (machine_can.process) { /* it cannot see the entries */
		a.entry_mask = 0;
		a.above = false;
	}
	allow_stack(c, v->fault, &a);
	touched(c, &a);
	return a;
}

/*
 * A store of more than a quadword may be several accesses, of which some complete (SDM Vol. 3A,
 * "Guaranteed Atomic Operations"); and so may a restore of state, or a gather, of which any element
 * beside the one that faults may be done (Vol. 2, "VPGATHERDD").
 */
static void settle_parts(u32 kind, struct allowed *lower, struct allowed *upper)
{
	u32 flags = matrix_kinds[kind].flags;

	if (flags & KF_PARTS && upper->vector == SHOT_DONE)
		lower->memory_open = lower->vector == SHOT_DONE ? 0 : 0xffff0000;
	else if (flags & KF_PARTS && lower->vector == SHOT_DONE)
		upper->memory_open = 0x0000ffff;
	if (kind == KIND_GATHER || flags & KF_AREA)
		upper->reads = upper->reads && upper->vector == SHOT_DONE;
	if (kind == KIND_GATHER && upper->vector == SHOT_DONE)
		lower->reads = lower->reads && lower->vector == SHOT_DONE;
}

/* A repeated string stops at the first denied element; those before it are done. */
static void expect_run(const struct mcase *c, struct allowed *lower, struct allowed *upper,
		       struct expectation *e)
{
	u32 kind = c->v[AXIS_KIND], size = plain_element(kind), split = case_split(c);
	bool down = matrix_kinds[kind].flags & KF_DOWN;
	struct allowed first = down ? *upper : *lower, second = down ? *lower : *upper;

	if (first.vector != SHOT_DONE) {
		first.low = down ? case_bytes(c) - size : 0;
		first.high = first.low + size;
		e->allowed[0] = first;
		return;
	}
	if (second.vector != SHOT_DONE) {
		second.low = down ? split - size : split;
		second.high = second.low + size;
		second.memory = memory_after_part(c, plain_elements_first(c));
		second.value = plain_value(c, false, plain_elements_first(c));
	}
	e->allowed[0] = second;
}

/*
 * A descriptor is read before it is marked, and XSAVE's header before it is written: a denied read
 * may be reported as a read. Returns the bit that is open then.
 */
static u32 read_first(const struct mcase *c, u32 key)
{
	u32 kind = c->v[AXIS_KIND];

	if (!kind_marks(kind) && kind != KIND_XSAVE)
		return 0;
	return oracle(cpu_of(c), page_of(c, key), ORACLE_READ).fault ? ERROR_W : 0;
}

/* A span: each page's verdict counts for its half; if both deny, either may be reported. */
static void expect_span(const struct mcase *c, struct expectation *e)
{
	struct oracle_verdict other = verdict(c, cpu_of(c), case_span_key(c));
	struct allowed *mine = &e->allowed[0], theirs = allow(c, &other);
	bool low = c->v[AXIS_SPAN] == SPAN_LOW;
	u32 flags = matrix_kinds[c->v[AXIS_KIND]].flags;
	struct allowed *lower = low ? mine : &theirs, *upper = low ? &theirs : mine;

	if (other.fault)
		theirs.unsettled |= read_first(c, case_span_key(c));
	lower->high = upper->low = case_split(c);
	settle_parts(c->v[AXIS_KIND], lower, upper);
	if (flags & KF_REP) {
		expect_run(c, lower, upper, e);
		return;
	}
	if (flags & KF_LOWER) {
		e->allowed[0] = *lower;
		return;
	}
	if (!other.fault)
		return;
	if (mine->vector == SHOT_DONE)
		e->allowed[0] = theirs;
	else
		e->allowed[e->count++] = theirs;
}

/* A read of VA_ABSENT faults, and its delivery makes the access: #DF if that is denied. */
static void expect_in_delivery(const struct mcase *c, struct allowed *a)
{
	if (a->vector != SHOT_DONE) {
		a->vector = VECTOR_DF;
		a->error = a->unsettled = 0;
		return;
	}
	a->vector = VECTOR_PF;
	a->error = mode_is_user(c->v[AXIS_MODE]) ? ERROR_U : 0;
	a->absent = true;
}

void expect_case(const struct mcase *c, struct expectation *e)
{
	u32 kind = c->v[AXIS_KIND];
	struct oracle_cpu cpu = cpu_of(c), bare = cpu; /* bare: without keys */
	struct oracle_page page = page_of(c, case_key(c));
	struct oracle_verdict v = verdict(c, cpu, case_key(c)), without;

	bare.cr4_pks = bare.cr4_pke = false;
	without = verdict(c, bare, case_key(c));
	memset(e, 0, sizeof(*e));
	e->other_denies = without.fault;
	e->key_denies = v.error & ERROR_PK;
	e->data_denied = page.user ? cpu.cr4_pke && cpu.pkru >> (2 * page.key) & 3
				   : cpu.cr4_pks && cpu.pkrs >> (2 * page.key) & 3;
	e->count = 1;
	e->allowed[0] = allow(c, &v);
	if (v.fault)
		e->allowed[0].unsettled |= read_first(c, case_key(c));
	if (c->v[AXIS_SPAN] != SPAN_NONE)
		expect_span(c, e);
	if (matrix_kinds[kind].flags & KF_IN_FAULT)
		expect_in_delivery(c, &e->allowed[0]);
	if (c->v[AXIS_TLB] == TLB_STALE) {
		v = verdict(c, cpu, case_old_key(c));
		e->allowed[e->count++] = allow(c, &v);
	}
}
