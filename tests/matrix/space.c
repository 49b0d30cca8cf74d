// SPDX-License-Identifier: MIT
#include "tests/matrix/space.h"
#include "kernel/lib/printf.h"
#include "kernel/lib/string.h"

#define KIND_NAME(id, label, text, ...) text,
static const char *const kinds[] = { MATRIX_KINDS(KIND_NAME) };
static const char *const modes[] = { "kernel", "user", "compat" };
static const char *const keys[] = { "1", "2",  "3",  "4",  "5",  "6",  "7",  "8",
				    "9", "10", "11", "12", "13", "14", "15", "0" };
static const char *const rights[] = { "open", "ad", "wd", "ad+wd" };
static const char *const others[] = { "open", "denied", "mix0", "mix1", "mix2", "mix3" };
static const char *const sizes[] = { "4k", "2m", "1g" };
static const char *const us[] = { "s", "u", "upper-s", "leaf-s" };
static const char *const rw[] = { "rw", "ro", "upper-ro" };
static const char *const xd[] = { "x", "nx", "upper-nx" };
static const char *const present[] = { "yes", "no", "rsvd" };
static const char *const one_zero[] = { "1", "0" };
static const char *const pku[] = { "off", "permit", "deny", "opposite" };
static const char *const smap[] = { "off", "on", "ac" };
static const char *const levels[] = { "4", "5" };
static const char *const decoy[] = { "none", "other" };
static const char *const span[] = { "none", "low", "high" };
static const char *const tlb[] = { "cold", "wrmsr", "pks", "wp", "wrpkru", "rekey", "stale" };

#define AXIS(name, values)                       \
	{                                        \
		name, values, ARRAY_SIZE(values) \
	}
static const struct {
	const char *name;
	const char *const *values;
	u32 count;
} axes[AXES] = {
	[AXIS_KIND] = AXIS("kind", kinds),
	[AXIS_MODE] = AXIS("mode", modes),
	[AXIS_KEY] = AXIS("key", keys),
	[AXIS_RIGHTS] = AXIS("rights", rights),
	[AXIS_OTHERS] = AXIS("others", others),
	[AXIS_SIZE] = AXIS("size", sizes),
	[AXIS_US] = AXIS("us", us),
	[AXIS_RW] = AXIS("rw", rw),
	[AXIS_XD] = AXIS("xd", xd),
	[AXIS_PRESENT] = AXIS("present", present),
	[AXIS_WP] = AXIS("wp", one_zero),
	[AXIS_PKS] = AXIS("pks", one_zero),
	[AXIS_PKU] = AXIS("pku", pku),
	[AXIS_SMAP] = AXIS("smap", smap),
	[AXIS_LEVELS] = AXIS("levels", levels),
	[AXIS_DECOY] = AXIS("decoy", decoy),
	[AXIS_SPAN] = AXIS("span", span),
	[AXIS_TLB] = AXIS("tlb", tlb),
};

u32 axis_values(enum axis a)
{
	return axes[a].count;
}

const char *axis_name(enum axis a)
{
	return axes[a].name;
}

const char *value_name(enum axis a, u32 value)
{
	return axes[a].values[value];
}

u32 case_bytes(const struct mcase *c)
{
	const struct kind_row *kind = &matrix_kinds[c->v[AXIS_KIND]];
	bool half = kind->flags & KF_HALF_IN_32 && c->v[AXIS_MODE] == MODE_COMPAT;

	return half ? kind->bytes / 2 : kind->bytes;
}

/* An operand crosses a page's end only in pages whose neighbours are ours. */
static bool span_valid(const struct mcase *c)
{
	return matrix_kinds[c->v[AXIS_KIND]].flags & KF_SPAN && c->v[AXIS_SIZE] != SIZE_1G &&
	       c->v[AXIS_PRESENT] == PRESENT_YES && c->v[AXIS_TLB] < TLB_REKEY;
}

static bool implicit_valid(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (c->v[AXIS_TLB] != TLB_COLD || c->v[AXIS_PRESENT] != PRESENT_YES)
		return false;
	if (kind == KIND_TSS && c->v[AXIS_MODE] == MODE_KERNEL)
		return false; /* no change of stacks, so nothing is read */
	if ((kind == KIND_FRAME || kind == KIND_FRAME_DF) && c->v[AXIS_MODE] == MODE_COMPAT)
		return false; /* the stack comes from the TSS as in 64-bit mode: nothing new */
	return !kind_in_table(kind) || c->v[AXIS_SIZE] == SIZE_4K;
}

