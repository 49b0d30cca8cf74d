/* SPDX-License-Identifier: MIT */
/*
 * Rounds of work for NMIs from outside: tools/inject stops the machine at one instruction of a
 * round, sends one NMI there, and lets the round go on. The round checks itself after each step, as
 * a later one might mend what the NMI broke.
 */
#ifndef KEYWARD_TESTS_OUTSIDE_OUTSIDE_H
#define KEYWARD_TESTS_OUTSIDE_OUTSIDE_H

#include "kernel/exception.h"
#include "tests/harness/fixture.h"

/*
 * What tools/inject writes before a round and reads after it, by gdb, while the machine stands
 * still. The names of the scopes and handlers there are in the order of the numbers here. Written
 * by the test's thread and by the NMI's handler; one CPU, one NMI in a round.
 */
struct outside {
	u64 hosted;  /* 1: tools/inject sends the NMIs, and wants another round */
	u64 scope;   /* enum pks_scope */
	u64 handler; /* what the NMI's handler does: outside_nmi() */
	u64 first;   /* the step that begins the round; the others follow in turn */
	u64 nmis;    /* NMIs in this round */
	u64 rip;     /* where the last one came */
	u64 rounds;
};
extern struct outside outside;

#define OUTSIDE_HANDLERS 5

/* The pages that a round works with. Written before the first round. */
struct outside_pages {
	struct prot_page marked; /* by kmap(), for all rounds: accesses are pardoned */
	struct prot_page closed; /* never marked, of another key: accesses are refused */
	struct prot_page second; /* not marked, of the key of `marked` */
	struct prot_page other;  /* not marked, of a third key: the round marks it */
	struct prot_page nmi;    /* not marked, of a fourth key: only the NMI's handler uses it */
	struct page *plain;      /* without a key */
};
extern struct outside_pages pages;

/* Handles the NMI as outside.handler says. */
bool outside_nmi(struct regs *regs);

/* Handles each #DB: of a step in the NMI, or of the round. */
bool outside_debug(struct regs *regs);

/*
 * Checks the running context's rights against `want`. Under pardon=global the register, and it
 * alone, may also have the marked page's key open. Any context of a round but the NMI.
 */
#define EXPECT_OUTSIDE(want) outside_expect(__FILE__, __LINE__, (want))
void outside_expect(const char *file, int line, u32 want);

/* The steps. Each leaves the initial rights. Thread context. */
void outside_fault(void);
void outside_refusal(void);
void outside_exception(void);
void outside_registers(void);
void outside_machine_check(void);
void outside_user_gs(void);
void outside_interrupt(void);
void outside_soft(void);
void outside_rights(void);
void outside_maps(void);
void outside_marks(void);
void outside_disorder(void);

#endif
