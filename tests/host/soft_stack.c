// SPDX-License-Identifier: MIT
/*
 * Instructions of the stack. An operand or a stack that is not under test is not modelled: pushes
 * there move the stack pointer only.
 */
#include "tests/host/soft_access.h"
#include "tests/matrix/stack.h"

#define SCRATCH 0x20b00ull

static u32 word(void)
{
	return soft_cpu.mode == MODE_COMPAT ? 4 : 8;
}

static bool in_scratch(void)
{
	return matrix_kinds[soft_cpu.kind].flags & KF_SCRATCH;
}

static bool push_bytes(u64 value, u32 bytes)
{
	u64 to = soft_cpu.rsp - bytes;

	if (!in_scratch() && !soft_store(to, bytes, BY_INSTRUCTION, &value)) {
		soft_cpu.rsp = BROKEN(push_moves_rsp_first) ? to : soft_cpu.rsp;
		return false;
	}
	soft_cpu.rsp = to;
	soft_cpu.words++;
	return true;
}

static bool push(u64 value)
{
	if (BROKEN(push_stores_four_bytes) && word() == 8) {
		soft_cpu.rsp -= 4;
		return push_bytes(value, 4);
	}
	return push_bytes(value, word());
}

static bool pop_bytes(u64 *value, u32 bytes)
{
	*value = 0;
	if (!in_scratch() && !soft_load(soft_cpu.rsp, bytes, BY_INSTRUCTION, value))
		return false;
	soft_cpu.rsp += bytes;
	soft_cpu.words++;
	return true;
}

static bool pop(u64 *value)
{
	return pop_bytes(value, word());
}

/* A register that is popped; an error can load it though the access is denied. */
static bool pop_register(u32 *value, u32 bytes)
{
	u64 popped;
	bool done = pop_bytes(&popped, bytes);

	if (done && bytes == 2)
		*value = (*value & 0xffff0000) | (u32)popped;
	else if (done || popped)
		*value = (u32)popped;
	return done;
}

static bool pop_flags(u32 *value)
{
	u64 flags;

	if (!pop(&flags))
		return false;
	*value = flags & 1 ? ~0u : 0; /* SBB behind it */
	return true;
}

static bool pop_to(u64 va)
{
	u64 value = MATRIX_OPERAND;

	if (BROKEN(pop_to_moves_rsp_first))
		soft_cpu.rsp += word();
	if (!soft_store(va, word(), BY_INSTRUCTION, &value))
		return false;
	if (!BROKEN(pop_to_moves_rsp_first))
		soft_cpu.rsp += word();
	return true;
}

static bool push_from(u64 va)
{
	u64 value;

	return soft_load(va, word(), BY_INSTRUCTION, &value) && push(value);
}

/* EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI; shot_pusha sets them. */
static bool push_all(void)
{
	static const u32 added[] = { 1, 2, 3, 0, 0, 4, 5, 6 };
	u64 esp = soft_cpu.rsp;

	for (u32 i = 0; i < 8; i++)
		if (!push(i == 4 ? esp : MATRIX_OPERAND + added[i]))
			return false;
	return true;
}

static bool pop_all(u32 *value)
{
	u64 popped;

	for (u32 i = 0; i < 8; i++) {
		if (!pop(&popped))
			return false;
		if (i == 4)
			*value = (u32)popped;
	}
	return true;
}

static struct landing behind(void)
{
	return machine_landing(soft_cpu.kind, soft_cpu.mode, false);
}

static bool call_far(void)
{
	return push(behind().cs) && push(behind().rip);
}

/* "ENTER faults whenever a write using the final value of the stack pointer would do so." */
static bool enter_end(u32 bytes)
{
	struct operand o;
	u32 does = BROKEN(enter_reads_its_end) ? CAN_READ : CAN_WRITE;

	soft_cpu.rsp -= bytes;
	return in_scratch() || BROKEN(enter_forgets_its_end) ||
	       soft_operand(soft_cpu.rsp, word(), does, BY_INSTRUCTION, &o);
}

static bool enter(u64 rbp, u32 bytes, bool nested)
{
	u64 frame, display;

	if (!push(rbp))
		return false;
	frame = soft_cpu.rsp;
	if (nested && (!soft_load(rbp - word(), word(), BY_INSTRUCTION, &display) ||
		       !push(display) || !push(frame)))
		return false;
	return enter_end(bytes);
}

