// SPDX-License-Identifier: MIT
/*
 * An entry of struct local's `step` is active while its instruction may execute: its frame is NULL
 * then. While a trap that came in between is handled, the entry holds that trap's frame, so that
 * #DBs and faults of the handler do not match it. The entries of one context form a stack, as its
 * traps do.
 *
 * MOV SS and POP SS hold back the #DB for one instruction (SDM Vol. 3A, "Masking Exceptions and
 * Interrupts When Switching Stacks"): the right lasts for that one too, unless it faults.
 */
#include "pks/policy/step.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/local.h"
#include "kernel/cpu/trace.h"
#include "kernel/lib/atomic.h"
#include "kernel/nmi_stack.h"
#include "pks/policy/fault.h"
#include "pks/policy/step_insn.h"
#include "pks/rights.h"

extern const char text_start[], text_end[];

static struct local_step *top(struct local *local)
{
	return local->steps ? &local->step[local->steps - 1] : NULL;
}

static bool in_text(u64 rip)
{
	return rip >= (u64)text_start && rip < (u64)text_end;
}

static struct local_step *begin(struct local *local, const struct regs *regs)
{
	struct local_step *step = &local->step[local->steps];

	if (local->steps == LOCAL_STEPS || !in_text(regs->rip) || !nmi_stack_permits_tf(regs->rsp))
		return NULL;
	*step = (struct local_step){
		.rip = regs->rip,
		.traced = regs->rflags & RFLAGS_TF,
		.kind = (u8)step_insn_kind((const u8 *)regs->rip, (u64)text_end - regs->rip),
	};
	local->steps++;
	return step;
}

bool pks_step(struct regs *regs, u32 key)
{
	u32 bits = (u32)regs_pkrs(regs) & pkrs_mask(key);
	struct local *local = this_local();
	struct local_step *step = top(local);

	if (!step || step->frame != regs)
		step = begin(local, regs);
	if (!step)
		return false;
	step->closed |= bits;
	regs_pkrs_set(regs, (u32)regs_pkrs(regs) & ~bits);
	regs->rflags |= RFLAGS_TF;
	return true;
}

/* Ends a step: takes its right back, and drops it with all entries above it. */
static void end(struct regs *regs, struct local *local, struct local_step *step)
{
	local->steps = (u32)(step - local->step);
	regs_pkrs_set(regs, (u32)regs_pkrs(regs) | step->closed);
	atomic_inc(&pks_stats.step_ends);
	trace(TRACE_STEP_END, step->rip, step->closed);
}

/* Ends a step, and puts TF back as it was before. */
static void leave(struct regs *regs, struct local *local, struct local_step *step)
{
	if (!step->traced)
		regs->rflags &= ~(u64)RFLAGS_TF;
	end(regs, local, step);
}

struct local_step *step_suspend(struct regs *regs)
{
	struct local *local = this_local();
	struct local_step *step = top(local);

	if (!step || step->frame || regs_user(regs))
		return NULL;
	if (regs->rip != step->rip) { /* its #DB was held back, and the next instruction faults */
		leave(regs, local, step);
		return NULL;
	}
	step->frame = regs;
	return step;
}

void step_resume(struct regs *regs, struct local_step *step)
{
	step->frame = NULL;
	if (regs->rip != step->rip) { /* a fixup: kernel/cpu/extable.c */
		leave(regs, this_local(), step);
	} else if (!(regs->rflags & RFLAGS_TF)) { /* the other tracer has stopped */
		step->traced = false;
		regs->rflags |= RFLAGS_TF;
	}
}

/* Clears TF in the flags that PUSHF has pushed, with the rights that pushed them. */
static void correct_image(const struct regs *regs)
{
	u32 before = pkrs_update(~0u, (u32)regs_pkrs(regs));

	*(volatile u16 *)regs->rsp &= (u16)~RFLAGS_TF;
	pkrs_update(~0u, before);
}

bool step_trap(struct regs *regs)
{
	struct local *local = this_local();
	struct local_step *step = top(local);
	u64 dr6 = read_dr6(); /* an NMI that came first has put it back */
	bool traced;

	if (!step || step->frame || regs_user(regs) || !(dr6 & DR6_BS))
		return false;
	traced = step->traced;
	if (!traced)
		write_dr6(dr6 & ~(u64)DR6_BS); /* the CPU never clears it */
	if (step->kind == STEP_STRING && regs->rip == step->rip)
		return !traced;
	if (step->kind == STEP_PUSHF && !traced)
		correct_image(regs);
	if (step->kind == STEP_LOADS_FLAGS)
		end(regs, local, step);
	else
		leave(regs, local, step);
	return !traced;
}
