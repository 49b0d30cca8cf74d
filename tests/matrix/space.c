// SPDX-License-Identifier: MIT
#include "tests/matrix/space.h"
#include "tests/matrix/space_run.h"
#include "tests/matrix/state.h"

#define KIND_NAME(id, label, text, ...) text,
static const char *const kinds[] = { MATRIX_KINDS(KIND_NAME) };
static const char *const modes[] = { "kernel", "user", "compat", "cpl1", "cpl2" };
static const char *const keys[] = { "1", "2",  "3",  "4",  "5",  "6",  "7",  "8",
				    "9", "10", "11", "12", "13", "14", "15", "0" };
static const char *const rights[] = { "open", "ad", "wd", "ad+wd" };
static const char *const others[] = { "open", "denied", "mix0", "mix1", "mix2", "mix3" };
static const char *const sizes[] = { "4k", "2m", "1g" };
static const char *const us[] = {
	"s", "u", "upper-s", "leaf-s", "upper2-s", "upper3-s", "upper4-s"
};
static const char *const rw[] = { "rw", "ro", "upper-ro", "upper2-ro", "upper3-ro", "upper4-ro" };
static const char *const xd[] = { "x", "nx", "upper-nx", "upper2-nx", "upper3-nx", "upper4-nx" };
static const char *const present[] = { "yes",       "no",      "upper-no", "upper2-no", "upper3-no",
				       "upper4-no", "pml4-ps", "pml5-ps",  "rsvd" };
static const char *const one_zero[] = { "1", "0" };
static const char *const pku[] = { "off", "permit", "deny", "opposite" };
static const char *const smap[] = { "off", "on", "ac" };
static const char *const levels[] = { "4", "5" };
static const char *const decoy[] = { "none", "other" };
static const char *const span[] = { "none", "low", "high" };
static const char *const tlb[] = { "cold",       "again",      "wrmsr",     "pks",
				   "wp",         "wrpkru",     "run",       "run-read",
				   "run-write",  "rekey",      "stale",     "rekey-cr3",
				   "rw",         "us",         "xd",        "p",
				   "upper-rw",   "upper-us",   "alias",     "read-cpl0",
				   "write-cpl0", "fetch-cpl0", "read-cpl3", "write-cpl3",
				   "fetch-cpl3" };
static const char *const preset[] = { "clear", "a", "d", "ad" };
static const char *const upper_a[] = { "clear", "a" };
static const char *const halves[] = { "low", "high" };

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
	[AXIS_FLAGS] = AXIS("flags", preset),
	[AXIS_ABOVE] = AXIS("above", upper_a),
	[AXIS_HALF] = AXIS("half", halves),
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

	if (kind->flags & KF_4_LESS_IN_32 && c->v[AXIS_MODE] == MODE_COMPAT)
		return kind->bytes - 4;
	if (c->v[AXIS_KIND] == KIND_IRET && c->v[AXIS_MODE] == MODE_COMPAT)
		return 12; /* 32-bit code's IRET pops a stack pointer only for an outer level */
	return half ? kind->bytes / 2 : kind->bytes;
}

/* An operand crosses a page's end only in pages whose neighbours are ours. */
static bool span_valid(const struct mcase *c)
{
	return matrix_kinds[c->v[AXIS_KIND]].flags & KF_SPAN && c->v[AXIS_SIZE] != SIZE_1G &&
	       c->v[AXIS_PRESENT] == PRESENT_YES &&
	       (c->v[AXIS_TLB] < TLB_REKEY || tlb_is_fill(c->v[AXIS_TLB]));
}

static bool implicit_valid(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (c->v[AXIS_TLB] != TLB_COLD && !tlb_is_fill(c->v[AXIS_TLB]))
		return false;
	if (c->v[AXIS_PRESENT] != PRESENT_YES)
		return false;
	if ((kind == KIND_FRAME || kind == KIND_FRAME_DF) && c->v[AXIS_MODE] == MODE_COMPAT)
		return false; /* the stack comes from the TSS as in 64-bit mode: nothing new */
	if (matrix_kinds[kind].flags & KF_BESIDE && c->v[AXIS_RW] >= RW_UPPER_NO)
		return false; /* the page beside has the same upper entries */
	return !kind_in_table(kind) || c->v[AXIS_SIZE] == SIZE_4K;
}

/* True if code of this mode has the kind. */
static bool mode_has_kind(u32 mode, u32 kind)
{
	u32 flags = matrix_kinds[kind].flags;

	if (mode == MODE_CPL1 || mode == MODE_CPL2)
		return cpl_1_has_kind(kind);
	if (flags & (mode == MODE_COMPAT ? KF_ONLY_64 : KF_ONLY_32))
		return false;
	return !(flags & (mode == MODE_KERNEL ? KF_ONLY_CPL3 : KF_ONLY_CPL0));
}

/* The cases left out have no meaning, or repeat others. */
bool case_valid(const struct mcase *c)
{
	u32 kind = c->v[AXIS_KIND];

	if (!mode_has_kind(c->v[AXIS_MODE], kind) || !state_valid(c))
		return false;
	if (c->v[AXIS_SPAN] != SPAN_NONE && !span_valid(c))
		return false;
	if (case_is_run(c) && !run_valid(c))
		return false;
	if (kind_is_implicit(kind) && !implicit_valid(c))
		return false;
	if (c->v[AXIS_MODE] == MODE_COMPAT && c->v[AXIS_SIZE] == SIZE_1G)
		return false; /* 18 of them do not fit under 4 GiB */
	if (c->v[AXIS_PRESENT] == PRESENT_RSVD && c->v[AXIS_SIZE] == SIZE_4K)
		return false; /* which bits of a PTE are reserved is the CPU's choice */
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
	if (before)
		pkrs = run_before(c, pkrs, false);
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
	if (before)
		pkru = run_before(c, pkru, true);
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
