/* SPDX-License-Identifier: MIT */
/* One instruction each, under its own name. Any context. */
#ifndef KEYWARD_KERNEL_CPU_INSN_H
#define KEYWARD_KERNEL_CPU_INSN_H

#include "kernel/cpu/x86.h"
#include "kernel/lib/atomic.h"
#include "kernel/lib/types.h"

#define DEFINE_CR(n)                                                   \
	static inline u64 read_cr##n(void)                             \
	{                                                              \
		u64 v;                                                 \
		asm volatile("mov %%cr" #n ", %0" : "=r"(v));          \
		return v;                                              \
	}                                                              \
	static inline void write_cr##n(u64 v)                          \
	{                                                              \
		asm volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); \
	}
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

#define DEFINE_DR(n)                                          \
	static inline u64 read_dr##n(void)                    \
	{                                                     \
		u64 v;                                        \
		asm volatile("mov %%dr" #n ", %0" : "=r"(v)); \
		return v;                                     \
	}                                                     \
	static inline void write_dr##n(u64 v)                 \
	{                                                     \
		asm volatile("mov %0, %%dr" #n : : "r"(v));   \
	}
DEFINE_DR(0)
DEFINE_DR(6)
DEFINE_DR(7)
#undef DEFINE_DR

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (u64)hi << 32 | lo;
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline u16 inw(u16 port)
{
	u16 v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

/* Writes the caches back to memory and empties them. */
static inline void wbinvd(void)
{
	asm volatile("wbinvd" : : : "memory");
}

/* Write the line at `va` back to memory; all but CLWB also drop it from the caches. */
static inline void clwb(u64 va)
{
	asm volatile("clwb (%0)" : : "a"(va) : "memory");
}

static inline void clflushopt(u64 va)
{
	asm volatile("clflushopt (%0)" : : "a"(va) : "memory");
}

static inline void clflush(u64 va)
{
	asm volatile("clflush (%0)" : : "a"(va) : "memory");
}

/* Earlier stores, and lines written back, come before later ones. */
static inline void sfence(void)
{
	asm volatile("sfence" : : : "memory");
}

static inline void invlpg(u64 va)
{
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void lgdt(const void *pseudo_descriptor)
{
	asm volatile("lgdt (%0)" : : "r"(pseudo_descriptor) : "memory");
}

static inline void lidt(const void *pseudo_descriptor)
{
	asm volatile("lidt (%0)" : : "r"(pseudo_descriptor) : "memory");
}

static inline void ltr(u16 selector)
{
	asm volatile("ltr %0" : : "r"(selector));
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline void irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void irq_enable(void)
{
	asm volatile("sti" : : : "memory");
}

/* Waits for the next interrupt; STI's interrupt shadow leaves no gap between the two. */
static inline void irq_enable_and_halt(void)
{
	asm volatile("sti; hlt" : : : "memory");
}

static inline u64 read_flags(void)
{
	u64 flags;

	asm volatile("pushfq; popq %0" : "=r"(flags));
	return flags;
}

static inline bool irqs_enabled(void)
{
	return read_flags() & RFLAGS_IF;
}

/* Returns the flags for irq_restore(); the pair nests. */
static inline u64 irq_save(void)
{
	u64 flags;

	asm volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void irq_restore(u64 flags)
{
	asm volatile("pushq %0; popfq" : : "r"(flags) : "memory", "cc");
}

/* Zeroes a page, by eight bytes: an emulator executes each step of a string instruction. */
static inline void clear_page(void *page)
{
	u64 words = PAGE_SIZE / 8;

	asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

static inline void copy_page(void *to, const void *from)
{
	u64 words = PAGE_SIZE / 8;

	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

#endif
