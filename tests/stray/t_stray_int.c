// SPDX-License-Identifier: MIT
/*
 * A stray write of an NMI or an interrupt before each instruction of a write to the store's range:
 * in mode STRICT each is refused, also between the writes of mirror and register. What this cannot
 * know: see tests/harness/int_at.h.
 */
#define KTEST_SUITE "stray"

#include "kernel/apic.h"
#include "kernel/cpu/x86.h"
#include "pks/policy/fault.h"
#include "tests/harness/expect.h"
#include "tests/harness/int_at.h"
#include "tests/stray/arm_list.h"
#include "tests/stray/range.h"
#include "tests/stray/shot.h"

/* Of the last event: the handler writes it, the thread that it interrupted reads it. */
static struct {
	struct fault fault;
	u64 shots, judged;
} last;

static bool shoot(struct regs *regs)
{
	static const u8 bytes[8] = { 0xff };
	const void *reached;
	u64 page = STRAY_STORE + last.shots % STRAY_STORE_PAGES;

	(void)regs;
	last.fault =
		shot(stray_range_at(page << PAGE_SHIFT), bytes, sizeof(bytes), false, &reached);
	last.shots++;
	return true;
}

static void write_once(void *arg)
{
	static const u8 bytes[24];

	(void)arg;
	stray_range_write(STRAY_LOG * PAGE_SIZE, bytes, sizeof(bytes), NULL);
}

/* Also called after a run without an event. */
static void check(void)
{
	if (last.judged == last.shots)
		return;
	last.judged = last.shots;
	ktest_checked();
	if (last.fault.vector != X86_PF)
		ktest_fail(
			__FILE__, __LINE__,
			"expected the stray write before %p to be refused, it landed; rule: this "
			"context has no right to the key",
			(void *)int_at_last());
}

static void an_event_at_each_instruction_hits_nothing(void)
{
	static const u32 vectors[] = { X86_NMI, VECTOR_TEST };
	const struct stray_arm *arm = &stray_arms[STRAY_ARM_strict];

	if (!int_at_possible())
		return;
	EXPECT_EQ(pks_policy_set(arm->policy), 0);
	if (!stray_range_get(arm))
		return;
	stray_range_clear();
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++) {
		u32 events;

		last.shots = last.judged = 0;
		events = int_at_each(write_once, NULL, vectors[i], shoot, check);
		EXPECT_EQ(events, last.shots);
		EXPECT(last.shots > 50 / ktest_part(INT_AT_PART));
	}
	EXPECT_EQ(stray_range_damaged(), 0);
	stray_range_put();
}
KTEST(an_event_at_each_instruction_hits_nothing, KT_PKS);
