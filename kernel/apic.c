// SPDX-License-Identifier: MIT
#include "kernel/apic.h"
#include "boot/acpi/acpi_registers.h"
#include "kernel/apic_lines.h"
#include "kernel/console/console.h"
#include "kernel/console/panic.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"

#define REG_ID         0x020
#define REG_TPR        0x080
#define REG_EOI        0x0b0
#define REG_SPURIOUS   0x0f0
#define REG_ICR_LOW    0x300
#define REG_ICR_HIGH   0x310
#define REG_LVT_TIMER  0x320
#define REG_TIMER_INIT 0x380
#define REG_TIMER_LEFT 0x390
#define REG_TIMER_DIV  0x3e0

#define SPURIOUS_ENABLE (1 << 8)
#define LVT_MASKED      (1 << 16)
#define DIVIDE_BY_16    3
#define ICR_NMI         (4 << 8)
#define ICR_INIT        (5 << 8)
#define ICR_STARTUP     (6 << 8)
#define ICR_PENDING     (1 << 12)
#define ICR_ASSERT      (1 << 14)
#define ICR_SELF        (1 << 18)
#define SPIN_MAX        (1 << 20)

/* The two 8259As of a PC. */
#define PIC1     0x20
#define PIC2     0xa0
#define PIC_INIT 0x11 /* edge-triggered, cascaded, a fourth byte follows */

static volatile u32 *registers; /* NULL: x2APIC. The same on every CPU; written at boot. */

static u32 reg_read(u32 reg)
{
	return registers ? registers[reg / 4] : (u32)rdmsr(MSR_X2APIC + reg / 16);
}

static void reg_write(u32 reg, u32 value)
{
	if (registers)
		registers[reg / 4] = value;
	else
		wrmsr(MSR_X2APIC + reg / 16, value);
}

/* The firmware leaves the legacy timer running, on the vector of #DF. */
static void pic_silence(void)
{
	outb(PIC1, PIC_INIT);
	outb(PIC2, PIC_INIT);
	outb(PIC1 + 1, VECTOR_PIC);
	outb(PIC2 + 1, VECTOR_PIC + 8);
	outb(PIC1 + 1, 1 << 2); /* the second PIC is on line 2 of the first */
	outb(PIC2 + 1, 2);
	outb(PIC1 + 1, 1); /* 8086 mode */
	outb(PIC2 + 1, 1);
	outb(PIC1 + 1, 0xff); /* all lines masked */
	outb(PIC2 + 1, 0xff);
}

/* The way to x2APIC mode leads through xAPIC mode (SDM Vol. 3A, "Local APIC State Transitions"). */
static void enable(bool x2apic)
{
	u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
}

void apic_choose_mode(bool want_x2apic)
{
	bool found;

	if (!cpu_has(FEATURE_APIC))
		panic("this CPU has no local APIC");
	found = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
	if (want_x2apic && !found && !cpu_has(FEATURE_X2APIC)) {
		pr("# APIC: x2APIC mode was requested, but this CPU does not have it\n");
		want_x2apic = false;
	}
	enable(found || want_x2apic);
	pr("# APIC: %s mode, %s\n", found || want_x2apic ? "x2APIC" : "xAPIC",
	   want_x2apic && !found ? "as requested" : "as the firmware left it");
}

u64 apic_mmio_address(void)
{
	return apic_base_address(rdmsr(MSR_APIC_BASE), cpu_phys_bits());
}

void apic_init(volatile void *mmio)
{
	registers = mmio;
	pic_silence();
	apic_init_cpu();
}

void apic_init_cpu(void)
{
	static const struct apic_access lapic = { reg_read, reg_write };

	enable(!registers);
	reg_write(REG_TPR, 0);
	reg_write(REG_TIMER_DIV, DIVIDE_BY_16);
	reg_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	apic_lines_start(&lapic, apic_pins_of(&acpi.madt, apic_id()));
}

u32 apic_line(u32 reg)
{
	return reg_read(reg);
}

bool apic_reaches(u32 id)
{
	return !registers || id < APIC_BROADCAST;
}

u32 apic_id(void)
{
	return registers ? reg_read(REG_ID) >> 24 : reg_read(REG_ID);
}

void apic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

/* Writes both halves of the ICR; the second write sends. Interrupts off, to keep them together. */
static void icr_write(u32 low, u32 destination)
{
	if (!registers) {
		/* This WRMSR does not wait for earlier stores (SDM, "MSR Access in x2APIC Mode").
		 */
		asm volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC + REG_ICR_LOW / 16, (u64)destination << 32 | low);
		return;
	}
	registers[REG_ICR_HIGH / 4] = destination << 24;
	registers[REG_ICR_LOW / 4] = low;
	for (u32 spins = 0; registers[REG_ICR_LOW / 4] & ICR_PENDING; spins++)
		if (spins == SPIN_MAX)
			panic("the local APIC does not deliver (ICR %08x)", low);
}

static void send(u32 low, u32 destination)
{
	u64 flags = irq_save();

	icr_write(low | ICR_ASSERT, destination);
	irq_restore(flags);
}

void apic_self_ipi(u8 vector)
{
	send(ICR_SELF | vector, 0);
}

void apic_send_ipi(u32 id, u8 vector)
{
	percpu_count(ipis);
	send(vector, id);
}

void apic_send_nmi(u32 id)
{
	send(ICR_NMI, id);
}

/* The self shorthand cannot send an NMI, so the destination is this CPU's id. */
void apic_self_nmi(void)
{
	apic_send_nmi(apic_id());
}

void apic_send_init(u32 id)
{
	send(ICR_INIT, id);
}

void apic_send_startup(u32 id, u32 page)
{
	send(ICR_STARTUP | page, id);
}

void apic_timer_start(u32 count)
{
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
	reg_write(REG_TIMER_INIT, count);
}

void apic_timer_start_masked(u32 count)
{
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_TIMER_INIT, count);
}

u32 apic_timer_left(void)
{
	return reg_read(REG_TIMER_LEFT);
}
