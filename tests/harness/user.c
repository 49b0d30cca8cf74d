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
		syscall(SYS_YIELD, ~0ULL >> 1); /* an argument that it ignores */
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_sleep(u64 ns)
{
	syscall(SYS_EXIT, syscall(SYS_SLEEP, ns));
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
	u64 result = syscall(number, 0);

	syscall(SYS_EXIT, result == (u64)(s64)(int)result ? result : 1);
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

USER_CODE void user_divide(u64 by)
{
	asm volatile("divl %0" : : "r"((u32)by), "a"(1), "d"(0) : "cc");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_break(u64 arg)
{
	(void)arg;
	asm volatile("int3" : : : "memory");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_opcode(u64 arg)
{
	(void)arg;
	asm volatile("ud2");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_float(u64 arg)
{
	(void)arg;
	asm volatile("fnop");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_halt(u64 arg)
{
	(void)arg;
	asm volatile("hlt");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_int(u64 arg)
{
	(void)arg;
	asm volatile("int $4" : : : "memory");
	syscall(SYS_EXIT, 0);
}

USER_CODE void user_misalign(u64 arg)
{
	(void)arg;
	asm volatile("pushfq; orq %0, (%%rsp); popfq; movw 1(%%rsp), %%ax"
		     :
		     : "i"(RFLAGS_AC)
		     : "rax", "memory", "cc");
	syscall(SYS_EXIT, 0);
}
