/* SPDX-License-Identifier: MIT */
/*
 * Single accesses that return their fault as a value. probe_*: no handler sees the fault, so these
 * show what the CPU does. touch_*: the fault policy judges first, and only a fault that would kill
 * the context is returned; so these show what the kernel does. Any context.
 */
#ifndef KEYWARD_TESTS_HARNESS_PROBE_H
#define KEYWARD_TESTS_HARNESS_PROBE_H

#include "kernel/cpu/extable.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"

/* An address in no map of kernel/cpu/layout.h. */
#define NOWHERE 0xffffc00000001000

#define ACCESS(kind, insn, f, ...)                                 \
	asm volatile("1: " insn "\n2:\n" EXTABLE("1b", "2b", kind) \
		     : FAULT_OPERANDS(f), __VA_ARGS__              \
		     : "memory", "cc")

/*
 * All code with an EX_PROBE entry in the exception table is in one section, so that one comparison
 * tells that any other fault has none: see kernel/cpu/extable.h. A touch stands elsewhere, as the
 * kernel's own code does, so that its pardon goes the way of theirs: pks/policy/short.h.
 */
#define PROBE static __attribute__((noinline, unused, section(".text.probe")))
#define TOUCH static __attribute__((noinline, unused))

#define DEFINE_READ(where, name, kind)                                          \
	where struct fault name(const volatile void *p, u64 *value)             \
	{                                                                       \
		struct fault f = { .vector = FAULT_NONE };                      \
		u64 v = 0;                                                      \
		ACCESS(kind, "movq (%[p]), %[v]", f, [v] "+r"(v) : [p] "r"(p)); \
		*value = v;                                                     \
		return f;                                                       \
	}
#define DEFINE_WRITE(where, name, kind)                                             \
	where struct fault name(volatile void *p, u64 value)                        \
	{                                                                           \
		struct fault f = { .vector = FAULT_NONE };                          \
		ACCESS(kind, "movq %[v], (%[p])", f, [v] "+r"(value) : [p] "r"(p)); \
		return f;                                                           \
	}

/* The values of enum extable_kind, for the assembler. */
#define KIND_PROBE "0"
#define KIND_DIE   "1"
_Static_assert(EX_PROBE == 0 && EX_DIE == 1, "KIND_*");

DEFINE_READ(PROBE, probe_read, KIND_PROBE)
DEFINE_WRITE(PROBE, probe_write, KIND_PROBE)
DEFINE_READ(TOUCH, touch_read, KIND_DIE)
DEFINE_WRITE(TOUCH, touch_write, KIND_DIE)

/* A locked read-modify-write: adds `value`. */
PROBE struct fault probe_add(volatile void *p, u64 value)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE, "lock addq %[v], (%[p])", f, [v] "+r"(value) : [p] "r"(p));
	return f;
}

/*
 * Writes the mirror, then IA32_PKRS by WRMSR (see pks/pkrs.inc), and makes the access in the next
 * instruction. The fixup leaves the fault in the registers that held WRMSR's operands.
 */
#define DEFINE_AFTER_WRMSR(name, insn)                                              \
	PROBE struct fault name(u32 pkrs, volatile void *p, u64 *value)             \
	{                                                                           \
		struct fault f = { .vector = pkrs, .addr = MSR_IA32_PKRS };         \
		asm volatile("movl %%eax, %%gs:%c[mirror]\n\t"                      \
			     "wrmsr\n"                                              \
			     "1: " insn "\n\t"                                      \
			     "mov $-1, %%rax\n2:\n" EXTABLE("1b", "2b", KIND_PROBE) \
			     : FAULT_OPERANDS(f), [v] "+r"(*value)                  \
			     : [p] "r"(p), [mirror] "i"(CPU_PKRS)                   \
			     : "memory", "cc");                                     \
		return f;                                                           \
	}

DEFINE_AFTER_WRMSR(probe_wrmsr_read, "movq (%[p]), %[v]")
DEFINE_AFTER_WRMSR(probe_wrmsr_write, "movq %[v], (%[p])")
DEFINE_AFTER_WRMSR(probe_wrmsr_add, "lock addq %[v], (%[p])")

PROBE struct fault probe_wrmsr(u32 msr, u64 value)
{
	struct fault f = { .vector = FAULT_NONE };
	u64 vector = (u32)value, error = value >> 32;

	asm volatile("1: wrmsr\n\t"
		     "mov $-1, %%rax\n2:\n" EXTABLE("1b", "2b", KIND_PROBE)
		     : "+a"(vector), "+d"(error), "+c"(msr)
		     :
		     : "rsi", "memory", "cc");
	f.vector = vector;
	f.error = vector == FAULT_NONE ? 0 : error;
	return f;
}

PROBE struct fault probe_rdmsr(u32 msr, u64 *value)
{
	struct fault f = { .vector = FAULT_NONE };
	u64 vector = 0, error = 0, ok = 0;
	u64 in_msr = msr;

	asm volatile("1: rdmsr\n\t"
		     "mov $1, %[ok]\n2:\n" EXTABLE("1b", "2b", KIND_PROBE)
		     : "=a"(vector), "=d"(error), [ok] "+r"(ok), "+c"(in_msr)
		     :
		     : "rsi", "memory", "cc");
	if (ok) {
		*value = error << 32 | (u32)vector;
		return f;
	}
	f.vector = vector;
	f.error = error;
	return f;
}

/* RAX, RCX and RDX in full width: WRPKRU looks at the lower half of each. */
PROBE struct fault probe_wrpkru(u64 rax, u64 rcx, u64 rdx)
{
	struct fault f = { .vector = rax, .error = rdx, .addr = rcx };

	asm volatile("1: wrpkru\n\t"
		     "mov $-1, %%rax\n2:\n" EXTABLE("1b", "2b", KIND_PROBE)
		     : FAULT_OPERANDS(f)
		     :
		     : "memory");
	return f;
}

/* *rax and *rdx: the registers before RDPKRU, and after it. */
PROBE struct fault probe_rdpkru(u64 rcx, u64 *rax, u64 *rdx)
{
	struct fault f = { .vector = *rax, .error = *rdx, .addr = rcx };
	u64 ok = 0;

	asm volatile("1: rdpkru\n\t"
		     "mov $1, %[ok]\n2:\n" EXTABLE("1b", "2b", KIND_PROBE)
		     : FAULT_OPERANDS(f), [ok] "+r"(ok)
		     :
		     : "memory");
	if (!ok)
		return f;
	*rax = f.vector;
	*rdx = f.error;
	return (struct fault){ .vector = FAULT_NONE };
}

PROBE struct fault probe_write_cr4(u64 value)
{
	struct fault f = { .vector = FAULT_NONE };

	ACCESS(KIND_PROBE, "mov %[v], %%cr4", f, [v] "+r"(value) :);
	return f;
}

#endif
