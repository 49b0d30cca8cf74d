// SPDX-License-Identifier: MIT
#include "kernel/calibrate.h"

#define HZ_PER_MHZ 1000000ULL

static bool close_to(u64 a, u64 b)
{
	return MAX(a, b) - MIN(a, b) <= MAX(a, b) / 100;
}

bool calibration_pick(const struct rates *seen, u32 n, struct rates *picked)
{
	const struct rates *last = &seen[n - 1];

	*picked = *last;
	for (u32 i = 0; i < n - 1; i++)
		if (close_to(seen[i].tsc_hz, last->tsc_hz) &&
		    close_to(seen[i].timer_hz, last->timer_hz))
			return true;
	for (u32 i = 0; i < n - 1; i++)
		if (seen[i].tsc_hz < picked->tsc_hz)
			*picked = seen[i];
	return false;
}

bool calibration_by_cpuid(struct cpuid leaf15, struct cpuid leaf16, struct calibration *c)
{
	u64 crystal = leaf15.c, base = (leaf16.a & 0xffff) * HZ_PER_MHZ;
	bool ratio = leaf15.a && leaf15.b;

	*c = (struct calibration){ .by = "CPUID leaf 16H" };
	if (ratio && !crystal)
		crystal = base * leaf15.a / leaf15.b;
	if (ratio && leaf15.c)
		c->by = "CPUID leaf 15H";
	c->tsc_hz = ratio && leaf15.c ? crystal * leaf15.b / leaf15.a : base;
	c->timer_hz = (ratio ? crystal : (leaf16.c & 0xffff) * HZ_PER_MHZ) / 16;
	return c->tsc_hz;
}
