/* SPDX-License-Identifier: MIT */
/*
 * The words of the command line, key=value: what each accepts, its default, where it is stored.
 * options.inc is the only list of them; docs/HARDWARE.md says how to add one.
 * Pure; any context.
 */
#ifndef KEYWARD_KERNEL_LIB_OPTION_WORDS_H
#define KEYWARD_KERNEL_LIB_OPTION_WORDS_H

#include "kernel/lib/options.h"

enum option_kind {
	OPTION_CHOICE, /* the name of one value */
	OPTION_MASK,   /* a list of names; their values are or-ed */
	OPTION_NUMBER, /* decimal, or hexadecimal after 0x */
	OPTION_LIMIT,  /* the same, or max */
	OPTION_SIZE,   /* bytes, or with a unit: K, M, G, T */
	OPTION_RANGES, /* a list of START+SIZE, each a size */
	OPTION_TEXT,   /* any text that fits */
};

/* A value that has a name. */
struct option_value {
	u32 value;
	const char *name;
};

struct option_word {
	const char *name;
	const char *preset;   /* the default, as it would be typed; "" is empty */
	const char *help;     /* one line */
	const char *accepted; /* continues a message "not ..."; NULL: list the values' names */
	enum option_kind kind;
	u32 offset, size; /* the field of struct options, in bytes */
	u64 least, most;  /* OPTION_NUMBER, OPTION_LIMIT */
	const struct option_value
		*values; /* OPTION_CHOICE, OPTION_MASK: in the order messages list them */
	u32 value_count;
};

extern const struct option_word option_words[];
extern const u32 option_word_count; /* at most 64 */

/* Finds the word whose name is the `len` bytes at `name`; NULL: none. */
const struct option_word *option_find(const char *name, size_t len);

/* Sets the word's field from text. False: text is not accepted; the field is then undefined. */
bool option_set(const struct option_word *word, struct options *opt, const char *text);

/* Returns the field of an OPTION_CHOICE word. */
u64 option_get(const struct option_word *word, const struct options *opt);

/* Finds the value whose name is the `len` bytes at `name`; NULL: none. */
const struct option_value *option_value(const struct option_word *word, const char *name,
					size_t len);

/* Returns the value's name, or "invalid". */
const char *option_value_name(const struct option_word *word, u64 value);

/* Writes the values' names, separated by `between`, cut off at `size` bytes. Returns text. */
const char *option_names(const struct option_word *word, const char *between, char *text,
			 size_t size);

/* Writes what the word accepts, to continue a message "not ...". Returns text. */
const char *option_accepted(const struct option_word *word, char *text, size_t size);

/* Returns the value's name on the command line, or "invalid". */
const char *pks_mode_name(enum pks_mode mode);
const char *pks_gate_name(enum pks_gate gate);
const char *pks_scope_name(enum pks_scope scope);
const char *pks_marks_name(enum pks_marks marks);
const char *extent_name(enum extent extent);

#endif
