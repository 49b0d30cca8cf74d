/* SPDX-License-Identifier: MIT */
/* Checks what must hold of cmdline_parse()'s options and complaints, for any line. */
#ifndef KEYWARD_TESTS_HOST_OPTIONS_CHECK_H
#define KEYWARD_TESTS_HOST_OPTIONS_CHECK_H

#include <stdio.h>
#include <string.h>

#include "boot/cmdline.h"
#include "kernel/lib/option_words.h"

/* NULL, or what is wrong with the options. */
static inline const char *options_check(const struct options *opt)
{
	if ((unsigned)opt->policy.mode >= PKS_MODES || (unsigned)opt->policy.gate >= PKS_GATES ||
	    (unsigned)opt->policy.scope >= PKS_SCOPES || (unsigned)opt->marks >= PKS_MARKS ||
	    (unsigned)opt->exit > EXIT_MONITOR || (unsigned)opt->extent >= EXTENTS)
		return "an enum out of its range";
	if (!memchr(opt->tests, 0, sizeof(opt->tests)))
		return "tests without an end";
	if (!memchr(opt->from, 0, sizeof(opt->from)))
		return "from without an end";
	if (!memchr(opt->matrix_case, 0, sizeof(opt->matrix_case)))
		return "case without an end";
	if (opt->repeat < 1 || opt->repeat > 1000000 || opt->cpus < 1 || opt->cpus > 4096)
		return "a number out of its range";
	if (opt->paging && opt->paging != 4 && opt->paging != 5)
		return "a number of levels that no CPU has";
	for (unsigned i = 0; i < OPTIONS_RESERVE; i++)
		if (opt->reserve[i].start + opt->reserve[i].size < opt->reserve[i].start)
			return "a reserved range that wraps";
	if (opt->magic > 31)
		return "an unknown patch site";
	return NULL;
}

/* NULL, or what is wrong with a complaint. */
static inline const char *complaint_check(const char *message)
{
	if (!*message || strlen(message) > 446)
		return "a complaint that is empty or cut off";
	for (const char *p = message; *p; p++)
		if (*p < ' ' || *p > '~')
			return "a complaint that is not one printable line";
	return NULL;
}

/* Writes a value with every character escaped. */
static inline char *value_render(const char *value, char *p)
{
	for (; *value; value++) {
		*p++ = '\\';
		*p++ = *value;
	}
	return p;
}

static inline char *mask_render(const struct option_word *word, u64 mask, char *p)
{
	for (u32 i = 0; i < word->value_count; i++)
		if (mask & word->values[i].value)
			p += sprintf(p, "%s,", word->values[i].name);
	return p;
}

static inline char *ranges_render(const struct options_range *r, u32 size, char *p)
{
	for (u32 i = 0; i < size / sizeof(*r) && r[i].size; i++)
		p += sprintf(p, "%s%llu+%llu", i ? "," : "", (unsigned long long)r[i].start,
			     (unsigned long long)r[i].size);
	return p;
}

/* Writes the options as a command line that parses to the same options. */
static inline void options_render(const struct options *opt, char line[2048])
{
	char *p = line;

	for (u32 i = 0; i < option_word_count; i++) {
		const struct option_word *word = &option_words[i];
		const void *field = (const char *)opt + word->offset;

		p += sprintf(p, " %s=", word->name);
		if (word->kind == OPTION_CHOICE)
			p += sprintf(p, "%s", option_value_name(word, option_get(word, opt)));
		else if (word->kind == OPTION_MASK)
			p = mask_render(word, option_get(word, opt), p);
		else if (word->kind == OPTION_RANGES)
			p = ranges_render(field, word->size, p);
		else if (word->kind == OPTION_TEXT)
			p = value_render(field, p);
		else
			p += sprintf(p, "%llu", (unsigned long long)option_get(word, opt));
	}
	*p = '\0';
}

static inline bool options_equal(const struct options *a, const struct options *b)
{
	for (u32 i = 0; i < option_word_count; i++) {
		const struct option_word *word = &option_words[i];
		const char *one = (const char *)a + word->offset;
		const char *other = (const char *)b + word->offset;

		if (word->kind == OPTION_TEXT ? strcmp(one, other) : memcmp(one, other, word->size))
			return false;
	}
	return true;
}

#endif
