// SPDX-License-Identifier: MIT
/*
 * What ordinary instructions need on the real CPU: x87, SSE and AVX state, which the kernel has
 * none of; the scratch operand's address; vector registers before and after.
 */
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/x86.h"
#include "kernel/lib/string.h"
#include "tests/matrix/cpu.h"
#include "tests/matrix/plain.h"
#include "tests/matrix/state.h"
#include "tests/matrix/tables.h"

/* State components in XCR0: x87 and SSE, AVX, the three of AVX-512. */
enum { XCR0_SSE = 3, XCR0_AVX = 4, XCR0_AVX512 = 0xe0 };

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

/* State components that the CPU has: CPUID.(EAX=0DH,ECX=0):EAX. */
static u64 components(void)
{
	return cpu_has(FEATURE_XSAVE) ? cpuid(0xd, 0).a & (XCR0_SSE | XCR0_AVX | XCR0_AVX512) : 0;
}

static bool has_avx512(void)
{
	return cpu_has(FEATURE_AVX512F) && (components() & XCR0_AVX512) == XCR0_AVX512;
}

u32 cpu_plain_needs(void)
{
	static const struct {
		u32 need;
		u64 feature;
	} needs[] = {
		{ NEED_MOVBE, FEATURE_MOVBE },         { NEED_MOVDIRI, FEATURE_MOVDIRI },
		{ NEED_MOVDIR64B, FEATURE_MOVDIR64B }, { NEED_CMPXCHG16B, FEATURE_CMPXCHG16B },
		{ NEED_SSE41, FEATURE_SSE41 },         { NEED_XSAVE, FEATURE_XSAVE },
		{ NEED_CLFLUSH, FEATURE_CLFSH },       { NEED_CLFLUSHOPT, FEATURE_CLFLUSHOPT },
		{ NEED_CLWB, FEATURE_CLWB },           { NEED_MONITOR, FEATURE_MONITOR },
		{ NEED_WAITPKG, FEATURE_WAITPKG },
	};
	bool avx = cpu_has(FEATURE_AVX) && components() & XCR0_AVX;
	u32 mask = 0;

	for (u32 i = 0; i < ARRAY_SIZE(needs); i++)
		mask |= cpu_has(needs[i].feature) ? 1u << needs[i].need : 0;
	mask |= avx ? 1u << NEED_AVX : 0;
	mask |= avx && cpu_has(FEATURE_AVX2) ? 1u << NEED_AVX2 : 0;
	mask |= avx && has_avx512() ? 1u << NEED_AVX512 : 0;
	if (cpu_has(FEATURE_XSAVE) && cpuid(0xd, 1).a & 2)
		mask |= 1u << NEED_XSAVEC;
	return mask;
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
	set_xcr0(has_avx512() ? components() : components() & (XCR0_SSE | XCR0_AVX));
	return cr4;
}

void cpu_plain_leave(void)
{
	if (machine_can.needs & 1u << NEED_XSAVE)
		set_xcr0(kernel_xcr0);
	wrmsr(MSR_FS_BASE, kernel_fs);
}

/* ---- before ---- */

static u8 scalar[64] __attribute__((aligned(64))), index[64] __attribute__((aligned(64))),
	mask[64] __attribute__((aligned(64)));

static void fill(u8 *to, u32 word, u32 words)
{
	for (u32 i = 0; i < words; i++)
		memcpy(to + 4 * i, &word, 4);
}

static void load_vectors(u32 bytes)
{
	if (bytes <= 16)
		asm volatile("movups %0, %%xmm0; movups %1, %%xmm1; movups %2, %%xmm2"
			     :
			     : "m"(scalar), "m"(index), "m"(mask));
	else if (bytes <= 32)
		asm volatile("vmovups %0, %%ymm0; vmovups %1, %%ymm1; vmovups %2, %%ymm2"
			     :
			     : "m"(scalar), "m"(index), "m"(mask));
	else
		asm volatile("vmovups %0, %%zmm0" : : "m"(scalar));
}

/* Loads the operand, and the mask: of all elements, of the lower half, or of none. */
static void prepare_vectors(u32 kind)
{
	const struct kind_row *row = &matrix_kinds[kind];
	u32 bytes = plain_vector_bytes(kind), words = bytes / 4;
	u32 masked = row->access == ACCESS_NONE ? 0 : row->flags & KF_LOWER ? words / 2 : words;

	fill(scalar, MATRIX_OPERAND, words);
	fill(mask, 0, words);
	fill(mask, ~0u, masked);
	for (u32 i = 0; i < 4; i++)
		((u32 *)index)[i] = i;
	load_vectors(bytes);
	if (row->need == NEED_AVX512)
		asm volatile("kmovw %0, %%k1" : : "r"((1u << masked) - 1));
}

static void prepare_x87(u32 kind)
{
	static const u8 m80[10] = { 4, 3, 2, 1, 4, 3, 2, 0x81, 4, 3 };

	asm volatile("fninit");
	if (kind == KIND_FSTP)
		asm volatile("fldt %0" : : "m"(m80));
}

/* The scratch operand lies in a page of the home, which CPL 3 has elsewhere. */
static u64 scratch_at(const struct shot *s)
{
	return (mode_is_user(s->mode) ? VA_SCRATCH : (u64)home->scratch) + AT_SCRATCH;
}

/* Operands of strings: where they begin, or with DF = 1 the last element. */
static void prepare_string(const struct shot *s)
{
	const struct kind_row *row = &matrix_kinds[s->kind];
	u32 last = row->flags & KF_DOWN ? row->bytes - plain_element(s->kind) : 0;
	u64 tested = s->address + last, scratch = scratch_at(s) + last;

	home->rdi = tested;
	if (row->flags & KF_AT_RSI) {
		home->rsi = tested;
		home->rdi = scratch;
	} else if (row->flags & KF_FROM_RSI) {
		home->rsi = scratch;
	}
}

void cpu_plain_prepare(const struct shot *s)
{
	u32 flags = matrix_kinds[s->kind].flags;

	if (s->kind == KIND_READ_FS) /* a load of FS has changed it */
		wrmsr(MSR_FS_BASE, FS_OFFSET);
	if (flags & KF_VECTOR)
		prepare_vectors(s->kind);
	if (flags & KF_AREA || s->kind == KIND_FLD || s->kind == KIND_FSTP)
		prepare_x87(s->kind);
	if (flags & (KF_STRING | KF_AT_RSI | KF_FROM_RSI))
		prepare_string(s);
}

/* ---- after ---- */

static u32 vector_value(u32 bytes)
{
	if (bytes <= 16)
		asm volatile("movups %%xmm0, %0" : "=m"(scalar));
	else if (bytes <= 32)
		asm volatile("vmovups %%ymm0, %0" : "=m"(scalar));
	else
		asm volatile("vmovups %%zmm0, %0" : "=m"(scalar));
	return plain_fold(scalar, bytes);
}

u32 cpu_plain_value(const struct shot *s)
{
	u32 flags = matrix_kinds[s->kind].flags;

	if (!(flags & KF_VALUE))
		return 0;
	if (flags & KF_STRING)
		return plain_registers((u32)home->rbx, flags & KF_REP ? (u32)home->rcx_after : 0,
				       (u32)(home->rsi_after - home->rsi),
				       (u32)(home->rdi_after - home->rdi));
	if (flags & KF_VECTOR)
		return vector_value(plain_vector_bytes(s->kind));
	return plain_register(home->rbx);
}
