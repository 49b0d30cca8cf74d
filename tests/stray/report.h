/* SPDX-License-Identifier: MIT */
/* What a campaign prints. */
#ifndef KEYWARD_TESTS_STRAY_REPORT_H
#define KEYWARD_TESTS_STRAY_REPORT_H

#include "kernel/cpu/extable.h"
#include "tests/stray/campaign.h"

/*
 * Reports the first refused stray writes of a campaign, and the first that became what the rule
 * does not say (`right` is false), which fail the test. Any context but NMI.
 */
void stray_report(const struct campaign *c, const struct stray *s, const struct stray_world *w,
		  const struct fault *f, enum stray_fate want, const char *why, bool right);

/* Prints what a campaign came to, for tools/stray-writes; boot 1 or 2, or 0 without a reboot. */
void stray_report_end(const char *arm, u64 seed, const struct stray_counts *counts, u32 damaged,
		      const struct victim_damage *damage, u32 boot);

#endif
