// SPDX-License-Identifier: MIT
#include "tests/harness/user.h"
#include "kernel/cpu/x86.h"
#include "kernel/syscall.h"

#define USER_CODE __attribute__((section(".user.text"), noinline))

static inline __attribute__((always_inline)) u64 syscall(u64 number, u64 arg)
{
	u64 result;

	asm volatile("syscall" : "=a"(result) : "0"(number), "D"(arg) : "rcx", "r11", "memory");
	return result;
}

USER_CODE void user_read(u64 addr)
{
	syscall(SYS_EXIT, *(volatile u32 *)addr);
}

USER_CODE void user_write(u64 addr)
{
	*(volatile u32 *)addr = 1;
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_yield(u64 times)
{
	while (times--)
		syscall(SYS_YIELD, 0);
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_test_call(u64 arg)
{
	syscall(SYS_EXIT, syscall(SYS_TEST, arg));
}

USER_CODE void user_test_calls(u64 times)
{
	u64 sum = 0;

	while (times--)
		sum += syscall(SYS_TEST, times);
	syscall(SYS_EXIT, sum);
}

USER_CODE void user_call_and_break(u64 arg)
{
	u64 result = syscall(SYS_TEST, arg);

	asm volatile("int3" : : : "memory");
	syscall(SYS_EXIT, result);
}

USER_CODE void user_bad_call(u64 number)
{
	syscall(SYS_EXIT, syscall(number, 0));
}

USER_CODE void user_spin(u64 loops)
{
	for (u64 i = 0; i < loops; i++)
		asm volatile("");
	syscall(SYS_EXIT, loops);
}

/* Clears TF before the system call: for SYSCALL with TF set see user_flags(). */
USER_CODE void user_step(u64 loops)
{
	asm volatile("pushfq; orq $0x100, (%%rsp); popfq" : : : "memory", "cc");
	for (u64 i = 0; i < loops; i++)
		asm volatile("");
	asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
	syscall(SYS_EXIT, loops);
}

/* Adds to RBX which of the flags in R14 differ from R12. */
#define COMPARE_FLAGS \
	"pushfq; popq %%rax; xorq %%r12, %%rax; andq %%r14, %%rax; orq %%rax, %%rbx\n\t"

USER_CODE void user_flags(u64 arg)
{
	register u64 flags asm("r12") = (u32)arg | RFLAGS_FIXED | RFLAGS_IF;
	register u64 loops asm("r13") = arg >> 32;
	register u64 mask asm("r14") = USER_FLAGS | RFLAGS_IF | RFLAGS_IOPL;
	u64 differ = 0;

	asm volatile("pushq %%r12; popfq; nop\n\t"
		     "int3\n\t" COMPARE_FLAGS
		     "movl %[number], %%eax; xorl %%edi, %%edi; syscall\n\t" COMPARE_FLAGS
		     "1: decq %%r13; jnz 1b\n\t" COMPARE_FLAGS "pushq %[clean]; popfq"
		     : "+b"(differ), "+r"(loops)
		     : "r"(flags), "r"(mask), [number] "i"(SYS_TEST), [clean] "i"(RFLAGS_FIXED)
		     : "rax", "rcx", "rdi", "r11", "memory", "cc");
	syscall(SYS_EXIT, differ);
}

USER_CODE void user_first_flags(u64 mask)
{
	u64 flags;

	asm volatile("pushfq; popq %0" : "=r"(flags));
	syscall(SYS_EXIT, flags & mask);
}
