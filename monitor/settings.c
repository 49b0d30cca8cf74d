// SPDX-License-Identifier: MIT
/*
 * The commands that show or change an option of the command line: pks, gate, pardon, marks, early.
 * kernel/lib/options.inc has their help, and what each accepts.
 */
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/lib/option_words.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "monitor/commands.h"
#include "pks/pkrs.h"
#include "pks/policy/fault.h"
#include "pks/policy/global.h"
#include "pks/policy/marks.h"

static void set_mode(u32 mode)
{
	struct pks_policy policy = pks_policy_get();

	policy.mode = (enum pks_mode)mode;
	pks_policy_set(policy);
}

static void set_gate(u32 gate)
{
	struct pks_policy policy = pks_policy_get();

	policy.gate = (enum pks_gate)gate;
	pks_policy_set(policy);
}

static void set_pardon(u32 scope)
{
	struct pks_policy policy = pks_policy_get();

	policy.scope = (enum pks_scope)scope;
	pks_policy_set(policy);
}

/* Marks do not move from one place to the other, so there must be none. */
static void set_marks(u32 marks)
{
	for (u32 key = 0; key < PKS_KEYS; key++) {
		if (pks_global_marks(key)) {
			pr("a page of key %u is marked: kunmap it first\n", key);
			return;
		}
	}
	pks_marks_set((enum pks_marks)marks);
}

static void set_early(u32 on)
{
	kmap_check_set(on != 0);
}

static const struct setting {
	const char *word;       /* the option's, and the command's */
	void (*set)(u32 value); /* the kernel's function for a change while it runs */
} settings[] = {
	{ "pks", set_mode },    { "gate", set_gate },   { "pardon", set_pardon },
	{ "marks", set_marks }, { "early", set_early },
};

static const struct setting *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].word, word))
			return &settings[i];
	panic("monitor/settings.c has no %s", word);
}

void command_setting(int n, char **words)
{
	const struct option_word *word = option_find(words[0], strlen(words[0]));
	char accepted[96];

	if (n == 2) {
		const struct option_value *v = option_value(word, words[1], strlen(words[1]));

		if (!v) {
			pr("%s: not %s\n", words[1],
			   option_accepted(word, accepted, sizeof(accepted)));
			return;
		}
		find(words[0])->set(v->value);
	}
	pr("%s %s%s\n", words[0], option_value_name(word, option_get(word, &options)),
	   pks_on() || strcmp(words[0], "pks")
		   ? ""
		   : "; but keys deny nothing here, as there is no PKS");
}
