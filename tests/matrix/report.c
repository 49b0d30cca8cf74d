// SPDX-License-Identifier: MIT
#include "tests/matrix/report.h"
#include "kernel/console/console.h"
#include "kernel/lib/string.h"

#define PIECE 256 /* characters of a long text, as pr() has room for a line */

void report_case(const struct mcase *c, const struct mismatch *m)
{
	char name[CASE_NAME_MAX], expected[SIDE_MAX], observed[SIDE_MAX];

	case_print(c, name, sizeof(name));
	mismatch_print(m, false, expected, sizeof(expected));
	mismatch_print(m, true, observed, sizeof(observed));
	pr("    # case %s expected=%s observed=%s\n", name, expected, observed);
}

void report_expected(const struct expectation *e, u32 aspects, char *text, u32 size)
{
	u32 n = 0;

	for (u32 i = 0; i < e->count && n + SIDE_MAX < size; i++) {
		const struct allowed *a = &e->allowed[i];
		struct mismatch m = { .aspects = aspects,
				      .expected_vector = a->vector,
				      .expected_error = a->error & ~a->unsettled };

		if (i)
			text[n++] = '|';
		mismatch_print(&m, false, text + n, size - n);
		n += (u32)strlen(text + n);
	}
}

void report_class(const struct divergence *d)
{
	char small[CASE_NAME_MAX], first[CASE_NAME_MAX];
	char expected[SIDE_MAX], observed[SIDE_MAX];
	static char needs[NEEDS_MAX];

	case_print(&d->small, small, sizeof(small));
	case_print(&d->first, first, sizeof(first));
	needs_print(d, needs, sizeof(needs));
	mismatch_print(&d->mismatch, false, expected, sizeof(expected));
	mismatch_print(&d->mismatch, true, observed, sizeof(observed));
	pr("    # divergence rule=%s case=%s needs=", rule_text(d->rule)->name, small);
	for (u32 at = 0; at < strlen(needs); at += PIECE)
		pr("%.*s", PIECE, needs + at);
	pr(" expected=%s observed=%s count=%lu exact=%lu:%016lx by_tlb=%lu:%016lx", expected,
	   observed, class_count(d), d->exact.count, d->exact.digest, d->by_tlb.count,
	   d->by_tlb.digest);
	pr(" first=%s\n", first);
}

void report_corners(const struct matrix *m, void (*print)(const char *fmt, ...))
{
	for (u32 c = 0; c < CORNERS; c++)
		if (m->corner[c][0] + m->corner[c][1])
			print("    # observed: %s yes:%lu no:%lu\n", corner_name(c),
			      m->corner[c][1], m->corner[c][0]);
}
