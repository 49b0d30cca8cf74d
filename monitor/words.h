/* SPDX-License-Identifier: MIT */
/* Reads the parts of a command: words, numbers, the name of a context. Pure. */
#ifndef KEYWARD_MONITOR_WORDS_H
#define KEYWARD_MONITOR_WORDS_H

#include "kernel/lib/types.h"
#include "tests/harness/contexts.h"

#define WORDS_MAX 8

/*
 * Cuts the line into words, in place; "..." keeps blanks. Returns how many, or a negative value, of
 * which words_error() returns the reason.
 */
int words_split(char *line, char *words[WORDS_MAX]);
const char *words_error(int count);

/* Looks up a name's value; false: there is no such name. */
typedef bool (*number_name_t)(const char *name, u64 *value);

/*
 * Reads decimal digits, hexadecimal ones after 0x, or a name, and more of them after + and -.
 * Returns NULL, or the reason why `text` is no number.
 */
const char *number_read(const char *text, number_name_t name, u64 *value);

/* Which context makes an access, and with which rights. */
struct as {
	enum { AS_SELF, AS_CONTEXT, AS_USER, AS_RIGHTS } kind;
	enum test_context context; /* AS_CONTEXT */
	u32 pkrs;                  /* AS_RIGHTS */
};

#define AS_ACCEPTED                                                          \
	"self, thread, work, softirq, interrupt, exception, nmi, mc, user, " \
	"rights=PKRS (bits 1:0 are 0, as the kernel is under key 0) or "     \
	"key=N:rw|r|none (N from 1 to 15; initial rights to the other keys)"

/* Reads the name of a context; false: it is none of AS_ACCEPTED. */
bool as_read(const char *text, struct as *as);

#endif
