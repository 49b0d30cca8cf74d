// SPDX-License-Identifier: MIT
#include "kernel/console/panic.h"
#include "kernel/backtrace.h"
#include "kernel/console/console.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/ipi.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/printf.h"
#include "kernel/locks.h"
#include "kernel/machine.h"
#include "kernel/thread.h"
#include "pks/keys.h"
#include "pks/pkrs.h"

static void report_rights(const struct regs *regs)
{
#if CONFIG_PKS
	u32 frame = (u32)regs_pkrs(regs), now = pkrs_read();

	pr("# PKRS  interrupted context %p"
	   "K, this one %p"
	   "K\n",
	   &frame, &now);
	for (u32 key = 1; key < PKS_KEYS; key++)
		if (pks_key_owner(key))
			pr("#       key %u belongs to %s\n", key, pks_key_owner(key));
#else
	(void)regs;
#endif
}

static void report_who(void)
{
	struct thread *t = current_thread();

	if (t)
		pr("# in %s context on CPU %u, thread %u (%s)\n", context_name(), this_cpu()->id,
		   t->id, t->name);
	else
		pr("# in %s context on CPU %u, no thread yet\n", context_name(), this_cpu()->id);
	locks_report();
}

void report_regs(const struct regs *regs, u64 addr)
{
	report_who();
	pr("# RIP %016lx %p"
	   "S  RFLAGS %08lx  CS %02lx SS %02lx\n",
	   regs->rip, (void *)regs->rip, regs->rflags, regs->cs, regs->ss);
	pr("# RAX %016lx RBX %016lx RCX %016lx RDX %016lx\n", regs->rax, regs->rbx, regs->rcx,
	   regs->rdx);
	pr("# RSI %016lx RDI %016lx RBP %016lx RSP %016lx\n", regs->rsi, regs->rdi, regs->rbp,
	   regs->rsp);
	pr("# R8  %016lx R9  %016lx R10 %016lx R11 %016lx\n", regs->r8, regs->r9, regs->r10,
	   regs->r11);
	pr("# R12 %016lx R13 %016lx R14 %016lx R15 %016lx\n", regs->r12, regs->r13, regs->r14,
	   regs->r15);
	pr("# CR0 %08lx CR3 %016lx CR4 %08lx  vector %lu error code %lx\n", read_cr0(), read_cr3(),
	   read_cr4(), regs->vector, regs->error);
	report_rights(regs);
	if (regs->vector == X86_PF)
		pr("# page fault at %016lx %p"
		   "E\n",
		   addr, &regs->error);
	if (regs->vector == X86_PF || regs->vector == X86_DF)
		report_address(addr);
	if (!regs_user(regs))
		backtrace(regs->rip, regs->rbp);
}

static _Noreturn void vpanic(const struct regs *regs, u64 addr, const char *fmt, va_list args)
{
	static u32 panicking; /* the CPU that panics, as id + 1; atomic */
	u32 nobody = 0, me;
	char message[256];

	irq_disable();
	me = this_cpu()->id + 1;
	console_panic();
	if (!try_cmpxchg(&panicking, &nobody, me)) {
		if (nobody == me) /* a panic within a panic must not report for ever */
			machine_end(MACHINE_PANIC);
		for (;;) /* only the first CPU that panics reports */
			asm volatile("cli; hlt");
	}
	ipi_stop_others();
	kvsnprintf(message, sizeof(message), fmt, args);
	pr("# PANIC: %s\n", message);
	if (regs) {
		report_regs(regs, addr);
	} else {
		report_who();
		backtrace((u64)__builtin_return_address(0), *(u64 *)__builtin_frame_address(0));
	}
	machine_end(MACHINE_PANIC);
}

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(NULL, 0, fmt, args);
}

void panic_regs(const struct regs *regs, u64 addr, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vpanic(regs, addr, fmt, args);
}

void spin_not_held(const struct spinlock *lock)
{
	panic("spinlock %p is released by CPU %u, which does not hold it", (const void *)lock,
	      this_cpu()->id);
}

void spin_stuck(struct spinlock *lock)
{
	const struct cpu *holder = READ_ONCE(lock->holder);

	panic("spinlock %p, held by CPU %u, has not been released", (void *)lock,
	      holder ? holder->id : 0);
}
