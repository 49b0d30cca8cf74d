/* SPDX-License-Identifier: MIT */
/*
 * Magic breakpoints: Bochs stops its debugger at `xchg %bx, %bx`. At each point that magic= names
 * stands a NOP of the same three bytes; magic_patch() turns those asked for into the real thing
 * before the kernel's text becomes read-only. One instruction either way.
 */
#ifndef KEYWARD_KERNEL_MAGIC_H
#define KEYWARD_KERNEL_MAGIC_H

#ifdef __ASSEMBLER__

// clang-format off

/* enum magic_point of kernel/options.h */
#define MAGIC_SWITCH 2

.macro MAGIC_SITE point
.Lmagic\@:
	.byte 0x0f, 0x1f, 0x00 /* nopl (%rax) */
	.pushsection .magic_sites, "a"
	.quad .Lmagic\@, \point
	.popsection
.endm
// clang-format on

#else

#include "kernel/options.h"

#define MAGIC_SITE(point)                                   \
	asm volatile("1: .byte 0x0f, 0x1f, 0x00\n\t"        \
		     ".pushsection .magic_sites, \"a\"\n\t" \
		     ".quad 1b, %c0\n\t"                    \
		     ".popsection"                          \
		     :                                      \
		     : "i"(point))

/* Switches on the points in `mask` (enum magic_point). Boot only, while text is writable. */
void magic_patch(u32 mask);

#endif
#endif
