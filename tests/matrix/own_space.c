// SPDX-License-Identifier: MIT
#include "tests/matrix/own_space.h"
#include "kernel/cpu/cpuid.h"
#include "kernel/cpu/insn.h"
#include "kernel/cpu/msr.h"
#include "kernel/cpu/percpu.h"
#include "kernel/lib/string.h"
#include "mm/kmap/kmap_check.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "pks/pkrs.h"
#include "tests/harness/access.h"
#include "tests/harness/ktest.h"
#include "tests/harness/probe.h"
#include "tests/matrix/home.h"

#define BLOCK_ORDER 9 /* 2 MiB */

#define LEVEL_5 (1UL << 48) /* the second entry of a PML5 */
#define JMP_R8  "\x41\xff\xe0"

struct pseudo_descriptor {
	u16 limit;
	u64 base;
} __attribute__((packed));

/* The shot under way. Written by the CPU that makes it, with interrupts off. */
struct own_shot *own_shot_now;

/* Of the CPU that has entered the space. */
static struct gate own_idt[VECTORS];
static struct pseudo_descriptor kernel_idt;
static u8 own_stack[2048] __attribute__((aligned(16)));
static u64 kernel_ist;

static u64 page_va(int level, u64 phys)
{
	u64 va = (u64)level << 39 | (pgtable_top() == 5 ? LEVEL_5 : 0);

	return va + (phys & (level_size(level) - 1));
}

static bool map_page(struct own_space *s, struct own_page *p, int level)
{
	u64 phys = page_to_phys(s->block), size = level_size(level), va = page_va(level, phys);

	*p = (struct own_page){ .top = pgtable_top(), .va = va, .memory = phys_to_virt(phys) };
	if (level == 3 && !cpu_has(FEATURE_PAGE1GB))
		return true;
	p->level = level;
	if (pgtable_map(s->us.root, ALIGN_DOWN(va, size), ALIGN_DOWN(phys, size), size,
			PTE_P | PTE_W, level))
		return false;
	for (int at = level; at <= p->top; at++) {
		p->entry[at] = pgtable_entry(s->us.root, va, at, false);
		*p->entry[at] = *p->entry[at] & ~(PTE_A | PTE_U);
		p->first[at] = *p->entry[at];
	}
	return true;
}

bool own_space_create(struct own_space *s)
{
	*s = (struct own_space){ .block = page_alloc(BLOCK_ORDER) };
	if (s->block && !uspace_create(&s->us)) {
		bool mapped = true;

		memset(page_address(s->block), 0, 2 * PAGE_SIZE);
		memcpy((u8 *)page_address(s->block) + OWN_CODE, JMP_R8, 3);
		for (int i = 0; i < OWN_SIZES; i++)
			mapped = mapped && map_page(s, &s->pages[i], i + 1);
		if (mapped)
			return true;
		uspace_destroy(&s->us);
	}
	if (s->block)
		page_free(s->block, BLOCK_ORDER);
	ktest_error("no memory for an address space");
	return false;
}

void own_space_destroy(struct own_space *s)
{
	for (int i = 0; i < OWN_SIZES; i++)
		if (s->pages[i].level)
			own_page_reset(&s->pages[i], false, 0); /* so that all tables are found */
	uspace_destroy(&s->us);
	page_free(s->block, BLOCK_ORDER);
}

void own_page_reset(const struct own_page *p, bool user, u32 key)
{
	for (int at = p->level; at <= p->top; at++)
		*(volatile pte_t *)p->entry[at] = p->first[at] | (user ? PTE_U : 0) |
						  (at == p->level ? pte_with_key(0, key) : 0);
}

void own_flush(const struct own_space *s)
{
	write_cr3(s->us.root);
}

void own_rights(u32 pkrs, u32 pkru)
{
	if (pks_on())
		rights_put(pkrs);
	if (read_cr4() & CR4_PKE)
		probe_wrpkru(pkru, 0, 0);
}

static void take_vector(u32 vector, const char *stub)
{
	u64 to = (u64)stub;
	struct gate *gate = &own_idt[vector];

	gate->offset_low = (u16)to;
	gate->offset_middle = (u16)(to >> 16);
	gate->offset_high = (u32)(to >> 32);
	gate->ist = OWN_IST;
}

void own_enter(struct own_space *s)
{
	struct pseudo_descriptor idtr = { sizeof(own_idt) - 1, (u64)own_idt };

	s->flags = irq_save();
	s->cr0 = read_cr0();
	s->cr3 = read_cr3();
	s->cr4 = read_cr4();
	asm volatile("sidt %0" : "=m"(kernel_idt));
	memcpy(own_idt, (void *)kernel_idt.base, sizeof(own_idt));
	take_vector(X86_BP, own_stub_bp);
	take_vector(X86_GP, own_stub_gp);
	take_vector(X86_PF, own_stub_pf);
	kernel_ist = this_cpu()->tss.ist[OWN_IST - 1];
	this_cpu()->tss.ist[OWN_IST - 1] = (u64)own_stack + sizeof(own_stack);
	lidt(&idtr);
	own_flush(s);
}

void own_leave(struct own_space *s)
{
	write_cr0(s->cr0);
	write_cr3(s->cr3);
	write_cr4(s->cr4);
	lidt(&kernel_idt);
	this_cpu()->tss.ist[OWN_IST - 1] = kernel_ist;
	irq_restore(s->flags);
}

void own_enter_open(struct own_space *s)
{
	if (pks_on())
		s->rights = rights_begin();
	if (cpu_has(FEATURE_PKU))
		s->pke = pke_begin();
	own_enter(s);
	own_rights(ALL_OPEN, 0);
}

void own_leave_open(struct own_space *s)
{
	own_leave(s);
	if (cpu_has(FEATURE_PKU))
		pke_end(s->pke);
	if (pks_on())
		rights_end(s->rights);
}

struct fault own_run(bool user, const struct own_code *code, u64 va, u64 *value)
{
	struct own_shot shot = {
		.target = code->start,
		.va = va,
		.value = *value,
		.user = user,
		.frame = { code->start, SEL_USER_CS, RFLAGS_FIXED, USER_STACK - 8, SEL_USER_DS },
	};
	struct fault f = { .vector = FAULT_NONE };

	own_shoot(&shot);
	*value = shot.value;
	if (shot.vector == X86_BP && shot.rip == code->end)
		return f;
	if (shot.rip != code->access)
		ktest_error("vector %lu at %p, not at the access", shot.vector, (void *)shot.rip);
	f = (struct fault){ shot.vector, shot.error, shot.cr2, 0 };
	if (pks_on())
		f.pkrs = rdmsr(MSR_IA32_PKRS);
	return f;
}

struct fault own_access(bool user, enum oracle_access kind, u64 va, u64 *value)
{
	struct own_code code = user ? own_user_code[kind] : own_kernel_code[kind];

	if (kind == ORACLE_FETCH)
		code.access = va;
	return own_run(user, &code, va, value);
}

const char *own_access_name(enum oracle_access kind)
{
	static const char *const names[] = { "read", "write", "read-modify-write", "fetch" };

	return names[kind];
}

const char *own_size_name(int level)
{
	static const char *const names[] = { "", "4 KiB", "2 MiB", "1 GiB" };

	return names[level];
}