/* True if code of this mode has the kind. */
static bool mode_has_kind(u32 mode, u32 flags)
{
	if (mode == MODE_COMPAT && flags & KF_ONLY_64)
		return false;
	return !(flags & (mode == MODE_KERNEL ? KF_ONLY_CPL3 : KF_ONLY_CPL0));
}

/* The cases left out have no meaning, or repeat others. */
bool case_valid(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (!mode_has_kind(c->v[AXIS_MODE], matrix_kinds[kind].flags))
		return false;
	if (c->v[AXIS_SPAN] != SPAN_NONE && !span_valid(c))
		return false;
	if (kind_is_implicit(kind) && !implicit_valid(c))
		return false;
	if (c->v[AXIS_MODE] == MODE_COMPAT && c->v[AXIS_SIZE] == SIZE_1G)
		return false; /* 18 of them do not fit under 4 GiB */
	if (c->v[AXIS_PRESENT] == PRESENT_RSVD && c->v[AXIS_SIZE] == SIZE_4K)
		return false; /* which bits of a PTE are reserved is the CPU's choice */
	if (c->v[AXIS_PRESENT] != PRESENT_YES && c->v[AXIS_TLB] != TLB_COLD)
		return false; /* what is not present is in no TLB */
	/* CPL 0 code in a user-mode page exists: SMEP decides, which goes with SMAP here. */
	return true;
}

/*
 * MIX gives every key other rights than the keys next to it and the keys whose number differs in
 * one bit, so that a whole row of keys shares a value of the register.
 */
static u32 mixed(u32 mix, u32 key)
{
	return (mix * key + (key >> 2)) & 3;
}

/* The fields of all 16 keys; computed once, by the one thread that runs the matrix. */
static u32 mixed_register(u32 mix, u32 rights_of_key_0)
{
	static u32 made[4][4]; /* 0: not yet; keys 0 to 15 cannot all be open */
	u32 *pkrs = &made[mix][rights_of_key_0];

	for (u32 key = 0; key < KEY_NUMBERS && (key || !*pkrs); key++)
		*pkrs |= ((rights_of_key_0 + mixed(mix, key)) & 3) << (2 * key);
	return *pkrs;
}

/* Denies every key that is open, and opens the others. */
static u32 opposite(u32 pkrs)
{
	return ~(((pkrs | pkrs >> 1) & 0x55555555) * 3);
}

/*
 * Key 0 is open, except in the cases that test it: then the home has key 1.
 */
u32 case_pkrs(const struct mcase *c, bool before)
{
	u32 key = case_key(c), r = c->v[AXIS_RIGHTS], rest = c->v[AXIS_OTHERS];
	u32 mix = rest - OTHERS_MIX, pkrs;

	if (rest >= OTHERS_MIX)
		pkrs = mixed_register(mix, (r - mixed(mix, key)) & 3);
	else
		pkrs = rest == OTHERS_DENIED ? ~0u : 0;
	pkrs = (pkrs & ~(3u << (2 * key))) | r << (2 * key);
	if (before && c->v[AXIS_TLB] == TLB_WRMSR)
		pkrs = opposite(pkrs);
	return pkrs & ~(3u << (2 * case_home_key(c)));
}

struct mcase row_case(const struct mcase *row, u32 key_value)
{
	struct mcase c = *row;

	c.v[AXIS_KEY] = (u8)key_value;
	if (c.v[AXIS_OTHERS] >= OTHERS_MIX)
		c.v[AXIS_RIGHTS] += mixed(c.v[AXIS_OTHERS] - OTHERS_MIX, case_key(&c));
	c.v[AXIS_RIGHTS] &= 3;
	return c;
}

struct mcase row_of_case(const struct mcase *c)
{
	struct mcase row = *c;

	if (c->v[AXIS_OTHERS] >= OTHERS_MIX)
		row.v[AXIS_RIGHTS] -= mixed(c->v[AXIS_OTHERS] - OTHERS_MIX, case_key(c));
	row.v[AXIS_RIGHTS] &= 3;
	row.v[AXIS_KEY] = KEY_NUMBERS - 1;
	return row;
}

