// SPDX-License-Identifier: MIT
#include "tests/interleave/case_word.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "tests/interleave/sequence.h"
#include "tests/matrix/space.h"

bool case_is_sequence(const char *text)
{
	const char *c = text;

	while (*c && *c != ':')
		c++;
	return *text && !*c && strcmp(text, "default");
}

bool case_is_all(const char *text)
{
	return !strcmp(text, "all");
}

bool case_understood(const char *text, char *why, u32 size)
{
	struct sequence s;
	struct mcase c;
	u32 free_axes;
	const char *bad;

	if (!*text || case_is_all(text))
		return true;
	if (!case_is_sequence(text))
		return case_parse(text, &c, &free_axes, why, size);
	bad = sequence_parse(text, &s);
	if (bad)
		ksnprintf(why, size, "no colon, so a sequence of steps: %s", bad);
	return !bad;
}
