/* SPDX-License-Identifier: MIT */
/*
 * The space of the matrix: its axes, their values, which combinations exist, and their names. A
 * case is one value per axis. Pure.
 */
#ifndef KEYWARD_TESTS_MATRIX_SPACE_H
#define KEYWARD_TESTS_MATRIX_SPACE_H

#include "tests/matrix/kinds.h"

enum axis {
	AXIS_KIND,    /* what accesses: an instruction, or the CPU by itself */
	AXIS_MODE,    /* who: CPL 0, 3, 3 in 32-bit compatibility mode, 1, 2 */
	AXIS_KEY,     /* the page's key */
	AXIS_RIGHTS,  /* its AD and WD in IA32_PKRS */
	AXIS_OTHERS,  /* the other keys' rights in IA32_PKRS */
	AXIS_SIZE,    /* the page's size */
	AXIS_US,      /* U/S = 0: at each level of the translation */
	AXIS_RW,      /* R/W = 0 likewise */
	AXIS_XD,      /* XD = 1 likewise */
	AXIS_PRESENT, /* P = 0 likewise; or present with a reserved bit */
	AXIS_WP,      /* CR0.WP */
	AXIS_PKS,     /* CR4.PKS */
	AXIS_PKU,     /* CR4.PKE, and the rights in PKRU */
	AXIS_SMAP,    /* CR4.SMAP with CR4.SMEP, and EFLAGS.AC */
	AXIS_LEVELS,  /* paging levels */
	AXIS_DECOY,   /* key bits in the non-leaf entries */
	AXIS_SPAN,    /* whether half of the operand lies in the next page, under the next key */
	AXIS_TLB,     /* what changed since the page was accessed before */
	AXIS_FLAGS,   /* A and D that are set in the leaf already */
	AXIS_ABOVE,   /* whether A is set in the entries above it already */
	AXIS_HALF,    /* of the linear-address space: lower, upper */
	AXES
};

/* In each axis the first value is the simplest. AXIS_KIND has enum kind (kinds.h). */
enum mode { MODE_KERNEL, MODE_USER, MODE_COMPAT, MODE_CPL1, MODE_CPL2 };
enum rights { RIGHTS_OPEN, RIGHTS_AD, RIGHTS_WD, RIGHTS_BOTH };
enum others { OTHERS_OPEN, OTHERS_DENIED, OTHERS_MIX };
enum size { SIZE_4K, SIZE_2M, SIZE_1G, SIZES };
/* UPPER: in the entry above the leaf; UPPER2 to UPPER4: two to four levels above it. */
enum us { US_S, US_U, US_UPPER_S, US_LEAF_S, US_UPPER2_S, US_UPPER3_S, US_UPPER4_S };
enum rw { RW_YES, RW_LEAF_NO, RW_UPPER_NO, RW_UPPER2_NO, RW_UPPER3_NO, RW_UPPER4_NO };
enum xd { XD_NO, XD_LEAF, XD_UPPER, XD_UPPER2, XD_UPPER3, XD_UPPER4 };
enum present {
	PRESENT_YES,
	PRESENT_NO,
	PRESENT_UPPER_NO,
	PRESENT_UPPER2_NO,
	PRESENT_UPPER3_NO,
	PRESENT_UPPER4_NO,
	PRESENT_PML4_PS, /* PS is reserved in a PML4E and in a PML5E */
	PRESENT_PML5_PS,
	PRESENT_RSVD, /* in the leaf */
};
enum pku { PKU_OFF, PKU_PERMIT, PKU_DENY, PKU_OPPOSITE };
enum smap { SMAP_OFF, SMAP_ON, SMAP_AC };
enum span { SPAN_NONE, SPAN_LOW, SPAN_HIGH };
enum tlb {
	TLB_COLD,
	TLB_AGAIN,  /* nothing */
	TLB_WRMSR,  /* the access was made under opposite rights; then WRMSR */
	TLB_PKS,    /* under the opposite CR4.PKS; then MOV to CR4 */
	TLB_WP,     /* under the opposite CR0.WP; then MOV to CR0 */
	TLB_WRPKRU, /* under the opposite PKRU; then WRPKRU */
	/* A run: in a straight line of code two accesses of the page, WRMSR or WRPKRU, this one. */
	TLB_RUN,       /* the two are of the case's kind, under rights that permit them */
	TLB_RUN_READ,  /* they read, with the case's WD, or with WD if the key is open */
	TLB_RUN_WRITE, /* they write, under an open key */
	TLB_REKEY,     /* under another key; then the entry was changed, and INVLPG */
	TLB_STALE,     /* the same without INVLPG */
	TLB_REKEY_CR3, /* the same with MOV to CR3 instead */
	TLB_RW,        /* with R/W of the leaf reversed; then the entry was changed, and INVLPG */
	TLB_US,        /* likewise U/S; with P = 0 it needs no INVLPG, and gets none */
	TLB_XD,
	TLB_P,
	TLB_UPPER_RW, /* likewise in the entry above the leaf */
	TLB_UPPER_US,
	TLB_ALIAS,  /* at its address in the other half, whose upper entries deny nothing */
	TLB_READ_0, /* the page was accessed in another way, under the same rights */
	TLB_WRITE_0,
	TLB_FETCH_0,
	TLB_READ_3,
	TLB_WRITE_3,
	TLB_FETCH_3,
};
enum flags { FLAGS_CLEAR, FLAGS_A, FLAGS_D, FLAGS_AD };

