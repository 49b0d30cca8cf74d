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
	push %rdi
	mov %rsp, WAY_BACK(%rdi)
	mov %rdi, %r8
	mov $0x2b, %eax /* 32-bit code uses the data segments; 64-bit code has none */
	mov %eax, %ds
	mov %eax, %es
	fninit
	fldt WAY_M80(%r8)
	cmpl $16, WAY_BYTES(%r8)
	ja 1f
	movups WAY_DATA(%r8), %xmm0
	movups WAY_INDEX(%r8), %xmm1
	movups WAY_MASK(%r8), %xmm2
	jmp 3f
1:	cmpl $32, WAY_BYTES(%r8)
	ja 2f
	vmovups WAY_DATA(%r8), %ymm0
	vmovups WAY_INDEX(%r8), %ymm1
	vmovups WAY_MASK(%r8), %ymm2
	jmp 3f
2:	vmovups WAY_DATA(%r8), %zmm0
	kmovw WAY_OPMASK(%r8), %k1
3:	mov WAY_PKRU(%r8), %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
	mov WAY_RBX(%r8), %rbx
	mov WAY_RSI(%r8), %rsi
	mov WAY_RDI(%r8), %rdi
	mov WAY_RSP(%r8), %rsp
	ljmpl *WAY_RIP(%r8)

	.globl linux_back
linux_back: /* vector registers are as the access left them */
	xor %eax, %eax
	xor %ecx, %ecx
	xor %edx, %edx
	wrpkru
	mov %eax, %ds
	mov %eax, %es
	pop %rdi
	cmpl $16, WAY_BYTES(%rdi)
	ja 1f
	movups %xmm0, WAY_DATA(%rdi)
	jmp 4f
1:	cmpl $32, WAY_BYTES(%rdi)
	ja 2f
	vmovups %ymm0, WAY_DATA(%rdi)
	jmp 3f
2:	vmovups %zmm0, WAY_DATA(%rdi)
3:	vzeroupper
4:	fninit
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.section .note.GNU-stack, "", @progbits
