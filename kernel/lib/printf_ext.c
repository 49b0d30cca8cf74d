/* SPDX-License-Identifier: MIT */
#include "kernel/lib/printf_ext.h"

#include "kernel/lib/ksyms.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

#define PKEYS 16

struct text {
	char *buf;
	size_t len;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...)
{
	size_t room = PRINTF_EXT_MAX - t->len;
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = (size_t)kvsnprintf(t->buf + t->len, room, fmt, args);
	va_end(args);
	t->len += MIN(n, room - 1);
}

/* SDM Vol. 3A, "Page-Fault Exceptions": the error code, bit by bit. */
static const struct {
	unsigned bit;
	const char *set, *clear;
} page_fault_words[] = {
	{ 0, "protection", "not-present" },
	{ 1, "write", NULL }, /* clear: a read or a fetch; bit 4 says which */
	{ 4, "fetch", NULL },
	{ 2, "user", "supervisor" },
	{ 3, "reserved-bit", NULL },
	{ 5, "pkey", NULL },
	{ 6, "shadow-stack", NULL },
};

static void add_page_fault(struct text *t, u64 code)
{
	u64 rest = code;
	const char *space = "";

	add(t, "[");
	for (size_t i = 0; i < ARRAY_SIZE(page_fault_words); i++) {
		u64 mask = BIT(page_fault_words[i].bit);
		const char *word = page_fault_words[i].clear;

		if (code & mask)
			word = page_fault_words[i].set;
		else if (mask == BIT(1) && !(code & BIT(4)))
			word = "read";
		rest &= ~mask;
		if (word) {
			add(t, "%s%s", space, word);
			space = " ";
		}
	}
	if (rest)
		add(t, " unknown:0x%lx", rest);
	add(t, "]");
}

/* AD (bit 2k) denies every access, whatever WD (bit 2k + 1) is. */
static const char *rights_of(u32 pkrs, unsigned key)
{
	static const char *const names[] = { "rw", "--", "r-", "--" };

	return names[pkrs >> (2 * key) & 3];
}

/* Neighbouring keys with equal rights share an item: 16 keys rarely need more than three. */
static void add_pkrs(struct text *t, u32 pkrs)
{
	unsigned first = 0;

	add(t, "0x%08x {", pkrs);
	for (unsigned key = 0; key < PKEYS; key++) {
		const char *rights = rights_of(pkrs, key);

		if (key + 1 < PKEYS && !strcmp(rights, rights_of(pkrs, key + 1)))
			continue;
		add(t, first ? " %u" : "%u", first);
		if (key > first)
			add(t, "-%u", key);
		add(t, ":%s", rights);
		first = key + 1;
	}
	add(t, "}");
}

static void add_address(struct text *t, u64 addr)
{
	add(t, "0x%016lx", addr);
}

static void add_symbol(struct text *t, u64 addr)
{
	const char *name;
	u64 offset, size;

	if (ksym_lookup(addr, &name, &offset, &size))
		add(t, "%.128s+0x%lx/0x%lx", name, offset, size);
	else
		add_address(t, addr);
}

size_t printf_ext(char text[static PRINTF_EXT_MAX], char letter, const void *arg)
{
	struct text t = { .buf = text };

	if (letter == 'S')
		add_symbol(&t, (uintptr_t)arg);
	else if (letter != 'E' && letter != 'K')
		return 0;
	else if (!arg)
		add(&t, "(null)");
	else if (letter == 'E')
		add_page_fault(&t, *(const u64 *)arg);
	else
		add_pkrs(&t, *(const u32 *)arg);
	return t.len;
}

size_t printf_address(char text[static PRINTF_EXT_MAX], u64 addr)
{
	struct text t = { .buf = text };

	add_address(&t, addr);
	return t.len;
}
