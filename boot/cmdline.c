/* SPDX-License-Identifier: MIT */
#include "boot/cmdline.h"

#include "kernel/lib/option_words.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

/* Fits a key and the longest value (tests=), and some more to notice that a value is too long. */
#define WORD_MAX     320
#define MESSAGE_MAX  448 /* pr() prints it in one piece */
#define ACCEPTED_MAX 96

struct parse {
	struct options *opt;
	void (*complain)(const char *message, void *arg);
	void *arg;
	u64 seen; /* bit i: option_words[i] was given */
};

static void warn(struct parse *parse, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct parse *parse, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	kvsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	/* A newline in a word could start an output line that looks like a test's result. */
	for (char *p = message; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	parse->complain(message, parse->arg);
}

static void warn_unknown(struct parse *parse, const char *word)
{
	char names[320] = "";
	size_t len = 0;

	for (u32 i = 0; i < option_word_count && len < sizeof(names); i++)
		len += (size_t)ksnprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					 option_words[i].name);
	warn(parse, "%.60s: no such word; the words are %s; ignoring it", word, names);
}

static void set_key(struct parse *parse, const struct option_word *key, const char *value)
{
	u64 bit = BIT(key - option_words);
	char accepted[ACCEPTED_MAX];

	if (parse->seen & bit)
		warn(parse, "%s=%.60s: %s was given before; the last one counts", key->name, value,
		     key->name);
	parse->seen |= bit;
	if (option_set(key, parse->opt, value))
		return;
	option_set(key, parse->opt, key->preset);
	warn(parse, "%s=%.60s: not %s; %s%s", key->name, value,
	     option_accepted(key, accepted, sizeof(accepted)),
	     *key->preset ? "using " : "ignoring it", key->preset);
}

static void take_word(struct parse *parse, const char *word)
{
	const struct option_word *key;
	char accepted[ACCEPTED_MAX];
	size_t len = 0;

	while (word[len] && word[len] != '=')
		len++;
	key = option_find(word, len);
	if (!key)
		warn_unknown(parse, word);
	else if (word[len] == '=')
		set_key(parse, key, word + len + 1);
	else
		warn(parse, "%s: no value; %s= takes %s; ignoring it", word, word,
		     option_accepted(key, accepted, sizeof(accepted)));
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Removes quotes and backslashes from the word at `line`, which must not be blank, and acts on it.
 * Returns the rest of the line.
 */
static const char *next_word(struct parse *parse, const char *line)
{
	char word[WORD_MAX];
	bool quoted = false;
	size_t len = 0;

	for (; *line && (quoted || !is_blank(*line)); line++) {
		if (*line == '"') {
			quoted = !quoted;
			continue;
		}
		if (*line == '\\' && line[1])
			line++;
		if (len < sizeof(word))
			word[len] = *line;
		len++;
	}
	word[MIN(len, sizeof(word) - 1)] = '\0';
	if (quoted)
		warn(parse, "%.60s: a double quote is not closed; taking the line's rest", word);
	if (len >= sizeof(word))
		warn(parse, "%.60s...: longer than %zu bytes; ignoring it", word, sizeof(word) - 1);
	else
		take_word(parse, word);
	return line;
}

void cmdline_parse(const char *line, struct options *opt,
		   void (*complain)(const char *message, void *arg), void *arg)
{
	struct parse parse = { .opt = opt, .complain = complain, .arg = arg };

	memset(opt, 0, sizeof(*opt));
	for (u32 i = 0; i < option_word_count; i++)
		option_set(&option_words[i], opt, option_words[i].preset);

	while (line && *line) {
		if (is_blank(*line))
			line++;
		else
			line = next_word(&parse, line);
	}
}
