/* SPDX-License-Identifier: MIT */
/*
 * The range that stray writes are aimed at: the first pages of a persistent device, with
 * format=yes; else RAM set aside. It is protected as an arm says. A copy in RAM, the shadow, has
 * what the writers meant it to hold. One campaign at a time uses it; nobody writes the shadow in a
 * window of it.
 */
#ifndef KEYWARD_TESTS_STRAY_RANGE_H
#define KEYWARD_TESTS_STRAY_RANGE_H

#include "tests/stray/rule.h"

/* Called in each window: before its bytes are written, and behind them. May be NULL. */
typedef void (*stray_in_window_t)(bool late, u32 first, u32 pages);

/* Takes the range and protects it. False: the test has failed, and nothing is changed. */
bool stray_range_get(const struct stray_arm *arm);

/* Ends the protection and gives the range back as it was. Thread context, as the one before. */
void stray_range_put(void);

/* True if it survives a reset. */
bool stray_range_is_persistent(void);

/* Returns the address of a byte of the range. */
void *stray_range_at(u64 at);

/*
 * Writes through a window, and the shadow with it; or reads. Thread context, on the CPU that called
 * stray_range_get().
 */
void stray_range_write(u64 at, const void *from, u64 n, stray_in_window_t in_window);
void stray_range_read(u64 at, void *to, u64 n);

/* Writes the log page through a window, and nothing else: for what that costs. Contexts as above.
 */
void stray_range_write_log(const void *from);

/* Fills all pages but the note with zeros. */
void stray_range_clear(void);

/* Maps a page as a driver does for a short use, reads it, and unmaps it; returns its address. */
void *stray_range_use(u32 page);

/* A stray write was meant to land: the shadow gets it too. */
void stray_range_expect(u64 at, const void *from, u64 n);

/* True if a campaign judges what the page holds: it is no buffer, and not the note. */
static inline bool stray_range_judges(u32 page)
{
	return page != STRAY_BUFFER && page != STRAY_OWN_BUFFER && page != STRAY_NOTE;
}

/* Counts the pages that differ from the shadow. */
u32 stray_range_damaged(void);

/* CRC-32C of a page of the shadow, or of the range. */
u32 stray_range_crc(u32 page, bool shadow);

#endif
