// SPDX-License-Identifier: MIT
/* The table of commands, and what all of them share. */
#include "monitor/commands.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/options.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "kernel/machine.h"
#include "monitor/names.h"
#include "monitor/words.h"
#include "pks/keys.h"

#define ARGUMENTS_MAX 64

static void command_help(int n, char **words);
static void command_end(int n, char **words);

static bool tests_passed; /* the monitor's thread */

/* Arguments and help come from the command-line word of this name: monitor/settings.c. */
#define SETTING(name)                                         \
	{                                                     \
		name, NULL, NULL, 0, 1, command_setting, NULL \
	}

static const struct command {
	const char *name, *arguments, *help;
	int least, most; /* arguments */
	void (*run)(int n, char **words);
	const char *more; /* for `help NAME` */
} commands[] = {
	{ "help", "[COMMAND]", "list the commands, or explain one", 0, 1, command_help,
	  "Numbers: decimal, 0x and hexadecimal digits, a function's name, " NAMES_ACCEPTED
	  ", and sums of these with + and -." },
	{ "run", "GLOB[,GLOB]", "run tests", 1, 1, command_run_tests,
	  "run policy.*,rights.*   two suites; run * runs all" },
	{ "list", "[GLOB[,GLOB]]", "names of tests", 0, 1, command_list, NULL },
	{ "bench", "[GLOB[,GLOB]]", "run benches", 0, 1, command_bench, NULL },
	SETTING("pks"),
	SETTING("gate"),
	SETTING("pardon"),
	SETTING("marks"),
	SETTING("early"),
	{ "seed", "N", "restart the tests' random sequence", 1, 1, command_seed, NULL },
	{ "keys", "", "owner, rights and pages of each key", 0, 0, command_keys, NULL },
	{ "cpus", "", "CPUs, their threads and rights", 0, 0, command_cpus,
	  "Racy: the other CPUs run while they are read." },
	{ "threads", "", "threads, their states and rights", 0, 0, command_threads, NULL },
	{ "stats", "", "protection-key faults, pardons, warnings, deaths", 0, 0, command_stats,
	  NULL },
	{ "trace", "[N|on|off|dump]", "show the newest N events (32); dump: all, for tools/trace",
	  0, 1, command_trace, NULL },
	{ "grant", "KEY r|rw", "open a key to the monitor's own thread", 2, 2, command_grant,
	  NULL },
	{ "revoke", "KEY", "reset the monitor's rights to a key", 1, 1, command_revoke, NULL },
	{ "walk", "ADDR", "how an address translates", 1, 1, command_walk, NULL },
	{ "page", "[KEY]", "make a page of protected memory (key 1): page0, page1, ...", 0, 1,
	  command_page, NULL },
	{ "kmap", "ADDR", "mark a page, as kmap() does", 1, 1, command_kmap, NULL },
	{ "kunmap", "ADDR", "remove one mark, as kunmap() does", 1, 1, command_kunmap, NULL },
	{ "read", "[as CONTEXT] ADDR [LENGTH]", "read memory (8 bytes), or explain the fault", 1, 4,
	  command_read,
	  "Accesses have 8 bytes, the last ones 4, 2, 1. CONTEXT is " AS_ACCEPTED "." },
	{ "write", "[as CONTEXT] ADDR VALUE", "write 8 bytes, or explain the fault", 2, 4,
	  command_write,
	  "Where the CPU or the policy permits it, the memory IS written, whoever owns it.\n"
	  "CONTEXT is " AS_ACCEPTED "." },
	{ "poweroff", "", "end the machine", 0, 0, command_end, NULL },
	{ "reboot", "", "restart the machine", 0, 0, command_end, NULL },
	{ "halt", "", "stop the machine, and leave it on", 0, 0, command_end, NULL },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void unknown(const char *name)
{
	pr("%s: no such command; the commands are", name);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		pr("%s%s", i ? ", " : " ", commands[i].name);
	pr("; poweroff, or Ctrl-], leaves\n");
}

/* The command-line word that a SETTING() shows and changes. */
static const struct option_word *setting_word(const struct command *c)
{
	return option_find(c->name, strlen(c->name));
}

static const char *arguments(const struct command *c, char *text, size_t size)
{
	char values[ARGUMENTS_MAX - 2];

	if (c->arguments)
		return c->arguments;
	ksnprintf(text, size, "[%s]", option_names(setting_word(c), "|", values, sizeof(values)));
	return text;
}

static const char *help(const struct command *c)
{
	return c->help ? c->help : setting_word(c)->help;
}

static void usage(const struct command *c)
{
	char text[ARGUMENTS_MAX];
	const char *more = arguments(c, text, sizeof(text));

	pr("usage: %s%s%s\n", c->name, *more ? " " : "", more);
}

static void command_help(int n, char **words)
{
	const struct command *c;

	if (n == 1) {
		char text[ARGUMENTS_MAX];

		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			pr("  %-9s%-29s %s\n", commands[i].name,
			   arguments(&commands[i], text, sizeof(text)), help(&commands[i]));
		return;
	}
	c = find(words[1]);
	if (!c) {
		unknown(words[1]);
		return;
	}
	usage(c);
	pr("%s\n", help(c));
	if (c->more)
		pr("%s\n", c->more);
	if (!c->help)
		pr("Shows or changes what %s= set at boot.\n", c->name);
}

static void command_end(int n, char **words)
{
	(void)n;
	options.exit = words[0][0] == 'p'   ? EXIT_POWEROFF
		       : words[0][0] == 'r' ? EXIT_REBOOT
					    : EXIT_HALT;
	pr("# %s\n", words[0]);
	machine_end(tests_passed ? MACHINE_PASS : MACHINE_FAIL);
}

void commands_set_passed(bool passed)
{
	tests_passed = passed;
}

void command_run(char *line)
{
	char *words[WORDS_MAX];
	int n = words_split(line, words);
	const struct command *c;

	if (n < 0)
		pr("%s\n", words_error(n));
	if (n <= 0)
		return;
	c = find(words[0]);
	if (!c)
		unknown(words[0]);
	else if (n - 1 < c->least || n - 1 > c->most)
		usage(c);
	else
		c->run(n, words);
}

void command_complete(const char *before, char *more, size_t size)
{
	size_t len = strlen(before), common = 0;
	const char *name = NULL;
	u32 found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t same = 0;

		if (strncmp(commands[i].name, before, len))
			continue;
		if (!found++) {
			name = commands[i].name;
			common = strlen(name);
			continue;
		}
		while (same < common && commands[i].name[same] == name[same])
			same++;
		common = same;
	}
	if (!found)
		return;
	strlcpy(more, name + len, MIN(size, common - len + 1));
	if (found == 1 && common - len + 2 <= size)
		strlcpy(more + (common - len), " ", 2);
}

bool word_number(const char *word, u64 *value)
{
	const char *why = number_read(word, name_value, value);

	if (why)
		pr("%s: %s; a number is decimal, 0x and hexadecimal digits, a function, "
		   "%s, or a sum\n",
		   word, why, NAMES_ACCEPTED);
	return !why;
}

bool word_key(const char *word, u32 *key)
{
	u64 value;

	if (number_read(word, NULL, &value) || value >= PKS_KEYS || !pks_key_owner((u32)value)) {
		pr("%s: no key with an owner; `keys` lists them\n", word);
		return false;
	}
	*key = (u32)value;
	return true;
}