/* Values of the axes with two values; 0 is the simplest. */
#define WP_ON      0
#define PKS_ON     0
#define LEVELS_5   1
#define DECOY_KEYS 1
#define ABOVE_SET  1
#define HALF_HIGH  1

#define KEY_NUMBERS 16

struct mcase {
	u8 v[AXES];
};

/* The number of an axis's values; the name of an axis and of a value (static text). */
u32 axis_values(enum axis a);
const char *axis_name(enum axis a);
const char *value_name(enum axis a, u32 value);

/* Returns the key of value `v` of AXIS_KEY. Key 0 comes last: it is the hardest to deny. */
static inline u32 key_of_value(u32 v)
{
	return (v + 1) % KEY_NUMBERS;
}

static inline u32 case_key(const struct mcase *c)
{
	return key_of_value(c->v[AXIS_KEY]);
}

/* Bytes of the case's operand; of a span's, those that lie in the lower page (plain.c). */
u32 case_bytes(const struct mcase *c);
u32 case_split(const struct mcase *c);

/* True if the case exists; space.c gives the reasons why others do not. */
bool case_valid(const struct mcase *c);

/* IA32_PKRS and PKRU of the access; `before`: of the earlier one, before the change (AXIS_TLB). */
u32 case_pkrs(const struct mcase *c, bool before);
u32 case_pkru(const struct mcase *c, bool before);

/* True for runs, whose first accesses come right before the access of the case. */
static inline bool case_is_run(const struct mcase *c)
{
	return c->v[AXIS_TLB] >= TLB_RUN && c->v[AXIS_TLB] <= TLB_RUN_WRITE;
}

/* Returns the case of a run's first accesses, of another kind perhaps; only for runs. */
struct mcase case_first(const struct mcase *c);

/*
 * A row is the 16 cases that differ in the key; the case of key 0 stands for it. With OTHERS_MIX
 * they differ in the rights too, so that all have the same value of IA32_PKRS.
 */
struct mcase row_case(const struct mcase *row, u32 key_value);
struct mcase row_of_case(const struct mcase *c);

/* The entry's key before TLB_REKEY, TLB_STALE or TLB_REKEY_CR3; the key of a span's other page. */
u32 case_old_key(const struct mcase *c);
u32 case_span_key(const struct mcase *c);

/*
 * Fills in the simpler cases that a case is made of and returns their number: each page of a span
 * alone, a run's first access, a stale key's page under either key, a delivery's access alone. If
 * one of them diverges, the case must.
 */
#define PARTS_MAX 3
u32 case_parts(const struct mcase *c, struct mcase parts[PARTS_MAX]);

/*
 * Returns the key of the home (home.h), open in every value of IA32_PKRS; and of PKRU, so that a
 * machine that obeys the wrong register survives.
 */
static inline u32 case_home_key(const struct mcase *c)
{
	return case_key(c) == 0 ? 1 : 0;
}

/* Prints "kind:write,key:3": the axes that are not at their first value, or "default". */
#define CASE_NAME_MAX 256
void case_print(const struct mcase *c, char *text, u32 size);

/*
 * Parses such a name. The value `*` sets the axis's bit in *free_axes. On an error returns false
 * and puts one line into `why` that names what is accepted.
 */
bool case_parse(const char *text, struct mcase *c, u32 *free_axes, char *why, u32 size);

#endif
