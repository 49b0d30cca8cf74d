/* SPDX-License-Identifier: MIT */
#include "kernel/lib/printf.h"

#include "kernel/lib/printf_ext.h"
#include "kernel/lib/string.h"

/* The output: len counts all of the text, buf receives what fits. */
struct sink {
	char *buf;
	size_t size;
	size_t len;
};

enum { FLAG_ZERO = 1, FLAG_LEFT = 2, FLAG_PLUS = 4, FLAG_SPACE = 8, FLAG_ALT = 16 };

/* One conversion as parsed: %[flags][width][.precision][length]conv */
struct spec {
	unsigned flags;
	int width;
	int precision; /* -1: none given */
	unsigned bits; /* of the integer argument: 8, 16, 32 or 64 */
	char conv;
};

static void put(struct sink *out, char c)
{
	if (out->len < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_many(struct sink *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(out, s[i]);
}

/* Pads with `c`. Stops writing where buf ends, so that a huge field width takes no time. */
static void put_pad(struct sink *out, char c, size_t n)
{
	size_t end = out->len + n;

	while (out->len < MIN(end, out->size))
		put(out, c);
	out->len = end;
}

/* Pads n bytes of text with spaces to the width; only numbers get zeros, see put_number(). */
static void put_field(struct sink *out, const struct spec *spec, const char *s, size_t n)
{
	size_t pad = (size_t)spec->width > n ? (size_t)spec->width - n : 0;

	if (!(spec->flags & FLAG_LEFT))
		put_pad(out, ' ', pad);
	put_many(out, s, n);
	if (spec->flags & FLAG_LEFT)
		put_pad(out, ' ', pad);
}

static void put_string(struct sink *out, const struct spec *spec, const char *s)
{
	size_t max = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!s)
		s = "(null)";
	put_field(out, spec, s, strnlen(s, max));
}

/* Writes the digits of value so that they end before `end`. Returns where they begin. */
static char *digits_before(char *end, u64 value, unsigned base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	while (value) {
		*--end = set[value % base];
		value /= base;
	}
	return end;
}

static void put_number(struct sink *out, const struct spec *spec, u64 value, const char *prefix)
{
	char text[20];
	char *end = text + sizeof(text);
	unsigned base = spec->conv == 'x' || spec->conv == 'X' ? 16 : 10;
	char *start = digits_before(end, value, base, spec->conv == 'X');
	size_t digits = (size_t)(end - start), prefix_len = strlen(prefix);
	size_t least = spec->precision < 0 ? 1 : (size_t)spec->precision;
	size_t zeros = least > digits ? least - digits : 0;
	size_t used = prefix_len + zeros + digits;
	size_t pad = (size_t)spec->width > used ? (size_t)spec->width - used : 0;

	/* A precision or '-' overrides the flag 0 (C99 7.19.6.1). */
	if ((spec->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO && spec->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!(spec->flags & FLAG_LEFT))
		put_pad(out, ' ', pad);
	put_many(out, prefix, prefix_len);
	put_pad(out, '0', zeros);
	put_many(out, start, digits);
	if (spec->flags & FLAG_LEFT)
		put_pad(out, ' ', pad);
}

static void put_signed(struct sink *out, const struct spec *spec, u64 raw)
{
	unsigned shift = 64 - spec->bits;
	s64 value = (s64)(raw << shift) >> shift;
	const char *prefix = "";

	if (value < 0)
		prefix = "-";
	else if (spec->flags & FLAG_PLUS)
		prefix = "+";
	else if (spec->flags & FLAG_SPACE)
		prefix = " ";
	put_number(out, spec, value < 0 ? -(u64)value : (u64)value, prefix);
}

static void put_unsigned(struct sink *out, const struct spec *spec, u64 raw)
{
	u64 value = raw << (64 - spec->bits) >> (64 - spec->bits);
	const char *prefix = "";

	if ((spec->flags & FLAG_ALT) && value && spec->conv != 'u')
		prefix = spec->conv == 'x' ? "0x" : "0X";
	put_number(out, spec, value, prefix);
}

/* Parses a number; saturates, so that no format overflows. */
static const char *parse_number(const char *p, int *value)
{
	int n = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		n = n > (INT32_MAX - 9) / 10 ? INT32_MAX : n * 10 + (*p - '0');
	*value = n;
	return p;
}

static const char *parse_flags(const char *p, struct spec *spec)
{
	for (;; p++) {
		switch (*p) {
		case '0':
			spec->flags |= FLAG_ZERO;
			break;
		case '-':
			spec->flags |= FLAG_LEFT;
			break;
		case '+':
			spec->flags |= FLAG_PLUS;
			break;
		case ' ':
			spec->flags |= FLAG_SPACE;
			break;
		case '#':
			spec->flags |= FLAG_ALT;
			break;
		default:
			return p;
		}
	}
}

static const char *parse_length(const char *p, struct spec *spec)
{
	spec->bits = 32;
	if (p[0] == 'h') {
		spec->bits = p[1] == 'h' ? 8 : 16;
		return p + (p[1] == 'h' ? 2 : 1);
	}
	if (p[0] == 'l' || p[0] == 'z' || p[0] == 't' || p[0] == 'j') {
		spec->bits = 64;
		return p + (p[0] == 'l' && p[1] == 'l' ? 2 : 1);
	}
	return p;
}

/* In a struct, because a va_list is an array on this ABI and changes its type as a parameter. */
struct args {
	va_list list;
};

static const char *parse_width(const char *p, struct spec *spec, struct args *args)
{
	if (*p != '*')
		return parse_number(p, &spec->width);

	spec->width = va_arg(args->list, int);
	if (spec->width < 0) {
		spec->flags |= FLAG_LEFT;
		spec->width = spec->width == INT32_MIN ? INT32_MAX : -spec->width;
	}
	return p + 1;
}

static const char *parse_precision(const char *p, struct spec *spec, struct args *args)
{
	spec->precision = -1;
	if (*p != '.')
		return p;
	if (p[1] != '*')
		return parse_number(p + 1, &spec->precision);

	spec->precision = va_arg(args->list, int);
	if (spec->precision < 0)
		spec->precision = -1;
	return p + 2;
}

static u64 next_integer(const struct spec *spec, struct args *args)
{
	return spec->bits == 64 ? va_arg(args->list, u64) : va_arg(args->list, unsigned);
}

/* `p` is after "%...p". Returns where the format continues, after the extension's letter if any. */
static const char *put_pointer(struct sink *out, const struct spec *spec, const char *p,
			       const void *arg)
{
	char text[PRINTF_EXT_MAX];
	size_t n = printf_ext(text, *p, arg);

	if (n) {
		put_field(out, spec, text, n);
		return p + 1;
	}
	put_field(out, spec, text, printf_address(text, (uintptr_t)arg));
	return p;
}

/* Prints one conversion. Returns where the format continues; NULL: unknown conversion. */
static const char *put_conversion(struct sink *out, struct spec *spec, const char *p,
				  struct args *args)
{
	char c;

	spec->conv = *p++;
	switch (spec->conv) {
	case 'd':
	case 'i':
		put_signed(out, spec, next_integer(spec, args));
		return p;
	case 'u':
	case 'x':
	case 'X':
		put_unsigned(out, spec, next_integer(spec, args));
		return p;
	case 'c':
		c = (char)va_arg(args->list, int);
		put_field(out, spec, &c, 1);
		return p;
	case 's':
		put_string(out, spec, va_arg(args->list, const char *));
		return p;
	case 'p':
		return put_pointer(out, spec, p, va_arg(args->list, const void *));
	case '%':
		put(out, '%');
		return p;
	default:
		return NULL;
	}
}

static void format(struct sink *out, const char *fmt, struct args *args)
{
	while (*fmt) {
		struct spec spec = { 0 };
		const char *p = fmt, *next;

		if (*fmt != '%') {
			put(out, *fmt++);
			continue;
		}
		p = parse_flags(p + 1, &spec);
		p = parse_width(p, &spec, args);
		p = parse_precision(p, &spec, args);
		p = parse_length(p, &spec);
		next = put_conversion(out, &spec, p, args);
		if (!next) {
			/* Copy it verbatim, with the unknown letter if the format has one. */
			next = *p ? p + 1 : p;
			put_many(out, fmt, (size_t)(next - fmt));
		}
		fmt = next;
	}
}

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list list)
{
	struct sink out = { .buf = buf, .size = size };
	struct args args;

	va_copy(args.list, list);
	format(&out, fmt, &args);
	va_end(args.list);

	if (size)
		buf[MIN(out.len, size - 1)] = '\0';
	return out.len > INT32_MAX ? INT32_MAX : (int)out.len;
}

int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = kvsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
