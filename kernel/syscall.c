// SPDX-License-Identifier: MIT
#include "kernel/syscall.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/lib/atomic.h"
#include "kernel/sched.h"
#include "kernel/thread.h"

extern const char syscall_entry[];
static syscall_test_hook_t test_hook;

void syscall_test_hook_set(syscall_test_hook_t hook)
{
	smp_store_release(&test_hook, hook);
}

/* SDM Vol. 2B, "SYSCALL": CS and SS from STAR 47:32; SYSRET, of the matrix alone, from 63:48. */
void syscall_init_cpu(void)
{
	wrmsr(MSR_STAR, (u64)SEL_KERNEL_DS << 48 | (u64)SEL_KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)syscall_entry);
	wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_DF | RFLAGS_TF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}

static u64 call(u64 number, u64 arg)
{
	syscall_test_hook_t hook;

	switch (number) {
	case SYS_EXIT:
		thread_exit((int)arg);
	case SYS_YIELD:
		thread_yield();
		return 0;
	case SYS_SLEEP:
		thread_sleep(arg);
		return 0;
	case SYS_TEST:
		hook = smp_load_acquire(&test_hook);
		return hook ? hook(arg) : (u64)-EINVAL;
	default: /* user mode may pass any number: an error, not a panic */
		return (u64)-EINVAL;
	}
}

void syscall_dispatch(struct regs *regs)
{
	irq_enable();
	regs->rax = call(regs->rax, regs->rdi);
}
