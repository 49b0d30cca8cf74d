// SPDX-License-Identifier: MIT
#include "tests/stray/report.h"
#include "kernel/console/console.h"
#include "kernel/cpu/x86.h"
#include "tests/harness/expect.h"

#define REFUSED_SHOWN 10
#define WRONG_SHOWN   10

static void show_refused(const struct stray *s, const struct stray_world *w, const struct fault *f,
			 const char *why)
{
	char text[128];

	describe_fault(text, sizeof(text), *f);
	pr("# stray write %lu (%s, %u bytes) by %s%s refused: %s; %s\n", s->number,
	   stray_kind_names[s->kind], s->length, stray_by_names[s->by],
	   w->window ? ", the store's window open," : "", text, why);
}

static void show_wrong(const struct campaign *c, const struct stray *s, const struct stray_world *w,
		       const struct fault *f, enum stray_fate want, const char *why)
{
	static const char *const fates[STRAY_FATES] = { "refused with its page fault", "to land",
							"either" };
	char text[128];

	describe_fault(text, sizeof(text), *f);
	ktest_fail(__FILE__, __LINE__,
		   "%s, seed %lu, stray write %lu (%s, %u bytes) to byte %u of page %u by %s, %s: "
		   "expected %s, got %s; rule: %s",
		   c->arm->name, c->seed, s->number, stray_kind_names[s->kind], s->length,
		   s->offset, s->page, stray_by_names[s->by],
		   w->window ? "the store's window open" : "no window open", fates[want], text,
		   why);
}

void stray_report(const struct campaign *c, const struct stray *s, const struct stray_world *w,
		  const struct fault *f, enum stray_fate want, const char *why, bool right)
{
	static u32 wrong; /* of the campaign that is played */

	ktest_checked();
	if (!c->counts.attempted)
		wrong = 0;
	if (!right && wrong++ < WRONG_SHOWN)
		show_wrong(c, s, w, f, want, why);
	if (right && f->vector != FAULT_NONE && c->counts.refused < REFUSED_SHOWN)
		show_refused(s, w, f, why);
}

void stray_report_end(const char *arm, u64 seed, const struct stray_counts *counts, u32 damaged,
		      const struct victim_damage *damage, u32 boot)
{
	pr("# stray %s boot=%u seed=%lu attempted=%lu refused=%lu landed=%lu own=%lu stale=%lu "
	   "partly=%lu deaths=%lu damaged=%u records=%u store=%s\n",
	   arm, boot, seed, counts->attempted, counts->refused, counts->landed, counts->landed_own,
	   counts->stale, counts->partly, counts->deaths, damaged, damage->records,
	   damage->refused   ? "refused"
	   : damage->unclean ? "unclean"
			     : "clean");
	if (damage->why)
		pr("# the store: %s\n", damage->why);
	for (enum stray_by by = 0; by < STRAY_BYS; by++)
		pr("# stray %s by=%u attempted=%lu (%s)\n", arm, by, counts->by[by],
		   stray_by_names[by]);
}