u32 case_pkru(const struct mcase *c, bool before)
{
	u32 home = 3u << (2 * case_home_key(c)), pkru;

	switch (c->v[AXIS_PKU]) {
	case PKU_PERMIT:
		pkru = 0;
		break;
	case PKU_OPPOSITE:
		pkru = ~case_pkrs(c, false);
		break;
	default:
		pkru = ~0u; /* must be ignored with CR4.PKE = 0 */
	}
	if (before && c->v[AXIS_TLB] == TLB_WRPKRU)
		pkru = opposite(pkru);
	return pkru & ~home;
}

u32 case_old_key(const struct mcase *c)
{
	return case_key(c) ^ 5;
}

u32 case_span_key(const struct mcase *c)
{
	u32 step = c->v[AXIS_SPAN] == SPAN_LOW ? 1 : KEY_NUMBERS - 1;

	return (case_key(c) + step) % KEY_NUMBERS;
}

/* Returns the case of another key under the same value of IA32_PKRS. */
static struct mcase of_key(const struct mcase *c, u32 key)
{
	struct mcase other = *c;

	other.v[AXIS_RIGHTS] = case_pkrs(c, false) >> (2 * key) & 3;
	other.v[AXIS_KEY] = (u8)((key + KEY_NUMBERS - 1) % KEY_NUMBERS);
	return other;
}

static u32 without(struct mcase parts[PARTS_MAX], enum axis a, u32 value, u32 count)
{
	for (u32 i = 0; i < count; i++)
		parts[i].v[a] = (u8)value;
	return count;
}

u32 case_parts(const struct mcase *c, struct mcase parts[PARTS_MAX])
{
	parts[0] = parts[1] = *c;
	if (c->v[AXIS_SPAN] != SPAN_NONE) {
		parts[1] = of_key(c, case_span_key(c));
		return without(parts, AXIS_SPAN, SPAN_NONE, 2);
	}
	if (c->v[AXIS_TLB] == TLB_STALE) {
		parts[1] = of_key(c, case_old_key(c));
		return without(parts, AXIS_TLB, TLB_COLD, 2);
	}
	switch (c->v[AXIS_KIND]) {
	case KIND_FRAME_DF:
		return without(parts, AXIS_KIND, KIND_FRAME, 1);
	case KIND_IDT_DF:
		return without(parts, AXIS_KIND, KIND_IDT, 1);
	case KIND_GDT_MARK:
		return without(parts, AXIS_KIND, KIND_GDT, 1);
	default:
		return 0;
	}
}

void case_print(const struct mcase *c, char *text, u32 size)
{
	int n = 0;

	text[0] = '\0';
	for (u32 a = 0; a < AXES; a++)
		if (c->v[a] && (u32)n < size)
			n += ksnprintf(text + n, size - (u32)n, "%s%s:%s", n ? "," : "",
				       axes[a].name, axes[a].values[c->v[a]]);
	if (!n)
		ksnprintf(text, size, "default");
}

static bool word_is(const char *text, u32 len, const char *name)
{
	return strlen(name) == len && !strncmp(text, name, len);
}

/* Puts the message into `why`, and the words of the axis behind it. */
static void list_values(u32 a, char *why, u32 size)
{
	u32 n = (u32)ksnprintf(why, size, "%s is one of *", axes[a].name);

	for (u32 i = 0; i < axes[a].count && n < size; i++)
		n += (u32)ksnprintf(why + n, size - n, " %s", axes[a].values[i]);
}

static void list_axes(const char *text, u32 len, char *why, u32 size)
{
	u32 n = (u32)ksnprintf(why, size, "`%.*s` is no AXIS:VALUE; the axes are",
			       (int)MIN(len, 32U), text);

	for (u32 a = 0; a < AXES && n < size; a++)
		n += (u32)ksnprintf(why + n, size - n, " %s", axes[a].name);
}

/* Parses one "axis:value". */
static bool parse_word(const char *text, u32 len, struct mcase *c, u32 *free_axes, char *why,
		       u32 size)
{
	u32 colon = 0, a = 0, i = 0;

	while (colon < len && text[colon] != ':')
		colon++;
	while (a < AXES && !word_is(text, colon, axes[a].name))
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
	while (i < axes[a].count && !word_is(text, len, axes[a].values[i]))
		i++;
	if (i == axes[a].count) {
		list_values(a, why, size);
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
