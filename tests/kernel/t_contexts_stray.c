// SPDX-License-Identifier: MIT
/*
 * Interrupts that nobody serves. What this cannot know: which lines firmware leaves open on a real
 * machine; tests/host/t_apic_lines.c has models of them.
 */
#define KTEST_SUITE "contexts"

#include "kernel/apic.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/lib/atomic.h"
#include "tests/harness/fixture.h"
#include "tests/harness/percpu_run.h"

#define STRAYS 3 /* of each vector, on each CPU */

/* The lowest and the highest of a priority class, the classes' ends, neighbours of those in use. */
static const u8 vectors[] = { 0x30, 0x3f, 0x42, 0x7f, 0x80, 0xef, 0xf3, 0xfe };

static bool comes(u8 vector)
{
	u32 before = trap_strays(vector);

	apic_self_ipi(vector);
	for (u32 spins = 0; spins < 1000000; spins++) {
		if (trap_strays(vector) != before)
			return true;
		cpu_relax();
	}
	return false;
}

static void send_strays(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		for (u32 n = 0; n < STRAYS; n++) /* one that got no EOI would hold back the next */
			if (!EXPECT(comes(vectors[i])))
				return;
}

/* Any vector, on any CPU: it is counted, the machine runs on, and interrupts still come. */
static void a_vector_without_handler_is_counted(void)
{
	u32 count = smp_load_acquire(&cpu_count), before[ARRAY_SIZE(vectors)];

	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		before[i] = trap_strays(vectors[i]);
	for (u32 cpu = 0; cpu < count; cpu++)
		REQUIRE(percpu_run_on(cpus[cpu], send_strays, NULL));
	for (u32 i = 0; i < ARRAY_SIZE(vectors); i++)
		EXPECT_EQ(trap_strays(vectors[i]) - before[i], count * STRAYS);
}
KTEST(a_vector_without_handler_is_counted, 0);

#define LVT_LINT0 0x350
#define LVT_LINT1 0x360
#define LVT_ERROR 0x370
#define LVT_NMI   0x400
#define LVT_MODE  0x700
#define LVT_MASK  0x10000

static void look_at_lines(void *arg)
{
	u64 flags = irq_save();
	u32 lint0 = apic_line(LVT_LINT0), lint1 = apic_line(LVT_LINT1);
	u32 error = apic_line(LVT_ERROR);

	irq_restore(flags);
	(void)arg;
	EXPECT(lint0 & LVT_MASK || (lint0 & LVT_MODE) == LVT_NMI);
	EXPECT(lint1 & LVT_MASK || (lint1 & LVT_MODE) == LVT_NMI);
	EXPECT(error & LVT_MASK);
}

/* The firmware of a PC leaves LINT0 to the PIC, on the boot CPU alone. */
static void no_local_line_is_open_but_for_nmis(void)
{
	u32 count = smp_load_acquire(&cpu_count);

	for (u32 cpu = 0; cpu < count; cpu++)
		REQUIRE(percpu_run_on(cpus[cpu], look_at_lines, NULL));
}
KTEST(no_local_line_is_open_but_for_nmis, 0);
