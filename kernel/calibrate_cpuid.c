// SPDX-License-Identifier: MIT
#include "kernel/calibrate.h"

#define HZ_PER_MHZ 1000000ULL

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
