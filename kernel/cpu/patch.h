/* SPDX-License-Identifier: MIT */
/*
 * Patch sites: NOPs of five bytes that patch_apply() replaces as the command line asks, before the
 * kernel's text becomes read-only. magic= makes them magic breakpoints, `xchg %bx, %bx`, where
 * Bochs enters its debugger. trace=on makes some a call of a trampoline instead
 * (kernel/trace/trace_trampoline.S), which has the breakpoint's site in it.
 */
#ifndef KEYWARD_KERNEL_CPU_PATCH_H
#define KEYWARD_KERNEL_CPU_PATCH_H

#ifdef __ASSEMBLER__

// clang-format off

/* enum magic_point of kernel/lib/options.inc */
#define MAGIC_WRITE  1
#define MAGIC_SWITCH 2

/* Lists the five bytes at the label: their point, or 0, and what trace=on calls there, or 0. */
.macro SITE at, point, trampoline
	.pushsection .patch_sites, "a"
	.quad \at, \point, \trampoline
	.popsection
.endm

.macro PATCH_SITE point, trampoline=0
.Lpatch\@:
	.byte 0x0f, 0x1f, 0x44, 0x00, 0x00 /* nopl 0(%rax, %rax) */
	SITE .Lpatch\@, \point, \trampoline
.endm
// clang-format on

#else

#include "kernel/lib/options.h"

/* The same within other assembly; `point` is the name of an operand. */
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
