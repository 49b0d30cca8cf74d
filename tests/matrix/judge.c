// SPDX-License-Identifier: MIT
#include "tests/matrix/judge.h"
#include "kernel/lib/string.h"
#include "tests/matrix/memory.h"
#include "tests/matrix/own.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/stack.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

/* As the SDM numbers them; not the kernel's constants, like the oracle's. */
enum { VECTOR_DF = 8, VECTOR_PF = 14 };
enum { ERROR_W = 2, ERROR_U = 4, ERROR_PK = 32 };
enum { ACCESSED = 1 << 5, DIRTY = 1 << 6 };

_Static_assert((int)ACCESS_READ == ORACLE_READ && (int)ACCESS_WRITE == ORACLE_WRITE &&
		       (int)ACCESS_MODIFY == ORACLE_MODIFY && (int)ACCESS_FETCH == ORACLE_FETCH,
	       "kinds name their accesses as the oracle does");

/*
 * User mode at user addresses, with what mprotect and pkey_mprotect can do, under the control
 * registers as a kernel without PKS has them. SMAP, SMEP and CR0.WP say nothing about user mode.
 */
bool process_values(u32 only[AXES])
{
	static const u32 values[AXES] = {
		[AXIS_MODE] = BIT(MODE_USER) | BIT(MODE_COMPAT),
		[AXIS_KEY] = BIT(KEY_NUMBERS - 1) - 1, /* the process lives on key 0, the last */
		[AXIS_RIGHTS] = ~0u,
		[AXIS_OTHERS] = ~0u,
		[AXIS_SIZE] = BIT(SIZE_4K) | BIT(SIZE_2M),
		[AXIS_US] = BIT(US_U),
		[AXIS_RW] = BIT(RW_YES) | BIT(RW_LEAF_NO),
		[AXIS_XD] = BIT(XD_NO) | BIT(XD_LEAF),
		[AXIS_PRESENT] = BIT(PRESENT_YES) | BIT(PRESENT_NO),
		[AXIS_WP] = BIT(WP_ON),
		[AXIS_PKS] = BIT(!PKS_ON),
		[AXIS_PKU] = BIT(PKU_PERMIT) | BIT(PKU_DENY) | BIT(PKU_OPPOSITE),
		[AXIS_SMAP] = BIT(SMAP_OFF),
		[AXIS_LEVELS] = BIT(!LEVELS_5),
		[AXIS_DECOY] = BIT(!DECOY_KEYS),
		[AXIS_SPAN] = ~0u,
		[AXIS_TLB] = BIT(TLB_COLD) | BIT(TLB_AGAIN) | BIT(TLB_WRPKRU) | BIT(TLB_REKEY),
		[AXIS_FLAGS] = BIT(FLAGS_CLEAR),
		[AXIS_ABOVE] = BIT(!ABOVE_SET),
		[AXIS_HALF] = BIT(!HALF_HIGH),
	};

	for (u32 a = 0; a < AXES; a++)
		only[a] = machine_can.process ? values[a] : ~0u;
	if (machine_can.process)
		only[AXIS_SIZE] = machine_can.process_sizes;
	return machine_can.process;
}

bool process_has_kind(u32 kind)
{
	const u32 others = KF_STRING | KF_VECTOR | KF_AT_RSI | KF_FROM_RSI | KF_AREA;

	if (!machine_can.process)
		return true;
	if (kind_is_implicit(kind) || kind >= KIND_SGDT ||
	    matrix_kinds[kind].flags & KF_ONLY_CPL0)
		return false; /* the CPU's own, or Linux forbids it or does it itself */
	if (kind_is_stack(kind) && kind != KIND_PUSH && kind != KIND_POP)
		return false; /* needs more than RBX, RSI, RDI and RSP, or selectors */
	if (!(machine_can.needs & 1u << matrix_kinds[kind].need))
		return false;
	/* Registers that are the process's own, or that it does not load. */
	return kind != KIND_READ_FS && kind != KIND_FSTP && !(matrix_kinds[kind].flags & others);
}

static bool process_can(const struct mcase *c)
{
	u32 only[AXES];

	process_values(only);
	for (u32 a = AXIS_KIND + 1; a < AXES; a++)
		if (c->v[a] >= 32 || !(only[a] >> c->v[a] & 1))
			return false;
	return process_has_kind(c->v[AXIS_KIND]);
}

