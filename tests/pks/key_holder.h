/* SPDX-License-Identifier: MIT */
/*
 * A thread that has a key open while the key loses its owner. Only this key is free then, so
 * pks_key_alloc() gives it or none.
 */
#ifndef KEYWARD_TESTS_PKS_KEY_HOLDER_H
#define KEYWARD_TESTS_PKS_KEY_HOLDER_H

#include "kernel/thread.h"
#include "tests/harness/fixture.h"

/* A marked page and its key. The test writes them while no holder runs. */
extern struct prot_page page;
extern u32 key;

/* Allocates all free keys; returns them as a mask. And frees them. Thread context. */
u32 take_keys(void);
void give_keys(u32 taken);

/*
 * Runs fn() with all keys taken, pardons for marked pages, and the hooks for inside() and for the
 * #GP of a two-byte instruction, which stays. Thread context.
 */
void with_all_keys(void (*fn)(void));

/* Starts a holder on `cpu`, and waits until it stays. NULL: the test has failed. */
struct thread *begin(struct cpu *cpu, int (*fn)(void *), void *arg);

/* Lets the holder go on, and joins it. Thread context. */
void end(struct thread *t);

/* Waits for end(). In a holder; the second one in its exception, with interrupts on. */
void stay(void);
void stay_inside(struct regs *regs);

/* Writes to the page. Any context. */
void be_pardoned(void);

/*
 * Takes the key from the page, frees it, and checks that it gets a new owner, or none if it is
 * still open. Thread context.
 */
void free_key(bool open);

#endif
