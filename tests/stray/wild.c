// SPDX-License-Identifier: MIT
#include "tests/stray/wild.h"
#include "kernel/cpu/x86.h"
#include "tests/stray/arm_list.h"

#define ARM(id, guard_, mode, gate, scope, own)                                    \
	[STRAY_ARM_##id] = {                                                       \
		.name = #id,                                                       \
		.guard = GUARD_##guard_,                                           \
		.policy = { PKS_MODE_##mode, PKS_GATE_##gate, PKS_SCOPE_##scope }, \
		.own_at_store = own,                                               \
	},

const struct stray_arm stray_arms[STRAY_ARM_COUNT] = { STRAY_ARMS(ARM) };

const char *const stray_by_names[STRAY_BYS] = {
	[BY_THREAD] = "the thread that writes the store",
	[BY_WORK] = "a work item",
	[BY_SOFTIRQ] = "a softirq",
	[BY_INTERRUPT] = "an interrupt",
	[BY_EXCEPTION] = "an exception",
	[BY_NMI] = "an NMI",
	[BY_OTHER_THREAD] = "another thread",
	[BY_OTHER_INTERRUPT] = "an interrupt of another thread",
	[BY_OTHER_CPU] = "another CPU",
};

const char *const stray_kind_names[STRAY_KINDS] = {
	[STRAY_WILD] = "wild",
	[STRAY_OVERRUN] = "overrun",
	[STRAY_AFTER_FREE] = "use after free",
};

/* One step of splitmix64 from a state that seed, number and draw decide. */
static u64 mix(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static u64 draw(u64 seed, u64 number, u32 nth)
{
	return mix(mix(seed + number * 0x9e3779b97f4a7c15) + nth * 0xd1342543de82ef95);
}

void stray_bytes(u8 *bytes, u32 n, u64 seed, u64 number)
{
	u64 bits = 0;

	for (u32 i = 0; i < n; i++) {
		if (i % 8 == 0)
			bits = draw(seed, number, 100 + i / 8);
		bytes[i] = (u8)(bits >> (8 * (i % 8)));
	}
}

/* A store of 1, 2, 4 or 8 bytes is one MOV; half of them are such. */
static u32 draw_length(u64 bits)
{
	return bits & 1 ? 1u << ((bits >> 1) & 3) : 1 + (u32)(bits >> 8) % STRAY_LONGEST;
}

/* Lets an overrun begin in a buffer, so that it ends in the page behind it. */
static void make_overrun(struct stray *s, u32 page, u32 before)
{
	s->kind = STRAY_OVERRUN;
	s->page = page;
	s->offset = 0;
	s->before = before;
}

void stray_draw(struct stray *s, u64 seed, u64 number)
{
	u64 how = draw(seed, number, 0), where = draw(seed, number, 1);
	u32 sixteenth = (u32)(how >> 16) & 15;

	*s = (struct stray){
		.number = number,
		.by = (enum stray_by)(how % STRAY_BYS),
		.kind = sixteenth == 0   ? STRAY_OVERRUN
			: sixteenth <= 2 ? STRAY_AFTER_FREE
					 : STRAY_WILD,
		.in_window = how >> 20 & 1,
		.late = how >> 21 & 1,
		.near = (how >> 22 & 3) == 0,
		.page = STRAY_STORE + (u32)(where % STRAY_STORE_PAGES),
		.length = draw_length(how >> 24),
	};
	s->offset = (u32)(where >> 32) % (u32)(PAGE_SIZE - s->length + 1);
	if (s->kind == STRAY_OVERRUN)
		make_overrun(s, STRAY_STORE, 1 + (u32)(where >> 16) % STRAY_LONGEST);
	stray_bytes(s->bytes, sizeof(s->bytes), seed, number);
}

static bool can_map(const struct stray *s, const struct stray_arm *arm)
{
	switch (arm->guard) {
	case GUARD_GRANT:
		return true;
	case GUARD_KMAP: /* only in a thread does the last kunmap() wait for other CPUs */
		return arm->policy.scope != PKS_SCOPE_GLOBAL || s->by == BY_THREAD ||
		       s->by == BY_OTHER_THREAD;
	default:
		return s->by == BY_THREAD && !s->in_window;
	}
}

void stray_fit(struct stray *s, const struct stray_arm *arm, u32 cpus)
{
	bool sleeps;

	if (s->by == BY_OTHER_CPU && cpus < 2)
		s->by = BY_OTHER_THREAD;
	if (s->by == BY_WORK && arm->guard == GUARD_UNMAP && cpus > 1)
		s->by = BY_OTHER_THREAD; /* the worker may run on another CPU, with what its TLB
					    keeps */
	sleeps = s->by == BY_WORK || s->by == BY_OTHER_THREAD || s->by == BY_OTHER_INTERRUPT;
	if (arm->guard == GUARD_CR0_WP && s->in_window && sleeps)
		s->by = BY_INTERRUPT; /* preemption is off there: no other thread runs */
	/* a map writes the other CPU's register, and so would mend what is wrong there */
	if (s->kind == STRAY_AFTER_FREE && (!can_map(s, arm) || s->by == BY_OTHER_CPU))
		s->kind = STRAY_WILD;
	if (s->by == BY_THREAD && s->in_window && !arm->own_at_store) {
		s->page = STRAY_OWN + s->page % STRAY_OWN_PAGES;
		s->near = false;
		if (s->kind == STRAY_OVERRUN)
			s->page = STRAY_OWN;
	}
	if (s->kind != STRAY_WILD)
		s->near = false;
}
