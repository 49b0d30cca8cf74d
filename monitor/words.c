/* SPDX-License-Identifier: MIT */
#include "monitor/words.h"

#include "kernel/cpu/pkrs_bits.h"
#include "kernel/lib/string.h"

#define TOO_MANY -1
#define UNCLOSED -2

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

int words_split(char *line, char *words[WORDS_MAX])
{
	char *to = line;
	int n = 0;

	for (;;) {
		bool quoted = false;

		while (blank(*line))
			line++;
		if (!*line)
			return n;
		if (n == WORDS_MAX)
			return TOO_MANY;
		words[n++] = to;
		for (; *line && (quoted || !blank(*line)); line++) {
			if (*line == '"')
				quoted = !quoted;
			else
				*to++ = *line;
		}
		if (quoted)
			return UNCLOSED;
		line += *line != '\0'; /* read on before the terminator overwrites the blank */
		*to++ = '\0';
	}
}

const char *words_error(int count)
{
	return count == UNCLOSED ? "a \" is not closed" : "more than 8 words";
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return 16;
}

static bool in_name(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '.';
}

static const char *digits_read(const char **text, u64 *value)
{
	const char *p = *text;
	u64 base = p[0] == '0' && (p[1] | 0x20) == 'x' ? 16 : 10;

	if (base == 16)
		p += 2;
	if (digit(*p) >= (int)base)
		return "no digit after 0x";
	for (*value = 0; digit(*p) < (int)base; p++)
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (u64)digit(*p), value))
			return "more than 64 bits";
	if (in_name(*p))
		return base == 10 ? "not decimal (0x goes before hexadecimal digits)"
				  : "not hexadecimal";
	*text = p;
	return NULL;
}

static const char *name_read(const char **text, number_name_t name, u64 *value)
{
	char buffer[128];
	u32 n = 0;

	for (; in_name(**text); (*text)++)
		if (n < sizeof(buffer) - 1)
			buffer[n++] = **text;
	buffer[n] = '\0';
	if (!n)
		return "a number or a name is missing";
	return name && name(buffer, value) ? NULL : "no such name";
}

const char *number_read(const char *text, number_name_t name, u64 *value)
{
	u64 sum = 0, term;
	char sign = '+';

	for (;;) {
		const char *why = digit(*text) < 10 ? digits_read(&text, &term)
						    : name_read(&text, name, &term);

		if (why)
			return why;
		if (sign == '+' ? __builtin_add_overflow(sum, term, &sum)
				: __builtin_sub_overflow(sum, term, &sum))
			return "below 0, or more than 64 bits";
		sign = *text++;
		if (!sign)
			break;
		if (sign != '+' && sign != '-')
			return "only + and - can be between numbers";
	}
	*value = sum;
	return NULL;
}

/* key=N:rw|r|none */
static bool key_read(const char *text, u32 *pkrs)
{
	static const struct {
		const char *name;
		u32 rights;
	} rights[] = { { ":rw", PKS_READWRITE }, { ":r", PKS_NOWRITE }, { ":none", PKS_NOACCESS } };
	u32 key = 0;

	while (*text >= '0' && *text <= '9' && key < PKS_KEYS)
		key = key * 10 + (u32)(*text++ - '0');
	if (key == PKS_KEY_DEFAULT || key >= PKS_KEYS)
		return false;
	for (u32 i = 0; i < ARRAY_SIZE(rights); i++) {
		if (strcmp(text, rights[i].name))
			continue;
		*pkrs = pkrs_with(PKRS_INIT, key, rights[i].rights);
		return true;
	}
	return false;
}

static bool rights_read(const char *text, u32 *pkrs)
{
	u64 value = 0;
	u32 digits = 0;

	if (text[0] == '0' && (text[1] | 0x20) == 'x')
		text += 2;
	for (; digit(*text) < 16 && digits < 9; text++, digits++)
		value = value << 4 | (u64)digit(*text);
	*pkrs = (u32)value;
	return digits && digits < 9 && !*text && !pkrs_rights(*pkrs, PKS_KEY_DEFAULT);
}

bool as_read(const char *text, struct as *as)
{
	static const char *const contexts[TEST_CONTEXTS] = {
		[IN_THREAD] = "thread",
		[IN_WORK] = "work",
		[IN_SOFTIRQ] = "softirq",
		[IN_INTERRUPT] = "interrupt",
		[IN_EXCEPTION] = "exception",
		[IN_NMI] = "nmi",
		[IN_MC] = "mc",
	};

	*as = (struct as){ .kind = AS_SELF };
	if (!strcmp(text, "self"))
		return true;
	if (!strcmp(text, "user")) {
		as->kind = AS_USER;
		return true;
	}
	for (u32 i = 0; i < TEST_CONTEXTS; i++) {
		if (!strcmp(text, contexts[i])) {
			*as = (struct as){ .kind = AS_CONTEXT, .context = (enum test_context)i };
			return true;
		}
	}
	as->kind = AS_RIGHTS;
	if (!strncmp(text, "key=", 4))
		return key_read(text + 4, &as->pkrs);
	return !strncmp(text, "rights=", 7) && rights_read(text + 7, &as->pkrs);
}
