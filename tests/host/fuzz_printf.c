/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses one of two tests. Odd: the rest is a format whose arguments all point to
 * text; nothing is written outside of the buffer, and every size gives the same length. Even: the
 * rest makes a conversion and a value, and the C library must agree.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/printf.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

#define ARGS_MAX 24

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void any_format(const char *fmt, size_t size)
{
	static const char t[16] = "text for %s";
	char *buf = malloc(size ? size : 1);
	unsigned args = 0;
	int whole, len;

	for (const char *p = fmt; *p; p++)
		args += *p == '%' || *p == '*';
	if (!buf)
		abort();
	if (args <= ARGS_MAX) {
		whole = ksnprintf(NULL, 0, fmt, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t,
				  t, t, t, t, t, t, t);
		len = ksnprintf(buf, size, fmt, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t,
				t, t, t, t, t, t, t);
		if (len != whole || len < 0)
			abort();
		if (size && (size_t)len < size && !memchr(buf, 0, (size_t)len + 1))
			abort();
		if (size && (size_t)len >= size && buf[size - 1])
			abort();
	}
	free(buf);
}

struct choice {
	u8 flags, width, precision, length, conv, size;
	u64 value;
};

/* %s, %c and integers of every length; the value's type follows the length. */
static void same_as_libc(const struct choice *c)
{
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z", "j", "t" };
	const char *length = lengths[c->length % 8];
	char ours[300], libc[300], fmt[64], conv = "diuxX"[c->conv % 5];
	size_t size = c->size + 1;
	char *f = fmt;
	int a, b;

	*f++ = '%';
	for (unsigned i = 0; i < 5; i++)
		if (c->flags & 1 << i)
			*f++ = "0-+ #"[i];
	if (c->width < 200)
		f += sprintf(f, "%u", c->width);
	if (c->precision < 200)
		f += sprintf(f, ".%u", c->precision);
	sprintf(f, "%s%c", length, conv);
	if (c->length % 8 < 3) {
		a = ksnprintf(ours, size, fmt, (int)c->value);
		b = snprintf(libc, size, fmt, (int)c->value);
	} else {
		a = ksnprintf(ours, size, fmt, c->value);
		b = snprintf(libc, size, fmt, c->value);
	}
	if (a != b || strcmp(ours, libc))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct choice choice;
	char *fmt;

	if (size < 2)
		return 0;
	if (data[0] % 2 == 0) {
		if (size > sizeof(choice)) {
			memcpy(&choice, data + 1, sizeof(choice));
			same_as_libc(&choice);
		}
		return 0;
	}
	fmt = malloc(size - 1);
	if (!fmt)
		abort();
	memcpy(fmt, data + 2, size - 2);
	fmt[size - 2] = '\0';
	any_format(fmt, data[1]);
	free(fmt);
	return 0;
}
