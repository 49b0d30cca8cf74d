// SPDX-License-Identifier: MIT
/*
 * Planted errors in the way of some kinds: microcode or an emulation of their own for a width or an
 * instruction, which forgets one of the key's rights, always or under one condition.
 */
#include "tests/host/soft_plain.h"

enum right { AD = 1, WD = 2 };
enum when {
	ALWAYS,
	SECOND_PAGE,  /* in a page that the operand does not begin in */
	FIRST_OF_TWO, /* in the page where it begins, if one byte of it lies there */
	LARGE_PAGE,
	AT_CPL_0,
	AT_CPL_3,
	IN_COMPAT,
	ON_5_LEVELS,
};

/* The rows, by the error: kinds from `first` to `last` are not bound. */
static const struct way {
	u8 first, last, right, when;
} ways[FAULTS] = {
#define WAY(name, first, last, right, when) \
	[FAULT_##name] = { KIND_##first, KIND_##last, right, when },
	/* clang-format off */
	WAY(ad_spares_byte_loads, READ_8, READ_8, AD, ALWAYS)
	WAY(ad_spares_word_stores, WRITE_16, WRITE_16, AD, ALWAYS)
	WAY(ad_spares_quad_loads, READ_64, READ_64, AD, ALWAYS)
	WAY(wd_spares_byte_stores, WRITE_8, WRITE_8, WD, ALWAYS)
	WAY(wd_spares_locked_bytes, LOCK_ADD_8, LOCK_ADD_8, WD, ALWAYS)
	WAY(wd_spares_locked_words, LOCK_ADD_16, LOCK_ADD_16, WD, ALWAYS)
	WAY(ad_spares_locked_quads, LOCK_ADD_64, LOCK_ADD_64, AD, ALWAYS)
	WAY(ad_spares_immediates, WRITE_IMM, WRITE_IMM, AD, ALWAYS)
	WAY(ad_spares_movbe, MOVBE_WRITE, MOVBE_WRITE, AD, ALWAYS)
	WAY(ad_spares_fs, READ_FS, READ_FS, AD, ALWAYS)
	WAY(ad_spares_xlat, XLAT, XLAT, AD, ALWAYS)
	WAY(wd_spares_movnti, MOVNTI, MOVNTI, WD, ALWAYS)
	WAY(wd_spares_movdiri, MOVDIRI, MOVDIRI, WD, ALWAYS)
	WAY(ad_spares_comparisons, CMP, TEST, AD, ALWAYS)
	WAY(wd_spares_not, NOT, NOT, WD, ALWAYS)
	WAY(wd_spares_locked_neg, LOCK_NEG, LOCK_NEG, WD, ALWAYS)
	WAY(wd_spares_locked_adc, LOCK_ADC, LOCK_ADC, WD, ALWAYS)
	WAY(ad_spares_xadd, LOCK_XADD, LOCK_XADD, AD, ALWAYS)
	WAY(wd_spares_cmpxchg8b, CMPXCHG8B, CMPXCHG8B, WD, ALWAYS)
	WAY(ad_spares_cmpxchg16b, CMPXCHG16B, CMPXCHG16B, AD, ALWAYS)
	WAY(wd_spares_failed_cmpxchg, CMPXCHG_FAIL, CMPXCHG_FAIL, WD, ALWAYS)
	WAY(wd_spares_bit_strings, BTS_FAR, BTS_FAR, WD, ALWAYS)
	WAY(ad_spares_movups, READ_128, READ_128, AD, ALWAYS)
	WAY(ad_spares_movaps, READ_128A, READ_128A, AD, ALWAYS)
	WAY(wd_spares_aligned_256, WRITE_256A, WRITE_256A, WD, ALWAYS)
	WAY(ad_spares_512, READ_512, READ_512, AD, ALWAYS)
	WAY(wd_spares_movntdq, MOVNTDQ, MOVNTDQ, WD, ALWAYS)
	WAY(ad_spares_movntdqa, MOVNTDQA, MOVNTDQA, AD, ALWAYS)
	WAY(wd_spares_maskmovdqu, MASKMOVDQU, MASKMOVDQU, WD, ALWAYS)
	WAY(wd_spares_masked_stores, MASK_WRITE, MASK_WRITE, WD, ALWAYS)
	WAY(ad_spares_masked_loads, MASK_READ, MASK_READ, AD, ALWAYS)
	WAY(ad_spares_opmasked_loads, OPMASK_READ, OPMASK_READ, AD, ALWAYS)
	WAY(wd_spares_opmasked_stores, OPMASK_WRITE, OPMASK_WRITE, WD, ALWAYS)
	WAY(ad_spares_gathers, GATHER, GATHER, AD, ALWAYS)
	WAY(ad_spares_fld, FLD, FLD, AD, ALWAYS)
	WAY(wd_spares_fstp, FSTP, FSTP, WD, ALWAYS)
	WAY(ad_spares_fxrstor, FXRSTOR, FXRSTOR, AD, ALWAYS)
	WAY(wd_spares_fxsave, FXSAVE, FXSAVE, WD, ALWAYS)
	WAY(ad_spares_xrstor, XRSTOR, XRSTOR, AD, ALWAYS)
	WAY(wd_spares_xsavec, XSAVEC, XSAVEC, WD, ALWAYS)
	WAY(ad_spares_scas, SCAS, SCAS, AD, ALWAYS)
	WAY(ad_spares_cmps_rsi, CMPS_RSI, CMPS_RSI, AD, ALWAYS)
	WAY(ad_spares_cmps_rdi, CMPS_RDI, CMPS_RDI, AD, ALWAYS)
	WAY(ad_spares_movs_source, MOVS_FROM, MOVS_FROM, AD, ALWAYS)
	WAY(wd_spares_movs_target, MOVS_TO, MOVS_TO, WD, ALWAYS)
	WAY(wd_spares_ins, INS, INS, WD, ALWAYS)
	WAY(ad_spares_outs, OUTS, OUTS, AD, ALWAYS)
	WAY(ad_spares_rep_outs, REP_OUTS, REP_OUTS, AD, ALWAYS)
	WAY(ad_spares_movdir64b_source, MOVDIR64B_FROM, MOVDIR64B_FROM, AD, ALWAYS)
	WAY(wd_spares_movdir64b_target, MOVDIR64B_TO, MOVDIR64B_TO, WD, ALWAYS)
	WAY(rep_stos_checks_its_first_page, REP_STOS_16, REP_STOS_16, AD, SECOND_PAGE)
	WAY(rep_movs_checks_its_first_page, REP_MOVS_TO, REP_MOVS_TO, WD, SECOND_PAGE)
	WAY(rep_movs_down_checks_its_first_page, REP_MOVS_DOWN, REP_MOVS_DOWN, AD, SECOND_PAGE)
	WAY(xrstor_header_ignores_keys, XRSTOR, XRSTOR, AD, SECOND_PAGE)
	WAY(xsave_header_ignores_keys, XSAVE, XSAVE, WD, SECOND_PAGE)
	WAY(wide_spans_check_one_page, WRITE_256, WRITE_256, AD, SECOND_PAGE)
	WAY(m80_spans_check_one_page, FSTP, FSTP, AD, SECOND_PAGE)
	WAY(last_byte_ignores_keys, WRITE_64, WRITE_64, WD, SECOND_PAGE)
	WAY(first_byte_ignores_keys, READ_64, READ_64, AD, FIRST_OF_TWO)
	WAY(fast_rep_movs_ignores_keys, REP_MOVS_FROM, REP_MOVS_FROM, AD, LARGE_PAGE)
	WAY(fast_rep_stos_ignores_wd, REP_STOS_16, REP_STOS_16, WD, AT_CPL_0)
	WAY(vectors_ignore_keys_in_compat, WRITE_128, WRITE_128, AD, IN_COMPAT)
	WAY(locked_not_ignores_wd_in_compat, LOCK_NOT, LOCK_NOT, WD, IN_COMPAT)
	WAY(byte_xchg_ignores_keys_at_cpl_3, XCHG_8, XCHG_8, AD, AT_CPL_3)
	WAY(quad_xchg_ignores_wd_on_5_levels, XCHG_64, XCHG_64, WD, ON_5_LEVELS)
	WAY(bt_ignores_keys_in_large_pages, BT_FAR, BT_FAR, AD, LARGE_PAGE)
	WAY(clwb_ignores_keys_at_cpl_3, CLWB, CLWB, AD, AT_CPL_3)
	WAY(clflushopt_ignores_keys_at_cpl_0, CLFLUSHOPT, CLFLUSHOPT, AD, AT_CPL_0)
	WAY(adc_ignores_wd_with_wp_1, ADC, ADC, WD, AT_CPL_0)
	/* clang-format on */
};

static bool holds(enum when when, const struct translation *t, const struct access *a)
{
	switch (when) {
	case SECOND_PAGE:
		return (a->va ^ soft_cpu.operand) >> 12;
	case FIRST_OF_TWO:
		return (a->va & 4095) == 4095;
	case LARGE_PAGE:
		return t->size > 4096;
	case AT_CPL_0:
		return soft_cpu.cpl == 0;
	case AT_CPL_3:
		return soft_cpu.cpl == 3;
	case IN_COMPAT:
		return soft_cpu.mode == MODE_COMPAT;
	case ON_5_LEVELS:
		return soft_cpu.levels == 5;
	default:
		return true;
	}
}

static bool spares(enum right right, const struct translation *t, const struct access *a)
{
	const struct way *w = &ways[soft_fault];

	return w->right == right && !a->implicit && soft_cpu.kind >= w->first &&
	       soft_cpu.kind <= w->last && holds((enum when)w->when, t, a);
}

bool soft_way_spares_ad(const struct translation *t, const struct access *a)
{
	return spares(AD, t, a);
}

bool soft_way_spares_wd(const struct translation *t, const struct access *a)
{
	return spares(WD, t, a);
}
