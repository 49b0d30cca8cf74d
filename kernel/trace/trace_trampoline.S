/* SPDX-License-Identifier: MIT */
/*
 * With trace=on the patch sites in pkrs_write() and the thread switch call these trampolines. The
 * code around a site does not expect a call, so a trampoline preserves every register and flag. It
 * also contains the magic point that the call replaced.
 */
#include "kernel/cpu/patch.h"
#include "kernel/cpu/percpu.h"

	.text

/* Around the call: [rbp + 8] is the address behind the site. */
.macro TRAMPOLINE_BEGIN
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

.macro TRAMPOLINE_END
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

/* The site is behind the write of the mirror, which has the new rights. */
	.globl trace_rights_trampoline
trace_rights_trampoline:
	TRAMPOLINE_BEGIN
	mov %gs:CPU_PKRS, %edi
	mov 8(%rbp), %rsi
	call trace_rights
	TRAMPOLINE_END
	PATCH_SITE MAGIC_WRITE
	ret

/* switch_to(prev, next) has both arguments in place. */
	.globl trace_switch_trampoline
trace_switch_trampoline:
	TRAMPOLINE_BEGIN
	call trace_switch
	TRAMPOLINE_END
	PATCH_SITE MAGIC_SWITCH
	ret
	.section .note.GNU-stack, "", @progbits
