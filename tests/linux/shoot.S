/* SPDX-License-Identifier: MIT */
#include "tests/linux/shoot.h"

	.text

	.globl linux_shoot
linux_shoot:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, WAY_BACK(%rdi)
	mov %rdi, %r8
	mov $0x2b, %eax /* 32-bit code uses the data segments; 64-bit code has none */
	mov %eax, %ds
	mov %eax, %es
	mov WAY_PKRU(%r8), %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
	mov WAY_RBX(%r8), %rbx
	mov WAY_RSI(%r8), %rsi
	mov WAY_RDI(%r8), %rdi
	mov WAY_RSP(%r8), %rsp
	ljmpl *WAY_RIP(%r8)

	.globl linux_back
linux_back:
	xor %eax, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
	mov %eax, %ds
	mov %eax, %es
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.section .note.GNU-stack, "", @progbits
