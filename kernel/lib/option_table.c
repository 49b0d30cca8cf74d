/* SPDX-License-Identifier: MIT */
/* The table of the command line's words, made from options.inc. */
#include "kernel/lib/option_words.h"

/* The names of values: a list is called by its enum's tag, or as NAMES says. */
#define ENUM(tag, values)           static const struct option_value tag[] = { values };
#define NAMES(list, values)         static const struct option_value list[] = { values };
#define VALUE(constant, name)       { constant, name },
#define FLAG(enumerator, bit, name) { enumerator, name },
#define COUNT(enumerator)
#include "kernel/lib/options.inc"

/* One macro per kind of word: what it accepts. */
#define NAMED(list)  .values = list, .value_count = ARRAY_SIZE(list)
#define CHOICE(list) .kind = OPTION_CHOICE, NAMED(list)
#define MASK(list)   .kind = OPTION_MASK, NAMED(list)
#define NUMBER(from, to)                                  \
	.kind = OPTION_NUMBER, .least = from, .most = to, \
	.accepted = "a number from " #from " to " #to
#define NUMBER64 \
	.kind = OPTION_NUMBER, .most = UINT64_MAX, .accepted = "a number of at most 64 bits"
#define LIMIT(to) \
	.kind = OPTION_LIMIT, .least = 1, .most = to, .accepted = "max or a number from 1 to " #to
#define SIZE          .kind = OPTION_SIZE, .accepted = "a size N[K|M|G|T] below 16 EiB, 0 for all"
#define RANGES(count) .kind = OPTION_RANGES, .accepted = "a list of up to " #count " START+SIZE"
#define TEXT(length, form) \
	.kind = OPTION_TEXT, .accepted = "a list " form " of at most " #length " bytes"

#define FIELD(place) \
	.offset = offsetof(struct options, place), .size = sizeof(((struct options *)0)->place)

const struct option_word option_words[] = {
#define POLICY(type, field, word, preset, accepts, help) \
	{ word, preset, help, FIELD(policy.field), accepts },
#define WORD(type, field, word, preset, accepts, help) \
	{ word, preset, help, FIELD(field), accepts },
#include "kernel/lib/options.inc"
};

const u32 option_word_count = ARRAY_SIZE(option_words);
_Static_assert(ARRAY_SIZE(option_words) <= 64, "boot/cmdline.c has a bit for each");