bool case_possible(const struct mcase *c)
{
	if (machine_can.process && !process_can(c))
		return false;
	if (!(machine_can.needs & 1u << matrix_kinds[c->v[AXIS_KIND]].need))
		return false;
	if (!machine_can.pks &&
	    (c->v[AXIS_PKS] == PKS_ON || c->v[AXIS_TLB] == TLB_PKS || c->v[AXIS_TLB] == TLB_WRMSR))
		return false;
	if (!machine_can.pku && (c->v[AXIS_PKU] != PKU_OFF || c->v[AXIS_TLB] == TLB_WRPKRU))
		return false;
	if (!machine_can.smap && c->v[AXIS_SMAP] != SMAP_OFF)
		return false;
	if (!machine_can.page_1g && c->v[AXIS_SIZE] == SIZE_1G)
		return false;
	return machine_can.la57 || c->v[AXIS_LEVELS] != LEVELS_5;
}

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
 * "Guaranteed Atomic Operations"); and so may a restore of state, or a gather.
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

static bool cr2_right(const struct allowed *a, u64 address, u64 cr2)
{
	if (a->vector != VECTOR_PF)
		return true;
	if (a->absent)
		return cr2 == VA_ABSENT;
	return cr2 - address - a->low < a->high - a->low;
}

/* Returns the aspects in which the outcome differs from this allowed one. */
static u32 compare(const struct allowed *a, const struct shot *s, const struct outcome *o,
		   const struct traces *t)
{
	u32 aspects = 0;

	if (o->vector != a->vector)
		return ASPECT_FAULT;
	if (a->vector != SHOT_DONE && (o->error ^ a->error) & ~a->unsettled)
		aspects |= ASPECT_ERROR;
	if (!cr2_right(a, s->address, o->cr2))
		aspects |= ASPECT_CR2;
	if (a->moves && o->rsp_moved != a->moved)
		aspects |= ASPECT_MEMORY;
	if ((t->memory ^ a->memory) & ~a->memory_open || (a->reads && o->value != a->value))
		aspects |= ASPECT_MEMORY;
	if ((t->entry ^ a->entry) & a->entry_mask & ACCESSED)
		aspects |= ASPECT_ACCESSED;
	if ((t->entry ^ a->entry) & a->entry_mask & DIRTY)
		aspects |= ASPECT_DIRTY;
	if (a->above && !(t->above & ACCESSED))
		aspects |= ASPECT_ABOVE;
	if (t->changed)
		aspects |= ASPECT_ENTRIES;
	if (!o->rip_right && a->vector != VECTOR_DF) /* a double fault's is undefined */
		aspects |= ASPECT_RIP;
	if (machine_can.pks && o->pkrs != s->pkrs)
		aspects |= ASPECT_PKRS;
	return aspects;
}

/* How far an outcome is from an allowed one: a wrong vector is farther than all the rest. */
static u32 distance(u32 aspects)
{
	u32 count = aspects & ASPECT_FAULT ? 32 : 0;

	for (; aspects; aspects &= aspects - 1)
		count++;
	return count;
}

static enum denial denial_of(const struct mismatch *m)
{
	bool by_key =
		m->aspects == ASPECT_ERROR && (m->expected_error ^ m->observed_error) == ERROR_PK;

	if (by_key)
		return m->expected_error & ERROR_PK ? DENIAL_MISSING : DENIAL_EXTRA;
	if (m->expected_vector == VECTOR_PF && m->observed_vector == SHOT_DONE)
		return DENIAL_MISSING;
	if (m->expected_vector == SHOT_DONE && m->observed_vector == VECTOR_PF)
		return DENIAL_EXTRA;
	return DENIAL_OTHER;
}

struct mismatch judge(const struct expectation *e, const struct shot *s, const struct outcome *o,
		      const struct traces *t)
{
	const struct allowed *a = &e->allowed[0];
	struct mismatch m = { .aspects = compare(a, s, o, t) };

	if (likely(!m.aspects))
		return m;
	if (e->count == 2) { /* report the nearer one */
		u32 other = compare(&e->allowed[1], s, o, t);

		if (!other)
			return (struct mismatch){ 0 };
		if (distance(other) < distance(m.aspects)) {
			m.aspects = other;
			a = &e->allowed[1];
		}
	}
	m.expected_vector = a->vector;
	m.observed_vector = o->vector;
	m.expected_error = a->error & ~a->unsettled;
	m.observed_error = o->error & ~a->unsettled;
	m.denial = denial_of(&m);
	return m;
}

bool mismatch_same(const struct mismatch *a, const struct mismatch *b)
{
	u32 bits_a = a->expected_error ^ a->observed_error;
	u32 bits_b = b->expected_error ^ b->observed_error;

	if (a->denial || b->denial)
		return a->denial == b->denial;
	return a->aspects == b->aspects && a->expected_vector == b->expected_vector &&
	       a->observed_vector == b->observed_vector &&
	       (!(a->aspects & ASPECT_ERROR) || bits_a == bits_b);
}
