// SPDX-License-Identifier: MIT
/* GDT, TSS, IDT and the per-CPU structure that holds the first two. */
#include "kernel/cpu/percpu.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/debug.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/pkrs_bits.h"
#include "kernel/cpu/upcalls.h"
#include "kernel/lib/string.h"

_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "percpu.h");
_Static_assert(offsetof(struct cpu, pkrs) == CPU_PKRS, "percpu.h");
_Static_assert(offsetof(struct cpu, current) == CPU_CURRENT, "percpu.h");
_Static_assert(offsetof(struct cpu, kstack) == CPU_KSTACK, "percpu.h");
_Static_assert(offsetof(struct cpu, user_rsp) == CPU_USER_RSP, "percpu.h");
_Static_assert(offsetof(struct cpu, ist_base) == CPU_IST_BASE, "percpu.h");
_Static_assert(offsetof(struct cpu, pkrs_writes) == CPU_PKRS_WRITES, "percpu.h");
_Static_assert(offsetof(struct cpu, locks) == CPU_LOCKS, "spinlock.h");
_Static_assert(offsetof(struct cpu, local_now) == CPU_LOCAL, "local.h");
_Static_assert(sizeof(struct tss) == 104, "SDM: 64-bit TSS");

struct cpu boot_cpu;
struct cpu *cpus[CPUS_MAX] = { &boot_cpu };
u32 cpu_count = 1;
u64 spin_tsc_max = SPIN_TSC_MAX;

struct pseudo_descriptor {
	u16 limit;
	u64 base;
} __attribute__((packed));

/* SDM Vol. 3A, "Segment Descriptors": present, type, L or D/B, flat. */
#define GDT_KERNEL_CODE 0x00af9b000000ffff
#define GDT_KERNEL_DATA 0x00cf93000000ffff
#define GDT_USER_DATA   0x00cff3000000ffff
#define GDT_USER_CODE   0x00affb000000ffff
#define GDT_TSS         0x0000890000000000

static void load_gdt(struct cpu *cpu)
{
	u64 base = (u64)&cpu->tss;
	struct pseudo_descriptor gdtr = { sizeof(cpu->gdt) - 1, (u64)cpu->gdt };

	cpu->gdt[SEL_KERNEL_CS / 8] = GDT_KERNEL_CODE;
	cpu->gdt[SEL_KERNEL_DS / 8] = GDT_KERNEL_DATA;
	cpu->gdt[SEL_USER_DS / 8] = GDT_USER_DATA;
	cpu->gdt[SEL_USER_CS / 8] = GDT_USER_CODE;
	cpu->gdt[SEL_TSS / 8] = GDT_TSS | (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 |
				(base >> 24 & 0xff) << 56;
	cpu->gdt[SEL_TSS / 8 + 1] = base >> 32;
	lgdt(&gdtr);
	asm volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
		     :
		     : "i"(SEL_KERNEL_CS)
		     : "rax", "memory");
	asm volatile("mov %0, %%ss" : : "r"(SEL_KERNEL_DS));
	ltr(SEL_TSS);
}

/* SDM Vol. 3A, "64-Bit Mode IDT": interrupt gates only, so that entry begins with IF = 0. */
struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "SDM: 64-bit IDT gate");

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* DPL 3: INT3 may come from user mode */
#define STUB_SIZE      16

static struct gate idt[VECTORS];

static u8 gate_ist(u32 vector)
{
	switch (vector) { /* the TSS numbers its stacks from 1 */
	case X86_DF:
		return IST_DF + 1;
	case X86_NMI:
		return IST_NMI + 1;
	case X86_MC:
		return IST_MC + 1;
	default:
		return 0;
	}
}

static void set_gate(u32 vector, u8 ist)
{
	u64 stub = (u64)trap_stubs + vector * STUB_SIZE;

	idt[vector] = (struct gate){
		.offset_low = (u16)stub,
		.selector = SEL_KERNEL_CS,
		.ist = ist,
		.type = GATE_INTERRUPT | (vector == X86_BP ? GATE_USER : 0),
		.offset_middle = (u16)(stub >> 16),
		.offset_high = (u32)(stub >> 32),
	};
}

static void load_idt(void)
{
	struct pseudo_descriptor idtr = { sizeof(idt) - 1, (u64)idt };

	for (u32 vector = 0; vector < VECTORS; vector++)
		if (!idt[vector].type) /* only the boot CPU finds them empty */
			set_gate(vector, 0);
	lidt(&idtr);
}

void percpu_init(struct cpu *cpu, u32 id)
{
	memset(cpu, 0, sizeof(*cpu));
	cpu->self = cpu;
	cpu->id = id;
	cpu->pkrs = PKRS_INIT;
	cpu->local_now = &cpu->local[LOCAL_BOOT];
	list_init(&cpu->rq.ready);
	list_init(&cpu->rq.sleeping);
	cpu->tss.iomap_base = sizeof(struct tss);
}

void percpu_load(struct cpu *cpu)
{
	load_gdt(cpu);
	wrmsr(MSR_GS_BASE, (u64)cpu);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	load_idt();
	debug_init_cpu();
}

void percpu_set_ist(struct cpu *cpu, u64 base)
{
	cpu->ist_base = base;
	for (u32 i = 0; i < IST_STACKS; i++)
		cpu->tss.ist[i] = base + (i + 1) * STACK_SLOT;
}

void percpu_use_ist(void)
{
	for (u32 vector = 0; vector < X86_EXCEPTIONS; vector++)
		set_gate(vector, gate_ist(vector));
	if (cpu_has(FEATURE_MCE)) /* without it a machine check shuts the CPU down */
		write_cr4(read_cr4() | CR4_MCE);
}
