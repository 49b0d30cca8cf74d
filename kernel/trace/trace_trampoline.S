/* SPDX-License-Identifier: MIT */
/*
 * Where a site goes that trace=on has made a call: the register's writer and the thread switch know
 * nothing of it, so every register and flag stays as it was. The magic point that the call took
 * the place of stands here.
 */
#include "kernel/cpu/patch.h"
#include "kernel/cpu/percpu.h"

	.text

/* Around the call: [rbp + 8] is where the site goes on. */
.macro THUNK_BEGIN
	push %rbp
	mov %rsp, %rbp
	pushfq
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	and $-16, %rsp
	cld
.endm

.macro THUNK_END
	lea -80(%rbp), %rsp
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	popfq
	pop %rbp
.endm

/* Behind the write of the mirror: that is the value. */
	.globl trace_rights_trampoline
trace_rights_trampoline:
	THUNK_BEGIN
	mov %gs:CPU_PKRS, %edi
	mov 8(%rbp), %rsi
	call trace_rights
	THUNK_END
	PATCH_SITE MAGIC_WRITE
	ret

/* switch_to(prev, next) has both arguments in place. */
	.globl trace_switch_trampoline
trace_switch_trampoline:
	THUNK_BEGIN
	call trace_switch
	THUNK_END
	PATCH_SITE MAGIC_SWITCH
	ret
	.section .note.GNU-stack, "", @progbits
