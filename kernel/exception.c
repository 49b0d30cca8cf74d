// SPDX-License-Identifier: MIT
#include "kernel/exception.h"
#include "kernel/apic.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/extable.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/layout.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/ctx.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/locks.h"
#include "kernel/nmi_stack.h"
#include "kernel/sched.h"
#include "kernel/softirq.h"
#include "kernel/syscall.h"
#include "kernel/thread.h"

static trap_hook_t hooks[VECTORS];

static const char *const names[X86_EXCEPTIONS] = {
	"#DE divide error",
	"#DB debug",
	"NMI",
	"#BP breakpoint",
	"#OF overflow",
	"#BR bound range",
	"#UD invalid opcode",
	"#NM no coprocessor",
	"#DF double fault",
	"coprocessor segment overrun",
	"#TS invalid TSS",
	"#NP segment not present",
	"#SS stack segment",
	"#GP general protection",
	"#PF page fault",
	"exception 15",
	"#MF x87 error",
	"#AC alignment check",
	"#MC machine check",
	"#XM SIMD error",
	"#VE virtualization",
	"#CP control protection",
	[22 ... 27] = "reserved exception",
	[28] = "#HV hypervisor injection",
	[29] = "#VC VMM communication",
	[30] = "#SX security",
	[31] = "reserved exception",
};

const char *exception_name(u64 vector)
{
	return vector < X86_EXCEPTIONS ? names[vector] : "interrupt";
}

trap_hook_t trap_hook_set(u32 vector, trap_hook_t hook)
{
	return xchg(&hooks[vector], hook);
}

trap_hook_t trap_hook_get(u32 vector)
{
	return smp_load_acquire(&hooks[vector]);
}

static bool hook_handles(struct regs *regs)
{
	trap_hook_t hook = trap_hook_get((u32)regs->vector);

	return hook && hook(regs);
}

/* A #DB comes after an instruction: it is no fault of the next one, which may be a probe's. */
static inline __attribute__((always_inline)) void exception(struct regs *regs)
{
	if ((regs->vector != X86_DB && extable_probe(regs, 0)) || hook_handles(regs))
		return;
	die(regs, exception_name(regs->vector), 0);
}

static __attribute__((noinline)) void debug(struct regs *regs)
{
	struct local_step *step;

	if (step_trap(regs))
		return;
	step = step_suspend(regs); /* a string instruction that is not finished */
	exception(regs);
	if (step)
		step_resume(regs, step);
}

static void nmi(struct regs *regs)
{
	u32 before = nmi_stack_enter((u64)regs, regs->rsp);

	this_cpu()->nmis++;
	if (!ipi_nmi(regs))
		hook_handles(regs); /* without a hook, the NMI is only counted */
	nmi_stack_leave(before);
}

/*
 * Handles NMI, #MC and #DF, each as a context of its own on an IST stack. Restores CR2 and DR6, as
 * the trap may have come between a page fault or a #DB and its handler's read of them.
 */
static __attribute__((noinline)) void nmi_like(struct regs *regs)
{
	struct ctx ctx = ctx_enter(CTX_NMI, 0);
	u64 cr2 = read_cr2(), dr6 = read_dr6();

	if (regs->vector == X86_NMI) {
		nmi(regs);
	} else if (!hook_handles(regs)) {
		panic_regs(regs, cr2, "%s", exception_name(regs->vector));
	}
	ctx_leave(ctx, CTX_NMI, 0);
	write_cr2(cr2);
	write_dr6(dr6);
}

/* Spurious interrupts of the APIC or the masked PIC: they have no source and need no EOI. */
static bool spurious(u64 vector)
{
	return vector == VECTOR_SPURIOUS || (vector >= VECTOR_PIC && vector < VECTOR_PIC + 16);
}

/* Interrupts that came without a handler, by vector. Any CPU, in interrupts; atomic. */
static u32 strays[VECTORS];

u32 trap_strays(u32 vector)
{
	return READ_ONCE(strays[vector]);
}

/*
 * Firmware may leave a device at work, so a vector without a handler is no reason to stop. A line
 * each time would stop the machine as well.
 */
static __attribute__((noinline)) void stray(u64 vector)
{
	if (atomic_inc_return(&strays[vector]) == 1)
		pr("# WARNING: interrupt vector %lu has no handler, on CPU %u; further ones are "
		   "only counted\n",
		   vector, this_cpu()->id);
}

static __attribute__((noinline)) void interrupt(struct regs *regs)
{
	struct ctx ctx = ctx_enter(CTX_INTERRUPT, 0);

	if (!spurious(regs->vector)) {
		apic_eoi();
		if (!hook_handles(regs))
			stray(regs->vector);
	}
	ctx_leave(ctx, CTX_INTERRUPT, 0);

	if (this_cpu()->softirq_pending && !in_interrupt())
		softirq_run();
	if (this_cpu()->need_resched && context_count() == 0)
		schedule();
}

/*
 * Handles exceptions and system calls on the struct local of the interrupted context, even if that
 * migrates. Page faults do not come here: their handler maps nothing.
 */
static inline __attribute__((always_inline)) void synchronous(struct regs *regs)
{
	struct local *local = this_local();
	u64 outer = local_enter(local);

	if (regs->vector == X86_DB)
		debug(regs);
	else if (regs->vector == VECTOR_SYSCALL)
		syscall_dispatch(regs);
	else
		exception(regs);
	local_leave(local, outer);
}

static inline __attribute__((always_inline)) void dispatch(struct regs *regs)
{
	if (regs->vector == X86_PF) {
		page_fault(regs, read_cr2());
		return;
	}
	switch (regs->vector) {
	case X86_NMI:
	case X86_MC:
	case X86_DF:
		nmi_like(regs);
		break;
	default:
		if (regs->vector < X86_EXCEPTIONS || regs->vector == VECTOR_SYSCALL)
			synchronous(regs);
		else
			interrupt(regs);
	}
	irq_disable();
}

/* The interrupted code is being single-stepped, perhaps by pks/policy/step.c. */
static __attribute__((noinline)) void dispatch_stepped(struct regs *regs)
{
	struct local_step *step = regs->vector == X86_DB ? NULL : step_suspend(regs);

	dispatch(regs);
	if (step)
		step_resume(regs, step);
}

/*
 * Every trap pays for this path: dispatch() is inlined here and in dispatch_stepped(). A page fault
 * pays least: its test comes first, and the Makefile makes its call a jump, without a stack frame.
 */
void trap_dispatch(struct regs *regs)
{
	if (CONFIG_PKS && unlikely(regs->rflags & RFLAGS_TF))
		dispatch_stepped(regs);
	else
		dispatch(regs);
}

void die(struct regs *regs, const char *why, u64 addr)
{
	if (extable_search(regs, EX_DIE, addr) || extable_search(regs, EX_KEEP, addr))
		return;
	if (in_interrupt() || !current_thread() || current_thread()->essential)
		panic_regs(regs, addr, "%s in %s context", why, context_name());
	if (locks_held())
		panic_regs(regs, addr, "%s with a spinlock held", why);
	if (current_thread()->mutexes)
		panic_regs(regs, addr, "%s with a mutex held", why);
	if (context_count() != 0 && !(regs->rflags & RFLAGS_IF))
		panic_regs(regs, addr, "%s with preemption and interrupts off", why);
	context_leave(context_count());
	thread_die(regs, why, addr);
}
