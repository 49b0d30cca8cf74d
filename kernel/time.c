// SPDX-License-Identifier: MIT
#include "kernel/time.h"
#include "kernel/apic.h"
#include "kernel/calibrate.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/insn.h"
#include "kernel/exception.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/random.h"
#include "kernel/sched.h"
#include "kernel/thread.h"
#include "kernel/watchdog.h"
#include "pks/pkrs.h"

#define TICK_MIN_NS     2000
#define TICK_SLOWER_MAX 8
#define NS_PER_SECOND   1000000000ULL

static struct {
	u64 tsc_start, tsc_khz;
	u64 ns_per_tick_fixed;  /* nanoseconds per TSC tick, 32.32 fixed point */
	u64 timer_per_ns_fixed; /* APIC timer counts per nanosecond, 32.32 fixed point */
} scale;                        /* written at boot, read in any context */

static u64 mul_fixed(u64 a, u64 fixed)
{
	return (u64)(((unsigned __int128)a * fixed) >> 32);
}

static u64 to_fixed(u64 numerator, u64 denominator)
{
	return (numerator << 32) / denominator; /* numerator below 2^32 */
}

void time_calibrate(void)
{
	u64 flags = irq_save();
	struct calibration c = calibrate();

	irq_restore(flags);
	if (c.tsc_hz == 0 || c.timer_hz == 0)
		panic("clock: TSC %lu Hz, APIC timer %lu Hz", c.tsc_hz, c.timer_hz);
	scale.tsc_start = rdtsc();
	scale.tsc_khz = c.tsc_hz / 1000;
	scale.ns_per_tick_fixed = to_fixed(NS_PER_SECOND, c.tsc_hz);
	scale.timer_per_ns_fixed = to_fixed(c.timer_hz, NS_PER_SECOND);
	pr("# clock: TSC %lu kHz, APIC timer %lu kHz, by %s\n", c.tsc_hz / 1000, c.timer_hz / 1000,
	   c.by);
}

u64 time_tsc_khz(void)
{
	return scale.tsc_khz;
}

u64 now_ns(void)
{
	return mul_fixed(rdtsc() - scale.tsc_start, scale.ns_per_tick_fixed);
}

/*
 * A tick that is late by more than its period shows that the machine (usually an emulator's host)
 * cannot keep up, and would soon run nothing but ticks: the next one takes twice as long.
 */
static void tick_arm(u64 now)
{
	struct cpu *cpu = this_cpu();
	u64 ns = cpu->tick_ns;

	if (cpu->tick_due && now > cpu->tick_due + ns)
		cpu->tick_slower += cpu->tick_slower < TICK_SLOWER_MAX;
	else if (cpu->tick_slower)
		cpu->tick_slower--;
	if (cpu->tick_jitter)
		ns = ns / 4 + random_draw_below(&cpu->tick_random, ns / 2 * 3);
	ns <<= cpu->tick_slower;
	cpu->tick_armed = ns;
	cpu->tick_due = now_ns() + ns;
	apic_timer_start((u32)MAX(mul_fixed(ns, scale.timer_per_ns_fixed), 1));
}

static bool tick_handler(struct regs *regs)
{
	u64 now = now_ns();

	this_cpu()->ticks++;
	if (unlikely(this_cpu()->pkrs_recalled))
		pkrs_recall();
	sched_tick(now);
	watchdog_tick(regs, this_cpu()->tick_armed);
	tick_arm(now);
	return true;
}

void tick_init(void)
{
	trap_hook_set(VECTOR_TIMER, tick_handler);
}

void tick_start(void)
{
	tick_set(TICK_DEFAULT_NS, false);
	tick_arm(0);
}

void tick_set(u64 period_ns, bool jitter)
{
	u64 flags = irq_save(), ns = MAX(period_ns, TICK_MIN_NS);

	if (this_cpu()->tick_ns != ns)
		this_cpu()->tick_slower = 0; /* what was too fast is over */
	this_cpu()->tick_ns = ns;
	this_cpu()->tick_jitter = jitter;
	if (jitter)
		random_draw_from(&this_cpu()->tick_random, random_next());
	irq_restore(flags);
}
