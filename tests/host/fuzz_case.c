/* SPDX-License-Identifier: MIT */
/* Any text: a case whose printed name parses as itself, or one printable line that says why not. */
#include <stdlib.h>
#include <string.h>

#include "tests/matrix/space.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check_reason(const char *why, size_t size)
{
	size_t length = strnlen(why, size);

	if (!length || length == size || strncmp(why, "case=: ", 7))
		abort();
	for (size_t i = 0; i < length; i++)
		if (why[i] < ' ' || why[i] > '~')
			abort();
}

static void check_case(const struct mcase *c, u32 free_axes)
{
	char name[CASE_NAME_MAX], why[256];
	struct mcase again;
	u32 none;

	for (u32 a = 0; a < AXES; a++)
		if (c->v[a] >= axis_values(a) || (free_axes & 1u << a && axis_values(a) < 2))
			abort();
	if (free_axes >> AXES)
		abort();
	case_print(c, name, sizeof(name));
	if (!case_parse(name, &again, &none, why, sizeof(why)) || none ||
	    memcmp(&again, c, sizeof(again)))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = malloc(size + 1), why[256];
	struct mcase c;
	u32 free_axes;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (case_parse(text, &c, &free_axes, why, sizeof(why)))
		check_case(&c, free_axes);
	else
		check_reason(why, sizeof(why));
	free(text);
	return 0;
}