static bool leave(u64 va, u32 *value)
{
	u64 before = soft_cpu.rsp;

	soft_cpu.rsp = va;
	if (pop_register(value, word()))
		return true;
	if (!BROKEN(leave_moves_rsp_first))
		soft_cpu.rsp = before;
	return false;
}

/* RIP and CS; then, to an outer level, RSP and SS. */
static bool return_far(bool outer)
{
	u64 rip, cs, rsp, ss;

	if (!pop(&rip) || !pop(&cs))
		return false;
	if (!outer)
		return true;
	if (!pop(&rsp) || !pop(&ss))
		return false;
	soft_cpu.rsp = rsp;
	return true;
}

/* RIP, CS, RFLAGS; 64-bit code pops RSP and SS as well, to whichever level. */
static bool return_from_interrupt(void)
{
	u64 rip, cs, flags, rsp, ss;

	if (!pop(&rip) || !pop(&cs) || !pop(&flags))
		return false;
	if (soft_cpu.mode == MODE_COMPAT)
		return true;
	if (!pop(&rsp) || !pop(&ss))
		return false;
	soft_cpu.rsp = rsp;
	return true;
}

/* Kinds that write the stack under test. */
static bool execute_push(void)
{
	switch (soft_cpu.kind) {
	case KIND_PUSH_16:
		return push_bytes(MATRIX_OPERAND & 0xffff, 2);
	case KIND_PUSH_FS:
		return push(machine_landing(soft_cpu.kind, MODE_USER, false).ss);
	case KIND_PUSHF:
		return push(0x46 | (soft_cpu.ac ? 1u << 18 : 0));
	case KIND_PUSHA:
		return push_all();
	case KIND_CALL:
	case KIND_CALL_R:
	case KIND_CALL_M:
		return push(behind().rip);
	case KIND_CALL_FAR:
		return call_far();
	case KIND_ENTER:
		return enter(MATRIX_OPERAND, 4, false);
	case KIND_ENTER_NEST:
		return enter(soft_cpu.rsp, 0, true);
	default:
		return push(MATRIX_OPERAND);
	}
}

/* Kinds that read the stack under test. */
static bool execute_pop(u64 va, u32 *value)
{
	u64 popped;

	switch (soft_cpu.kind) {
	case KIND_POP_16:
		return pop_register(value, 2);
	case KIND_POPF:
		return pop_flags(value);
	case KIND_POPA:
		return pop_all(value);
	case KIND_RET:
		return pop(&popped);
	case KIND_RET_N:
		if (!pop(&popped))
			return false;
		soft_cpu.rsp += 16;
		return true;
	case KIND_RET_FAR:
	case KIND_RET_OUTER:
		return return_far(soft_cpu.kind == KIND_RET_OUTER);
	case KIND_LEAVE:
		return leave(va, value);
	case KIND_IRET:
	case KIND_IRET_OUTER:
	case KIND_IRET_COMPAT:
		return return_from_interrupt();
	default:
		return pop_register(value, word());
	}
}

static bool execute(u64 va, u32 *value)
{
	switch (soft_cpu.kind) {
	case KIND_PUSH_FROM:
	case KIND_CALL_FROM:
		return push_from(va);
	case KIND_POP_TO:
		return pop_to(va);
	case KIND_ENTER_FROM:
		return enter(va + word(), 0, true);
	}
	return kind_writes(soft_cpu.kind) ? execute_push() : execute_pop(va, value);
}

bool soft_stack(u64 va, u32 *value)
{
	struct mcase c = { { [AXIS_KIND] = soft_cpu.kind, [AXIS_MODE] = soft_cpu.mode } };
	u64 start = SCRATCH;
	bool done, kept;

	if (!in_scratch())
		start = va + (u64)(s64)stack_begin(soft_cpu.kind, case_bytes(&c));
	soft_cpu.rsp = start;
	soft_cpu.words = 0;
	done = execute(va, value);
	/* A fault leaves the stack pointer as it was. */
	kept = BROKEN(push_moves_rsp_first) || BROKEN(pop_to_moves_rsp_first) ||
	       BROKEN(leave_moves_rsp_first) || BROKEN(several_pops_keep_the_first);
	if (!done && !kept)
		soft_cpu.rsp = start;
	soft_cpu.rsp_moved = (int)(soft_cpu.rsp - start);
	return done;
}
