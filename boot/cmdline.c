/* SPDX-License-Identifier: MIT */
#include "boot/cmdline.h"

#include "kernel/lib/option_names.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/lib/value.h"

#define WORD_MAX                                                                         \
	320 /* a key and the longest value, tests=, with room to say that it is too long \
	     */
#define MESSAGE_MAX 256
#define CPUS_LIMIT  4096
#define REPEAT_MAX  1000000

/* An enum's word, by its index; enums without negative values are unsigned. */
static bool one_of(const char *const *names, unsigned count, const char *value, unsigned *to)
{
	return value_find(names, count, value, strlen(value), to);
}

static bool on_off(const char *value, bool *on)
{
	if (strcmp(value, "on") && strcmp(value, "off"))
		return false;
	*on = !strcmp(value, "on");
	return true;
}

/* One function for each key: sets the option, or returns false and leaves it. */

static bool set_pks(struct options *opt, const char *value)
{
	return one_of(pks_mode_names, PKS_MODES, value, (unsigned *)&opt->pks);
}

static bool set_gate(struct options *opt, const char *value)
{
	return one_of(pks_gate_names, PKS_GATES, value, (unsigned *)&opt->gate);
}

static bool set_pardon(struct options *opt, const char *value)
{
	return one_of(pks_scope_names, PKS_SCOPES, value, (unsigned *)&opt->pardon);
}

static bool set_marks(struct options *opt, const char *value)
{
	return one_of(pks_marks_names, PKS_MARKS, value, (unsigned *)&opt->marks);
}

static bool set_early(struct options *opt, const char *value)
{
	return on_off(value, &opt->early);
}

static bool set_exit(struct options *opt, const char *value)
{
	return one_of(exit_action_names, EXIT_ACTIONS, value, (unsigned *)&opt->exit);
}

static bool set_tests(struct options *opt, const char *value)
{
	if (strlen(value) >= sizeof(opt->tests))
		return false;
	strlcpy(opt->tests, value, sizeof(opt->tests));
	return true;
}

static bool set_seed(struct options *opt, const char *value)
{
	const char *rest;
	u64 seed;

	if (!value_number(value, &seed, &rest) || *rest)
		return false;
	opt->seed = seed;
	return true;
}

static bool set_repeat(struct options *opt, const char *value)
{
	return value_u32(value, REPEAT_MAX, &opt->repeat);
}

static bool set_cpus(struct options *opt, const char *value)
{
	return value_u32(strcmp(value, "max") ? value : "4096", CPUS_LIMIT, &opt->cpus);
}

static bool set_paging(struct options *opt, const char *value)
{
	if (strcmp(value, "max") && strcmp(value, "4") && strcmp(value, "5"))
		return false;
	opt->paging = *value == 'm' ? 0 : (u32)(*value - '0');
	return true;
}

static bool set_mem(struct options *opt, const char *value)
{
	const char *rest;
	u64 size;

	if (!value_size(value, &size, &rest) || *rest)
		return false;
	opt->mem = size;
	return true;
}

/* START+SIZE, each a size, in a list; one that is empty or wraps is no range. */
static bool set_reserve(struct options *opt, const char *value)
{
	struct options_range *r = opt->reserve;

	for (memset(r, 0, sizeof(opt->reserve)); *value; r++) {
		u64 end;

		if (r == opt->reserve + ARRAY_SIZE(opt->reserve) ||
		    !value_size(value, &r->start, &value) || *value++ != '+' ||
		    !value_size(value, &r->size, &value) || !r->size ||
		    __builtin_add_overflow(r->start, r->size, &end) || (*value && *value++ != ','))
			return false;
	}
	return true;
}

static bool set_magic(struct options *opt, const char *value)
{
	u32 mask = 0;

	while (*value) {
		size_t len = 0;
		unsigned i;

		while (value[len] && value[len] != ',')
			len++;
		if (!value_find(magic_point_names, MAGIC_POINTS, value, len, &i))
			return false;
		mask |= 1U << i;
		value += len + (value[len] == ',');
	}
	opt->magic = mask;
	return true;
}

static bool set_avoid(struct options *opt, const char *value)
{
	if (strcmp(value, "nothing") && strcmp(value, "set-dirty"))
		return false;
	opt->avoid_set_dirty = !strcmp(value, "set-dirty");
	return true;
}

static bool set_apic(struct options *opt, const char *value)
{
	if (strcmp(value, "found") && strcmp(value, "x2apic"))
		return false;
	opt->x2apic = !strcmp(value, "x2apic");
	return true;
}

static bool set_bench(struct options *opt, const char *value)
{
	return on_off(value, &opt->bench);
}

static bool set_trace(struct options *opt, const char *value)
{
	return on_off(value, &opt->trace);
}

