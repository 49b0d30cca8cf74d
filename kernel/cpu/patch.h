/* SPDX-License-Identifier: MIT */
/*
 * Sites in the code that the command line can switch on, before the kernel's text becomes
 * read-only. Magic breakpoints: Bochs stops its debugger at `xchg %bx, %bx`. At each point that
 * magic= names stands a NOP of five bytes; patch_apply() turns those asked for into the real thing.
 * With trace=on some become a call instead (kernel/trace/trace_trampoline.S), which has the point
 * in it.
 */
#ifndef KEYWARD_KERNEL_CPU_PATCH_H
#define KEYWARD_KERNEL_CPU_PATCH_H

#ifdef __ASSEMBLER__

// clang-format off

/* enum magic_point of kernel/lib/options.h */
#define MAGIC_WRITE  1
#define MAGIC_SWITCH 2

/* A site of five bytes at the label: a point, 0 for none, and what trace=on calls there, or 0. */
.macro SITE at, point, trampoline
	.pushsection .patch_sites, "a"
	.quad \at, \point, \trampoline
	.popsection
.endm

.macro PATCH_SITE point, trampoline=0
.Lmagic\@:
	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00 /* nopl 0(%rax, %rax) */
	SITE .Lmagic\@, \point, \trampoline
.endm
// clang-format on

#else

#include "kernel/lib/options.h"

/* The same inside of other assembly; `point` is the name of an operand. */
#define PATCH_SITE_TEXT(point, trampoline)            \
	"771: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n\t" \
	".pushsection .patch_sites, \"a\"\n\t"        \
	".quad 771b, %c" point ", " trampoline "\n\t" \
	".popsection\n\t"

#define PATCH_SITE(point) asm volatile(PATCH_SITE_TEXT("0", "0") : : "i"(point))

/*
 * Switches on the points in `mask` (enum magic_point), and the calls if `trace`. Boot only, while
 * text is writable.
 */
void patch_apply(u32 mask, bool trace);

#endif
#endif
