/* SPDX-License-Identifier: MIT */
/*
 * The matrix's machine on the real CPU: cpu.c has its registers and the switch there and back,
 * cpu_shot.c makes one access, cpu_own.c and cpu_own_shot.c set up those that the CPU makes by
 * itself, cpu_setup.c takes from the kernel what both need.
 */
#ifndef KEYWARD_TESTS_MATRIX_CPU_H
#define KEYWARD_TESTS_MATRIX_CPU_H

#include "kernel/cpu/pte.h"
#include "tests/matrix/home.h"
#include "tests/matrix/machine.h"

static struct home *const home = (struct home *)HOME;

/*
 * What the registers hold now, so that no value is written twice. It and the home belong to the
 * one thread that runs the matrix, with interrupts off between machine_enter() and machine_leave();
 * an NMI there touches neither.
 */
struct cpu_now {
	u64 cr0, cr4;
	u32 pkrs, pkru;
	u32 levels, home_key;
	struct shot aimed; /* the shot that the home is filled for */
};
extern struct cpu_now cpu_now;

/* cpu.c: load GDT and IDT; the TSS; DS and ES, which 32-bit code uses. */
void cpu_load_tables(u64 gdt, u64 idt);
void cpu_load_tss(u64 base, u32 limit);
void cpu_set_segments(u16 ds, u16 es);

/* cpu_shot.c: puts the shot's address into the registers; `first`: of a run's first accesses. */
void cpu_load_address(const struct shot *s, bool first);

/* cpu_own.c: set up what one of the CPU's own accesses needs, before the shot and after it. */
void cpu_own_prepare(const struct shot *s);
void cpu_own_restore(const struct shot *s);

/* cpu_own.c: gates of the home's IDT that only KINDS_OWN use; MSRs and CR4.UMIP while they run. */
void cpu_own_gates(void);
void cpu_own_enter(void);
void cpu_own_leave(void);

/* cpu_own_shot.c: fills the home for one of KINDS_OWN or KINDS_SYSTEM: registers, stack, pointers.
 */
void cpu_own_aim(const struct shot *s);

/* cpu_own_nmi.c: lets an NMI wait for the IRET to an access; ends that. */
void cpu_own_hold_nmi(void);
void cpu_own_release_nmi(void);

/* cpu_own_shot.c: the vector by which a kind ends if nothing faults. */
u32 cpu_end_vector(u32 kind);

/* cpu_own_shot.c: true if the saved CS:RIP are those of an access of such a kind, or of its end. */
bool cpu_own_rip_right(const struct shot *s, bool done);

/* cpu_shot.c: the address of the matrix's code in that mode. */
u64 cpu_text_at(u64 code, u32 mode);

/*
 * cpu_plain.c: what ordinary instructions need: the CPU's optional state switched on and off again,
 * with CR4 handed through, and CR0 without CR0.EM; its components of XCR0 that the kinds use;
 * vector and x87 registers before a shot, and the vector register after it (NULL: none).
 */
u64 cpu_plain_enter(u64 cr4);
void cpu_plain_leave(void);
u64 cpu_plain_cr0(u64 cr0);
u64 cpu_plain_components(void);
void cpu_plain_prepare(u32 kind);
const void *cpu_plain_vector(u32 kind);

/* cpu_setup.c: the leaf entry of the home's page `i`. */
pte_t *cpu_home_entry(u32 i);

/* cpu_setup.c: the leaf entry of VA_SCRATCH, by which CPL 3 sees the home's scratch page. */
pte_t *cpu_scratch_entry(void);

/* cpu_setup.c: the low half of the descriptor of an available 64-bit TSS. */
u64 cpu_tss_descriptor(u64 base, u32 limit);

#endif
