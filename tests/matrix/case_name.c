// SPDX-License-Identifier: MIT
/* A case's name: printed, and parsed. */
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"
#include "tests/matrix/space.h"

void case_print(const struct mcase *c, char *text, u32 size)
{
	int n = 0;

	text[0] = '\0';
	for (u32 a = 0; a < AXES; a++)
		if (c->v[a] && (u32)n < size)
			n += ksnprintf(text + n, size - (u32)n, "%s%s:%s", n ? "," : "",
				       axis_name(a), value_name(a, c->v[a]));
	if (!n)
		ksnprintf(text, size, "default");
}

static bool word_is(const char *text, u32 len, const char *name)
{
	return strlen(name) == len && !strncmp(text, name, len);
}

/* How many letters two words have in common from the first on; `text` has `len` letters. */
static u32 alike(const char *text, u32 len, const char *name)
{
	u32 n = 0;

	while (n < len && text[n] == name[n])
		n++;
	return n;
}

/*
 * Puts the message into `why`, and the words of the axis behind it: the nearest to what was written
 * first, then as many as have room, then the number of the others.
 */
static void list_values(u32 a, const char *text, u32 len, char *why, u32 size)
{
	u32 n = (u32)ksnprintf(why, size, "%s is one of *", axis_name(a)), left = 0;

	for (u32 near = len + 1; near-- > 0;)
		for (u32 i = 0; i < axis_values(a); i++) {
			const char *name = value_name(a, i);

			if (alike(text, len, name) != near)
				continue;
			if (n + strlen(name) + sizeof(" and 255 more") < size)
				n += (u32)ksnprintf(why + n, size - n, " %s", name);
			else
				left++;
		}
	if (left && n < size)
		ksnprintf(why + n, size - n, " and %u more", left);
}

static void list_axes(const char *text, u32 len, char *why, u32 size)
{
	u32 n = (u32)ksnprintf(why, size, "`%.*s` is no AXIS:VALUE; the axes are",
			       (int)MIN(len, 32U), text);

	for (u32 a = 0; a < AXES && n < size; a++)
		n += (u32)ksnprintf(why + n, size - n, " %s", axis_name(a));
}

/* Parses one "axis:value". */
static bool parse_word(const char *text, u32 len, struct mcase *c, u32 *free_axes, char *why,
		       u32 size)
{
	u32 colon = 0, a = 0, i = 0;

	while (colon < len && text[colon] != ':')
		colon++;
	while (a < AXES && !word_is(text, colon, axis_name(a)))
		a++;
	if (a == AXES || colon == len) {
		list_axes(text, len, why, size);
		return false;
	}
	text += colon + 1;
	len -= colon + 1;
	if (word_is(text, len, "*")) {
		*free_axes |= 1u << a;
		return true;
	}
	while (i < axis_values(a) && !word_is(text, len, value_name(a, i)))
		i++;
	if (i == axis_values(a)) {
		list_values(a, text, len, why, size);
		return false;
	}
	c->v[a] = (u8)i;
	return true;
}

bool case_parse(const char *text, struct mcase *c, u32 *free_axes, char *why, u32 size)
{
	memset(c, 0, sizeof(*c));
	*free_axes = 0;
	if (!strcmp(text, "default"))
		return true;
	for (;;) {
		u32 len = 0;

		while (text[len] && text[len] != ',')
			len++;
		if (!parse_word(text, len, c, free_axes, why, size))
			return false;
		if (!text[len])
			return true;
		text += len + 1;
	}
}
