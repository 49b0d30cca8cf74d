// SPDX-License-Identifier: MIT
/*
 * What ordinary instructions need on the real CPU: x87, SSE and AVX state, which the kernel has
 * none of; vector registers before and after.
 */
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/cpu_needs.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

_Static_assert(OPERAND_IMM == MATRIX_OPERAND, "home.h and machine.h");

static u64 kernel_xcr0, kernel_fs;

static u64 get_xcr0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low | (u64)high << 32;
}

static void set_xcr0(u64 value)
{
	asm volatile("xsetbv" : : "a"((u32)value), "d"((u32)(value >> 32)), "c"(0));
}

/* Those that the CPU has, by CPUID.(EAX=0DH,ECX=0):EAX, of those that the kinds use. */
u64 cpu_plain_components(void)
{
	u64 has = cpu_has(FEATURE_XSAVE) ? cpuid(0xd, 0).a : 0, used = XCR0_SSE | XCR0_AVX;

	return has &
	       (cpu_has(FEATURE_AVX512F) && (has & XCR0_AVX512) == XCR0_AVX512 ? used | XCR0_AVX512
									       : used);
}

u64 cpu_plain_cr0(u64 cr0)
{
	return (cr0 & ~(u64)(CR0_EM | CR0_TS)) | CR0_MP;
}

u64 cpu_plain_enter(u64 cr4)
{
	cr4 |= CR4_OSFXSR;
	write_cr0(cpu_now.cr0 = cpu_plain_cr0(cpu_now.cr0));
	kernel_fs = rdmsr(MSR_FS_BASE);
	if (!(machine_can.needs & 1u << NEED_XSAVE))
		return cr4;
	cr4 |= CR4_OSXSAVE;
	write_cr4(cr4);
	kernel_xcr0 = get_xcr0();
	set_xcr0(cpu_plain_components());
	return cr4;
}

void cpu_plain_leave(void)
{
	if (machine_can.needs & 1u << NEED_XSAVE)
		set_xcr0(kernel_xcr0);
	wrmsr(MSR_FS_BASE, kernel_fs);
}

/* ---- before ---- */

static struct vectors vectors;

static void load_vectors(u32 kind)
{
	vectors_before(kind, &vectors);
	if (vectors.bytes <= 16)
		asm volatile("movups %0, %%xmm0; movups %1, %%xmm1; movups %2, %%xmm2"
			     :
			     : "m"(vectors.data), "m"(vectors.index), "m"(vectors.mask));
	else if (vectors.bytes <= 32)
		asm volatile("vmovups %0, %%ymm0; vmovups %1, %%ymm1; vmovups %2, %%ymm2"
			     :
			     : "m"(vectors.data), "m"(vectors.index), "m"(vectors.mask));
	else
		asm volatile("vmovups %0, %%zmm0; kmovw %1, %%k1"
			     :
			     : "m"(vectors.data), "r"(vectors.opmask));
}

static void load_x87(u32 kind)
{
	asm volatile("fninit");
	if (kind == KIND_FSTP)
		asm volatile("fldt %0" : : "m"(plain_m80));
}

void cpu_plain_prepare(u32 kind)
{
	u32 flags = matrix_kinds[kind].flags;

	if (kind == KIND_READ_FS) /* a load of FS has changed it */
		wrmsr(MSR_FS_BASE, FS_OFFSET);
	if (flags & KF_VECTOR)
		load_vectors(kind);
	if (flags & KF_AREA || kind == KIND_FLD || kind == KIND_FSTP)
		load_x87(kind);
}

/* ---- after ---- */

const void *cpu_plain_vector(u32 kind)
{
	if (!(matrix_kinds[kind].flags & KF_VECTOR))
		return NULL;
	if (vectors.bytes <= 16)
		asm volatile("movups %%xmm0, %0" : "=m"(vectors.data));
	else if (vectors.bytes <= 32)
		asm volatile("vmovups %%ymm0, %0" : "=m"(vectors.data));
	else
		asm volatile("vmovups %%zmm0, %0" : "=m"(vectors.data));
	return vectors.data;
}
