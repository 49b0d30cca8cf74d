/* SPDX-License-Identifier: MIT */
/*
 * One event at one instruction, and none after it. An event at *every* instruction repairs what the
 * first one broke, as each NMI or #DB writes the rights anew on its way out. So each place of the
 * code under test has a run of its own.
 *
 * A single-stepped run without an event finds the path; then a breakpoint (DR0) stops each run at
 * one place of it, so that nothing disturbs the run before its event: only a loop's earlier visits
 * of the same address do. What this cannot know: the entry code, which TF does not step; and an NMI
 * that no #DB precedes. The #DB's own entry is the NMI's, so the first kind of event stands for it.
 */
#ifndef KEYWARD_TESTS_ONCE_ONCE_H
#define KEYWARD_TESTS_ONCE_ONCE_H

#include "tests/harness/fixture.h"

enum once_kind {
	ONCE_TRAP, /* a #DB: an exception of what it interrupts, with its struct local */
	ONCE_NMI,  /* right behind such a #DB; but for the boot CPU, in it, with the NMI's count */
	ONCE_INTERRUPT, /* a self-IPI: comes as soon as interrupts are on */
	ONCE_ELSEWHERE, /* an IPI to the last CPU or, from there, to the first: races with the run
			 */
	ONCE_KINDS
};

#define ONCE_ALL (BIT(ONCE_TRAP) | BIT(ONCE_NMI) | BIT(ONCE_INTERRUPT))

/* A subject. The functions share data of the test's own. */
struct once {
	const char *name;        /* of what runs, for messages */
	u32 kinds;               /* bits of enum once_kind */
	bool waits;              /* for other CPUs: if there are any, each kind has fewer places */
	u32 turns;               /* runs for each kind and place, each with another turn */
	void (*begin)(void);     /* before each run, on its CPU: sets the state up anew */
	void (*run)(void);       /* the code under test, in a thread */
	void (*event)(u32 turn); /* the event's handler; does another thing each turn */
	void (*end)(void);       /* after each run: compares the state with a model */
};

/*
 * Runs the subject for each kind, place and turn, and ends at the first failure. Prints the number
 * of events, and fails if there were fewer than `least`. A brief run takes every 23rd place for
 * each kind, or every 33rd if each run waits for other CPUs. Thread context, pinned, interrupts on;
 * event() runs in any context.
 */
void once_expect_events(const struct once *once, u32 least);

/* The same on the first and on the last CPU, in threads of their own. */
void once_on_first_and_last(const struct once *once, u32 least);

/* Returns whether the last run had its event. For end(). */
bool once_taken(void);

/* Compares, and names kind and place in the failure. `rule` says why. Any context. */
#define ONCE_EQ(seen, want, rule) \
	once_eq(__FILE__, __LINE__, (u64)(seen), (u64)(want), #seen, (rule))
bool once_eq(const char *file, int line, u64 seen, u64 want, const char *what, const char *rule);

/* Compares both mirror and register, in this order of the arguments' names. Any context. */
#define ONCE_RIGHTS(want, rule)                       \
	do {                                          \
		ONCE_EQ(pkrs_register(), want, rule); \
		ONCE_EQ(rights_mirror(), want, rule); \
	} while (0)

/*
 * Two pages of device memory with the key PKS_KEY_DEVMAP, the first marked; for once_meddle().
 * False: the test has failed. Thread context.
 */
extern struct prot_page once_marked, once_other;
bool once_pages_get(void);
void once_pages_put(void);

/*
 * For event(): checks that it begins with the initial rights. Then by turns looks on, maps, grants,
 * is pardoned, marks, or returns with all keys open. Any context.
 */
void once_meddle(u32 turn);

/* Fails if another CPU's register is not its mirror within two seconds. Thread, interrupts on. */
void once_expect_no_loan_elsewhere(const char *rule);

/* Calls fn(arg) on each other CPU, in an interrupt. Thread, interrupts on. */
void once_on_others(void (*fn)(void *), void *arg);

#endif