static bool set_matrix(struct options *opt, const char *value)
{
	return one_of(matrix_extent_names, MATRIX_EXTENTS, value, (unsigned *)&opt->matrix);
}

static bool set_case(struct options *opt, const char *value)
{
	if (strlen(value) >= sizeof(opt->matrix_case))
		return false;
	strlcpy(opt->matrix_case, value, sizeof(opt->matrix_case));
	return true;
}

/* Defaults are set by the same functions as what the line says; accepted completes "not ...". */
static const struct key {
	const char *name;
	const char *preset;
	const char *accepted;
	bool (*set)(struct options *opt, const char *value);
} keys[] = {
	{ "pks", "relaxed", "one of off, strict, relaxed, silent", set_pks },
	{ "gate", "kmapped", "one of kmapped, any", set_gate },
	{ "pardon", "context", "one of context, instruction, global", set_pardon },
	{ "marks", "page", "one of page, hash", set_marks },
	{ "early", "off", "one of on, off", set_early },
	{ "tests", "", "a list GLOB[,GLOB] of at most 255 bytes", set_tests },
	{ "seed", "0", "a number of at most 64 bits", set_seed },
	{ "repeat", "1", "a number from 1 to 1000000", set_repeat },
	{ "exit", "poweroff", "one of poweroff, reboot, halt, monitor", set_exit },
	{ "cpus", "max", "max or a number from 1 to 4096", set_cpus },
	{ "mem", "64G", "a size N[K|M|G|T] below 16 EiB, 0 for all", set_mem },
	{ "reserve", "", "a list of up to 8 START+SIZE", set_reserve },
	{ "paging", "max", "one of 4, 5, max", set_paging },
	{ "magic", "", "a list of write, switch, fault, pardon", set_magic },
	{ "matrix", "everyday", "one of everyday, full, list", set_matrix },
	{ "case", "", "a list AXIS:VALUE[,AXIS:VALUE] of at most 255 bytes", set_case },
	{ "avoid", "nothing", "one of nothing, set-dirty", set_avoid },
	{ "apic", "found", "one of found, x2apic", set_apic },
	{ "bench", "off", "one of on, off", set_bench },
	{ "trace", "off", "one of off, on", set_trace },
};

struct parse {
	struct options *opt;
	void (*complain)(const char *message, void *arg);
	void *arg;
	u32 seen; /* keys by index */
};

static void say(struct parse *parse, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct parse *parse, const char *fmt, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, fmt);
	kvsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	/* What the line brings must not end ours, nor begin one that looks like a test's result. */
	for (char *p = message; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	parse->complain(message, parse->arg);
}

static void say_unknown(struct parse *parse, const char *word)
{
	char names[192] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && len < sizeof(names); i++)
		len += (size_t)ksnprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					 keys[i].name);
	say(parse, "%.60s: no such key; the keys are %s; ignoring it", word, names);
}

static void set_key(struct parse *parse, const struct key *key, const char *value)
{
	u32 bit = 1U << (key - keys);

	if (parse->seen & bit)
		say(parse, "%s=%.60s: %s was given before; the last one counts", key->name, value,
		    key->name);
	parse->seen |= bit;
	if (key->set(parse->opt, value))
		return;
	key->set(parse->opt, key->preset);
	say(parse, "%s=%.60s: not %s; %s%s", key->name, value, key->accepted,
	    *key->preset ? "using " : "ignoring it", key->preset);
}

static void take_word(struct parse *parse, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t len = strlen(keys[i].name);

		if (strncmp(word, keys[i].name, len))
			continue;
		if (word[len] == '=') {
			set_key(parse, &keys[i], word + len + 1);
			return;
		}
		if (!word[len]) {
			say(parse, "%s: no value; %s= takes %s; ignoring it", word, word,
			    keys[i].accepted);
			return;
		}
	}
	say_unknown(parse, word);
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * Takes quotes and backslashes out of the word at line, which is not blank, and acts on it.
 * Returns where the line goes on.
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
		if (len < sizeof(word) - 1)
			word[len] = *line;
		len++;
	}
	word[MIN(len, sizeof(word) - 1)] = '\0';
	if (quoted)
		say(parse, "%.60s: a double quote is not closed; taking the line's rest", word);
	if (len >= sizeof(word))
		say(parse, "%.60s...: longer than %zu bytes; ignoring it", word, sizeof(word) - 1);
	else
		take_word(parse, word);
	return line;
}

void cmdline_parse(const char *line, struct options *opt,
		   void (*complain)(const char *message, void *arg), void *arg)
{
	struct parse parse = { .opt = opt, .complain = complain, .arg = arg };

	memset(opt, 0, sizeof(*opt));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i].set(opt, keys[i].preset);

	while (line && *line) {
		if (is_blank(*line))
			line++;
		else
			line = next_word(&parse, line);
	}
}
