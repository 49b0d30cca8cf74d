/* SPDX-License-Identifier: MIT */
/* Model-specific registers (SDM Vol. 4), for C and assembly. */
#ifndef KEYWARD_KERNEL_CPU_MSR_H
#define KEYWARD_KERNEL_CPU_MSR_H

#define MSR_APIC_BASE      0x01b
#define MSR_DEBUGCTL       0x1d9 /* BTF (bit 1): TF traps at branches only */
#define MSR_PAT            0x277 /* page attribute table: eight memory types */
#define MSR_IA32_PKRS      0x6e1 /* rights of supervisor keys; bits 63:32 reserved */
#define MSR_X2APIC         0x800 /* + register offset / 16 */
#define MSR_EFER           0xc0000080
#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_SFMASK         0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

#define EFER_SCE (1 << 0)  /* SYSCALL/SYSRET */
#define EFER_LME (1 << 8)  /* IA-32e mode enable */
#define EFER_NXE (1 << 11) /* execute-disable */

#define APIC_BASE_X2APIC (1 << 10)
#define APIC_BASE_ENABLE (1 << 11)

#ifndef __ASSEMBLER__

#include "kernel/lib/types.h"

/*
 * Returns the physical address of the local APIC's registers, of `phys_bits` bits (MAXPHYADDR),
 * from IA32_APIC_BASE (SDM Vol. 3A, "Relocating the Local APIC Registers"); 0 in x2APIC mode, where
 * they are MSRs. Any context; pure.
 */
static inline u64 apic_base_address(u64 msr, u32 phys_bits)
{
	return msr & APIC_BASE_X2APIC ? 0 : msr & (BIT(phys_bits) - 1) & ~0xfffULL;
}

#endif

#endif
