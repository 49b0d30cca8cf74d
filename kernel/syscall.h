/* SPDX-License-Identifier: MIT */
/*
 * System calls: number in RAX, argument in RDI, result in RAX. Just enough to run the body of a
 * test in user mode. For C and assembly.
 */
#ifndef KEYWARD_KERNEL_SYSCALL_H
#define KEYWARD_KERNEL_SYSCALL_H

#define SYS_EXIT  0 /* ends the thread with this code */
#define SYS_YIELD 1
#define SYS_SLEEP 2 /* nanoseconds */
#define SYS_TEST  3 /* calls the running test's hook: syscall_test_hook_set() */

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

struct regs;

/* Runs the system call of a frame. Called by trap_dispatch(). */
void syscall_dispatch(struct regs *regs);

/* Lets SYSCALL enter the kernel on this CPU. Boot. */
void syscall_init_cpu(void);

typedef u64 (*syscall_test_hook_t)(u64 arg);

/* Sets what SYS_TEST calls, in thread context. NULL: nothing, and SYS_TEST returns -EINVAL. */
void syscall_test_hook_set(syscall_test_hook_t hook);

#endif
#endif
