/* SPDX-License-Identifier: MIT */
/*
 * What a run found, as lines of text, and cut into the texts of codes that a camera reads one by
 * one. A code holds a head and a part of the lines:
 *
 *	KEYWARD1 0123456789abcdef 2/7 340     the checksum of all lines, the second code of 7, bytes
 *	...                                   that part, which may begin and end within a line
 *
 * Codes with the same checksum and count are of one run. Pure.
 */
#ifndef KEYWARD_KERNEL_LIB_SUMMARY_H
#define KEYWARD_KERNEL_LIB_SUMMARY_H

#include "kernel/lib/types.h"

#define SUMMARY_BYTES 12288
#define SUMMARY_LAST  512 /* of them for the lines that come last */
#define SUMMARY_HEAD  48  /* the longest head, with its line end */

struct summary {
	u32 used;
	u32 lost; /* lines for which there was no room */
	char text[SUMMARY_BYTES];
};

/*
 * Adds a line, without blanks at its start and line end; what is not ASCII becomes '?'. `last`: it
 * may use the room that is kept for the last lines. Without room the line is only counted.
 */
void summary_add(struct summary *s, const char *line, bool last);

/* Returns how many codes of `capacity` bytes hold all lines; more than SUMMARY_HEAD are needed. */
u32 summary_codes(const struct summary *s, u32 capacity);

/* Writes the text of code `k`, from 0, into `text`; returns its length, at most `capacity`. */
u32 summary_code(const struct summary *s, u32 capacity, u32 k, char *text);

#endif
