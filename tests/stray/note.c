// SPDX-License-Identifier: MIT
#include "tests/stray/note.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/store/crc32c.h"

#define MAGIC 0x65746f6e79617274ULL /* "traynote" */
#define AT    (STRAY_NOTE * PAGE_SIZE)

_Static_assert(sizeof(struct stray_note) <= PAGE_SIZE, "the note is one page");

static u32 crc_of(const struct stray_note *note)
{
	return crc32c(0, note, offsetof(struct stray_note, own_crc));
}

void stray_note_write(const struct campaign *c, u32 damaged)
{
	static struct stray_note note; /* more than a stack should hold; one campaign at a time */

	memset(&note, 0, sizeof(note));
	note.magic = MAGIC;
	strlcpy(note.arm, c->arm->name, sizeof(note.arm));
	note.seed = c->seed;
	note.counts = c->counts;
	note.knows = c->victim.knows;
	note.damaged = damaged;
	for (u32 i = 0; i < STRAY_PAGES; i++)
		note.crc[i] = stray_range_judges(i) ? stray_range_crc(i, true) : 0;
	note.own_crc = crc_of(&note);
	stray_range_write(AT, &note, sizeof(note), NULL);
}

void stray_note_clear(void)
{
	u64 magic = 0;

	stray_range_write(AT, &magic, sizeof(magic), NULL);
}

bool stray_note_read(struct stray_note *note)
{
	stray_range_read(AT, note, sizeof(*note));
	return note->magic == MAGIC && note->own_crc == crc_of(note);
}

u32 stray_note_damaged(const struct stray_note *note)
{
	u32 damaged = 0;

	for (u32 i = 0; i < STRAY_PAGES; i++)
		damaged += stray_range_judges(i) && stray_range_crc(i, false) != note->crc[i];
	return damaged;
}
