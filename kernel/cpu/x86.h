/* SPDX-License-Identifier: MIT */
/*
 * Architectural constants of x86-64: bit, meaning, and the CPUID feature that announces it.
 * Preprocessor directives only, as C, assembly and the linker script all include it.
 */
#ifndef KEYWARD_KERNEL_CPU_X86_H
#define KEYWARD_KERNEL_CPU_X86_H

/* Control registers (SDM Vol. 3A, "Control Registers"). */
#define CR0_PE (1 << 0)  /* protected mode */
#define CR0_MP (1 << 1)  /* monitor coprocessor */
#define CR0_EM (1 << 2)  /* no x87: this kernel has no FPU state at all */
#define CR0_TS (1 << 3)  /* task switched: #NM on the next use of x87 or SSE state */
#define CR0_NE (1 << 5)  /* native x87 errors */
#define CR0_WP (1 << 16) /* supervisor writes obey R/W, and WD of protection keys */
#define CR0_AM (1 << 18) /* at CPL 3, EFLAGS.AC asks for alignment checks */
#define CR0_NW (1 << 29) /* with CD: caches are not kept coherent; never set */
#define CR0_CD (1 << 30) /* nothing new enters the caches */
#define CR0_PG (1 << 31) /* paging */

#define CR4_PAE     (1 << 5)  /* physical address extension; needed by IA-32e paging */
#define CR4_MCE     (1 << 6)  /* machine-check exceptions    CPUID.1:EDX.MCE */
#define CR4_PGE     (1 << 7)  /* global pages                CPUID.1:EDX.PGE */
#define CR4_OSFXSR  (1 << 9)  /* SSE; FXSAVE includes XMM registers */
#define CR4_OSXSAVE (1 << 18) /* XSAVE and XCR0            CPUID.1:ECX.XSAVE */
#define CR4_UMIP    (1 << 11) /* no SGDT & co. in user mode  CPUID.7.0:ECX.UMIP */
#define CR4_LA57    (1 << 12) /* 5-level paging              CPUID.7.0:ECX.LA57 */
#define CR4_SMEP    (1 << 20) /* no execution of user pages  CPUID.7.0:EBX.SMEP */
#define CR4_SMAP    (1 << 21) /* no access to user pages     CPUID.7.0:EBX.SMAP */
#define CR4_PKE     (1 << 22) /* user protection keys        CPUID.7.0:ECX.PKU */
#define CR4_PKS     (1 << 24) /* supervisor protection keys  CPUID.7.0:ECX.PKS */

/* RFLAGS. */
#define RFLAGS_FIXED (1 << 1) /* reads as 1 */
#define RFLAGS_TF    (1 << 8)
#define RFLAGS_IF    (1 << 9)
#define RFLAGS_DF    (1 << 10)
#define RFLAGS_IOPL  (3 << 12)
#define RFLAGS_NT    (1 << 14)
#define RFLAGS_AC    (1 << 18)
#define RFLAGS_ID    (1 << 21)

/* Debug status (SDM Vol. 3B, "Debug Status Register (DR6)"). */
#define DR6_BS (1 << 14) /* the trap flag caused the #DB */

/* DR6 and DR7 after a reset: no #DB yet, no breakpoint. The bits that are set are reserved. */
#define DR6_INIT 0xffff0ff0
#define DR7_INIT 0x400
#define DR7_G0   2 /* enables the breakpoint in DR0 */

/* Exception vectors (SDM Vol. 3A, "Exception and Interrupt Reference"). */
#define X86_DE         0
#define X86_DB         1
#define X86_NMI        2
#define X86_BP         3
#define X86_OF         4
#define X86_UD         6
#define X86_NM         7
#define X86_DF         8
#define X86_NP         11
#define X86_SS         12
#define X86_GP         13
#define X86_PF         14
#define X86_MC         18
#define X86_EXCEPTIONS 32

/* The kernel assigns the vectors after the 32 exceptions. */
#define VECTOR_TIMER      0x40
#define VECTOR_TEST       0x41 /* tests send it to themselves to enter interrupt context */
#define VECTOR_CALL       0xf0 /* run a function for another CPU: kernel/ipi.c */
#define VECTOR_RESCHEDULE 0xf1 /* another CPU has given this one a thread */
#define VECTOR_RECALL     0xf2 /* recall what was lent: pks/policy/global.c */
#define VECTOR_PIC        0x20 /* 16 of them: all masked, but a PIC may send a spurious one */
#define VECTOR_SPURIOUS   0xff
#define VECTORS           256
#define VECTOR_SYSCALL    256 /* not a vector: regs->vector of a SYSCALL */

/* Page-fault error code (SDM Vol. 3A, "Page-Fault Exceptions"). */
#define PF_P    (1 << 0) /* the translation exists */
#define PF_W    (1 << 1) /* a write */
#define PF_U    (1 << 2) /* a user-mode access */
#define PF_RSVD (1 << 3) /* a reserved bit was set in an entry */
#define PF_I    (1 << 4) /* an instruction fetch */
#define PF_PK   (1 << 5) /* a protection key denies the access */

/* Segment selectors; SYSRET dictates the order of the user ones (SDM Vol. 2, "SYSRET"). */
#define SEL_KERNEL_CS 0x08
#define SEL_KERNEL_DS 0x10
#define SEL_USER_DS   0x1b
#define SEL_USER_CS   0x23
#define SEL_TSS       0x28

#define SEL_BOOT_CS_32 0x18 /* the last one of the boot GDT, and only there */

/* The stacks of the interrupt stack table: TSS.IST1 to IST3 (index here counts from 0). */
#define IST_DF         0
#define IST_NMI        1
#define IST_MC         2
#define IST_NMI_SECOND 3 /* for NMIs that arrive while one is stepped: pks/policy/step.c */
#define IST_STACKS     4

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1 << PAGE_SHIFT)

/* Every stack is this large and has an unmapped guard page below it. */
#define STACK_SIZE (4 * PAGE_SIZE)
#define STACK_SLOT (STACK_SIZE + PAGE_SIZE)

#endif
