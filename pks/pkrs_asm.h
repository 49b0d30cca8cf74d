/* SPDX-License-Identifier: MIT */
/*
 * The rights register at the edges of a context, for kernel/entry.S and kernel/switch.S.
 *
 * cpu->pkrs mirrors IA32_PKRS, so that a write that would change nothing is not made. Memory is
 * written first, then the register, and both with interrupts off. So only an NMI-like event (NMI,
 * #MC, #DF, #DB) can come between the two, and it finds in memory the value that the register is
 * about to have. It saves that value, does not believe that the register already has it (it
 * writes the initial rights unconditionally), and on its way out writes the saved value to both.
 * The interrupted WRMSR then repeats what the NMI's exit did. The other order would let the NMI's
 * exit put the *old* value into the register while the interrupted code goes on to note the new
 * one in memory: a lasting lie.
 */
#ifndef KEYWARD_PKS_PKRS_ASM_H
#define KEYWARD_PKS_PKRS_ASM_H

#include "kernel/config.h"
#include "kernel/msr.h"
#include "kernel/percpu.h"
#include "pks/pkrs_bits.h"

#if CONFIG_PKS

/* EAX to memory and register. Clobbers ECX, EDX, flags. Interrupts are off. */
.macro PKRS_WRITE mov % eax, % gs : CPU_PKRS mov $MSR_IA32_PKRS, % ecx xor % edx,
	%
		edx wrmsr
#if CONFIG_PARANOID
			incq %
		gs : CPU_PKRS_WRITES
#endif
			     .endm

			     /* Paranoid build: the mirror tells the truth, or the kernel stops.
				Clobbers EAX, ECX, EDX. */
			     .macro PKRS_VERIFY
#if CONFIG_PARANOID
				     cmpb $0,
	pks_present je.Ltrue\@mov $MSR_IA32_PKRS, % ecx rdmsr cmp % eax, %
										 gs
    : CPU_PKRS je.Ltrue\@call pkrs_mirror_lies
	      .Ltrue\@ :
#endif
	      .endm

	      /* A context begins: its predecessor's rights go into the frame, the initial ones come
		 in. */
	      .macro PKRS_ENTER push % gs : CPU_PKRS cmpl $PKRS_INIT,
	% gs : CPU_PKRS je.Linitial\@mov $PKRS_INIT,
	%
		eax PKRS_WRITE.Linitial\
		@ : PKRS_VERIFY
			    .endm

			    /* A context ends: the rights in the frame, as the fault policy may have
			       changed them, come in. */
			    .macro PKRS_EXIT pop %
		rax cmp % eax,
	%
		gs : CPU_PKRS je.Lequal\@PKRS_WRITE.Lequal\
		     @ : PKRS_VERIFY
				 .endm

				 /* The same for NMI-like contexts, which may have come between the
				    mirror and the register. */
				 .macro PKRS_ENTER_NMI push %
		gs : CPU_PKRS cmpb $0,
	pks_present je.Labsent\@mov $PKRS_INIT,
	%
		eax PKRS_WRITE.Labsent\@ : PKRS_VERIFY
						   .endm

						   .macro PKRS_EXIT_NMI pop %
		rax cmpb $0,
	pks_present je.Labsent\@PKRS_WRITE.Labsent\
		@ : PKRS_VERIFY
			    .endm

			    /* A thread switch: the rights stay on the stack that is left ... */
			    .macro PKRS_SWITCH_OUT push %
		gs : CPU_PKRS.endm

			     /* ... and come from the one that is entered. */
			     .macro PKRS_SWITCH_IN PKRS_EXIT.endm

#else

.macro PKRS_ENTER.endm.macro PKRS_EXIT.endm.macro PKRS_ENTER_NMI.endm.macro PKRS_EXIT_NMI.endm
	.macro PKRS_SWITCH_OUT.endm.macro PKRS_SWITCH_IN.endm

#endif
#endif
