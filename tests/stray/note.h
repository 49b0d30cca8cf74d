/* SPDX-License-Identifier: MIT */
/*
 * What the first of two boots leaves in the range for the second: which campaign was played, and
 * what each page must hold. It says nothing of what they do hold: that is the second's to find out.
 */
#ifndef KEYWARD_TESTS_STRAY_NOTE_H
#define KEYWARD_TESTS_STRAY_NOTE_H

#include "tests/stray/campaign.h"

struct stray_note {
	u64 magic;
	char arm[32];
	u64 seed;
	struct stray_counts counts;
	struct victim_knows knows;
	u32 damaged;          /* pages, as the first boot saw it */
	u32 crc[STRAY_PAGES]; /* of what the writers meant the pages to hold */
	u32 own_crc;          /* of the bytes before */
};

/* Writes the note of a campaign that was played; or that there is none. Thread context, pinned. */
void stray_note_write(const struct campaign *c, u32 damaged);
void stray_note_clear(void);

/* Reads it; false: there is none. Thread context, pinned. */
bool stray_note_read(struct stray_note *note);

/* Counts the pages that do not hold what the note says. */
u32 stray_note_damaged(const struct stray_note *note);

#endif
