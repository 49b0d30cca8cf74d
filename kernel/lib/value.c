/* SPDX-License-Identifier: MIT */
#include "kernel/lib/value.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool value_number(const char *text, u64 *value, const char **rest)
{
	unsigned base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	const char *start = base == 16 ? text + 2 : text, *p;

	*value = 0;
	for (p = start; digit_value(*p) < (int)base; p++) {
		if (__builtin_mul_overflow(*value, (u64)base, value) ||
		    __builtin_add_overflow(*value, (u64)digit_value(*p), value))
			return false;
	}
	*rest = p;
	return p > start;
}

bool value_size(const char *text, u64 *size, const char **rest)
{
	static const char suffixes[] = "KMGT";
	unsigned shift = 0;

	if (!value_number(text, size, rest))
		return false;
	for (unsigned i = 0; **rest && suffixes[i]; i++) {
		if ((**rest & ~0x20) == suffixes[i]) {
			shift = 10 * (i + 1);
			++*rest;
			break;
		}
	}
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}
