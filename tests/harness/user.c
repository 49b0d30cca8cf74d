// SPDX-License-Identifier: MIT
#include "tests/harness/user.h"
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

/* Clears TF before the system call: SYSCALL with TF set is not the subject here. */
USER_CODE void user_step(u64 loops)
{
	asm volatile("pushfq; orq $0x100, (%%rsp); popfq" : : : "memory", "cc");
	for (u64 i = 0; i < loops; i++)
		asm volatile("");
	asm volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
	syscall(SYS_EXIT, loops);
}
