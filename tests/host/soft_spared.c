// SPDX-License-Identifier: MIT
/* Planted errors: what single stack instructions are spared, each having a path of its own. */
#include "tests/host/soft.h"

/* What AD does not bind, by kind. */
static const enum fault ad_spares[KINDS] = {
	[KIND_PUSH_IMM] = FAULT_ad_spares_push_imm,
	[KIND_PUSH_M] = FAULT_ad_spares_push_m,
	[KIND_PUSH_FROM] = FAULT_ad_spares_push_from,
	[KIND_POP_M] = FAULT_ad_spares_pop_m,
	[KIND_POP_TO] = FAULT_ad_spares_pop_to,
	[KIND_PUSH_16] = FAULT_ad_spares_push_16,
	[KIND_POP_16] = FAULT_ad_spares_pop_16,
	[KIND_PUSH_FS] = FAULT_ad_spares_push_fs,
	[KIND_POP_FS] = FAULT_ad_spares_pop_fs,
	[KIND_PUSHF] = FAULT_ad_spares_pushf,
	[KIND_POPF] = FAULT_ad_spares_popf,
	[KIND_PUSHA] = FAULT_ad_spares_pusha,
	[KIND_POPA] = FAULT_ad_spares_popa,
	[KIND_CALL] = FAULT_ad_spares_call,
	[KIND_CALL_R] = FAULT_ad_spares_call_r,
	[KIND_CALL_M] = FAULT_ad_spares_call_m,
	[KIND_CALL_FROM] = FAULT_ad_spares_call_from,
	[KIND_RET] = FAULT_ad_spares_ret,
	[KIND_RET_N] = FAULT_ad_spares_ret_n,
	[KIND_CALL_FAR] = FAULT_ad_spares_call_far,
	[KIND_RET_FAR] = FAULT_ad_spares_ret_far,
	[KIND_RET_OUTER] = FAULT_ad_spares_ret_outer,
	[KIND_ENTER] = FAULT_ad_spares_enter,
	[KIND_ENTER_NEST] = FAULT_ad_spares_enter_nest,
	[KIND_ENTER_FROM] = FAULT_ad_spares_enter_from,
	[KIND_LEAVE] = FAULT_ad_spares_leave,
	[KIND_IRET] = FAULT_ad_spares_iret,
	[KIND_IRET_OUTER] = FAULT_ad_spares_iret_outer,
	[KIND_IRET_COMPAT] = FAULT_ad_spares_iret_compat,
};

static bool spared_its_kind(void)
{
	enum fault f = ad_spares[soft_cpu.kind];

	return unlikely(f && soft_fault == f);
}

/* Instructions of which only the first word is checked. */
static bool spared_its_rest(void)
{
	if (!soft_cpu.words)
		return false;
	switch (soft_cpu.kind) {
	case KIND_IRET:
	case KIND_IRET_OUTER:
	case KIND_IRET_COMPAT:
		return BROKEN(iret_checks_its_first_word);
	case KIND_RET_FAR:
	case KIND_RET_OUTER:
		return BROKEN(ret_far_checks_its_first_word);
	case KIND_CALL_FAR:
		return BROKEN(call_far_checks_its_first_word);
	case KIND_PUSHA:
		return BROKEN(pusha_checks_its_first_word);
	case KIND_POPA:
		return BROKEN(popa_checks_its_first_word);
	}
	return false;
}

bool soft_stack_spared_by_ad(void)
{
	return spared_its_kind() || spared_its_rest();
}

bool soft_stack_spared_by_wd(void)
{
	if (spared_its_rest())
		return true;
	switch (soft_cpu.kind) {
	case KIND_CALL:
	case KIND_CALL_R:
	case KIND_CALL_M:
	case KIND_CALL_FAR:
		return BROKEN(wd_spares_calls);
	case KIND_ENTER:
	case KIND_ENTER_NEST:
		return BROKEN(wd_spares_enter);
	case KIND_POP_TO:
		return BROKEN(wd_spares_pop_to);
	}
	return false;
}

bool soft_stack_read_is_write(void)
{
	switch (soft_cpu.kind) {
	case KIND_RET:
		return BROKEN(wd_denies_ret);
	case KIND_IRET:
	case KIND_IRET_OUTER:
	case KIND_IRET_COMPAT:
		return BROKEN(wd_denies_iret);
	}
	return false;
}

bool soft_stack_error_w(bool write)
{
	switch (soft_cpu.kind) {
	case KIND_CALL:
	case KIND_CALL_R:
	case KIND_CALL_M:
		return write && !BROKEN(w_missing_on_calls);
	case KIND_LEAVE:
		return write || BROKEN(w_on_leave);
	}
	return write;
}

/* True if the frame belongs to an outer level, as seen from CPL 0. */
bool soft_stack_goes_out(void)
{
	return soft_cpu.kind == KIND_RET_OUTER || soft_cpu.kind == KIND_IRET_OUTER;
}
