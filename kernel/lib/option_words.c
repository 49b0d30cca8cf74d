/* SPDX-License-Identifier: MIT */
/* Parses and names the values of command-line words, by kind. */
#include "kernel/lib/option_words.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/lib/value.h"

struct options options;

static bool is_name(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

const struct option_word *option_find(const char *name, size_t len)
{
	for (u32 i = 0; i < option_word_count; i++)
		if (is_name(name, len, option_words[i].name))
			return &option_words[i];
	return NULL;
}

const struct option_value *option_value(const struct option_word *word, const char *name,
					size_t len)
{
	for (u32 i = 0; i < word->value_count; i++)
		if (is_name(name, len, word->values[i].name))
			return &word->values[i];
	return NULL;
}

const char *option_value_name(const struct option_word *word, u64 value)
{
	for (u32 i = 0; i < word->value_count; i++)
		if (word->values[i].value == value)
			return word->values[i].name;
	return "invalid";
}

static void *field(const struct option_word *word, struct options *opt)
{
	return (char *)opt + word->offset;
}

/* x86 is little-endian: a narrower field takes the low bytes. */
static bool store(const struct option_word *word, struct options *opt, u64 value)
{
	memcpy(field(word, opt), &value, word->size);
	return true;
}

u64 option_get(const struct option_word *word, const struct options *opt)
{
	u64 value = 0;

	memcpy(&value, (const char *)opt + word->offset, word->size);
	return value;
}

static bool set_choice(const struct option_word *word, struct options *opt, const char *text)
{
	const struct option_value *v = option_value(word, text, strlen(text));

	return v && store(word, opt, v->value);
}

static bool set_mask(const struct option_word *word, struct options *opt, const char *text)
{
	u64 mask = 0;

	while (*text) {
		const struct option_value *v;
		size_t len = 0;

		while (text[len] && text[len] != ',')
			len++;
		v = option_value(word, text, len);
		if (!v)
			return false;
		mask |= v->value;
		text += len + (text[len] == ',');
	}
	return store(word, opt, mask);
}

static bool set_number(const struct option_word *word, struct options *opt, const char *text)
{
	const char *rest;
	u64 value;

	if (word->kind == OPTION_LIMIT && !strcmp(text, "max"))
		return store(word, opt, word->most);
	if (!value_number(text, &value, &rest) || *rest)
		return false;
	return value >= word->least && value <= word->most && store(word, opt, value);
}

static bool set_size(const struct option_word *word, struct options *opt, const char *text)
{
	const char *rest;
	u64 size;

	return value_size(text, &size, &rest) && !*rest && store(word, opt, size);
}

/* Refuses a range that is empty or wraps. */
static bool set_ranges(const struct option_word *word, struct options *opt, const char *text)
{
	struct options_range *r = field(word, opt), *end = r + word->size / sizeof(*r);

	for (memset(r, 0, word->size); *text; r++) {
		u64 after;

		if (r == end || !value_size(text, &r->start, &text) || *text++ != '+' ||
		    !value_size(text, &r->size, &text) || !r->size ||
		    __builtin_add_overflow(r->start, r->size, &after) || (*text && *text++ != ','))
			return false;
	}
	return true;
}

static bool set_text(const struct option_word *word, struct options *opt, const char *text)
{
	return strlcpy(field(word, opt), text, word->size) < word->size;
}

bool option_set(const struct option_word *word, struct options *opt, const char *text)
{
	static bool (*const set[])(const struct option_word *, struct options *, const char *) = {
		[OPTION_CHOICE] = set_choice, [OPTION_MASK] = set_mask,
		[OPTION_NUMBER] = set_number, [OPTION_LIMIT] = set_number,
		[OPTION_SIZE] = set_size,     [OPTION_RANGES] = set_ranges,
		[OPTION_TEXT] = set_text,
	};

	return set[word->kind](word, opt, text);
}

const char *option_names(const struct option_word *word, const char *between, char *text,
			 size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (u32 i = 0; i < word->value_count && len < size; i++)
		len += (size_t)ksnprintf(text + len, size - len, "%s%s", i ? between : "",
					 word->values[i].name);
	return text;
}

const char *option_accepted(const struct option_word *word, char *text, size_t size)
{
	size_t len;

	if (word->accepted) {
		strlcpy(text, word->accepted, size);
		return text;
	}
	len = strlcpy(text, word->kind == OPTION_MASK ? "a list of " : "one of ", size);
	option_names(word, ", ", text + len, size - len);
	return text;
}

static const char *name_of(const char *word, u64 value)
{
	return option_value_name(option_find(word, strlen(word)), value);
}

const char *pks_mode_name(enum pks_mode mode)
{
	return name_of("pks", mode);
}

const char *pks_gate_name(enum pks_gate gate)
{
	return name_of("gate", gate);
}

const char *pks_scope_name(enum pks_scope scope)
{
	return name_of("pardon", scope);
}

const char *pks_marks_name(enum pks_marks value)
{
	return name_of("marks", value);
}

const char *extent_name(enum extent extent)
{
	return name_of("extent", extent);
}
